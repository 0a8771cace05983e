//! An IVRS table names an ACPI device by ids that cannot be matched.

use std::fmt;

use crate::analysis::Facts;
use crate::decode::acpi::ivrs::Uid;
use crate::iommu::TableKind;
use crate::policy::Effects;
use crate::rules::iom::{ivrs, place};
use crate::rules::{Check, Confidence, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// Every device of the ACPI namespace that an IVRS table names has a hardware id, and a unique id of
    /// one of the forms that are defined.
    ///
    /// ## Why it matters
    ///
    /// Linux matches such devices by both ids. An entry without a hardware id matches nothing, and the
    /// device has no unit: its transfers are blocked.
    ///
    /// ## How it is decided
    ///
    /// By the entries F0h: the hardware id has a character; the format of the unique id is 0 without
    /// bytes, 1 with eight, or 2 with text. An integer above 255 fires, too: Linux compares its first byte
    /// alone.
    ///
    /// ## What to do
    ///
    /// Firmware: write the `_HID` as eight characters, and the `_UID` as the namespace has it.
    ///
    /// Hyper-V and VFIO: nothing; no PCI device is concerned.
    IOM033 = {
        name: "acpi-device-entry-malformed",
        summary: "An IVRS table names an ACPI device by ids that cannot be matched",
        severity: Low,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::AmdIommu.at("5.2.2.8 ACPI HID Device Entry"),
            Document::LinuxIommu.at("amd/init.c, init_iommu_from_acpi"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// What is wrong with an entry.
#[derive(Debug)]
enum Malformed {
    NoHardwareId,
    Format(u8, usize),
    LargeNumber(u64),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHardwareId => f.write_str("an ACPI device entry has no hardware id"),
            Self::Format(format, len) => {
                write!(f, "a unique id of the format {format} has {len} bytes")
            }
            Self::LargeNumber(number) => write!(f, "the unique id {number} is above 255"),
        }
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let table = match ivrs(facts) {
        Ok(table) => table,
        Err(answer) => return answer,
    };
    let entries = table.units().flat_map(|(unit, _)| &unit.entries);
    let named: Vec<_> = entries
        .filter_map(|entry| Some((entry, entry.acpi.as_ref()?)))
        .collect();
    if named.is_empty() {
        return Outcome::NotApplicable("the table names no ACPI device");
    }
    let places = named.into_iter().flat_map(|(entry, device)| {
        let unnamed = matches!(device.hid[0], 0 | b' ');
        let unique = match &device.uid {
            Uid::Unknown(bytes) => Some(Malformed::Format(device.uid_format, bytes.len())),
            Uid::Number(number @ 256..) => Some(Malformed::LargeNumber(*number)),
            _ => None,
        };
        let faults = unnamed
            .then_some(Malformed::NoHardwareId)
            .into_iter()
            .chain(unique);
        faults.map(|fault| {
            let seen = Value::byte(device.uid_format);
            (
                fault,
                place(TableKind::Ivrs, entry.span, "UID format", seen),
            )
        })
    });
    let places: Vec<_> = places.collect();
    several(&IOM033, Subject::Host, Confidence::High, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{ivhd, ivrs};

    fn with(hid: &[u8; 8], format: u8, uid: &[u8]) -> Answer {
        let mut entry = vec![0xf0, 0, 0, 0];
        entry.extend(hid);
        entry.extend([0; 8]);
        entry.extend([format, u8::try_from(uid.len()).unwrap()]);
        entry.extend(uid);
        let machine = Machine::with_port().with_table_bytes("IVRS", ivrs(&[ivhd(0x40, &[&entry])]));
        answer(&IOM033, &machine, "")
    }

    #[test]
    fn ids_have_their_forms() {
        let hid = b"AMDI0020";
        assert_eq!(with(hid, 0, &[]), Answer::Clean);
        assert_eq!(with(hid, 1, &[5, 0, 0, 0, 0, 0, 0, 0]), Answer::Clean);
        assert_eq!(with(hid, 2, b"\\_SB.FUR0"), Answer::Clean);
        assert_eq!(
            with(&[0; 8], 0, &[]),
            fired("an ACPI device entry has no hardware id")
        );
        assert_eq!(
            with(hid, 0, &[1]),
            fired("a unique id of the format 0 has 1 bytes")
        );
        assert_eq!(
            with(hid, 1, &[1, 0, 0, 0]),
            fired("a unique id of the format 1 has 4 bytes")
        );
        assert!(matches!(with(hid, 3, &[]), Answer::Fired(_)));
        assert_eq!(
            with(hid, 1, &[0, 1, 0, 0, 0, 0, 0, 0]),
            fired("the unique id 256 is above 255")
        );
    }
}
