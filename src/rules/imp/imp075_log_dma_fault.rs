//! The IOMMU blocked transfers of the device.

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
    /// No message of the kernel's log says that the IOMMU blocked a transfer of the device.
    ///
    /// ## Why it matters
    ///
    /// The device reaches for memory that it was not given: a driver's fault, a guest that stopped
    /// while the device went on, or a firmware that still uses it. The IOMMU does its work; what
    /// the device was to do does not happen.
    ///
    /// ## How it is decided
    ///
    /// The log of the last boot holds a fault of the remapping hardware with the address of the
    /// function. Without a log the rule does not apply.
    ///
    /// ## What to do
    ///
    /// Hyper-V and VFIO: look at when it happened. Before any guest, suspect the firmware (reserved
    /// memory that its tables do not name); within a guest, its driver; after one, a device that
    /// was not reset.
    IMP075 = {
        name: "log-dma-fault",
        summary: "The IOMMU blocked transfers of the device",
        severity: Low,
        effects: Effects::everywhere(Effect::Note),
        cites: [
            Document::LinuxIommu.at("intel/dmar.c, dmar_fault_do_one"),
            Document::LinuxIommu.at("amd/iommu.c, amd_iommu_report_page_fault"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    noted(&IMP075, NoteKind::DmaFault, facts, id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::imp::testing::says;

    #[test]
    fn the_message_about_the_device_fires() {
        says(
            &IMP075,
            "[    9.0] DMAR: [DMA Read NO_PASID] Request device [01:00.0] fault addr 0xdeadb000 [fault reason 0x06] PTE Read access is not set\n\
             [    9.0] AMD-Vi: Event logged [IO_PAGE_FAULT device=0000:01:00.0 domain=0x000e address=0xdf000000 flags=0x0000]\n",
            "the log says: DMAR: [DMA Read NO_PASID] Request device [01:00.0] fault addr 0xdeadb000 [fault reason 0x06] PTE Read access is not set (2 such lines)",
        );
    }
}
