//! An IVRS entry breaks a rule for which systems refuse the table.

use std::fmt;

use crate::analysis::Facts;
use crate::bytes::Span;
use crate::decode::acpi::ivrs::DeviceEntry;
use crate::iommu::TableKind;
use crate::policy::{Effect, Effects};
use crate::rules::iom::{ivrs, place};
use crate::rules::{Check, Confidence, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// A special device entry (48h) stands for an I/O APIC or a timer; an ACPI device entry (F0h)
    /// stands in a block of type 40h alone and has a hardware id; the table has revision 1 or 2,
    /// and 2 where it has blocks of type 40h.
    ///
    /// ## Why it matters
    ///
    /// Linux gives up the initialisation of the whole IOMMU on a special entry of another kind,
    /// and skips misplaced ACPI entries.
    ///
    /// ## How it is decided
    ///
    /// By type, variety and place of each device entry, and by the revision in the header.
    ///
    /// ## What to do
    ///
    /// Firmware: correct or drop the entry.
    ///
    /// Hyper-V and VFIO: a firmware update.
    IOM025 = {
        name: "ivrs-entry-not-allowed",
        summary: "The IVRS table has an entry that the specification does not allow",
        severity: High,
        effects: Effects::everywhere(Effect::Condition),
        lint: Firmware,
        cites: [
            Document::AmdIommu.at("5.2.2.5 IVHD device entries"),
            Document::LinuxIommu.at("amd/init.c, init_iommu_from_acpi"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// What is not allowed.
#[derive(Debug)]
enum NotAllowed {
    Variety(u8),
    AcpiEntry(u8),
    Revision(u8),
}

impl fmt::Display for NotAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variety(variety) => {
                write!(
                    f,
                    "a special device entry has the unknown variety {variety}"
                )
            }
            Self::AcpiEntry(kind) => {
                write!(
                    f,
                    "an ACPI device entry stands in a block of type {kind:#x}"
                )
            }
            Self::Revision(revision) => {
                write!(
                    f,
                    "the revision {revision} does not allow what the table holds"
                )
            }
        }
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let table = match ivrs(facts) {
        Ok(table) => table,
        Err(answer) => return answer,
    };
    let mut places = Vec::new();
    let newest = table.units().map(|(unit, _)| unit.kind).max().unwrap_or(0);
    let revision = table.header.revision;
    if !matches!(revision, 1 | 2) || (newest == 0x40 && revision == 1) {
        let span = Span { offset: 8, len: 1 };
        let evidence = place(TableKind::Ivrs, span, "revision", Value::byte(revision));
        places.push((NotAllowed::Revision(revision), evidence));
    }
    for (unit, _) in table.units() {
        for entry in &unit.entries {
            let fault = match (entry.kind, entry.special) {
                (DeviceEntry::SPECIAL, Some((_, variety))) if !matches!(variety, 1 | 2) => {
                    NotAllowed::Variety(variety)
                }
                (DeviceEntry::ACPI_HID, _) if unit.kind != 0x40 => NotAllowed::AcpiEntry(unit.kind),
                _ => continue,
            };
            let seen = Value::byte(entry.kind);
            let evidence = place(TableKind::Ivrs, entry.span, "device entry type", seen);
            places.push((fault, evidence));
        }
    }
    several(&IOM025, Subject::Host, Confidence::High, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{ivhd, ivrs};

    fn with(kind: u8, entry: &[u8]) -> Answer {
        let machine = Machine::with_port().with_table_bytes("IVRS", ivrs(&[ivhd(kind, &[entry])]));
        answer(&IOM025, &machine, "")
    }

    #[test]
    fn varieties_and_places_are_checked() {
        let special = |variety| [0x48, 0, 0, 0, 0x20, 0xa0, 0, variety];
        assert_eq!(with(0x11, &special(1)), Answer::Clean);
        assert_eq!(
            with(0x11, &special(3)),
            fired("a special device entry has the unknown variety 3")
        );
        let mut acpi = [0; 22];
        acpi[0] = 0xf0;
        assert_eq!(with(0x40, &acpi), Answer::Clean);
        assert_eq!(
            with(0x11, &acpi),
            fired("an ACPI device entry stands in a block of type 0x11")
        );
    }
}
