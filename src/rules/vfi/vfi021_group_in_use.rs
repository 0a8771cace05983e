//! The host uses other functions of a device's IOMMU group.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// No other function of the IOMMU group has a driver of the host.
    ///
    /// ## Why it matters
    ///
    /// A group is given away as a whole, because its functions are not isolated from each
    /// other. VFIO calls a group that the host uses not viable.
    ///
    /// ## How it is decided
    ///
    /// By the reported groups, or the predicted ones where none are reported. Bridges do not
    /// count.
    ///
    /// ## What to do
    ///
    /// Hyper-V: not concerned.
    ///
    /// VFIO: bind the other functions to vfio-pci too, or take them from their drivers; or move
    /// the card to a slot with a group of its own.
    VFI021 = {
        name: "group-in-use",
        summary: "The host uses other functions of a device's IOMMU group",
        severity: High,
        effects: Effects::new(Effect::None, Effect::Blocks),
        cites: [
            Document::LinuxVfio.at("group.c, vfio_group_set_container"),
            Document::LinuxIommu.at("iommu.c, iommu_device_claim_dma_owner"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::GroupInUse(others) => Some(match others.len() {
            1 => "the host uses another function of the IOMMU group".to_owned(),
            count => format!("the host uses {count} other functions of the IOMMU group"),
        }),
        _ => None,
    }
}
