//! The expansion ROM of the device cannot be read.

use super::noted;
use crate::analysis::Facts;
use crate::decode::kernel_log::NoteKind;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Outcome, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// No message of the kernel's log says that the expansion ROM of the device is invalid.
    ///
    /// ## Why it matters
    ///
    /// A guest's firmware runs the ROM to bring up a display or to boot from the device. The display
    /// that the host's own firmware used shows a ROM that is spent.
    ///
    /// ## How it is decided
    ///
    /// The log of the last boot holds "Invalid PCI ROM" for the function. Without a log the rule does
    /// not apply.
    ///
    /// ## What to do
    ///
    /// Hyper-V: not concerned, guests run no ROM of assigned devices.
    ///
    /// VFIO: give the guest a copy of the ROM (`romfile=`), hide it (`rombar=0`), or boot the host
    /// from another display.
    IMP077 = {
        name: "log-rom-invalid",
        summary: "The expansion ROM of the device cannot be read",
        severity: Low,
        effects: Effects::new(Effect::None, Effect::Note),
        cites: [
            Document::LinuxPci.at("rom.c, pci_get_rom_size"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    noted(&IMP077, NoteKind::RomInvalid, facts, id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::imp::testing::says;

    #[test]
    fn the_message_about_the_device_fires() {
        says(
            &IMP077,
            "[    9.0] vfio-pci 0000:01:00.0: Invalid PCI ROM header signature: expecting 0xaa55, got 0xffff\n",
            "the log says: Invalid PCI ROM header signature: expecting 0xaa55, got 0xffff",
        );
    }
}
