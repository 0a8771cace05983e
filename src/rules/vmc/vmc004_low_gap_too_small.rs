//! The low MMIO gap of a VM does not hold its devices.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The 32-bit BARs of all devices of a VM have room in its low MMIO gap.
    ///
    /// ## Why it matters
    ///
    /// A device without room is there but does not start: Code 12 in Windows, a message about
    /// low MMIO space in Linux.
    ///
    /// ## How it is decided
    ///
    /// By laying the devices out: each has a window of its own, aligned to the largest power of
    /// two that is not larger than its BARs.
    ///
    /// ## What to do
    ///
    /// Hyper-V: turn the VM off and raise `-LowMemoryMappedIoSpace` to what `mmio` prints as
    /// the smallest; 3584 MB is the most.
    ///
    /// VFIO: not concerned.
    VMC004 = {
        name: "low-gap-too-small",
        summary: "The low MMIO gap of a VM does not hold its devices",
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
        Kind::LowGapTooSmall(shortfall) => Some(format!(
            "{} MiB at a multiple of {} MiB are needed; the largest free block has {} MiB",
            shortfall.needed.div_ceil(1 << 20),
            shortfall.align.div_ceil(1 << 20),
            shortfall.largest >> 20
        )),
        _ => None,
    }
}
