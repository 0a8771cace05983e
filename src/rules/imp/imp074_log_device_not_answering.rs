//! The device did not come back from a power state.

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
    /// No message of the kernel's log says that the device could not be brought out of a power state.
    ///
    /// ## Why it matters
    ///
    /// Such a device reads as all ones and fails in whatever owns it, host or guest, until the host
    /// is powered off. Devices that are put to sleep while no guest has them are known for it.
    ///
    /// ## How it is decided
    ///
    /// The log of the last boot holds "Unable to change power state", "Refused to change power
    /// state" or "device inaccessible" for the function. Without a log the rule does not apply.
    ///
    /// ## What to do
    ///
    /// Hyper-V: power the host off and on; look for firmware of the device.
    ///
    /// VFIO: keep the device awake with `disable_idle_d3=1` of vfio-pci; power the host off and
    /// on to get it back.
    IMP074 = {
        name: "log-device-not-answering",
        summary: "The device did not come back from a power state",
        severity: Medium,
        effects: Effects::new(Effect::Note, Effect::Condition),
        cites: [
            Document::LinuxPci.at("pci.c, pci_raw_set_power_state"),
            Document::LinuxVfio.at("pci/vfio_pci_core.c, disable_idle_d3"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    noted(&IMP074, NoteKind::NoAnswer, facts, id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::imp::testing::says;

    #[test]
    fn the_message_about_the_device_fires() {
        says(
            &IMP074,
            "[    9.0] vfio-pci 0000:01:00.0: Unable to change power state from D3cold to D0, device inaccessible\n",
            "the log says: Unable to change power state from D3cold to D0, device inaccessible",
        );
    }
}
