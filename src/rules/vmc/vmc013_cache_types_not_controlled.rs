//! A VM with a graphics device does not control cache types.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// A VM with a graphics device has guest-controlled cache types.
    ///
    /// ## Why it matters
    ///
    /// Graphics drivers want write combining; without it they are slow or fail.
    ///
    /// ## How it is decided
    ///
    /// By the class of the devices and `cache_types` of the VM when it starts.
    ///
    /// ## What to do
    ///
    /// Hyper-V: `Set-VM -GuestControlledCacheTypes $true` while the VM is off.
    ///
    /// VFIO: not concerned.
    VMC013 = {
        name: "cache-types-not-controlled",
        summary: "A VM with a graphics device does not control cache types",
        severity: Low,
        effects: Effects::new(Effect::Condition, Effect::None),
        cites: [
            Document::DdaBlog.at("part 3, GPUs"),
            Document::DdaPlan.at("GPU example"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::CacheTypes => {
            Some("guest-controlled cache types are off, which graphics drivers want on".to_owned())
        }
        _ => None,
    }
}
