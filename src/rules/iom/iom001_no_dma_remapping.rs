//! The machine has no DMA remapping.

use std::fmt;

use crate::analysis::{Fact, Facts, Missing};
use crate::decode::kernel_log::State;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The machine has an IOMMU that remaps DMA.
    ///
    /// ## Why it matters
    ///
    /// Without it a device writes wherever its guest tells it to, host memory included. No
    /// hypervisor assigns devices on such a machine.
    ///
    /// ## How it is decided
    ///
    /// IOMMU groups that the kernel reported show that one is active; a DMAR, IVRS, VIOT or
    /// IORT table, or a kernel log that names units, shows that the firmware offers one. Other ACPI tables without any of these
    /// show that there is none, or that it is off in the firmware setup. With neither groups
    /// nor tables in the capture the answer is "cannot tell". Interrupt remapping is needed as
    /// well (IOM002), and a unit that covers the device (IOM003).
    ///
    /// ## What to do
    ///
    /// Hyper-V: switch VT-d or AMD-Vi (also called IOMMU or "I/O virtualization") on in the
    /// firmware setup, together with SR-IOV support; `(Get-VMHost).IovSupportReasons` says what
    /// is missing.
    ///
    /// VFIO: the same setup option; on Intel boot with `intel_iommu=on`.
    IOM001 = {
        name: "no-dma-remapping",
        summary: "The machine has no IOMMU, or it is off in the firmware setup",
        severity: High,
        effects: Effects::everywhere(Effect::Blocks),
        lint: Firmware,
        cites: [
            Document::DdaPlan.at("system requirements"),
            Document::VtD.at("8.1 DMA Remapping Reporting Structure"),
            Document::AmdIommu.at("5.2 I/O Virtualization ACPI Table"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// No table describes an IOMMU.
#[derive(Debug)]
struct NoRemapping;

impl fmt::Display for NoRemapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the firmware's tables describe no IOMMU")
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let platform = facts.platform;
    let hyperv = facts.host.nodes().hyperv();
    let supported = hyperv.and_then(|hyperv| hyperv.iov_support) == Some(true);
    let logged = facts.host.log().is_some_and(|log| {
        let said = &log.remapping;
        let in_use = said.last_of(&[State::DmaRemapping]).is_some();
        in_use || !said.units.is_empty() || !said.amd_units.is_empty()
    });
    if platform.groups_reported || platform.remapping_table || logged || supported {
        return Outcome::Clean;
    }
    if !platform.tables_captured {
        return Outcome::CannotTell(Missing::host(Fact::Remapping));
    }
    Outcome::Fired(Finding::new(
        &IOM001,
        Subject::Host,
        Confidence::High,
        NoRemapping,
        Evidence::new(
            Locus::Capture,
            "ACPI table DMAR, IVRS, VIOT or IORT",
            Value::Absent,
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::{Dev, Machine};

    #[test]
    fn tables_without_a_remapping_table_fire() {
        let machine = Machine::with_port().with_table("DSDT").with_table("MCFG");
        assert_eq!(
            answer(&IOM001, &machine, ""),
            fired("the firmware's tables describe no IOMMU")
        );
    }

    #[test]
    fn a_remapping_table_or_a_reported_group_is_enough() {
        for table in ["DMAR", "IVRS", "VIOT", "IORT"] {
            let machine = Machine::new().with_table("DSDT").with_table(table);
            assert_eq!(answer(&IOM001, &machine, ""), Answer::Clean);
        }
        let machine = Machine::with_device(Dev::endpoint().group(4)).with_table("DSDT");
        assert_eq!(answer(&IOM001, &machine, ""), Answer::Clean);
    }

    #[test]
    fn without_tables_and_groups_nothing_can_be_said() {
        assert_eq!(
            answer(&IOM001, &Machine::with_port(), ""),
            Answer::CannotTell(Fact::Remapping)
        );
        let other = Machine::with_port().with_table("SSDT2");
        assert_eq!(
            answer(&IOM001, &other, ""),
            Answer::CannotTell(Fact::Remapping)
        );
    }
}
