//! The low MMIO gap is smaller or larger than Hyper-V allows.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The low MMIO gap has 128 to 3584 MB.
    ///
    /// ## Why it matters
    ///
    /// Hyper-V refuses other values (`LowMmioGapSize`).
    ///
    /// ## How it is decided
    ///
    /// By the value that the scenario sets.
    ///
    /// ## What to do
    ///
    /// Hyper-V: choose a value in that range.
    ///
    /// VFIO: not concerned.
    VMC007 = {
        name: "low-gap-out-of-range",
        summary: "The low MMIO gap is smaller or larger than Hyper-V allows",
        severity: Medium,
        effects: Effects::new(Effect::Blocks, Effect::None),
        cites: [
            Document::HyperVCmdlets.at("Set-VM, -LowMemoryMappedIoSpace"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::LowGapOutOfRange(bytes) => {
            Some(format!("{} MB is outside 128 to 3584 MB", bytes >> 20))
        }
        _ => None,
    }
}
