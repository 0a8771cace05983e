//! A device is dismounted that Hyper-V does not assign, not even by force.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// Nothing stands against a device that is dismounted.
    ///
    /// ## Why it matters
    ///
    /// `-Force` overrides two checks alone, isolation and mitigation. Reserved memory, line
    /// interrupts, a bus that the firmware keeps to itself and the like remain.
    ///
    /// ## How it is decided
    ///
    /// By the findings about the device and the host that block Hyper-V; the message names
    /// their codes, and `explain` shows their evidence.
    ///
    /// ## What to do
    ///
    /// Hyper-V: see the pages of the rules that the message names.
    ///
    /// VFIO: not concerned.
    DDA065 = {
        name: "dismount-of-blocked-device",
        summary: "A device is dismounted that Hyper-V does not assign, not even by force",
        severity: High,
        effects: Effects::new(Effect::Blocks, Effect::None),
        cites: [
            Document::HyperVCmdlets.at("Dismount-VMHostAssignableDevice"),
            Document::SurveyDda.at("device checks"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::Blocked(codes) => Some(format!(
            "the device cannot be assigned ({}), and force does not change that",
            codes.join(", ")
        )),
        _ => None,
    }
}
