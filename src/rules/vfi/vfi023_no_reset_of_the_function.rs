//! A device that cannot be reset alone is given to a guest.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// A device that a guest gets can be reset without its neighbours.
    ///
    /// ## Why it matters
    ///
    /// Without a reset the guest finds the device as the last user left it. Many graphics cards
    /// then work once for each boot of the host.
    ///
    /// ## How it is decided
    ///
    /// By the reset mechanisms that the function advertises, and the kernel's list of broken
    /// ones.
    ///
    /// ## What to do
    ///
    /// Hyper-V: not concerned.
    ///
    /// VFIO: plan for a restart of the host between guests; give the whole card to one guest so
    /// that its bus can be reset.
    VFI023 = {
        name: "no-reset-of-the-function",
        summary: "A device that cannot be reset alone is given to a guest",
        severity: Medium,
        effects: Effects::new(Effect::None, Effect::Condition),
        cites: [
            Document::LinuxPci.at("pci.c, pci_reset_fn_methods"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::NoReset => Some("no way to reset the function alone is known".to_owned()),
        _ => None,
    }
}
