//! SeaBIOS does not boot a guest whose devices exceed the space below 4 GiB.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// What has to lie below 4 GiB fits there.
    ///
    /// ## Why it matters
    ///
    /// SeaBIOS stops with "out of 32bit address space" and the guest does not boot.
    ///
    /// ## How it is decided
    ///
    /// By playing the placement of SeaBIOS, with a root port for each device.
    ///
    /// ## What to do
    ///
    /// Hyper-V: not concerned.
    ///
    /// VFIO: use OVMF, or fewer devices with large BARs that are not both 64-bit and
    /// prefetchable.
    VMC018 = {
        name: "guest-firmware-stops",
        summary: "SeaBIOS does not boot a guest whose devices exceed the space below 4 GiB",
        severity: High,
        effects: Effects::new(Effect::None, Effect::Blocks),
        cites: [
            Document::SeaBios.at("src/fw/pciinit.c, pci_bios_map_devices"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::FirmwareStops => {
            Some("SeaBIOS stops: the space below 4 GiB does not suffice".to_owned())
        }
        _ => None,
    }
}
