//! Fields of the IORT's nodes (DEN0049E.f, 3.1).

use super::node::{IortBody, IortNode, NAME};
use crate::bytes::Span;
use crate::decode::acpi::layout::{Entry, Part, and};
use crate::decode::acpi::read::u32_at;
use crate::decode::acpi::sdt::header_part;
use crate::spec::{Document, Field, SpecRef};

const SPEC: SpecRef = Document::Iort.at("3.1 IO Remapping Table");

pub(super) fn header() -> Part {
    const ENTRIES: [Entry; 3] = [
        Entry::decimal("Number of IORT Nodes", 0x24, 4),
        Entry::hex("Offset to Array of IORT Nodes", 0x28, 4),
        Entry::bytes("Reserved", 0x2c, 4),
    ];
    header_part("IORT header", 48, SPEC, &ENTRIES)
}

/// `bytes` is the table; the node's own part of it holds counts and offsets of its arrays.
pub(super) fn node(node: &IortNode, bytes: &[u8]) -> Part {
    let own = bytes.get(node.span.offset as usize..).unwrap_or_default();
    let title = match node.kind {
        0 => "ITS group",
        1 => "named component",
        2 => "PCI root complex",
        3 => "SMMUv1 or SMMUv2",
        4 => "SMMUv3",
        5 => "PMCG",
        6 => "reserved memory range (RMR)",
        7 => "interrupt wire bridge (IWB)",
        kind => {
            let title = format!("unknown node (type {kind:#04x})");
            return Part::new(title, node.span, SPEC, HEAD).with(mappings(node));
        }
    };
    let mut parts = Vec::new();
    let entries = match node.kind {
        0 => {
            parts.extend(its_ids(node));
            HEAD.iter().chain(ITS).copied().collect()
        }
        1 => named(node, NAMED, NAME, own),
        2 => HEAD.iter().chain(ROOT_COMPLEX).copied().collect(),
        3 => {
            parts.extend(interrupts("context interrupt", node, own, 44));
            parts.extend(interrupts("PMU interrupt", node, own, 52));
            HEAD.iter().chain(SMMU).copied().collect()
        }
        4 => HEAD.iter().chain(SMMU_V3).copied().collect(),
        5 => HEAD.iter().chain(PMCG).copied().collect(),
        6 => {
            parts.extend(regions(node));
            HEAD.iter().chain(RMR).copied().collect()
        }
        _ => named(node, IWB, IWB_NAME, own),
    };
    parts.extend(mappings(node));
    parts.sort_by_key(|part: &Part| part.span);
    Part::new(title, node.span, SPEC, entries).with(parts)
}

fn mappings(node: &IortNode) -> Vec<Part> {
    let part = |mapping: &super::IdMapping| Part::new("id mapping", mapping.span, SPEC, MAPPING);
    node.mappings.iter().map(part).collect()
}

fn regions(node: &IortNode) -> Vec<Part> {
    let IortBody::ReservedMemory { regions, .. } = &node.body else {
        return Vec::new();
    };
    let part =
        |region: &super::ReservedMemory| Part::new("memory range", region.span, SPEC, REGION);
    regions.iter().map(part).collect()
}

fn its_ids(node: &IortNode) -> Vec<Part> {
    let IortBody::ItsGroup { ids } = &node.body else {
        return Vec::new();
    };
    (0..ids.len())
        .filter_map(|index| {
            let at = u32::try_from(20 + 4 * index).ok()?;
            let offset = node.span.offset.checked_add(at)?;
            Some(Part::new("ITS", Span { offset, len: 4 }, SPEC, ITS_ID))
        })
        .collect()
}

/// An array of interrupts with flags; count and offset stand at `at` in the node.
fn interrupts(title: &'static str, node: &IortNode, own: &[u8], at: usize) -> Vec<Part> {
    const SIZE: u32 = 8;
    let (Some(count), Some(offset)) = (u32_at(own, at), u32_at(own, at + 4)) else {
        return Vec::new();
    };
    if offset < IortNode::HEADER {
        return Vec::new();
    }
    let fits = node.span.len.saturating_sub(offset) / SIZE;
    (0..count.min(fits))
        .map(|index| {
            let span = Span {
                offset: node.span.offset.saturating_add(offset + SIZE * index),
                len: SIZE,
            };
            Part::new(title, span, SPEC, INTERRUPT)
        })
        .collect()
}

