//! The kernel refused the device to VFIO because of reserved memory.

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
    /// The kernel did not refuse to attach the device to a guest's IOMMU domain because the firmware
    /// reserves memory for it.
    ///
    /// ## Why it matters
    ///
    /// The firmware asks that the device can always reach this memory (RMRR). In a guest it could
    /// not, so Linux refuses. The kernel's own word decides where its tables were not captured.
    ///
    /// ## How it is decided
    ///
    /// The log of the last boot holds "ineligible for IOMMU domain attach due to platform RMRR
    /// requirement" for the function. Without a log the rule does not apply; RSV002 judges by the
    /// firmware's tables.
    ///
    /// ## What to do
    ///
    /// Hyper-V: RSV001 tells whether Windows minds the same reservation.
    ///
    /// VFIO: look for a firmware update or an option that releases the memory (on HPE ProLiant
    /// "HP Shared Memory features" of the slot), or use another device.
    IMP072 = {
        name: "log-rmrr-refused",
        summary: "The kernel refused the device to VFIO because of reserved memory",
        severity: High,
        effects: Effects::new(Effect::Note, Effect::Blocks),
        cites: [
            Document::LinuxIommu.at("intel/iommu.c, device_is_rmrr_locked"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    noted(&IMP072, NoteKind::RmrrRefused, facts, id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::imp::testing::says;

    #[test]
    fn the_message_about_the_device_fires() {
        says(
            &IMP072,
            "[    9.0] vfio-pci 0000:01:00.0: Device is ineligible for IOMMU domain attach due to platform RMRR requirement.  Contact your platform vendor.\n",
            "the log says: Device is ineligible for IOMMU domain attach due to platform RMRR requirement.  Contact your platform vendor.",
        );
    }
}
