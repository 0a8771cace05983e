//! The remapping table cannot be read to its end.

use crate::analysis::Facts;
use crate::policy::{Effect, Effects};
use crate::rules::iom::place;
use crate::rules::{Check, Confidence, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// A DMAR or IVRS table has a right checksum, and every length in it leads to the next
    /// structure.
    ///
    /// ## Why it matters
    ///
    /// What stands behind a wrong length is lost: the kernel stops at a length of zero, and gives
    /// up the whole table where a structure runs past its end. An IVRS table with a wrong
    /// checksum is not used at all. Some kernels never leave an IVRS entry of a type whose length
    /// is not defined.
    ///
    /// ## How it is decided
    ///
    /// The bytes of the table are summed; structures, scope entries, blocks and device entries
    /// are walked by their lengths. A table that was cut when it was captured looks the same:
    /// compare the length in its header with what was sent.
    ///
    /// ## What to do
    ///
    /// Firmware: put the lengths right, then the checksum.
    ///
    /// Hyper-V: "the firmware describes the hardware wrongly" is one of the reasons in `(Get-
    /// VMHost).IovSupportReasons`. VFIO: look for "DMAR: Your BIOS is broken" or "AMD-Vi" errors
    /// in the kernel's log.
    IOM005 = {
        name: "remapping-table-damaged",
        summary: "The DMAR or IVRS table has a wrong checksum or length",
        severity: High,
        effects: Effects::everywhere(Effect::Condition),
        lint: Firmware,
        cites: [
            Document::VtD.at("8.1 DMA Remapping Reporting Structure"),
            Document::AmdIommu.at("5.2 I/O Virtualization ACPI Table"),
            Document::LinuxIommu.at("intel/dmar.c, dmar_walk_remapping_entries"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let tables = facts.iommu.tables();
    if tables.is_empty() {
        return Outcome::NotApplicable("no remapping table was captured");
    }
    let faults = tables.iter().flat_map(|table| {
        let faults = table.faults.iter();
        faults.map(|&fault| {
            let evidence = place(table.kind, fault.span, fault.within, Value::Word("damaged"));
            (fault, evidence)
        })
    });
    several(&IOM005, Subject::Host, Confidence::High, faults)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer};
    use crate::testing::Machine;
    use crate::testing::tables::{dmar, drhd};

    fn with(edit: impl FnOnce(&mut Vec<u8>)) -> Answer {
        let machine = Machine::with_port().with_table_bytes("DMAR", {
            let mut table = dmar(&[drhd(true, 0, 0xfed9_0000, &[])]);
            edit(&mut table);
            table
        });
        answer(&IOM005, &machine, "")
    }

    #[test]
    fn a_sound_table_is_clean() {
        assert_eq!(with(|_| {}), Answer::Clean);
    }

    #[test]
    fn a_checksum_and_a_length_that_are_wrong_fire() {
        assert!(
            matches!(with(|table| table[20] ^= 1), Answer::Fired(text) if text.contains("add up"))
        );
        // The unit claims to be longer than the table.
        assert!(matches!(with(|table| table[50] = 0x40), Answer::Fired(_)));
    }
}
