//! A VM starts whose settings name a device that the host has not.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The host has every device that the settings of a captured VM name when it starts.
    ///
    /// ## Why it matters
    ///
    /// After a card was moved or taken out, the settings still name its old place. The VM does
    /// not start: "Element not found".
    ///
    /// ## How it is decided
    ///
    /// By the instance and location paths in the captured settings, and the nodes that are
    /// present. Without nodes there is nothing to say.
    ///
    /// ## What to do
    ///
    /// Hyper-V: remove the old device (`Remove-VMAssignableDevice`), add the one that is there.
    ///
    /// VFIO: not concerned.
    DDA075 = {
        name: "start-with-stale-assignment",
        summary: "A VM starts whose settings name a device that the host has not",
        severity: High,
        effects: Effects::new(Effect::Blocks, Effect::None),
        cites: [
            Document::HyperVCmdlets.at("Remove-VMAssignableDevice"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::StaleAssignment(path) => Some(format!("the host has no device {path}")),
        _ => None,
    }
}
