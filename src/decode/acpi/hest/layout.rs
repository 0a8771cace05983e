//! Fields of the error sources (ACPI 6.5, 18.3.2.1 to 18.3.2.11).

use super::ErrorSource;
use crate::bytes::Span;
use crate::decode::acpi::fadt::GENERIC_ADDRESS;
use crate::decode::acpi::layout::{Entry, Part};
use crate::decode::acpi::sdt::header_part;
use crate::spec::{Document, Field, SpecRef};

const SPEC: SpecRef = Document::Acpi65.at("18.3.2 ACPI Error Source");

pub(super) fn header() -> Part {
    const ENTRIES: [Entry; 1] = [Entry::decimal("Error Source Count", 0x24, 4)];
    header_part("HEST header", 40, SPEC, &ENTRIES)
}

pub(super) fn source(source: &ErrorSource) -> Part {
    let inner = |title: &'static str, at: u32, len: u32, entries: &'static [Entry]| {
        let span = Span {
            offset: source.span.offset.saturating_add(at),
            len,
        };
        Part::new(title, span, SPEC, entries)
    };
    let notification = |at| inner("notification", at, 28, NOTIFICATION);
    let banks = |from: u32| -> Vec<Part> {
        let count = source.span.len.saturating_sub(from) / 28;
        (0..count)
            .map(|index| inner("machine check bank", from + 28 * index, 28, BANK))
            .collect()
    };
    let (title, entries, parts) = match source.kind {
        0 => ("IA-32 Machine Check Exception", EXCEPTION, banks(40)),
        1 | 11 => {
            let title = match source.kind {
                1 => "IA-32 Corrected Machine Check",
                _ => "IA-32 Deferred Machine Check",
            };
            let mut parts = vec![notification(16)];
            parts.extend(banks(48));
            (title, CORRECTED, parts)
        }
        2 => ("IA-32 Non-Maskable Interrupt", NMI, Vec::new()),
        6 => ("PCI Express Root Port AER", ROOT_PORT, Vec::new()),
        7 => ("PCI Express Device AER", DEVICE, Vec::new()),
        8 => ("PCI Express/PCI-X Bridge AER", BRIDGE, Vec::new()),
        9 | 10 => {
            let title = match source.kind {
                9 => "Generic Hardware Error Source",
                _ => "Generic Hardware Error Source version 2",
            };
            let mut parts = vec![
                inner("Error Status Address", 20, 12, GENERIC_ADDRESS),
                notification(32),
            ];
            if source.kind == 10 {
                parts.push(inner("Read Ack Register", 64, 12, GENERIC_ADDRESS));
            }
            (title, GENERIC, parts)
        }
        kind => {
            let title = format!("unknown source (type {kind:#06x})");
            return Part::new(title, source.span, SPEC, &[TYPE, ID][..]);
        }
    };
    Part::new(title, source.span, SPEC, entries).with(parts)
}

const TYPE: Entry = Entry::hex("Type", 0x00, 2);
const ID: Entry = Entry::hex("Source Id", 0x02, 2);
const RESERVED_AT_4: Entry = Entry::hex("Reserved", 0x04, 2);
const FLAGS: Entry = Entry::bits(
    "Flags",
    0x06,
    1,
    &[
        Field::flag("FIRMWARE_FIRST", 0x06, 0),
        Field::flag("GHES_ASSIST", 0x06, 2),
    ],
);
const PCI_FLAGS: Entry = Entry::bits(
    "Flags",
    0x06,
    1,
    &[
        Field::flag("FIRMWARE_FIRST", 0x06, 0),
        Field::flag("GLOBAL", 0x06, 1),
    ],
);
const ENABLED: Entry = Entry::decimal("Enabled", 0x07, 1);
const RECORDS: Entry = Entry::decimal("Number of Records To Pre-allocate", 0x08, 4);
const SECTIONS: Entry = Entry::decimal("Max Sections Per Record", 0x0c, 4);

