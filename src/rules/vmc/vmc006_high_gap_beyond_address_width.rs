//! The high MMIO gap ends beyond the host's physical address width.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The high MMIO gap of a VM ends within the physical address width of the host's
    /// processor.
    ///
    /// ## Why it matters
    ///
    /// The gap starts at 65024 MB whatever its size, so that on a processor of 36 to 39 bits a
    /// large gap ends beyond what it can address. The VM does not start.
    ///
    /// ## How it is decided
    ///
    /// By the base and size of the gap, and the address width that the capture or the scenario
    /// states.
    ///
    /// ## What to do
    ///
    /// Hyper-V: lower the base (`HighMmioGapBase`), or give less.
    ///
    /// VFIO: not concerned.
    VMC006 = {
        name: "high-gap-beyond-address-width",
        summary: "The high MMIO gap ends beyond the host's physical address width",
        severity: High,
        effects: Effects::new(Effect::Blocks, Effect::None),
        cites: [
            Document::DdaPlan.at("MMIO space"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::HighGapBeyondWidth { end, bits } => Some(format!(
            "the high MMIO gap ends at {end:#x}, beyond the {bits} address bits of the host"
        )),
        _ => None,
    }
}
