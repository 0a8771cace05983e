//! Fields of the IVRS blocks and device entries (48882, 5.2.1 and 5.2.2).

use super::{AcpiDevice, Block, Body, DeviceEntry, Ivhd, Ivrs, Uid};
use crate::decode::acpi::layout::{Entry, Part, and, rest};
use crate::decode::acpi::sdt::header_part;
use crate::spec::{Document, Field, SpecRef};

pub(super) fn header() -> Part {
    const SPEC: SpecRef = Document::AmdIommu.at("5.2.1 IVRS Header");
    const ENTRIES: [Entry; 2] = [
        Entry::bits(
            "IVinfo",
            0x24,
            4,
            &[
                Field::flag("EFRSup", 0x24, 0),
                Field::flag("DMA Remap Sup", 0x24, 1),
                Field::number("GVASize", 0x24, 5, 3),
                Field::number("PASize", 0x24, 8, 7),
                Field::number("VASize", 0x24, 15, 7),
                Field::flag("HtAtsResv", 0x24, 22),
            ],
        ),
        Entry::bytes("Reserved", 0x28, 8),
    ];
    header_part("IVRS header", Ivrs::SIZE, SPEC, &ENTRIES)
}

pub(super) fn block(block: &Block) -> Part {
    let span = block.span;
    match &block.body {
        Body::Ivhd(unit) => {
            let entries = match unit.kind {
                0x10 => [IVHD, FEATURES].concat(),
                _ => [IVHD, ATTRIBUTES].concat(),
            };
            let title = format!("IVHD type {:02x}h: remapping unit", unit.kind);
            let spec = Document::AmdIommu.at("5.2.2 I/O Virtualization Hardware Definition");
            Part::new(title, span, spec, entries).with(entry_parts(unit))
        }
        Body::Ivmd(memory) => {
            let title = match memory.devices {
                super::IvmdDevices::All => "IVMD type 20h: memory of all devices",
                super::IvmdDevices::One(_) => "IVMD type 21h: memory of one device",
                super::IvmdDevices::Range(..) => "IVMD type 22h: memory of a range of devices",
            };
            let spec = Document::AmdIommu.at("5.2.2.8 I/O Virtualization Memory Definition");
            Part::new(title, span, spec, IVMD)
        }
        Body::Unknown { kind, .. } => {
            let title = format!("unknown block (type {kind:02x}h)");
            let spec = Document::AmdIommu.at("5.2.2 I/O Virtualization Definition Blocks");
            Part::new(title, span, spec, HEAD)
        }
    }
}

fn entry_parts(unit: &Ivhd) -> Vec<Part> {
    unit.entries.iter().map(entry).collect()
}

fn entry(entry: &DeviceEntry) -> Part {
    let spec = Document::AmdIommu.at("5.2.2.5 IVHD Device Entries");
    let (title, entries) = match entry.kind {
        0x00 | 0x40 => ("padding", DEVICE),
        DeviceEntry::ALL => ("all devices", DEVICE),
        DeviceEntry::SELECT => ("select", DEVICE),
        DeviceEntry::RANGE_START => ("start of range", DEVICE),
        DeviceEntry::RANGE_END => ("end of range", DEVICE),
        DeviceEntry::ALIAS_SELECT => ("alias select", ALIAS),
        DeviceEntry::ALIAS_RANGE_START => ("alias start of range", ALIAS),
        DeviceEntry::EXTENDED_SELECT => ("extended select", EXTENDED),
        DeviceEntry::EXTENDED_RANGE_START => ("extended start of range", EXTENDED),
        DeviceEntry::SPECIAL => ("special device", SPECIAL),
        DeviceEntry::ACPI_HID => return acpi(entry, spec),
        kind => {
            let title = format!("unknown device entry (type {kind:02x}h)");
            return Part::new(title, entry.span, spec, DEVICE);
        }
    };
    Part::new(title, entry.span, spec, entries)
}

fn acpi(entry: &DeviceEntry, spec: SpecRef) -> Part {
    const UID: u16 = 22;
    let length = rest(entry.span, UID);
    let uid = match &entry.acpi {
        Some(AcpiDevice {
            uid: Uid::Number(_),
            ..
        }) => Entry::hex("UID", UID, length),
        Some(AcpiDevice {
            uid: Uid::Text(_), ..
        }) => Entry::text("UID", UID, length),
        _ => Entry::bytes("UID", UID, length),
    };
    Part::new("ACPI HID device", entry.span, spec, and(ACPI, uid))
}

const TYPE: Entry = Entry::hex("Type", 0x00, 1);
const LENGTH: Entry = Entry::decimal("Length", 0x02, 2);
const HEAD: &[Entry] = &[TYPE, Entry::hex("Flags", 0x01, 1), LENGTH];

