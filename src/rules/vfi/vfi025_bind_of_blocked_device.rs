//! A device is bound to vfio-pci that no guest can have.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// Nothing stands against a device that is bound to vfio-pci.
    ///
    /// ## Why it matters
    ///
    /// The probe fails, or the guest does not start with the device.
    ///
    /// ## How it is decided
    ///
    /// By the findings about the device and the host that block VFIO; the message names their
    /// codes, and `explain` shows their evidence.
    ///
    /// ## What to do
    ///
    /// Hyper-V: not concerned.
    ///
    /// VFIO: see the pages of the rules that the message names.
    VFI025 = {
        name: "bind-of-blocked-device",
        summary: "A device is bound to vfio-pci that no guest can have",
        severity: High,
        effects: Effects::new(Effect::None, Effect::Blocks),
        cites: [
            Document::LinuxVfio.at("pci/vfio_pci.c, vfio_pci_probe"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::BlockedVfio(codes) => Some(format!(
            "the device cannot be assigned ({})",
            codes.join(", ")
        )),
        _ => None,
    }
}
