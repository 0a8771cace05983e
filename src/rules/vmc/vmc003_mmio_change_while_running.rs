//! MMIO space or cache types are changed while the VM runs.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// MMIO sizes and cache types change while the VM is off.
    ///
    /// ## Why it matters
    ///
    /// The address space of a guest is laid out when it starts.
    ///
    /// ## How it is decided
    ///
    /// By the power state of the VM when the step is played.
    ///
    /// ## What to do
    ///
    /// Hyper-V: turn the VM off, set, start.
    ///
    /// VFIO: not concerned.
    VMC003 = {
        name: "mmio-change-while-running",
        summary: "MMIO space or cache types are changed while the VM runs",
        severity: Medium,
        effects: Effects::new(Effect::Blocks, Effect::None),
        cites: [
            Document::HyperVCmdlets.at("Set-VM"),
            Document::DdaBlog.at("part 3, GPUs"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::RunningVm => Some(
            "MMIO space and cache types can only be changed while the virtual machine is off"
                .to_owned(),
        ),
        _ => None,
    }
}
