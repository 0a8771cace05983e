//! A bridge to conventional PCI is above the device.

use std::fmt;

use crate::addr::Sbdf;
use crate::analysis::acs::{HopRole, Obstacle};
use crate::analysis::{Facts, Tri};
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::topology::FunctionKind;

rule! {
    /// ## What it checks
    ///
    /// No bridge to or from conventional PCI lies between the device and the root.
    ///
    /// ## Why it matters
    ///
    /// On conventional PCI a request does not carry the address of its sender. The bridge puts
    /// its own in, so that the IOMMU cannot tell the devices behind it apart, and those devices
    /// reach each other on their bus anyway.
    ///
    /// ## How it is decided
    ///
    /// By the port types and header types on the path to the root. Where a bridge's capability
    /// list was not captured it may be of either kind: "cannot tell". Where Windows reported
    /// that the hierarchy above the device is fine the rule does not apply.
    ///
    /// ## What to do
    ///
    /// Hyper-V: use another slot or another card; there is no override.
    ///
    /// VFIO: everything behind the bridge is one IOMMU group and moves together.
    ACS003 = {
        name: "conventional-bridge-on-path",
        summary: "A bridge to conventional PCI is above the device and hides who sends",
        severity: High,
        effects: Effects::new(Effect::Blocks, Effect::Condition),
        cites: [
            Document::VtD.at("3.4.1 Source Identifier"),
            Document::DdaBlog.at("part 2, machines and devices"),
            Document::LinuxPci.at("search.c, pci_for_each_dma_alias"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// The lowest such bridge.
#[derive(Debug)]
struct ConventionalBridge {
    at: Sbdf,
    kind: FunctionKind,
}

impl fmt::Display for ConventionalBridge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sits behind {} {}", self.kind, self.at)
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    if facts.host.function(id).windows.finds_isolated() == Some(true) {
        return Outcome::NotApplicable("Windows finds the hierarchy above it isolated");
    }
    let topology = facts.topology;
    match facts
        .acs
        .path_is_free_of(topology, id, Obstacle::ConventionalBridge)
    {
        Tri::Yes => return Outcome::Clean,
        Tri::Unknown(missing) => return Outcome::CannotTell(missing),
        Tri::No => {}
    }
    let mut bridges = topology
        .upstream(id)
        .skip(1)
        .filter(|&hop| facts.acs.hop(hop).role == HopRole::ConventionalBridge);
    let Some(lowest) = bridges.next() else {
        return Outcome::Clean;
    };
    let evidence = |bridge| {
        Evidence::new(
            Locus::Tree(bridge),
            "kind of bridge",
            kind(topology.kind(bridge)),
        )
    };
    Outcome::Fired(
        Finding::new(
            &ACS003,
            Subject::Function(id),
            Confidence::High,
            ConventionalBridge {
                at: facts.host.function(lowest).at,
                kind: topology.kind(lowest),
            },
            evidence(lowest),
        )
        .with(bridges.map(evidence)),
    )
}

const fn kind(kind: FunctionKind) -> Value {
    Value::Word(kind.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Fact;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::spec::pcie::PortType;
    use crate::testing::{Dev, Machine};

    #[test]
    fn a_device_behind_an_express_to_pci_bridge_fires() {
        let machine = Machine::new()
            .with("00:01.0", Dev::port(PortType::ROOT_PORT, 1, 2).acs(0x1d, 0))
            .with("01:00.0", Dev::port(PortType::PCIE_TO_PCI, 2, 2))
            .with("02:00.0", Dev::conventional());
        assert_eq!(
            answer(&ACS003, &machine, "02:00.0"),
            fired("sits behind PCIe-to-PCI bridge 0000:01:00.0")
        );
    }

    #[test]
    fn a_device_behind_a_conventional_bridge_fires() {
        let machine = Machine::new()
            .with("00:1e.0", Dev::pci_bridge(7))
            .with("07:00.0", Dev::conventional());
        assert_eq!(
            answer(&ACS003, &machine, "07:00.0"),
            fired("sits behind PCI bridge 0000:00:1e.0")
        );
    }

    #[test]
    fn express_ports_are_no_such_bridges() {
        assert_eq!(answer_for(&ACS003, Dev::endpoint()), Answer::Clean);
        let on_root = Machine::new().with("00:05.0", Dev::conventional());
        assert_eq!(answer(&ACS003, &on_root, "00:05.0"), Answer::Clean);
    }

    #[test]
    fn a_bridge_of_unknown_kind_says_nothing() {
        let machine = Machine::new()
            .with("00:1e.0", Dev::pci_bridge(7).cut(0x40))
            .with("07:00.0", Dev::conventional());
        assert_eq!(
            answer(&ACS003, &machine, "07:00.0"),
            Answer::CannotTell(Fact::Capabilities)
        );
    }
}
