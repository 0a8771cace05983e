//! The lists of devices with address translation caches contradict themselves.

use std::fmt;

use crate::addr::Sbdf;
use crate::analysis::Facts;
use crate::bytes::Observed;
use crate::decode::acpi::dmar::Body;
use crate::iommu::{Scope, ScopeOwner, TableKind};
use crate::policy::Effects;
use crate::rules::iom::{dmar, place};
use crate::rules::{Check, Confidence, Outcome, Subject, Value, rule, several};
use crate::spec::Document;
use crate::spec::pcie::ExtCapId;
use crate::topology::FunctionKind;

rule! {
    /// ## What it checks
    ///
    /// An ATSR structure names root ports, or has the flag for all ports and names none. SATC and
    /// SIDP structures name integrated endpoints, and those of SATC have the ATS capability.
    ///
    /// ## Why it matters
    ///
    /// The lists decide where address translation services may be used. A wrong entry switches
    /// them off, or on for a device that has none.
    ///
    /// ## How it is decided
    ///
    /// By the scope entries of these structures, and by the port type and capabilities of the
    /// functions they lead to. Functions that are not captured are left out.
    ///
    /// ## What to do
    ///
    /// Firmware: list root ports in ATSR, integrated endpoints in SATC and SIDP; list nothing
    /// beside ALL_PORTS.
    ///
    /// Hyper-V and VFIO: nothing; translation services are not needed for assignment.
    IOM020 = {
        name: "ats-list-inconsistent",
        summary: "The ATS lists of the DMAR table contradict themselves or the devices",
        severity: Low,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::VtD.at("8.5 Root Port ATS Capability Reporting Structure"),
            Document::VtD.at("8.8 SoC Integrated Address Translation Cache Reporting Structure"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// What is wrong with an entry.
#[derive(Debug)]
enum Inconsistent {
    AllAndSome,
    NoRootPort(Sbdf),
    NoIntegrated(&'static str, Sbdf),
    NoAts(Sbdf),
}

impl fmt::Display for Inconsistent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AllAndSome => f.write_str("an ATSR structure names ports beside ALL_PORTS"),
            Self::NoRootPort(at) => write!(f, "ATSR names {at}, which is no root port"),
            Self::NoIntegrated(of, at) => {
                write!(f, "{of} names {at}, which is no integrated endpoint")
            }
            Self::NoAts(at) => write!(f, "SATC names {at}, which has no ATS capability"),
        }
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let table = match dmar(facts) {
        Ok(table) => table,
        Err(answer) => return answer,
    };
    let lists = table.structures.iter().filter(|structure| {
        matches!(
            structure.body,
            Body::Atsr(_) | Body::Satc(_) | Body::Sidp(_)
        )
    });
    if lists.clone().next().is_none() {
        return Outcome::NotApplicable("the table has no such list");
    }
    let both = lists.filter_map(|structure| match &structure.body {
        Body::Atsr(list) if list.flag && !list.scopes.is_empty() => {
            let seen = Value::Word("ALL_PORTS");
            let evidence = place(TableKind::Dmar, structure.span, "ATSR flags", seen);
            Some((Inconsistent::AllAndSome, evidence))
        }
        _ => None,
    });
    let entries = facts.iommu.scopes().iter().filter_map(|scope| {
        let fault = entry(facts, scope)?;
        let bus = Value::byte(scope.entry.start_bus);
        Some((
            fault,
            place(TableKind::Dmar, scope.entry.span, "scope entry, bus", bus),
        ))
    });
    several(
        &IOM020,
        Subject::Host,
        Confidence::Medium,
        both.chain(entries),
    )
}

fn entry(facts: &Facts<'_, '_>, scope: &Scope) -> Option<Inconsistent> {
    let id = scope.found.function()?;
    let function = facts.host.function(id);
    let kind = facts.topology.kind(id);
    if matches!(kind, FunctionKind::Unknown | FunctionKind::UnknownBridge) {
        return None;
    }
    match scope.of {
        ScopeOwner::Atsr if kind != FunctionKind::RootPort => {
            Some(Inconsistent::NoRootPort(function.at))
        }
        ScopeOwner::Satc | ScopeOwner::Sidp if facts.topology.parent(id).is_some() => {
            Some(Inconsistent::NoIntegrated(scope.of.name(), function.at))
        }
        ScopeOwner::Satc => {
            let ats = function.space.extended(function.config, ExtCapId::ATS);
            matches!(ats, Observed::Absent).then_some(Inconsistent::NoAts(function.at))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{dmar, drhd, scope, structure};

    fn with(list: Vec<u8>) -> Answer {
        let machine = Machine::with_port()
            .with_table_bytes("DMAR", dmar(&[drhd(true, 0, 0x1000, &[]), list]));
        answer(&IOM020, &machine, "")
    }

    #[test]
    fn ports_beside_all_ports_and_caches_without_ats_fire() {
        let port = || scope(2, 0, 0, &[(1, 0)]);
        assert_eq!(with(structure(2, &[0, 0, 0, 0], &[port()])), Answer::Clean);
        assert_eq!(with(structure(2, &[1, 0, 0, 0], &[])), Answer::Clean);
        assert_eq!(
            with(structure(2, &[1, 0, 0, 0], &[port()])),
            fired("an ATSR structure names ports beside ALL_PORTS")
        );
        assert_eq!(
            with(structure(5, &[1, 0, 0, 0], &[port()])),
            fired("SATC names 0000:00:01.0, which has no ATS capability")
        );
    }
}
