//! The nodes of an IORT (DEN0049E.f, 3.1.1 and 3.1.2).

use crate::addr::Segment;
use crate::bytes::{Fault, FaultKind, Span};
use crate::decode::acpi::envelope::{Envelope, too_short};
use crate::decode::acpi::read::{u8_at, u32_at, u64_at};

/// A node and where it stands. Mappings refer to it by the offset of its span.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IortNode {
    /// Its type as read.
    pub kind: u8,
    /// Revision of its layout.
    pub revision: u8,
    /// Identifier; reserved in old tables.
    pub identifier: u32,
    /// How ids leave the node.
    pub mappings: Vec<IdMapping>,
    /// What it says.
    pub body: IortBody,
    /// Where it stands in the table.
    pub span: Span,
}

/// Ids that a node hands on to another one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IdMapping {
    /// First id at the input.
    pub input_base: u32,
    /// Number of ids **minus one**, as stored.
    pub id_count: u32,
    /// First id at the output.
    pub output_base: u32,
    /// Offset of the node that takes them.
    pub output: u32,
    /// Flags as read: bit 0 single mapping, whose input base is ignored.
    pub flags: u32,
    /// Where it stands in the table.
    pub span: Span,
}

/// What a node says, as far as anything here depends on it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IortBody {
    /// Type 0: a group of interrupt translation services.
    ItsGroup {
        /// Their numbers in the MADT.
        ids: Vec<u32>,
    },
    /// Type 1: a device of the ACPI namespace.
    NamedComponent {
        /// Address width in bits.
        address_limit: u8,
        /// Its object's path.
        name: String,
    },
    /// Type 2: a root complex of a PCI segment.
    RootComplex {
        /// PCI segment.
        segment: Segment,
        /// Bit 0 address translation services, 1 page requests, 2 PASIDs forwarded.
        ats: u32,
        /// Address width in bits.
        address_limit: u8,
    },
    /// Types 3 and 4: an SMMU.
    Smmu {
        /// Register base.
        base: u64,
        /// Version: 2 (types of node 3: v1 and v2) or 3.
        version: u8,
    },
    /// Type 5: a performance monitor group.
    Pmcg {
        /// Register base of its first page.
        base: u64,
    },
    /// Type 6: memory reserved for the devices that map to it.
    ReservedMemory {
        /// Flags as read: bit 0 may be remapped, bit 1 needs privileged access.
        flags: u32,
        /// The regions.
        regions: Vec<ReservedMemory>,
    },
    /// Another type, or a node too short for what it should say.
    Other,
}

/// A reserved memory region.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReservedMemory {
    /// First address.
    pub base: u64,
    /// Length in bytes.
    pub length: u64,
    /// Where it stands in the table.
    pub span: Span,
}

impl IdMapping {
    /// The output id stands for every id of the input.
    pub const SINGLE: u32 = 1;
    /// Bytes of a mapping.
    pub(super) const SIZE: u32 = 20;

    /// The id at the output, for one at the input that it covers.
    pub fn map(&self, input: u32) -> Option<u32> {
        if self.flags & Self::SINGLE != 0 {
            return Some(self.output_base);
        }
        let distance = input.checked_sub(self.input_base)?;
        if distance > self.id_count {
            return None;
        }
        self.output_base.checked_add(distance)
    }

    fn decode(bytes: &[u8], at: usize, span: Span) -> Option<Self> {
        Some(Self {
            input_base: u32_at(bytes, at)?,
            id_count: u32_at(bytes, at + 4)?,
            output_base: u32_at(bytes, at + 8)?,
            output: u32_at(bytes, at + 12)?,
            flags: u32_at(bytes, at + 16)?,
            span,
        })
    }
}

impl IortNode {
    /// Bytes of a node's header.
    pub(super) const HEADER: u32 = 16;

