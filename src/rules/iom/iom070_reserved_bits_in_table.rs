//! Reserved fields of a remapping table are not zero.

use std::fmt;

use crate::analysis::Facts;
use crate::bytes::Span;
use crate::decode::acpi::dump::{self, DumpedEntry, DumpedPart};
use crate::iommu::TableKind;
use crate::policy::Effects;
use crate::rules::iom::place;
use crate::rules::{Check, Confidence, Evidence, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// Reserved bytes and bits of the DMAR, IVRS and VIOT tables are zero.
    ///
    /// ## Why it matters
    ///
    /// A later revision gives them a meaning. A system that knows it then does something that the
    /// firmware never asked for; the flag by which firmware asks for no DMA remapping at all was
    /// such a bit.
    ///
    /// ## How it is decided
    ///
    /// By every field that the specification calls reserved, and by the bits without a name in
    /// fields of flags. Left out are bits 12:0 of the IOMMU attributes in IVHD blocks of types 11h
    /// and 40h: AMD's own firmware writes the feature bits of type 10h there on most machines.
    /// Structures and entries of unknown types are another rule (IOM011).
    ///
    /// ## What to do
    ///
    /// Firmware: write zero there. Most often a structure was not cleared before it was filled.
    ///
    /// Hyper-V and VFIO: nothing.
    IOM070 = {
        name: "reserved-bits-in-table",
        summary: "Reserved fields of a remapping table are not zero",
        severity: Info,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::VtD.at("8.1 DMA Remapping Reporting Structure"),
            Document::AmdIommu.at("5.2 I/O Virtualization ACPI Table"),
            Document::Viot.at("Virtual I/O Translation Table"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// What stands there.
#[derive(Debug)]
struct NotZero {
    part: String,
    field: &'static str,
    offset: u32,
    bits: Option<u64>,
}

impl fmt::Display for NotZero {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            part,
            field,
            offset,
            bits,
        } = self;
        match bits {
            None => write!(f, "{part}: the reserved field at {offset:#05x} is not zero"),
            Some(bits) => write!(
                f,
                "{part}: {field} at {offset:#05x} has the reserved bits {bits:#x} set"
            ),
        }
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let mut any = false;
    let mut places = Vec::new();
    for table in facts.host.acpi().iter() {
        let kind = match &table.table {
            crate::decode::acpi::Table::Dmar(_) => TableKind::Dmar,
            crate::decode::acpi::Table::Ivrs(_) => TableKind::Ivrs,
            crate::decode::acpi::Table::Viot(_) => TableKind::Viot,
            _ => continue,
        };
        any = true;
        let dumped = dump::dump(table.bytes);
        for part in dumped.iter().flat_map(|dumped| &dumped.parts) {
            walk(kind, part, &mut places);
        }
    }
    if !any {
        return Outcome::NotApplicable("no DMAR, IVRS or VIOT table was captured");
    }
    several(&IOM070, Subject::Host, Confidence::High, places)
}

fn walk(table: TableKind, part: &DumpedPart, places: &mut Vec<(NotZero, Evidence)>) {
    for entry in &part.entries {
        let Some((bits, seen)) = not_zero(entry) else {
            continue;
        };
        let violation = NotZero {
            part: part.title.clone().into_owned(),
            field: entry.name,
            offset: entry.offset,
            bits,
        };
        let span = Span {
            offset: entry.offset,
            len: entry.len,
        };
        places.push((violation, place(table, span, entry.name, seen)));
    }
    for inner in &part.parts {
        walk(table, inner, places);
    }
}

/// The reserved bits of a field that are set, `None` standing for all of them, and the field.
fn not_zero(entry: &DumpedEntry) -> Option<(Option<u64>, Value)> {
    let reserved = entry.name == "Reserved";
    match &entry.value {
        dump::Value::Number { raw, bits, .. } => {
            let seen = Value::Register {
                value: *raw,
                bytes: bits / 8,
            };
            let tolerated = if entry.name == "IOMMU Attributes" {
                0x1fff
            } else {
                0
            };
            match entry.unnamed_bits() & !tolerated {
                _ if reserved => (*raw != 0).then_some((None, seen)),
                0 => None,
                unnamed => Some((Some(unnamed), seen)),
            }
        }
        dump::Value::Bytes(bytes) if reserved && bytes.iter().any(|&byte| byte != 0) => {
            let first = bytes.iter().position(|&byte| byte != 0)?;
            Some((None, Value::byte(*bytes.get(first)?)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{dmar, drhd, ivhd, ivmd, ivrs, rmrr, seal};

    fn with(name: &str, table: Vec<u8>) -> Answer {
        answer(
            &IOM070,
            &Machine::with_port().with_table_bytes(name, table),
            "",
        )
    }

    #[test]
    fn tables_as_the_specifications_write_them_are_clean() {
        let units = [drhd(true, 0, 0xfed9_0000, &[]), rmrr(0x1000, 0x1fff, &[])];
        assert_eq!(with("DMAR", dmar(&units)), Answer::Clean);
        let blocks = [
            ivhd(0x11, &[&[1, 0, 0, 0]]),
            ivmd(0x20, 1, (0, 0), (0x1000, 0x1000)),
        ];
        assert_eq!(with("IVRS", ivrs(&blocks)), Answer::Clean);
        assert_eq!(
            answer(&IOM070, &Machine::with_port(), ""),
            Answer::NotApplicable
        );
    }

    #[test]
    fn what_most_firmware_of_amd_writes_is_tolerated() {
        let attributes = |value: u32| {
            let mut block = ivhd(0x11, &[&[1, 0, 0, 0]]);
            block[0x14..0x18].copy_from_slice(&value.to_le_bytes());
            with("IVRS", ivrs(&[block]))
        };
        assert_eq!(attributes(0x0004_0200), Answer::Clean);
        assert!(matches!(attributes(0x1004_0200), Answer::Fired(_)));
    }

    #[test]
    fn a_reserved_byte_and_a_reserved_bit_fire() {
        let mut header = dmar(&[drhd(true, 0, 0xfed9_0000, &[])]);
        header[38] = 1; // first of the ten reserved bytes
        seal(&mut header);
        assert_eq!(
            with("DMAR", header),
            fired("DMAR header: the reserved field at 0x026 is not zero")
        );
        let mut region = rmrr(0x1000, 0x1fff, &[]);
        region[4] = 0x80;
        assert_eq!(
            with("DMAR", dmar(&[region])),
            fired("RMRR: reserved memory region: the reserved field at 0x034 is not zero")
        );
    }
}
