//! A VM with a device has dynamic memory.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// A VM with a device has static memory.
    ///
    /// ## Why it matters
    ///
    /// The memory of such a VM is pinned, because the device may reach all of it at any time.
    ///
    /// ## How it is decided
    ///
    /// By `dynamic_memory` of the VM when it starts.
    ///
    /// ## What to do
    ///
    /// Hyper-V: `Set-VM -Name … -StaticMemory`.
    ///
    /// VFIO: not concerned.
    VMC002 = {
        name: "dynamic-memory",
        summary: "A VM with a device has dynamic memory",
        severity: High,
        effects: Effects::new(Effect::Blocks, Effect::None),
        cites: [
            Document::DdaPlan.at("VM limitations"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::DynamicMemory => Some("the virtual machine has dynamic memory".to_owned()),
        _ => None,
    }
}
