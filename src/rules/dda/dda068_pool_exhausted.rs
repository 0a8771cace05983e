//! More devices are asked for than the pool has.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The pool holds as many devices as are added without naming them.
    ///
    /// ## Why it matters
    ///
    /// `Add-VMAssignableDevice` without a path takes any device of the pool, and fails when the
    /// pool is empty.
    ///
    /// ## How it is decided
    ///
    /// By counting the dismounted devices when the step is played.
    ///
    /// ## What to do
    ///
    /// Hyper-V: dismount more devices, or add fewer.
    ///
    /// VFIO: not concerned.
    DDA068 = {
        name: "pool-exhausted",
        summary: "More devices are asked for than the pool has",
        severity: High,
        effects: Effects::new(Effect::Blocks, Effect::None),
        cites: [
            Document::HyperVCmdlets.at("Add-VMAssignableDevice, without a path"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::PoolExhausted { wanted, there } => Some(format!(
            "{wanted} devices are asked for, the pool has {there}"
        )),
        _ => None,
    }
}
