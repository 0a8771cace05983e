//! Whether a device can be assigned is open, because the capture lacks evidence.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The capture settles whether a device can be assigned.
    ///
    /// ## Why it matters
    ///
    /// The simulation takes what is open as no obstacle. On the host the step may be refused
    /// all the same.
    ///
    /// ## How it is decided
    ///
    /// By the rules that answered "cannot tell" about the device.
    ///
    /// ## What to do
    ///
    /// Hyper-V and VFIO: `survey` names the commands that would settle it.
    DDA073 = {
        name: "evidence-missing",
        summary: "Whether a device can be assigned is open, because the capture lacks evidence",
        severity: Low,
        effects: Effects::everywhere(Effect::Condition),
        cites: [
            Document::SurveyDda.at("device checks"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::Unsettled(codes) => Some(format!(
            "the capture leaves open whether the device can be assigned ({})",
            codes.join(", ")
        )),
        _ => None,
    }
}
