//! A step does not suit the state of the device.

use crate::policy::{Effect, Effects, Policy};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// A step is possible in the state that the device has.
    ///
    /// ## Why it matters
    ///
    /// A device that is disabled cannot be disabled again, one that is dismounted cannot be
    /// enabled before it is mounted, and so on.
    ///
    /// ## How it is decided
    ///
    /// By the state of the device when the step is played, which starts from the captured one.
    ///
    /// ## What to do
    ///
    /// Hyper-V: Enabled, disabled, dismounted, assigned, and back in the same order.
    ///
    /// VFIO: used by the host, bound to vfio-pci, assigned, and back.
    DDA070 = {
        name: "step-in-wrong-state",
        summary: "A step does not suit the state of the device",
        severity: Medium,
        effects: Effects::everywhere(Effect::Blocks),
        cites: [
            Document::HyperVCmdlets.at("Dismount-, Mount-VMHostAssignableDevice"),
            Document::DdaBlog.at("part 1, NVMe example"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::WrongState(state) => Some(format!(
            "the step does not suit a device that is {}",
            state.name(Policy::HyperV2025)
        )),
        _ => None,
    }
}
