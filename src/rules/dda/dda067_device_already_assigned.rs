//! A device is wanted that a VM already has.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// A device belongs to one VM at a time, and to none when it goes back to the host.
    ///
    /// ## Why it matters
    ///
    /// A second VM cannot have the device, and the host cannot mount it, until the first VM
    /// gives it back.
    ///
    /// ## How it is decided
    ///
    /// By the state of the device when the step is played.
    ///
    /// ## What to do
    ///
    /// Hyper-V: `Remove-VMAssignableDevice` from the VM that has it.
    ///
    /// VFIO: not concerned.
    DDA067 = {
        name: "device-already-assigned",
        summary: "A device is wanted that a VM already has",
        severity: High,
        effects: Effects::new(Effect::Blocks, Effect::None),
        cites: [
            Document::HyperVCmdlets.at("Add-VMAssignableDevice, Mount-VMHostAssignableDevice"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::InUse => Some("a virtual machine has the device already".to_owned()),
        _ => None,
    }
}
