//! Deleting a VM leaves its devices bound to vfio-pci.

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
    /// The devices stay bound to vfio-pci, and the host does not use them.
    ///
    /// ## How it is decided
    ///
    /// By the devices that the VM has when it is deleted.
    ///
    /// ## What to do
    ///
    /// Hyper-V: not concerned.
    ///
    /// VFIO: unbind them; with `managed='yes'` libvirt does.
    VFI027 = {
        name: "devices-left-bound",
        summary: "Deleting a VM leaves its devices bound to vfio-pci",
        severity: Low,
        effects: Effects::new(Effect::None, Effect::Condition),
        cites: [
            Document::LinuxVfio.at("pci/vfio_pci.c"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::LeftBound(count) => Some(match count {
            1 => "1 device stays bound to vfio-pci".to_owned(),
            count => format!("{count} devices stay bound to vfio-pci"),
        }),
        _ => None,
    }
}