/// A node that ends with an object name, up to the mappings or the end.
fn named(node: &IortNode, entries: &'static [Entry], at: usize, own: &[u8]) -> Vec<Entry> {
    let end = node
        .mappings
        .iter()
        .map(|mapping| mapping.span.offset.saturating_sub(node.span.offset))
        .fold(node.span.len, u32::min);
    let room = own.get(at..end as usize).unwrap_or_default();
    let name = room.iter().position(|&byte| byte == 0);
    let name = name.map_or(room.len(), |end| end + 1);
    let length = |bytes: usize| u16::try_from(bytes).unwrap_or(u16::MAX);
    let at = length(at);
    let all: Vec<_> = HEAD.iter().chain(entries).copied().collect();
    let all = and(&all, Entry::text("Device Object Name", at, length(name)));
    let padding = length(room.len() - name);
    and(
        &all,
        Entry::bytes("Padding", at.saturating_add(length(name)), padding),
    )
}

const HEAD: &[Entry] = &[
    Entry::hex("Type", 0x00, 1),
    Entry::decimal("Length", 0x01, 2),
    Entry::decimal("Revision", 0x03, 1),
    Entry::hex("Identifier", 0x04, 4),
    Entry::decimal("Number of ID Mappings", 0x08, 4),
    Entry::hex("Reference to ID Array", 0x0c, 4),
];
const ITS: &[Entry] = &[Entry::decimal("Number of ITSs", 0x10, 4)];
const ITS_ID: &[Entry] = &[Entry::hex("GIC ITS Identifier", 0x00, 4)];

const HINTS: [Field; 4] = [
    Field::flag("Transient", 0, 0),
    Field::flag("Write Allocate", 0, 1),
    Field::flag("Read Allocate", 0, 2),
    Field::flag("Allocation Hints Override", 0, 3),
];
const ACCESS: [Field; 3] = [
    Field::flag("Coherent Path to Memory", 0, 0),
    Field::flag("Device Attributes Cacheable and Inner-Shareable", 0, 1),
    Field::flag("Ensured Coherency of Accesses", 0, 2),
];
const fn at<const N: usize>(mut fields: [Field; N], offset: u16) -> [Field; N] {
    let mut index = 0;
    while index < N {
        fields[index] = fields[index].at(offset);
        index += 1;
    }
    fields
}
const HINTS_14: [Field; 4] = at(HINTS, 0x14);
const ACCESS_17: [Field; 3] = at(ACCESS, 0x17);
const HINTS_18: [Field; 4] = at(HINTS, 0x18);
const ACCESS_1B: [Field; 3] = at(ACCESS, 0x1b);