    pub(super) fn decode(envelope: &Envelope<'_>, faults: &mut Vec<Fault>) -> Self {
        let bytes = envelope.bytes;
        let span = envelope.span();
        let kind = u8_at(bytes, 0).unwrap_or(0);
        let least = least(kind);
        if span.len < least {
            faults.push(too_short(span, least, "IORT node"));
        }
        let array = |count: usize, offset: usize, size: u32| Array {
            count: u32_at(bytes, count).unwrap_or(0),
            offset: u32_at(bytes, offset).unwrap_or(0),
            size,
            count_at: count,
        };
        let mappings = array(8, 12, IdMapping::SIZE)
            .places(span, "IORT id mappings", faults)
            .filter_map(|(at, place)| IdMapping::decode(bytes, at, place))
            .collect();
        let mut body = IortBody::decode(kind, bytes).unwrap_or(IortBody::Other);
        if let IortBody::ReservedMemory { regions, .. } = &mut body {
            *regions = array(20, 24, REGION)
                .places(span, "IORT reserved memory ranges", faults)
                .filter_map(|(at, span)| {
                    Some(ReservedMemory {
                        base: u64_at(bytes, at)?,
                        length: u64_at(bytes, at + 8)?,
                        span,
                    })
                })
                .collect();
        }
        Self {
            kind,
            revision: u8_at(bytes, 3).unwrap_or(0),
            identifier: u32_at(bytes, 4).unwrap_or(0),
            mappings,
            body,
            span,
        }
    }
}

/// Bytes of a reserved memory range.
const REGION: u32 = 20;

/// Records of one size inside a node, by the count and offset that it gives.
struct Array {
    count: u32,
    offset: u32,
    size: u32,
    /// Where the count stands in the node.
    count_at: usize,
}

impl Array {
    /// Offset in the node and place in the table of each record that lies inside the node.
    fn places(
        &self,
        node: Span,
        within: &'static str,
        faults: &mut Vec<Fault>,
    ) -> impl Iterator<Item = (usize, Span)> + use<> {
        let (size, offset) = (self.size, self.offset);
        let room = node.len.saturating_sub(offset.max(IortNode::HEADER));
        let inside = offset >= IortNode::HEADER;
        let fits = if inside { room / size } else { 0 };
        if self.count > fits {
            let kind = FaultKind::Count {
                stated: self.count,
                found: fits,
            };
            let at = u32::try_from(self.count_at).unwrap_or(0);
            let span = Span {
                offset: node.offset.saturating_add(at),
                len: 4,
            };
            faults.push(Fault { kind, span, within });
        }
        (0..self.count.min(fits)).map(move |index| {
            let at = offset + index * size;
            let span = Span {
                offset: node.offset.saturating_add(at),
                len: size,
            };
            (at as usize, span)
        })
    }
}

/// Bytes that a node of this type has at least.
const fn least(kind: u8) -> u32 {
    match kind {
        0 => 20,
        1 => 29,
        2 => 32,
        3 => 60,
        4 => 60,
        5 => 32,
        6 => 28,
        _ => IortNode::HEADER,
    }
}

impl IortBody {
    fn decode(kind: u8, bytes: &[u8]) -> Option<Self> {
        Some(match kind {
            0 => {
                let count = u32_at(bytes, 16)?;
                let room = (bytes.len() - 20) / 4;
                let count = usize::try_from(count).unwrap_or(usize::MAX).min(room);
                let ids = (0..count).filter_map(|index| u32_at(bytes, 20 + 4 * index));
                Self::ItsGroup { ids: ids.collect() }
            }
            1 => {
                let name = bytes.get(NAME..)?;
                let end = name.iter().position(|&byte| byte == 0);
                let name = name.get(..end.unwrap_or(name.len()))?;
                Self::NamedComponent {
                    address_limit: u8_at(bytes, 28)?,
                    name: String::from_utf8_lossy(name).into_owned(),
                }
            }
            2 => Self::RootComplex {
                ats: u32_at(bytes, 24)?,
                segment: Segment(u32_at(bytes, 28)?),
                address_limit: u8_at(bytes, 32).unwrap_or(0),
            },
            3 | 4 => Self::Smmu {
                base: u64_at(bytes, 16)?,
                version: if kind == 3 { 2 } else { 3 },
            },
            5 => Self::Pmcg {
                base: u64_at(bytes, 16)?,
            },
            6 => Self::ReservedMemory {
                flags: u32_at(bytes, 16)?,
                regions: Vec::new(),
            },
            _ => return None,
        })
    }
}

/// Offset of the object name of a named component.
pub(super) const NAME: usize = 29;
