//! The firmware of a guest has no room for a BAR.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The firmware of a guest finds room for every BAR of its devices.
    ///
    /// ## Why it matters
    ///
    /// OVMF leaves a device without room without addresses; SeaBIOS may place it where the
    /// processor cannot reach it. The guest's driver then fails.
    ///
    /// ## How it is decided
    ///
    /// By playing the placement of the firmware, with a root port for each device.
    ///
    /// ## What to do
    ///
    /// Hyper-V: not concerned.
    ///
    /// VFIO: raise `opt/ovmf/X-PciMmio64Mb` to what `mmio` prints, and give the guest the
    /// host's address width (`host-phys-bits=on`).
    VMC017 = {
        name: "guest-firmware-has-no-room",
        summary: "The firmware of a guest has no room for a BAR",
        severity: High,
        effects: Effects::new(Effect::None, Effect::Blocks),
        cites: [
            Document::Edk2.at("PciBusDxe, PciResourceSupport.c"),
            Document::SeaBios.at("src/fw/pciinit.c"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::NoGuestRoom(unplaced) => Some(format!(
            "{} MiB at a multiple of {} MiB are needed in the guest; {} MiB are there",
            unplaced.size.div_ceil(1 << 20),
            unplaced.align.div_ceil(1 << 20),
            unplaced.available >> 20
        )),
        _ => None,
    }
}
