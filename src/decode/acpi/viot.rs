//! Virtual I/O Translation table: which devices a virtio-iommu translates.

use super::envelope::{Envelope, envelopes, too_short};
use super::layout::{Entry, Part};
use super::read::{u8_at, u16_at, u32_at, u64_at};
use super::sdt::header_part;
use super::{SdtHeader, split_table};
use crate::addr::{Bdf, RequesterId, Segment};
use crate::bytes::{Decoded, Fault, FaultKind, Span};
use crate::spec::{Document, SpecRef};

/// A VIOT table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Viot {
    /// The common header.
    pub header: SdtHeader,
    /// Number of nodes, as the table says.
    pub node_count: u16,
    /// Offset of the first node.
    pub node_offset: u16,
    /// The nodes in the order of the table.
    pub nodes: Vec<ViotNode>,
}

/// A node and where it stands. Others refer to it by the offset of its span.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ViotNode {
    /// Its type as read.
    pub kind: u8,
    /// What it says.
    pub body: ViotBody,
    /// Where it stands in the table.
    pub span: Span,
}

/// What a node says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ViotBody {
    /// Type 1: PCI functions that a unit translates.
    PciRange {
        /// Endpoint id of the first function.
        endpoint: u32,
        /// First and last segment.
        segments: (u16, u16),
        /// First and last requester id within a segment.
        ids: (RequesterId, RequesterId),
        /// Offset of the unit's node.
        output: u16,
    },
    /// Type 2: a device without PCI address.
    Mmio {
        /// Endpoint id.
        endpoint: u32,
        /// Its register base.
        base: u64,
        /// Offset of the unit's node.
        output: u16,
    },
    /// Type 3: a unit that is a PCI function.
    VirtioIommuPci {
        /// PCI segment.
        segment: Segment,
        /// Its address.
        function: Bdf,
    },
    /// Type 4: a unit at an address.
    VirtioIommuMmio {
        /// Its register base.
        base: u64,
    },
    /// A type that this version does not know, or one too short for what it should say.
    Other,
}

impl Viot {
    /// Decodes a table. `None` where not even its header is there.
    pub fn decode(bytes: &[u8]) -> Option<Decoded<Self>> {
        let mut faults = Vec::new();
        let (header, table) = split_table(bytes, &mut faults)?;
        let node_count = u16_at(table, 36)?;
        let node_offset = u16_at(table, 38)?;
        let room = u32::try_from(table.len()).unwrap_or(u32::MAX);
        let body = table
            .get(usize::from(node_offset)..)
            .filter(|_| node_offset >= LEAST_OFFSET);
        if body.is_none() {
            let kind = FaultKind::Length {
                length: node_offset.into(),
                least: LEAST_OFFSET.into(),
                room,
            };
            faults.push(Fault {
                kind,
                span: Span { offset: 38, len: 2 },
                within: "VIOT node offset",
            });
        }
        let length = |bytes: &[u8]| u16_at(bytes, 2).map(usize::from);
        let body = body.unwrap_or_default();
        let nodes: Vec<_> = envelopes(body, node_offset.into(), 4, WITHIN, length, &mut faults)
            .iter()
            .map(|envelope| ViotNode::decode(envelope, &mut faults))
            .collect();
        if nodes.len() != usize::from(node_count) {
            let kind = FaultKind::Count {
                stated: node_count.into(),
                found: u32::try_from(nodes.len()).unwrap_or(u32::MAX),
            };
            faults.push(Fault {
                kind,
                span: Span { offset: 36, len: 2 },
                within: "VIOT node count",
            });
        }
        let value = Self {
            header,
            node_count,
            node_offset,
            nodes,
        };
        Some(Decoded { value, faults })
    }

    /// The node at an offset to which another one refers.
    pub fn node_at(&self, offset: u16) -> Option<&ViotNode> {
        self.nodes
            .iter()
            .find(|node| node.span.offset == u32::from(offset))
    }

