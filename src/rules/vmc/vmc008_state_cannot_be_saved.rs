//! A VM with a device is saved or checkpointed.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// A VM that is saved, or of which a checkpoint is taken, has no physical device.
    ///
    /// ## Why it matters
    ///
    /// Nobody can save the state inside a physical device.
    ///
    /// ## How it is decided
    ///
    /// By the devices that the VM has when the step is played.
    ///
    /// ## What to do
    ///
    /// Hyper-V: remove the devices first, or shut the guest down.
    ///
    /// VFIO: the same holds for snapshots of the guest's memory.
    VMC008 = {
        name: "state-cannot-be-saved",
        summary: "A VM with a device is saved or checkpointed",
        severity: High,
        effects: Effects::everywhere(Effect::Blocks),
        cites: [
            Document::DdaPlan.at("VM limitations"),
            Document::LinuxVfio.at("migration support"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::CannotSaveState => Some("the state of a physical device cannot be saved".to_owned()),
        _ => None,
    }
}