const EXCEPTION: &[Entry] = &[
    TYPE,
    ID,
    RESERVED_AT_4,
    FLAGS,
    ENABLED,
    RECORDS,
    SECTIONS,
    Entry::hex("Global Capability Init Data", 0x10, 8),
    Entry::hex("Global Control Init Data", 0x18, 8),
    Entry::decimal("Number of Hardware Banks", 0x20, 1),
    Entry::bytes("Reserved", 0x21, 7),
];
const CORRECTED: &[Entry] = &[
    TYPE,
    ID,
    RESERVED_AT_4,
    FLAGS,
    ENABLED,
    RECORDS,
    SECTIONS,
    Entry::decimal("Number of Hardware Banks", 0x2c, 1),
    Entry::bytes("Reserved", 0x2d, 3),
];
const BANK: &[Entry] = &[
    Entry::decimal("Bank Number", 0x00, 1),
    Entry::hex("Clear Status on Initialization", 0x01, 1),
    Entry::hex("Status Data Format", 0x02, 1),
    Entry::hex("Reserved", 0x03, 1),
    Entry::hex("Control Register MSR Address", 0x04, 4),
    Entry::hex("Control Init Data", 0x08, 8),
    Entry::hex("Status Register MSR Address", 0x10, 4),
    Entry::hex("Address Register MSR Address", 0x14, 4),
    Entry::hex("Misc Register MSR Address", 0x18, 4),
];
const NMI: &[Entry] = &[
    TYPE,
    ID,
    Entry::hex("Reserved", 0x04, 4),
    RECORDS,
    SECTIONS,
    Entry::decimal("Max Raw Data Length", 0x10, 4),
];
const BUS: Entry = Entry::bits(
    "Bus",
    0x10,
    4,
    &[
        Field::hex("Bus Number", 0x10, 0, 8),
        Field::hex("Segment Number", 0x10, 8, 16),
    ],
);
const ROOT_PORT: &[Entry] = &[
    TYPE,
    ID,
    RESERVED_AT_4,
    PCI_FLAGS,
    ENABLED,
    RECORDS,
    SECTIONS,
    BUS,
    Entry::hex("Device", 0x14, 2),
    Entry::hex("Function", 0x16, 2),
    Entry::hex("Device Control", 0x18, 2),
    Entry::hex("Reserved", 0x1a, 2),
    Entry::hex("Uncorrectable Error Mask", 0x1c, 4),
    Entry::hex("Uncorrectable Error Severity", 0x20, 4),
    Entry::hex("Correctable Error Mask", 0x24, 4),
    Entry::hex("Advanced Error Capabilities and Control", 0x28, 4),
    Entry::hex("Root Error Command", 0x2c, 4),
];
const DEVICE: &[Entry] = ROOT_PORT.split_at(16).0;
const BRIDGE: &[Entry] = &[
    TYPE,
    ID,
    RESERVED_AT_4,
    PCI_FLAGS,
    ENABLED,
    RECORDS,
    SECTIONS,
    BUS,
    Entry::hex("Device", 0x14, 2),
    Entry::hex("Function", 0x16, 2),
    Entry::hex("Device Control", 0x18, 2),
    Entry::hex("Reserved", 0x1a, 2),
    Entry::hex("Uncorrectable Error Mask", 0x1c, 4),
    Entry::hex("Uncorrectable Error Severity", 0x20, 4),
    Entry::hex("Correctable Error Mask", 0x24, 4),
    Entry::hex("Advanced Error Capabilities and Control", 0x28, 4),
    Entry::hex("Secondary Uncorrectable Error Mask", 0x2c, 4),
    Entry::hex("Secondary Uncorrectable Error Severity", 0x30, 4),
    Entry::hex("Secondary Advanced Error Capabilities and Control", 0x34, 4),
];
const GENERIC: &[Entry] = &[
    TYPE,
    ID,
    Entry::hex("Related Source Id", 0x04, 2),
    Entry::hex("Flags", 0x06, 1),
    ENABLED,
    RECORDS,
    SECTIONS,
    Entry::decimal("Max Raw Data Length", 0x10, 4),
    Entry::decimal("Error Status Block Length", 0x3c, 4),
    Entry::hex("Read Ack Preserve", 0x4c, 8),
    Entry::hex("Read Ack Write", 0x54, 8),
];
const NOTIFICATION: &[Entry] = &[
    Entry::code(
        "Type",
        0x00,
        1,
        &[
            (0, "polled"),
            (1, "external interrupt"),
            (2, "local interrupt"),
            (3, "SCI"),
            (4, "NMI"),
            (5, "CMCI"),
            (6, "MCE"),
            (7, "GPIO signal"),
            (8, "ARMv8 SEA"),
            (9, "ARMv8 SEI"),
            (10, "external interrupt, GSIV"),
            (11, "software delegated exception"),
        ],
    ),
    Entry::decimal("Length", 0x01, 1),
    Entry::hex("Configuration Write Enable", 0x02, 2),
    Entry::decimal("Poll Interval", 0x04, 4),
    Entry::hex("Vector", 0x08, 4),
    Entry::decimal("Switch To Polling Threshold Value", 0x0c, 4),
    Entry::decimal("Switch To Polling Threshold Window", 0x10, 4),
    Entry::decimal("Error Threshold Value", 0x14, 4),
    Entry::decimal("Error Threshold Window", 0x18, 4),
];
