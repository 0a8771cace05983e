//! BARs of unknown size are missing from the layout of a VM.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The size of every BAR of a VM's devices is known, and so are the MMIO gaps of a captured
    /// VM where the default ones do not do.
    ///
    /// ## Why it matters
    ///
    /// A BAR that is missing from the layout may be the one that does not fit.
    ///
    /// ## How it is decided
    ///
    /// By the sizes that the capture holds.
    ///
    /// ## What to do
    ///
    /// Hyper-V: capture sizes: `assignable-collect`, or the resources of the device in Device
    /// Manager.
    ///
    /// VFIO: capture sizes: `lspci -vv`, or the `resource` files of sysfs.
    VMC015 = {
        name: "layout-incomplete",
        summary: "BARs of unknown size are missing from the layout of a VM",
        severity: Low,
        effects: Effects::everywhere(Effect::Condition),
        cites: [
            Document::DdaPlan.at("MMIO space"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::SizesUnknown => Some("BARs of unknown size are missing from the layout".to_owned()),
        Kind::GapsOpen => Some(
            "the VM's MMIO gaps were not captured; the default ones do not hold its devices"
                .to_owned(),
        ),
        _ => None,
    }
}
