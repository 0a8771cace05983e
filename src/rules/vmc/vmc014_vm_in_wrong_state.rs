//! A step does not suit the power state of the VM.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// A VM that is started is off, and one that is stopped, saved or moved runs.
    ///
    /// ## Why it matters
    ///
    /// The command fails, and usually an earlier step went wrong.
    ///
    /// ## How it is decided
    ///
    /// By the power state of the VM when the step is played.
    ///
    /// ## What to do
    ///
    /// Hyper-V and VFIO: order the steps.
    VMC014 = {
        name: "vm-in-wrong-state",
        summary: "A step does not suit the power state of the VM",
        severity: Medium,
        effects: Effects::everywhere(Effect::Blocks),
        cites: [
            Document::HyperVCmdlets.at("Start-VM, Stop-VM, Remove-VM"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::VmState { running } => Some(match running {
            true => "the virtual machine runs".to_owned(),
            false => "the virtual machine does not run".to_owned(),
        }),
        _ => None,
    }
}
