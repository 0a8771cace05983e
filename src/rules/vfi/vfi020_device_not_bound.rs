//! A device is given to a guest that is not bound to vfio-pci.

use crate::policy::{Effect, Effects, Policy};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// A device that a guest gets is bound to vfio-pci.
    ///
    /// ## Why it matters
    ///
    /// QEMU opens the device through vfio-pci. With another driver, or none, there is nothing
    /// to open.
    ///
    /// ## How it is decided
    ///
    /// By the driver as captured and the steps before.
    ///
    /// ## What to do
    ///
    /// Hyper-V: not concerned.
    ///
    /// VFIO: set `driver_override` to vfio-pci and bind it, or let libvirt do so with
    /// `managed='yes'`.
    VFI020 = {
        name: "device-not-bound",
        summary: "A device is given to a guest that is not bound to vfio-pci",
        severity: High,
        effects: Effects::new(Effect::None, Effect::Blocks),
        cites: [
            Document::LinuxVfio.at("pci/vfio_pci.c"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::NotBound(state) => Some(format!(
            "the device is {}, not bound to vfio-pci",
            state.name(Policy::Vfio)
        )),
        _ => None,
    }
}
