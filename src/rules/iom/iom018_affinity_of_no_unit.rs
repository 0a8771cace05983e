//! A NUMA affinity structure names no remapping unit.

use std::fmt;

use crate::analysis::Facts;
use crate::decode::acpi::dmar::Body;
use crate::iommu::TableKind;
use crate::policy::Effects;
use crate::rules::iom::{dmar, place};
use crate::rules::{Check, Confidence, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The register base of each RHSA structure is that of a remapping unit.
    ///
    /// ## Why it matters
    ///
    /// The system cannot tell which NUMA node the unit belongs to, and places its page tables on
    /// a remote one. Linux reports a broken firmware.
    ///
    /// ## How it is decided
    ///
    /// By comparing the register bases of RHSA and DRHD structures.
    ///
    /// ## What to do
    ///
    /// Firmware: copy the base from the DRHD structure; drop the RHSA structure of a unit that is
    /// switched off.
    ///
    /// Hyper-V and VFIO: nothing.
    IOM018 = {
        name: "affinity-of-no-unit",
        summary: "A NUMA affinity structure (RHSA) names no remapping unit",
        severity: Low,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::VtD.at("8.6 Remapping Hardware Status Affinity Structure"),
            Document::LinuxIommu.at("intel/dmar.c, dmar_parse_one_rhsa"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// The register base.
#[derive(Debug)]
struct NoUnit(u64);

impl fmt::Display for NoUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no unit has its registers at {:#x}", self.0)
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let table = match dmar(facts) {
        Ok(table) => table,
        Err(answer) => return answer,
    };
    let affinities: Vec<_> = table
        .structures
        .iter()
        .filter_map(|structure| match &structure.body {
            Body::Rhsa(affinity) => Some((affinity.base, structure.span)),
            _ => None,
        })
        .collect();
    if affinities.is_empty() {
        return Outcome::NotApplicable("the table states no affinity");
    }
    let bases: std::collections::BTreeSet<u64> = table.units().map(|(unit, _)| unit.base).collect();
    let stray = affinities
        .into_iter()
        .filter(|(base, _)| !bases.contains(base));
    let places = stray.map(|(base, span)| {
        let seen = Value::Register {
            value: base,
            bytes: 8,
        };
        (
            NoUnit(base),
            place(TableKind::Dmar, span, "RHSA register base", seen),
        )
    });
    several(&IOM018, Subject::Host, Confidence::High, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{dmar, drhd, structure};

    fn with(base: u64) -> Answer {
        let machine = Machine::with_port().with_table_bytes("DMAR", {
            let mut rhsa = vec![0; 4];
            rhsa.extend(base.to_le_bytes());
            rhsa.extend([1, 0, 0, 0]);
            dmar(&[drhd(true, 0, 0x1000, &[]), structure(3, &rhsa, &[])])
        });
        answer(&IOM018, &machine, "")
    }

    #[test]
    fn an_affinity_of_another_base_fires() {
        assert_eq!(with(0x1000), Answer::Clean);
        assert_eq!(with(0x3000), fired("no unit has its registers at 0x3000"));
    }
}
