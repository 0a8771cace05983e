//! A forced dismount skips checks that would have refused it.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// A dismount passes without force.
    ///
    /// ## Why it matters
    ///
    /// `-Force` skips the checks for isolation and for mitigations. What they guard against
    /// remains.
    ///
    /// ## How it is decided
    ///
    /// By the findings that `-Force` overrides.
    ///
    /// ## What to do
    ///
    /// Hyper-V: give the device to a trusted guest alone; see the pages of the rules that the
    /// message names.
    ///
    /// VFIO: not concerned.
    DDA072 = {
        name: "checks-skipped-by-force",
        summary: "A forced dismount skips checks that would have refused it",
        severity: Medium,
        effects: Effects::new(Effect::Condition, Effect::None),
        cites: [
            Document::HyperVCmdlets.at("Dismount-VMHostAssignableDevice, -Force"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::Forced(codes) => Some(format!("force skips {}", codes.join(", "))),
        _ => None,
    }
}
