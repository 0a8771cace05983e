//! A port on the path has no ACS.

use std::fmt;

use crate::addr::Sbdf;
use crate::analysis::acs::HopRole;
use crate::analysis::{Facts, Tri};
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
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
    /// list was not captured, the answer is "cannot tell": a dump of 64 or 256 bytes says
    /// nothing about ACS. Windows may know that a root port needs no ACS, and Linux has a list
    /// of devices that isolate without it; neither shows in configuration space.
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
        cites: [
            Document::Pcie60.at("6.12.1 ACS Component Capability Requirements"),
            Document::DdaBlog.at("part 2, machines and devices"),
            Document::LinuxPci.at("pci.c, pci_acs_enabled"),
        ],
        since: "0.1.0",
        check: Check::Function(check),
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
    if facts.topology.kind(id).is_bridge() {
        return Outcome::NotApplicable("a port or bridge");
    }
    match facts.acs.path_able(facts.topology, id) {
        Tri::Yes => Outcome::Clean,
        Tri::Unknown(missing) => Outcome::CannotTell(missing),
        Tri::No => {
            let ports = facts.topology.upstream(id).skip(1);
            let mut lacking = ports.filter(|&hop| {
                let hop = facts.acs.hop(hop);
                hop.role == HopRole::Port && hop.able == Tri::No
            });
            let Some(port) = lacking.next() else {
                return Outcome::NotApplicable("another kind of hop breaks the path");
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
                    absent(port),
                )
                .with(lacking.map(absent)),
            )
        }
    }
}

fn absent(port: FunctionId) -> Evidence {
    Evidence::new(Locus::Lists(port), "ACS Extended Capability", Value::Absent)
}