    pub(super) fn parts(&self) -> Vec<Part> {
        const ENTRIES: [Entry; 3] = [
            Entry::decimal("Node Count", 0x24, 2),
            Entry::hex("Node Offset", 0x26, 2),
            Entry::bytes("Reserved", 0x28, 8),
        ];
        let nodes = self.nodes.iter().map(|node| {
            let (title, entries) = match node.kind {
                1 => ("PCI range", PCI_RANGE),
                2 => ("MMIO endpoint", MMIO),
                3 => ("virtio-iommu, PCI", IOMMU_PCI),
                4 => ("virtio-iommu, MMIO", IOMMU_MMIO),
                kind => {
                    let title = format!("unknown node (type {kind:#04x})");
                    return Part::new(title, node.span, SPEC, HEAD);
                }
            };
            Part::new(title, node.span, SPEC, entries)
        });
        let header = header_part("VIOT header", 48, SPEC, &ENTRIES);
        std::iter::once(header).chain(nodes).collect()
    }
}

const WITHIN: &str = "VIOT node";
/// Nodes follow the header.
const LEAST_OFFSET: u16 = 48;
const SPEC: SpecRef = Document::Viot.at("Virtual I/O Translation Table");

impl ViotNode {
    fn decode(envelope: &Envelope<'_>, faults: &mut Vec<Fault>) -> Self {
        let bytes = envelope.bytes;
        let kind = u8_at(bytes, 0).unwrap_or(0);
        let span = envelope.span();
        let least = match kind {
            1 | 2 => 24,
            3 | 4 => 16,
            _ => 4,
        };
        if span.len < least {
            faults.push(too_short(span, least, WITHIN));
        }
        let body = ViotBody::decode(kind, bytes).unwrap_or(ViotBody::Other);
        Self { kind, body, span }
    }
}

impl ViotBody {
    fn decode(kind: u8, bytes: &[u8]) -> Option<Self> {
        Some(match kind {
            1 => Self::PciRange {
                endpoint: u32_at(bytes, 4)?,
                segments: (u16_at(bytes, 8)?, u16_at(bytes, 10)?),
                ids: (
                    RequesterId(u16_at(bytes, 12)?),
                    RequesterId(u16_at(bytes, 14)?),
                ),
                output: u16_at(bytes, 16)?,
            },
            2 => Self::Mmio {
                endpoint: u32_at(bytes, 4)?,
                base: u64_at(bytes, 8)?,
                output: u16_at(bytes, 16)?,
            },
            3 => Self::VirtioIommuPci {
                segment: Segment(u16_at(bytes, 4)?.into()),
                function: Bdf::from_bits(u16_at(bytes, 6)?),
            },
            4 => Self::VirtioIommuMmio {
                base: u64_at(bytes, 8)?,
            },
            _ => return None,
        })
    }
}

