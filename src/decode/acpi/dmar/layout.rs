//! Fields of the remapping structures (VT-d, 8.1 to 8.9).

use super::{Body, Dmar, Remapping};
use crate::bytes::Span;
use crate::decode::acpi::device_scope::{DeviceScope, ScopeType};
use crate::decode::acpi::layout::{Entry, Part, and, rest};
use crate::decode::acpi::sdt::header_part;
use crate::spec::{Document, Field, SpecRef};

pub(super) fn header() -> Part {
    const SPEC: SpecRef = Document::VtD.at("8.1 DMA Remapping Reporting Structure");
    const ENTRIES: [Entry; 3] = [
        Entry::decimal("Host Address Width", 0x24, 1),
        Entry::bits(
            "Flags",
            0x25,
            1,
            &[
                Field::flag("INTR_REMAP", 0x25, 0),
                Field::flag("X2APIC_OPT_OUT", 0x25, 1),
                Field::flag("DMA_CTRL_PLATFORM_OPT_IN_FLAG", 0x25, 2),
                Field::flag("DMA_REMAP_OPT_OUT", 0x25, 3),
            ],
        ),
        Entry::bytes("Reserved", 0x26, 10),
    ];
    header_part("DMAR header", Dmar::SIZE, SPEC, &ENTRIES)
}

pub(super) fn structure(structure: &Remapping) -> Part {
    let span = structure.span;
    let (title, section, entries) = match &structure.body {
        Body::Drhd(_) => ("DRHD: remapping hardware unit", "8.3 DRHD", DRHD),
        Body::Rmrr(_) => ("RMRR: reserved memory region", "8.4 RMRR", RMRR),
        Body::Atsr(_) => ("ATSR: root port ATS capability", "8.5 ATSR", ATSR),
        Body::Rhsa(_) => ("RHSA: remapping hardware static affinity", "8.6 RHSA", RHSA),
        Body::Andd(andd) => return andd_part(&andd.name, span),
        Body::Satc(_) => (
            "SATC: SoC integrated address translation cache",
            "8.8 SATC",
            SATC,
        ),
        Body::Sidp(_) => ("SIDP: SoC integrated device property", "8.9 SIDP", SIDP),
        Body::Unknown { kind, .. } => {
            let title = format!("unknown structure (type {kind:#06x})");
            let spec = Document::VtD.at("8.2 Remapping Structure Types");
            return Part::new(title, span, spec, HEAD);
        }
    };
    let scopes = structure.body.scopes().iter().map(scope).collect();
    Part::new(title, span, Document::VtD.at(section), entries).with(scopes)
}

fn andd_part(name: &str, span: Span) -> Part {
    const NAME: u16 = 8;
    let room = rest(span, NAME);
    let length = u16::try_from(name.len()).unwrap_or(u16::MAX);
    let length = length.saturating_add(1).min(room);
    let entries = and(ANDD, Entry::text("ACPI Object Name", NAME, length));
    let padding = Entry::bytes("Padding", NAME + length, room - length);
    Part::new(
        "ANDD: ACPI name-space device declaration",
        span,
        Document::VtD.at("8.7 ANDD"),
        and(&entries, padding),
    )
}

fn scope(scope: &DeviceScope) -> Part {
    let path = 2 * u16::try_from(scope.path.len()).unwrap_or(0);
    let entries = and(SCOPE, Entry::path("Path", 6, path));
    let spec = Document::VtD.at("8.3.1 Device Scope Structure");
    Part::new("device scope", scope.span, spec, entries)
}

const TYPE: Entry = Entry::hex("Type", 0x00, 2);
const LENGTH: Entry = Entry::decimal("Length", 0x02, 2);
const HEAD: &[Entry] = &[TYPE, LENGTH];
const SEGMENT: Entry = Entry::hex("Segment Number", 0x06, 2);

const DRHD: &[Entry] = &[
    TYPE,
    LENGTH,
    Entry::bits("Flags", 0x04, 1, &[Field::flag("INCLUDE_PCI_ALL", 0x04, 0)]),
    Entry::bits(
        "Size",
        0x05,
        1,
        &[Field::power("Register Set", 0x05, 0, 4, 4096, "bytes")],
    ),
    SEGMENT,
    Entry::hex("Register Base Address", 0x08, 8),
];
const RMRR: &[Entry] = &[
    TYPE,
    LENGTH,
    Entry::hex("Reserved", 0x04, 2),
    SEGMENT,
    Entry::hex("Reserved Memory Region Base Address", 0x08, 8),
    Entry::hex("Reserved Memory Region Limit Address", 0x10, 8),
];
const ATSR: &[Entry] = &[
    TYPE,
    LENGTH,
    Entry::bits("Flags", 0x04, 1, &[Field::flag("ALL_PORTS", 0x04, 0)]),
    Entry::hex("Reserved", 0x05, 1),
    SEGMENT,
];
const RHSA: &[Entry] = &[
    TYPE,
    LENGTH,
    Entry::hex("Reserved", 0x04, 4),
    Entry::hex("Register Base Address", 0x08, 8),
    Entry::decimal("Proximity Domain", 0x10, 4),
];
const ANDD: &[Entry] = &[
    TYPE,
    LENGTH,
    Entry::bytes("Reserved", 0x04, 3),
    Entry::decimal("ACPI Device Number", 0x07, 1),
];
const SATC: &[Entry] = &[
    TYPE,
    LENGTH,
    Entry::bits("Flags", 0x04, 1, &[Field::flag("ATC_REQUIRED", 0x04, 0)]),
    Entry::hex("Reserved", 0x05, 1),
    SEGMENT,
];
const SIDP: &[Entry] = &[TYPE, LENGTH, Entry::hex("Reserved", 0x04, 2), SEGMENT];
const SCOPE: &[Entry] = &[
    Entry::code("Type", 0x00, 1, ScopeType::CODES),
    Entry::decimal("Length", 0x01, 1),
    Entry::bits(
        "Flags",
        0x02,
        1,
        &[
            Field::flag("REQ_WO_PASID_NESTED_NOTALLOWED", 0x02, 0),
            Field::flag("REQ_WO_PASID_PWSNP_NOTALLOWED", 0x02, 1),
            Field::flag("REQ_WO_PASID_PGSNP_NOTALLOWED", 0x02, 2),
            Field::flag("ATC_HARDENED", 0x02, 3),
            Field::flag("ATC_REQUIRED", 0x02, 4),
        ],
    ),
    Entry::hex("Reserved", 0x03, 1),
    Entry::decimal("Enumeration ID", 0x04, 1),
    Entry::hex("Start Bus Number", 0x05, 1),
];