const IVHD: &[Entry] = &[
    TYPE,
    Entry::bits(
        "Flags",
        0x01,
        1,
        &[
            Field::flag("HtTunEn", 0x01, 0),
            Field::flag("PassPW", 0x01, 1),
            Field::flag("ResPassPW", 0x01, 2),
            Field::flag("Isoc", 0x01, 3),
            Field::flag("IotlbSup", 0x01, 4),
            Field::flag("Coherent", 0x01, 5),
            Field::flag("PreFSup", 0x01, 6),
            Field::flag("PPRSup", 0x01, 7),
        ],
    ),
    LENGTH,
    Entry::function("DeviceID", 0x04),
    Entry::hex("Capability Offset", 0x06, 2),
    Entry::hex("IOMMU Base Address", 0x08, 8),
    Entry::hex("PCI Segment Group", 0x10, 2),
    Entry::bits(
        "IOMMU Info",
        0x12,
        2,
        &[
            Field::number("MSInum", 0x12, 0, 5),
            Field::number("UnitID", 0x12, 8, 5),
        ],
    ),
];
const FEATURES: &[Entry] = &[Entry::bits(
    "IOMMU Feature Reporting",
    0x14,
    4,
    &[
        Field::flag("XTSup", 0x14, 0),
        Field::flag("NXSup", 0x14, 1),
        Field::flag("GTSup", 0x14, 2),
        Field::number("GLXSup", 0x14, 3, 2),
        Field::flag("IASup", 0x14, 5),
        Field::flag("GASup", 0x14, 6),
        Field::flag("HESup", 0x14, 7),
        Field::number("PASmax", 0x14, 8, 5),
        Field::number("PNCounters", 0x14, 13, 4),
        Field::number("PNBanks", 0x14, 17, 6),
        Field::number("MsiNumPPR", 0x14, 23, 5),
        Field::number("GATS", 0x14, 28, 2),
        Field::number("HATS", 0x14, 30, 2),
    ],
)];
const ATTRIBUTES: &[Entry] = &[
    Entry::bits(
        "IOMMU Attributes",
        0x14,
        4,
        &[
            Field::flag("HATDis", 0x14, 0),
            Field::number("PNCounters", 0x14, 13, 4),
            Field::number("PNBanks", 0x14, 17, 6),
            Field::number("MsiNumPPR", 0x14, 23, 5),
        ],
    ),
    Entry::hex("EFR Register Image", 0x18, 8),
    Entry::hex("EFR Register Image 2", 0x20, 8),
];
const IVMD: &[Entry] = &[
    TYPE,
    Entry::bits(
        "Flags",
        0x01,
        1,
        &[
            Field::flag("Unity", 0x01, 0),
            Field::flag("IR", 0x01, 1),
            Field::flag("IW", 0x01, 2),
            Field::flag("ExclusionRange", 0x01, 3),
        ],
    ),
    LENGTH,
    Entry::function("DeviceID", 0x04),
    Entry::hex("Auxiliary Data", 0x06, 2),
    Entry::hex("PCI Segment Group", 0x08, 2),
    Entry::bytes("Reserved", 0x0a, 6),
    Entry::hex("IVMD Start Address", 0x10, 8),
    Entry::hex("IVMD Memory Block Length", 0x18, 8),
];

const ID: Entry = Entry::function("DeviceID", 0x01);
const SETTING: Entry = Entry::bits(
    "DTE Setting",
    0x03,
    1,
    &[
        Field::flag("INITPass", 0x03, 0),
        Field::flag("EIntPass", 0x03, 1),
        Field::flag("NMIPass", 0x03, 2),
        Field::number("SysMgt", 0x03, 4, 2),
        Field::flag("Lint0Pass", 0x03, 6),
        Field::flag("Lint1Pass", 0x03, 7),
    ],
);
const DEVICE: &[Entry] = &[TYPE, ID, SETTING];
const ALIAS: &[Entry] = &[
    TYPE,
    ID,
    SETTING,
    Entry::hex("Reserved", 0x04, 1),
    Entry::function("Source DeviceID", 0x05),
    Entry::hex("Reserved", 0x07, 1),
];
const EXTENDED: &[Entry] = &[
    TYPE,
    ID,
    SETTING,
    Entry::bits(
        "Extended DTE Setting",
        0x04,
        4,
        &[Field::flag("ATSDisabled", 0x04, 31)],
    ),
];
const SPECIAL: &[Entry] = &[
    TYPE,
    ID,
    SETTING,
    Entry::hex("Handle", 0x04, 1),
    Entry::function("Source DeviceID", 0x05),
    Entry::code("Variety", 0x07, 1, &[(1, "I/O APIC"), (2, "HPET")]),
];
const ACPI: &[Entry] = &[
    TYPE,
    ID,
    SETTING,
    Entry::text("Hardware ID", 0x04, 8),
    Entry::text("Compatible ID", 0x0c, 8),
    Entry::code(
        "Unique ID Format",
        0x14,
        1,
        &[(0, "none"), (1, "integer"), (2, "text")],
    ),
    Entry::decimal("Unique ID Length", 0x15, 1),
];
