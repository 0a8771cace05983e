//! A range of device entries has no start, no end, or runs backwards.

use std::fmt;

use crate::analysis::Facts;
use crate::decode::acpi::ivrs::{DeviceEntry, Ivhd};
use crate::iommu::TableKind;
use crate::policy::Effects;
use crate::rules::iom::{ivrs, place};
use crate::rules::{Check, Confidence, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// In an IVRS block each start of a range is followed by its end, before another range
    /// begins, and the end is not below the start.
    ///
    /// ## Why it matters
    ///
    /// Devices of such a range may be covered or not, as the system reads it. Linux takes an end
    /// without a start for nothing, and a start without an end for nothing.
    ///
    /// ## How it is decided
    ///
    /// By the device entries 03h, 43h and 47h (start) and 04h (end) of each block, in order.
    ///
    /// ## What to do
    ///
    /// Firmware: write each range as a start and an end.
    ///
    /// Hyper-V and VFIO: a firmware update, where a device is not covered (IOM003).
    IOM024 = {
        name: "device-range-unpaired",
        summary: "A range of devices in the IVRS table is not closed, or runs backwards",
        severity: Medium,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::AmdIommu.at("5.2.2.5 IVHD device entries"),
            Document::LinuxIommu.at("amd/init.c, init_iommu_from_acpi"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// What is wrong with a range.
#[derive(Debug)]
enum Unpaired {
    EndAlone(u16),
    NotClosed(u16),
    Backwards(u16, u16),
}

impl fmt::Display for Unpaired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EndAlone(end) => write!(f, "a range ends at {end:#06x} and has no start"),
            Self::NotClosed(start) => write!(f, "the range from {start:#06x} is not closed"),
            Self::Backwards(start, end) => {
                write!(f, "a range runs from {start:#06x} to {end:#06x}")
            }
        }
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let table = match ivrs(facts) {
        Ok(table) => table,
        Err(answer) => return answer,
    };
    let mut found = Vec::new();
    for (unit, _) in table.units() {
        ranges(unit, &mut found);
    }
    let places = found.into_iter().map(|(fault, entry)| {
        let seen = Value::byte(entry.kind);
        (
            fault,
            place(TableKind::Ivrs, entry.span, "device entry type", seen),
        )
    });
    several(&IOM024, Subject::Host, Confidence::High, places)
}

fn ranges<'u>(unit: &'u Ivhd, found: &mut Vec<(Unpaired, &'u DeviceEntry)>) {
    let mut open: Option<&DeviceEntry> = None;
    for entry in &unit.entries {
        match entry.kind {
            DeviceEntry::RANGE_START
            | DeviceEntry::ALIAS_RANGE_START
            | DeviceEntry::EXTENDED_RANGE_START => {
                if let Some(before) = open.replace(entry) {
                    found.push((Unpaired::NotClosed(before.device.0), before));
                }
            }
            DeviceEntry::RANGE_END => match open.take() {
                None => found.push((Unpaired::EndAlone(entry.device.0), entry)),
                Some(start) if entry.device < start.device => {
                    let fault = Unpaired::Backwards(start.device.0, entry.device.0);
                    found.push((fault, entry));
                }
                Some(_) => {}
            },
            _ => {}
        }
    }
    if let Some(start) = open {
        found.push((Unpaired::NotClosed(start.device.0), start));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{ivhd, ivrs};

    fn with(entries: &[&[u8]]) -> Answer {
        let machine = Machine::with_port().with_table_bytes("IVRS", ivrs(&[ivhd(0x11, entries)]));
        answer(&IOM024, &machine, "")
    }

    #[test]
    fn each_start_needs_its_end() {
        let (start, end) = ([3, 0x08, 0, 0], [4, 0x10, 0, 0]);
        assert_eq!(with(&[&start, &end]), Answer::Clean);
        assert_eq!(
            with(&[&start, &end, &end]),
            fired("a range ends at 0x0010 and has no start")
        );
        assert_eq!(
            with(&[&start]),
            fired("the range from 0x0008 is not closed")
        );
        let backwards = [4, 0x00, 0, 0];
        assert_eq!(
            with(&[&start, &backwards]),
            fired("a range runs from 0x0008 to 0x0000")
        );
        let alias = [0x43, 0x08, 0, 0, 0, 0, 1, 0];
        assert_eq!(with(&[&alias, &end]), Answer::Clean);
    }
}
