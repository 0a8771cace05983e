//! A port on the path has no ACS.

use std::fmt;

use crate::addr::Sbdf;
use crate::analysis::acs::{HopRole, Obstacle};
use crate::analysis::{Facts, Tri};
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Finding, Outcome, Subject, rule};
use crate::spec::Document;
use crate::topology::FunctionKind;

rule! {
    /// ## What it checks
    ///
    /// Every root port and switch downstream port above the device has an Access Control
    /// Services capability.
    ///
    /// ## Why it matters
    ///
    /// A port without ACS may send a request from one device straight to another one, past the
    /// IOMMU. A guest that owns the device could then read and write its neighbours.
    ///
    /// ## How it is decided
    ///
    /// The path is walked from the device to the root. The lowest port whose extended
    /// capability list was captured to its end and holds no ACS capability is named. Where the
    /// list was not captured, Windows' property AcsSupport of the port decides; without that
    /// the answer is "cannot tell": a dump of 64 or 256 bytes says nothing about ACS. Windows may know that a root port needs no ACS; where it reported
    /// that the hierarchy above the device is fine, the rule does not apply. Linux has a list
    /// of devices that isolate without the capability, which is not evaluated here.
    ///
    /// ## What to do
    ///
    /// Hyper-V: move the card to a slot whose root port has ACS (often the ports of the
    /// processor, not those of the chipset); look for a firmware option "ACS". `-Force` skips
    /// this check and leaves the guest able to reach the neighbours.
    ///
    /// VFIO: everything below the port is one IOMMU group and moves together.
    ACS001 = {
        name: "port-without-acs",
        summary: "A port above the device has no ACS, so that its traffic can reach other devices",
        severity: High,
        effects: Effects::new(Effect::Blocks, Effect::Condition),
        lint: Device,
        cites: [
            Document::Pcie60.at("6.12.1 ACS Component Capability Requirements"),
            Document::DdaBlog.at("part 2, machines and devices"),
            Document::LinuxPci.at("pci.c, pci_acs_enabled"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// The lowest port without ACS.
#[derive(Debug)]
struct PortWithoutAcs {
    port: Sbdf,
    kind: FunctionKind,
}

impl fmt::Display for PortWithoutAcs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} has no ACS", self.kind, self.port)
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    if facts.host.function(id).windows.finds_isolated() == Some(true) {
        return Outcome::NotApplicable("Windows finds the hierarchy above it isolated");
    }
    match facts
        .acs
        .path_is_free_of(facts.topology, id, Obstacle::Port)
    {
        Tri::Yes => return Outcome::Clean,
        Tri::Unknown(missing) => return Outcome::CannotTell(missing),
        Tri::No => {}
    }
    let mut lacking = facts.topology.upstream(id).skip(1).filter(|&hop| {
        let hop = facts.acs.hop(hop);
        hop.role == HopRole::Port && hop.able == Tri::No
    });
    let Some(port) = lacking.next() else {
        return Outcome::Clean;
    };
    Outcome::Fired(
        Finding::new(
            &ACS001,
            Subject::Function(id),
            Confidence::Medium,
            PortWithoutAcs {
                port: facts.host.function(port).at,
                kind: facts.topology.kind(port),
            },
            super::no_acs(facts, port),
        )
        .with(lacking.map(|hop| super::no_acs(facts, hop))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Fact;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::spec::pcie::PortType;
    use crate::spec::windows;
    use crate::testing::{Dev, Machine};

    fn below(port: Dev, device: Dev) -> Answer {
        let machine = Machine::new().with("00:01.0", port).with("01:00.0", device);
        answer(&ACS001, &machine, "01:00.0")
    }

    #[test]
    fn a_root_port_without_the_capability_fires() {
        assert_eq!(
            below(Dev::root_port(1), Dev::endpoint()),
            fired("root port 0000:00:01.0 has no ACS")
        );
    }

    #[test]
    fn the_lowest_of_several_ports_is_named() {
        let machine = Machine::new()
            .with("00:01.0", Dev::port(PortType::ROOT_PORT, 1, 3))
            .with("01:00.0", Dev::port(PortType::UPSTREAM_PORT, 2, 3))
            .with("02:00.0", Dev::port(PortType::DOWNSTREAM_PORT, 3, 3))
            .with("03:00.0", Dev::endpoint());
        assert_eq!(
            answer(&ACS001, &machine, "03:00.0"),
            fired("downstream port 0000:02:00.0 has no ACS")
        );
    }

    #[test]
    fn a_capability_without_any_service_is_still_one() {
        assert_eq!(
            below(Dev::root_port(1).acs(0, 0), Dev::endpoint()),
            Answer::Clean
        );
        assert_eq!(answer_for(&ACS001, Dev::endpoint()), Answer::Clean);
    }

    #[test]
    fn an_extended_list_that_was_not_captured_says_nothing() {
        assert_eq!(
            below(Dev::root_port(1).cut(0x100), Dev::endpoint()),
            Answer::CannotTell(Fact::ExtendedConfig)
        );
        assert_eq!(
            below(Dev::root_port(1).cut(0x40), Dev::endpoint()),
            Answer::CannotTell(Fact::Capabilities)
        );
        let orphan = Machine::new().with("05:00.0", Dev::endpoint());
        assert_eq!(
            answer(&ACS001, &orphan, "05:00.0"),
            Answer::CannotTell(Fact::BridgeAbove)
        );
    }

    #[test]
    fn windows_knows_better_of_a_port_that_needs_none() {
        let reported = |value: u32| Dev::endpoint().windows(windows::ACS_UP_HIERARCHY, value);
        assert_eq!(below(Dev::root_port(1), reported(1)), Answer::NotApplicable);
        assert_eq!(
            below(Dev::root_port(1), reported(0)),
            fired("root port 0000:00:01.0 has no ACS")
        );
    }

    #[test]
    fn a_port_of_which_windows_reports_none_fires() {
        let port = |value: u32| {
            let port = Dev::root_port(1).cut(0x100);
            port.windows(windows::ACS_SUPPORT, value)
        };
        assert_eq!(
            below(port(2), Dev::endpoint()),
            fired("root port 0000:00:01.0 has no ACS")
        );
        assert_eq!(below(port(0), Dev::endpoint()), Answer::Clean);
        assert_eq!(below(port(1), Dev::endpoint()), Answer::Clean);
    }

    #[test]
    fn ports_themselves_are_not_asked() {
        let machine = Machine::with_port();
        assert_eq!(answer(&ACS001, &machine, "00:01.0"), Answer::NotApplicable);
    }
}
