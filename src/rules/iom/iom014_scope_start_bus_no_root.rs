//! A scope path starts on a bus that is no root bus.

use std::fmt;

use crate::analysis::Facts;
use crate::iommu::TableKind;
use crate::policy::Effects;
use crate::rules::iom::{dmar, place};
use crate::rules::{Check, Confidence, Outcome, Subject, Value, rule, several};
use crate::spec::Document;
use crate::topology::Node;

rule! {
    /// ## What it checks
    ///
    /// The path of every PCI scope entry starts on a root bus of its segment.
    ///
    /// ## Why it matters
    ///
    /// Linux follows paths from the root. A path that starts elsewhere works by a fallback for
    /// paths of one element alone; and it breaks when bus numbers change.
    ///
    /// ## How it is decided
    ///
    /// A start bus that a captured bridge makes is no root bus. Entries whose start bus holds no
    /// captured function are left out.
    ///
    /// ## What to do
    ///
    /// Firmware: write the path from the root bus down, one element for each bridge.
    ///
    /// Hyper-V and VFIO: nothing, unless a device is not covered (IOM003).
    IOM014 = {
        name: "scope-start-bus-no-root",
        summary: "A path in the DMAR table starts below a bridge",
        severity: Low,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::VtD.at("8.3.1 Device Scope Structure, Start Bus Number"),
            Document::LinuxIommu.at("intel/dmar.c, dmar_match_pci_path"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// The structure and the bus.
#[derive(Debug)]
struct NoRoot {
    of: &'static str,
    bus: u8,
}

impl fmt::Display for NoRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} scope: bus {:02x} lies below a bridge",
            self.of, self.bus
        )
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    if let Err(answer) = dmar(facts) {
        return answer;
    }
    if facts.host.functions().is_empty() {
        return Outcome::NotApplicable("no devices were captured");
    }
    let places = facts.iommu.scopes().iter().filter_map(|scope| {
        let bus = scope.entry.start_bus;
        if !matches!(scope.entry.kind.0, 1 | 2) {
            return None;
        }
        let first = facts.host.ids_on_bus(scope.segment, bus).next()?;
        let below = facts.topology.parent(first).is_some()
            && !matches!(facts.topology.top(first), Node::RootBus { bus: root, .. } if root == bus);
        let fault = NoRoot {
            of: scope.of.name(),
            bus,
        };
        let evidence = place(
            TableKind::Dmar,
            scope.entry.span,
            "start bus",
            Value::byte(bus),
        );
        below.then_some((fault, evidence))
    });
    several(&IOM014, Subject::Host, Confidence::High, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::tables::{dmar, drhd, scope};
    use crate::testing::{Dev, Machine};

    #[test]
    fn a_path_from_a_secondary_bus_fires() {
        let with = |entry| {
            let table = dmar(&[drhd(false, 0, 0x1000, &[entry])]);
            let machine = Machine::with_device(Dev::endpoint()).with_table_bytes("DMAR", table);
            answer(&IOM014, &machine, "")
        };
        assert_eq!(with(scope(1, 0, 0, &[(1, 0), (0, 0)])), Answer::Clean);
        let below = fired("DRHD scope: bus 01 lies below a bridge");
        assert_eq!(with(scope(1, 0, 1, &[(0, 0)])), below);
    }
}
