//! A reset of the device did not end well.

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
    /// No message of the kernel's log says that a reset of the device timed out or was given up.
    ///
    /// ## Why it matters
    ///
    /// A device that does not come back from a reset works for one guest, once: the next start of
    /// the guest fails until the host is restarted, and what the guest left in it may stay.
    ///
    /// ## How it is decided
    ///
    /// The log of the last boot holds a reset that was waited for in vain or a transaction that did
    /// not end before one. Without a log the rule does not apply.
    ///
    /// ## What to do
    ///
    /// Hyper-V: expect the same at the second start of the virtual machine; look for firmware of the
    /// device.
    ///
    /// VFIO: choose another reset method (`reset_method` in sysfs, since Linux 5.15), update the
    /// device's firmware, or use a vendor reset module where one exists.
    IMP073 = {
        name: "log-reset-failed",
        summary: "A reset of the device did not end well",
        severity: Medium,
        effects: Effects::new(Effect::Note, Effect::Condition),
        cites: [
            Document::LinuxPci.at("pci.c, pci_dev_wait"),
            Document::LinuxPci.at("pci.c, pcie_flr"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    noted(&IMP073, NoteKind::ResetTrouble, facts, id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::imp::testing::says;

    #[test]
    fn the_message_about_the_device_fires() {
        says(
            &IMP073,
            "[    9.0] vfio-pci 0000:01:00.0: not ready 65535ms after FLR; giving up\n",
            "the log says: not ready 65535ms after FLR; giving up",
        );
    }
}
