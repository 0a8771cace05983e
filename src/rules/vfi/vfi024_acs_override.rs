//! IOMMU groups were split by pcie_acs_override.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The kernel runs without `pcie_acs_override`.
    ///
    /// ## Why it matters
    ///
    /// The option, a patch outside the kernel, makes groups smaller than the hardware isolates.
    /// A guest may reach the memory of neighbouring devices.
    ///
    /// ## How it is decided
    ///
    /// By the kernel's command line as captured.
    ///
    /// ## What to do
    ///
    /// Hyper-V: not concerned.
    ///
    /// VFIO: use it for trusted guests alone, or move the card to a slot with ACS.
    VFI024 = {
        name: "acs-override",
        summary: "IOMMU groups were split by pcie_acs_override",
        severity: Medium,
        effects: Effects::new(Effect::None, Effect::Condition),
        cites: [
            Document::LinuxIommu.at("iommu.c, pci_device_group"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::AcsOverride => Some(
            "the groups were made with pcie_acs_override, so that isolation is claimed, not real"
                .to_owned(),
        ),
        _ => None,
    }
}
