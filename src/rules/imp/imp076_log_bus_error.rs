//! The device reported errors of its PCI Express link.

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
    /// No message of the kernel's log says that Advanced Error Reporting found an error at the device.
    ///
    /// ## Why it matters
    ///
    /// Corrected errors cost time, others stop the device. Assignment does not cause them and does
    /// not cure them, but in a guest they are harder to see.
    ///
    /// ## How it is decided
    ///
    /// The log of the last boot holds "PCIe Bus Error" for the function. Without a log the rule does
    /// not apply.
    ///
    /// ## What to do
    ///
    /// Hyper-V and VFIO: reseat the card, try another slot or a lower link speed, and look for
    /// firmware of the device before giving it to a guest.
    IMP076 = {
        name: "log-bus-error",
        summary: "The device reported errors of its PCI Express link",
        severity: Low,
        effects: Effects::everywhere(Effect::Note),
        cites: [
            Document::LinuxPci.at("pcie/aer.c, aer_print_error"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    noted(&IMP076, NoteKind::BusError, facts, id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::imp::testing::says;

    #[test]
    fn the_message_about_the_device_fires() {
        says(
            &IMP076,
            "[    9.0] nvme 0000:01:00.0: PCIe Bus Error: severity=Corrected, type=Physical Layer, (Receiver ID)\n",
            "the log says: PCIe Bus Error: severity=Corrected, type=Physical Layer, (Receiver ID)",
        );
    }
}
