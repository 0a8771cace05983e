//! A device is removed while the VM runs.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The VM is off when a device is removed.
    ///
    /// ## Why it matters
    ///
    /// The guest is asked to eject the device. Hyper-V waits a minute and then takes it; a
    /// guest whose driver holds on may crash.
    ///
    /// ## How it is decided
    ///
    /// By the power state of the VM when the step is played.
    ///
    /// ## What to do
    ///
    /// Hyper-V: stop using the device in the guest first; the documented way is to turn the VM
    /// off.
    ///
    /// VFIO: stop using the device in the guest first.
    VMC019 = {
        name: "hot-remove",
        summary: "A device is removed while the VM runs",
        severity: Low,
        effects: Effects::everywhere(Effect::Condition),
        cites: [
            Document::HyperVCmdlets.at("Remove-VMAssignableDevice"),
            Document::LinuxPci.at("controller/pci-hyperv.c, PCI_EJECT"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::HotRemove => Some("the guest is asked to eject the device while it runs".to_owned()),
        _ => None,
    }
}