const NAMED: &[Entry] = &[
    Entry::bits(
        "Node Flags",
        0x10,
        4,
        &[
            Field::flag("Stall Supported", 0x10, 0),
            Field::number("Substream Width", 0x10, 1, 5),
        ],
    ),
    Entry::hex("Cache Coherency Attribute", 0x14, 4),
    Entry::bits("Allocation Hints", 0x18, 1, &HINTS_18),
    Entry::hex("Reserved", 0x19, 2),
    Entry::bits("Memory Access Flags", 0x1b, 1, &ACCESS_1B),
    Entry::decimal("Device Memory Address Size Limit", 0x1c, 1),
];
const ROOT_COMPLEX: &[Entry] = &[
    Entry::hex("Cache Coherency Attribute", 0x10, 4),
    Entry::bits("Allocation Hints", 0x14, 1, &HINTS_14),
    Entry::hex("Reserved", 0x15, 2),
    Entry::bits("Memory Access Flags", 0x17, 1, &ACCESS_17),
    Entry::bits(
        "ATS Attribute",
        0x18,
        4,
        &[
            Field::flag("ATS Supported", 0x18, 0),
            Field::flag("PRI Supported", 0x18, 1),
            Field::flag("PASID Forwarded", 0x18, 2),
        ],
    ),
    Entry::hex("PCI Segment Number", 0x1c, 4),
    Entry::decimal("Memory Address Size Limit", 0x20, 1),
    Entry::bits(
        "PASID Capabilities",
        0x21,
        2,
        &[Field::number("Max PASID Width", 0x21, 0, 5)],
    ),
    Entry::hex("Reserved", 0x23, 1),
    Entry::bits("Flags", 0x24, 4, &[Field::flag("PASID Supported", 0x24, 0)]),
];
const SMMU: &[Entry] = &[
    Entry::hex("Base Address", 0x10, 8),
    Entry::hex("Span", 0x18, 8),
    Entry::code(
        "Model",
        0x20,
        4,
        &[
            (0, "SMMUv1"),
            (1, "SMMUv2"),
            (2, "Arm MMU-400"),
            (3, "Arm MMU-500"),
            (4, "Arm MMU-401"),
            (5, "Cavium ThunderX SMMUv2"),
        ],
    ),
    Entry::bits(
        "Flags",
        0x24,
        4,
        &[
            Field::flag("DVM Supported", 0x24, 0),
            Field::flag("Coherent Page Table Walks", 0x24, 1),
        ],
    ),
    Entry::hex("Global Interrupt Array Offset", 0x28, 4),
    Entry::decimal("Number of Context Interrupts", 0x2c, 4),
    Entry::hex("Context Interrupt Array Offset", 0x30, 4),
    Entry::decimal("Number of PMU Interrupts", 0x34, 4),
    Entry::hex("PMU Interrupt Array Offset", 0x38, 4),
    Entry::hex("SMMU_NSgIrpt", 0x3c, 4),
    Entry::bits(
        "SMMU_NSgIrpt Flags",
        0x40,
        4,
        &[Field::flag("Edge Triggered", 0x40, 0)],
    ),
    Entry::hex("SMMU_NSgCfgIrpt", 0x44, 4),
    Entry::bits(
        "SMMU_NSgCfgIrpt Flags",
        0x48,
        4,
        &[Field::flag("Edge Triggered", 0x48, 0)],
    ),
];
const INTERRUPT: &[Entry] = &[
    Entry::decimal("GSIV", 0x00, 4),
    Entry::bits("Flags", 0x04, 4, &[Field::flag("Edge Triggered", 0x04, 0)]),
];
const SMMU_V3: &[Entry] = &[
    Entry::hex("Base Address", 0x10, 8),
    Entry::bits(
        "Flags",
        0x18,
        4,
        &[
            Field::flag("COHACC Override", 0x18, 0),
            Field::number("HTTU Override", 0x18, 1, 2),
            Field::flag("Proximity Domain Valid", 0x18, 3),
            Field::flag("DeviceID Mapping Index Valid", 0x18, 4),
        ],
    ),
    Entry::hex("Reserved", 0x1c, 4),
    Entry::hex("VATOS Address", 0x20, 8),
    Entry::code(
        "Model",
        0x28,
        4,
        &[
            (0, "generic SMMUv3"),
            (1, "HiSilicon Hi161x"),
            (2, "Cavium CN99xx"),
        ],
    ),
    Entry::hex("Event GSIV", 0x2c, 4),
    Entry::hex("PRI GSIV", 0x30, 4),
    Entry::hex("GERR GSIV", 0x34, 4),
    Entry::hex("Sync GSIV", 0x38, 4),
    Entry::decimal("Proximity Domain", 0x3c, 4),
    Entry::decimal("DeviceID Mapping Index", 0x40, 4),
];
const PMCG: &[Entry] = &[
    Entry::hex("Page 0 Base Address", 0x10, 8),
    Entry::hex("Overflow Interrupt GSIV", 0x18, 4),
    Entry::hex("Node Reference", 0x1c, 4),
    Entry::hex("Page 1 Base Address", 0x20, 8),
];
const RMR: &[Entry] = &[
    Entry::bits(
        "Flags",
        0x10,
        4,
        &[
            Field::flag("Remapping Permitted", 0x10, 0),
            Field::flag("Access Privileged", 0x10, 1),
            Field::hex("Access Attributes", 0x10, 2, 8),
        ],
    ),
    Entry::decimal("Number of Memory Range Descriptors", 0x14, 4),
    Entry::hex("Reference to Memory Range Descriptors", 0x18, 4),
];
const REGION: &[Entry] = &[
    Entry::hex("Physical Range Offset", 0x00, 8),
    Entry::hex("Physical Range Length", 0x08, 8),
    Entry::hex("Reserved", 0x10, 4),
];
const IWB: &[Entry] = &[
    Entry::hex("Base Address", 0x10, 8),
    Entry::hex("IWB Index", 0x18, 2),
];
const IWB_NAME: usize = 26;
const MAPPING: &[Entry] = &[
    Entry::hex("Input Base", 0x00, 4),
    Entry::hex("Number of IDs Minus One", 0x04, 4),
    Entry::hex("Output Base", 0x08, 4),
    Entry::hex("Output Reference", 0x0c, 4),
    Entry::bits("Flags", 0x10, 4, &[Field::flag("Single Mapping", 0x10, 0)]),
];
