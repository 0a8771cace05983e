//! A device is added to a VM that is not in the pool of dismounted devices.

use crate::policy::{Effect, Effects, Policy};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// A device that is added to a VM was dismounted before.
    ///
    /// ## Why it matters
    ///
    /// Hyper-V adds devices from its pool alone, and answers that it did not find the device
    /// otherwise. Often an earlier dismount had failed.
    ///
    /// ## How it is decided
    ///
    /// By the state of the device when the step is played.
    ///
    /// ## What to do
    ///
    /// Hyper-V: dismount the device; `Get-VMHostAssignableDevice` lists the pool.
    ///
    /// VFIO: not concerned.
    DDA066 = {
        name: "device-not-in-pool",
        summary: "A device is added to a VM that is not in the pool of dismounted devices",
        severity: High,
        effects: Effects::new(Effect::Blocks, Effect::None),
        cites: [
            Document::HyperVCmdlets.at("Add-VMAssignableDevice"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::NotInPool(state) => Some(format!(
            "the device is {}, not in the pool of dismounted devices",
            state.name(Policy::HyperV2025)
        )),
        _ => None,
    }
}
