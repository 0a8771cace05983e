//! Fields of the affinity structures (ACPI 6.5, 5.2.16.1 to 5.2.16.8).

use super::{Affinity, AffinityBody, DeviceHandle};
use crate::decode::acpi::layout::{Entry, Part};
use crate::decode::acpi::sdt::header_part;
use crate::spec::{Document, Field, SpecRef};

const SPEC: SpecRef = Document::Acpi65.at("5.2.16 System Resource Affinity Table (SRAT)");

pub(super) fn header() -> Part {
    const ENTRIES: [Entry; 2] = [
        Entry::hex("Reserved", 0x24, 4),
        Entry::bytes("Reserved", 0x28, 8),
    ];
    header_part("SRAT header", 48, SPEC, &ENTRIES)
}

/// Bytes that a structure of this type has at least.
pub(super) fn least(kind: u8) -> u16 {
    known(kind).map_or(2, |(_, entries)| {
        let ends = entries.iter().map(|entry| entry.offset + entry.bytes);
        ends.max().unwrap_or(2)
    })
}

fn known(kind: u8) -> Option<(&'static str, &'static [Entry])> {
    Some(match kind {
        0 => ("Processor Local APIC/SAPIC Affinity", PROCESSOR),
        1 => ("Memory Affinity", MEMORY),
        2 => ("Processor Local x2APIC Affinity", X2APIC),
        3 => ("GICC Affinity", GICC),
        4 => ("GIC Interrupt Translation Service Affinity", ITS),
        5 => ("Generic Initiator Affinity", DEVICE),
        6 => ("Generic Port Affinity", DEVICE),
        7 => ("RINTC Affinity", RINTC),
        _ => return None,
    })
}

pub(super) fn affinity(affinity: &Affinity) -> Part {
    let Some((title, entries)) = known(affinity.kind) else {
        let title = format!("unknown structure (type {:#04x})", affinity.kind);
        return Part::new(title, affinity.span, SPEC, HEAD);
    };
    let handle = match affinity.body {
        AffinityBody::Device {
            handle: DeviceHandle::Pci { .. },
            ..
        } => PCI_HANDLE,
        AffinityBody::Device {
            handle: DeviceHandle::Acpi { .. },
            ..
        } => ACPI_HANDLE,
        _ => return Part::new(title, affinity.span, SPEC, entries),
    };
    let mut all: Vec<Entry> = entries
        .iter()
        .filter(|entry| entry.offset != HANDLE.offset)
        .chain(handle)
        .copied()
        .collect();
    all.sort_by_key(|entry| entry.offset);
    Part::new(title, affinity.span, SPEC, all)
}

const TYPE: Entry = Entry::hex("Type", 0x00, 1);
const LENGTH: Entry = Entry::decimal("Length", 0x01, 1);
const HEAD: &[Entry] = &[TYPE, LENGTH];
const PROCESSOR: &[Entry] = &[
    TYPE,
    LENGTH,
    Entry::hex("Proximity Domain [7:0]", 0x02, 1),
    Entry::hex("APIC ID", 0x03, 1),
    Entry::bits("Flags", 0x04, 4, &[Field::flag("Enabled", 0x04, 0)]),
    Entry::hex("Local SAPIC EID", 0x08, 1),
    Entry::hex("Proximity Domain [31:8]", 0x09, 3),
    Entry::decimal("Clock Domain", 0x0c, 4),
];
const MEMORY: &[Entry] = &[
    TYPE,
    LENGTH,
    Entry::decimal("Proximity Domain", 0x02, 4),
    Entry::hex("Reserved", 0x06, 2),
    Entry::hex("Base Address", 0x08, 8),
    Entry::hex("Length of the Range", 0x10, 8),
    Entry::hex("Reserved", 0x18, 4),
    Entry::bits(
        "Flags",
        0x1c,
        4,
        &[
            Field::flag("Enabled", 0x1c, 0),
            Field::flag("Hot Pluggable", 0x1c, 1),
            Field::flag("Non-Volatile", 0x1c, 2),
            Field::flag("Specific Purpose", 0x1c, 3),
        ],
    ),
    Entry::bytes("Reserved", 0x20, 8),
];
const X2APIC: &[Entry] = &[
    TYPE,
    LENGTH,
    Entry::hex("Reserved", 0x02, 2),
    Entry::decimal("Proximity Domain", 0x04, 4),
    Entry::hex("X2APIC ID", 0x08, 4),
    Entry::bits("Flags", 0x0c, 4, &[Field::flag("Enabled", 0x0c, 0)]),
    Entry::decimal("Clock Domain", 0x10, 4),
    Entry::hex("Reserved", 0x14, 4),
];
const GICC: &[Entry] = &[
    TYPE,
    LENGTH,
    Entry::decimal("Proximity Domain", 0x02, 4),
    Entry::decimal("ACPI Processor UID", 0x06, 4),
    Entry::bits("Flags", 0x0a, 4, &[Field::flag("Enabled", 0x0a, 0)]),
    Entry::decimal("Clock Domain", 0x0e, 4),
];
const ITS: &[Entry] = &[
    TYPE,
    LENGTH,
    Entry::decimal("Proximity Domain", 0x02, 4),
    Entry::hex("Reserved", 0x06, 2),
    Entry::decimal("ITS ID", 0x08, 4),
];
const RINTC: &[Entry] = &[
    TYPE,
    LENGTH,
    Entry::hex("Reserved", 0x02, 2),
    Entry::decimal("Proximity Domain", 0x04, 4),
    Entry::decimal("ACPI Processor UID", 0x08, 4),
    Entry::bits("Flags", 0x0c, 4, &[Field::flag("Enabled", 0x0c, 0)]),
    Entry::decimal("Clock Domain", 0x10, 4),
];
const HANDLE: Entry = Entry::bytes("Device Handle", 0x08, 16);
const DEVICE: &[Entry] = &[
    TYPE,
    LENGTH,
    Entry::hex("Reserved", 0x02, 1),
    Entry::code("Device Handle Type", 0x03, 1, &[(0, "ACPI"), (1, "PCI")]),
    Entry::decimal("Proximity Domain", 0x04, 4),
    HANDLE,
    Entry::bits(
        "Flags",
        0x18,
        4,
        &[
            Field::flag("Enabled", 0x18, 0),
            Field::flag("Architectural Transactions", 0x18, 1),
        ],
    ),
    Entry::hex("Reserved", 0x1c, 4),
];
const ACPI_HANDLE: &[Entry] = &[
    Entry::text("ACPI _HID", 0x08, 8),
    Entry::hex("ACPI _UID", 0x10, 4),
    Entry::hex("Reserved", 0x14, 4),
];
const PCI_HANDLE: &[Entry] = &[
    Entry::hex("PCI Segment", 0x08, 2),
    Entry::hex("PCI Bus", 0x0a, 1),
    Entry::bits(
        "PCI Device and Function",
        0x0b,
        1,
        &[
            Field::hex("Function", 0x0b, 0, 3),
            Field::hex("Device", 0x0b, 3, 5),
        ],
    ),
    Entry::bytes("Reserved", 0x0c, 12),
];
