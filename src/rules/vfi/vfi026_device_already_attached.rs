//! A device is wanted that a guest already has.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// A device belongs to one guest at a time.
    ///
    /// ## Why it matters
    ///
    /// A group can be opened once.
    ///
    /// ## How it is decided
    ///
    /// By the state of the device when the step is played.
    ///
    /// ## What to do
    ///
    /// Hyper-V: not concerned.
    ///
    /// VFIO: detach it from the guest that has it.
    VFI026 = {
        name: "device-already-attached",
        summary: "A device is wanted that a guest already has",
        severity: High,
        effects: Effects::new(Effect::None, Effect::Blocks),
        cites: [
            Document::LinuxVfio.at("group.c"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::InUseVfio => Some("a guest has the device already".to_owned()),
        _ => None,
    }
}