const TYPE: Entry = Entry::hex("Type", 0x00, 1);
const RESERVED: Entry = Entry::hex("Reserved", 0x01, 1);
const LENGTH: Entry = Entry::decimal("Length", 0x02, 2);
const HEAD: &[Entry] = &[TYPE, RESERVED, LENGTH];
const PCI_RANGE: &[Entry] = &[
    TYPE,
    RESERVED,
    LENGTH,
    Entry::hex("Endpoint Start", 0x04, 4),
    Entry::hex("PCI Segment Start", 0x08, 2),
    Entry::hex("PCI Segment End", 0x0a, 2),
    Entry::function("PCI BDF Start", 0x0c),
    Entry::function("PCI BDF End", 0x0e),
    Entry::hex("Output Node", 0x10, 2),
    Entry::bytes("Reserved", 0x12, 6),
];
const MMIO: &[Entry] = &[
    TYPE,
    RESERVED,
    LENGTH,
    Entry::hex("Endpoint ID", 0x04, 4),
    Entry::hex("Base Address", 0x08, 8),
    Entry::hex("Output Node", 0x10, 2),
    Entry::bytes("Reserved", 0x12, 6),
];
const IOMMU_PCI: &[Entry] = &[
    TYPE,
    RESERVED,
    LENGTH,
    Entry::hex("PCI Segment", 0x04, 2),
    Entry::function("PCI BDF", 0x06),
    Entry::bytes("Reserved", 0x08, 8),
];
const IOMMU_MMIO: &[Entry] = &[
    TYPE,
    RESERVED,
    LENGTH,
    Entry::bytes("Reserved", 0x04, 4),
    Entry::hex("Base Address", 0x08, 8),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::acpi::testing::table;

    const HEADER: [u8; 12] = [
        0x02, 0x00, // two nodes
        0x30, 0x00, // from offset 48
        0, 0, 0, 0, 0, 0, 0, 0,
    ];
    const IOMMU: [u8; 16] = [
        0x03, 0x00, 0x10, 0x00, // type 3, 16 bytes
        0x00, 0x00, 0x18, 0x00, // 0000:00:03.0
        0, 0, 0, 0, 0, 0, 0, 0,
    ];
    const RANGE: [u8; 24] = [
        0x01, 0x00, 0x18, 0x00, // type 1, 24 bytes
        0x20, 0x00, 0x00, 0x00, // endpoint 20h
        0x00, 0x00, 0x01, 0x00, // segments 0 and 1
        0x20, 0x00, 0xff, 0x00, // 00:04.0 to 00:1f.7
        0x30, 0x00, // the node at 48
        0, 0, 0, 0, 0, 0,
    ];

    #[test]
    fn a_range_refers_to_its_unit() {
        let bytes = table(b"VIOT", 0, &[&HEADER[..], &IOMMU, &RANGE].concat());
        let Decoded { value, faults } = Viot::decode(&bytes).unwrap();
        assert_eq!(faults, []);
        let range = value.nodes[1].body;
        assert_eq!(
            range,
            ViotBody::PciRange {
                endpoint: 0x20,
                segments: (0, 1),
                ids: (RequesterId(0x20), RequesterId(0xff)),
                output: 48,
            }
        );
        assert_eq!(
            value.node_at(48).map(|node| node.body),
            Some(ViotBody::VirtioIommuPci {
                segment: Segment(0),
                function: Bdf::from_bits(0x18)
            })
        );
    }

    #[test]
    fn an_offset_into_the_header_or_past_the_end_is_a_fault() {
        for offset in [0, 47, 0x7fff] {
            let mut header = HEADER;
            header[2..4].copy_from_slice(&u16::to_le_bytes(offset));
            let bytes = table(b"VIOT", 0, &[&header[..], &IOMMU, &RANGE].concat());
            let Decoded { value, faults } = Viot::decode(&bytes).unwrap();
            assert_eq!(value.nodes, []);
            assert_eq!(faults[0].span, Span { offset: 38, len: 2 });
        }
    }

    #[test]
    fn a_count_that_is_not_that_of_the_nodes_is_a_fault() {
        let bytes = table(b"VIOT", 0, &[&HEADER[..], &IOMMU].concat());
        let Decoded { value, faults } = Viot::decode(&bytes).unwrap();
        assert_eq!(value.nodes.len(), 1);
        assert_eq!(
            faults[0].kind,
            FaultKind::Count {
                stated: 2,
                found: 1
            }
        );
    }

    #[test]
    fn a_short_node_says_nothing_and_the_next_one_is_read() {
        let bytes = table(b"VIOT", 0, &[&HEADER[..], &[1, 0, 4, 0], &IOMMU].concat());
        let Decoded { value, faults } = Viot::decode(&bytes).unwrap();
        assert_eq!(value.nodes[0].body, ViotBody::Other);
        assert!(matches!(
            value.nodes[1].body,
            ViotBody::VirtioIommuPci { .. }
        ));
        assert_eq!(faults, [too_short(Span { offset: 48, len: 4 }, 24, WITHIN)]);
    }
}
