//! A bridge above the device is not in the capture.

use std::fmt;

use crate::addr::Segment;
use crate::analysis::Facts;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::topology::Node;

rule! {
    /// ## What it checks
    ///
    /// The path from the function leads to a root bus.
    ///
    /// ## Why it matters
    ///
    /// Isolation is decided by every port on the way up. A port that is not in the capture may
    /// be the one that lacks it.
    ///
    /// ## How it is decided
    ///
    /// The function sits on a bus that no captured bridge makes, and that no host bridge would
    /// make: an Express endpoint is on it, or another bridge claims the number. Bus numbers
    /// that contradict each other also end the path (TOP002). The rules about isolation answer
    /// "cannot tell" for such a function.
    ///
    /// ## What to do
    ///
    /// Hyper-V and VFIO: capture all devices, without `-s` or `-d`, as root. Devices behind an
    /// Intel VMD controller need the listing of their own segment too.
    TOP001 = {
        name: "bridge-missing",
        summary: "A bridge above the function is not in the capture",
        severity: Low,
        effects: Effects::everywhere(Effect::Note),
        cites: [Document::PciBridge12.at("3.1.2 Bus Numbers")],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// The bus at which the path ends.
#[derive(Debug)]
struct BridgeMissing {
    segment: Segment,
    bus: u8,
}

impl fmt::Display for BridgeMissing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no captured bridge leads to bus {}:{:02x}",
            self.segment, self.bus
        )
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    match facts.topology.top(id) {
        Node::OrphanBus { segment, .. } if segment == Segment::UNPLACED => {
            Outcome::NotApplicable("its place is not known")
        }
        Node::OrphanBus { segment, bus } => Outcome::Fired(Finding::new(
            &TOP001,
            Subject::Function(id),
            Confidence::High,
            BridgeMissing { segment, bus },
            Evidence::new(Locus::Tree(id), "bridge above the bus", Value::Absent),
        )),
        Node::RootBus { .. } | Node::Function(_) => Outcome::Clean,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    #[test]
    fn an_endpoint_on_a_bus_that_nothing_makes_fires() {
        let machine = Machine::new().with("05:00.0", Dev::endpoint());
        assert_eq!(
            answer(&TOP001, &machine, "05:00.0"),
            fired("no captured bridge leads to bus 0000:05")
        );
    }

    #[test]
    fn the_whole_branch_below_fires() {
        let machine = Machine::new()
            .with(
                "05:00.0",
                Dev::port(crate::spec::pcie::PortType::UPSTREAM_PORT, 6, 6),
            )
            .with("06:00.0", Dev::endpoint());
        assert_eq!(
            answer(&TOP001, &machine, "06:00.0"),
            fired("no captured bridge leads to bus 0000:05")
        );
    }

    #[test]
    fn an_endpoint_below_a_captured_root_port_is_clean() {
        assert_eq!(answer_for(&TOP001, Dev::endpoint()), Answer::Clean);
    }
}
