//! A device is removed from a VM that does not have it.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// A device that is removed from a VM is in it.
    ///
    /// ## Why it matters
    ///
    /// A command for a device that is elsewhere fails and usually means that an earlier step
    /// went wrong.
    ///
    /// ## How it is decided
    ///
    /// By the devices that the VM has when the step is played.
    ///
    /// ## What to do
    ///
    /// Hyper-V: `Get-VMAssignableDevice -VMName …` lists them.
    ///
    /// VFIO: `virsh dumpxml` lists them.
    DDA074 = {
        name: "device-not-in-vm",
        summary: "A device is removed from a VM that does not have it",
        severity: Medium,
        effects: Effects::everywhere(Effect::Blocks),
        cites: [
            Document::HyperVCmdlets.at("Remove-VMAssignableDevice"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::NotInVm => Some("the virtual machine does not have the device".to_owned()),
        _ => None,
    }
}
