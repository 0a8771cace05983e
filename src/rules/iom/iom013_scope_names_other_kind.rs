//! A scope entry calls a bridge an endpoint, or the other way round.

use std::fmt;

use crate::analysis::Facts;
use crate::iommu::{Found, TableKind};
use crate::policy::Effects;
use crate::rules::iom::{dmar, place};
use crate::rules::{Check, Confidence, Evidence, Locus, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// A scope entry of type 1 names a function with the header of an endpoint, one of type 2 a
    /// bridge.
    ///
    /// ## Why it matters
    ///
    /// Linux refuses an entry of the wrong type, so that the function goes to the unit for the
    /// rest of the segment, or to none. Nothing below a bridge that is called an endpoint is
    /// covered.
    ///
    /// ## How it is decided
    ///
    /// By the header type of the function at the end of the path. A function of class 06 with the
    /// header of an endpoint may be named as a bridge: non-transparent bridges look like that.
    ///
    /// ## What to do
    ///
    /// Firmware: use type 2 for root ports and bridges, type 1 for everything else.
    ///
    /// Hyper-V and VFIO: a firmware update, where a device is not covered (IOM003).
    IOM013 = {
        name: "scope-names-other-kind",
        summary: "The DMAR table calls a bridge an endpoint, or an endpoint a bridge",
        severity: Medium,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::VtD.at("8.3.1 Device Scope Structure, Type"),
            Document::LinuxIommu.at("intel/dmar.c, dmar_insert_dev_scope"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// The function, and what the entry calls it.
#[derive(Debug)]
struct OtherKind {
    of: &'static str,
    at: crate::addr::Sbdf,
    called: String,
}

impl fmt::Display for OtherKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { of, at, called } = self;
        write!(f, "{of} scope: {at} is called a {called}, which it is not")
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    if let Err(answer) = dmar(facts) {
        return answer;
    }
    if facts.host.functions().is_empty() {
        return Outcome::NotApplicable("no devices were captured");
    }
    let mut headers: Vec<Evidence> = Vec::new();
    let places: Vec<_> = facts
        .iommu
        .scopes()
        .iter()
        .filter_map(|scope| {
            let Found::OtherKind(id) = scope.found else {
                return None;
            };
            headers.push(header(facts, id));
            let fault = OtherKind {
                of: scope.of.name(),
                at: facts.host.function(id).at,
                called: scope.entry.kind.to_string(),
            };
            let kind = Value::byte(scope.entry.kind.0);
            Some((
                fault,
                place(TableKind::Dmar, scope.entry.span, "scope type", kind),
            ))
        })
        .collect();
    match several(&IOM013, Subject::Host, Confidence::High, places) {
        Outcome::Fired(finding) => Outcome::Fired(finding.with(headers)),
        answer => answer,
    }
}

fn header(facts: &Facts<'_, '_>, id: crate::host::FunctionId) -> Evidence {
    let span = crate::bytes::Span::new(0x0e, 1);
    let seen = facts.host.function(id).config.u8(0x0e);
    let seen = seen.map_or(Value::Absent, Value::byte);
    Evidence::new(Locus::Config(id, span), "Header Type", seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{dmar, drhd, scope};

    fn with(entry: Vec<u8>) -> Answer {
        let machine = Machine::with_port()
            .with_table_bytes("DMAR", dmar(&[drhd(false, 0, 0x1000, &[entry])]));
        answer(&IOM013, &machine, "")
    }

    #[test]
    fn a_root_port_as_an_endpoint_fires() {
        assert_eq!(with(scope(2, 0, 0, &[(1, 0)])), Answer::Clean);
        assert_eq!(
            with(scope(1, 0, 0, &[(1, 0)])),
            fired("DRHD scope: 0000:00:01.0 is called a PCI endpoint, which it is not")
        );
    }
}
