//! Deleting a VM leaves its devices dismounted.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// A VM gives its devices back before it is deleted.
    ///
    /// ## Why it matters
    ///
    /// Hyper-V does not mount the devices of a deleted VM: they stay in the pool, and the host
    /// does not see them.
    ///
    /// ## How it is decided
    ///
    /// By the devices that the VM has when it is deleted.
    ///
    /// ## What to do
    ///
    /// Hyper-V: `Mount-VMHostAssignableDevice` and `Enable-PnpDevice` for each of them.
    ///
    /// VFIO: not concerned.
    DDA071 = {
        name: "devices-left-dismounted",
        summary: "Deleting a VM leaves its devices dismounted",
        severity: Low,
        effects: Effects::new(Effect::Condition, Effect::None),
        cites: [
            Document::DdaPlan.at("removing a device"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::LeftDismounted(count) => Some(match count {
            1 => "1 device stays dismounted".to_owned(),
            count => format!("{count} devices stay dismounted"),
        }),
        _ => None,
    }
}
