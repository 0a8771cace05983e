//! The high MMIO gap of a VM does not hold its devices.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The 64-bit BARs of all devices of a VM have room in its high MMIO gap.
    ///
    /// ## Why it matters
    ///
    /// A device without room is there but does not start: Code 12 in Windows, a message about
    /// high MMIO space in Linux.
    ///
    /// ## How it is decided
    ///
    /// By laying the devices out from the base of the gap on: each has a window of its own,
    /// aligned to the largest power of two that is not larger than its BARs. The documented
    /// rule, the sum of the BARs plus 512 MB, does not count what alignment leaves unused.
    ///
    /// ## What to do
    ///
    /// Hyper-V: turn the VM off and raise `-HighMemoryMappedIoSpace` to what `mmio` prints as
    /// the smallest.
    ///
    /// VFIO: not concerned.
    VMC005 = {
        name: "high-gap-too-small",
        summary: "The high MMIO gap of a VM does not hold its devices",
        severity: High,
        effects: Effects::new(Effect::Blocks, Effect::None),
        cites: [
            Document::DdaPlan.at("MMIO space"),
            Document::LinuxPci.at("controller/pci-hyperv.c"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::HighGapTooSmall(shortfall) => Some(format!(
            "{} MiB at a multiple of {} MiB are needed; the largest free block has {} MiB",
            shortfall.needed.div_ceil(1 << 20),
            shortfall.align.div_ceil(1 << 20),
            shortfall.largest >> 20
        )),
        _ => None,
    }
}
