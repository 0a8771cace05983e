//! I/O Remapping Table (Arm DEN0049): which SMMU translates which requester ids.

mod layout;
mod node;

pub use node::{IdMapping, IortBody, IortNode, ReservedMemory};

use super::envelope::envelopes;
use super::layout::Part;
use super::read::{u16_at, u32_at};
use super::{SdtHeader, split_table};
use crate::bytes::{Decoded, Fault, FaultKind, Span};

/// An IORT table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Iort {
    /// The common header.
    pub header: SdtHeader,
    /// Number of nodes, as the table says.
    pub node_count: u32,
    /// Offset of the first node.
    pub node_offset: u32,
    /// The nodes in the order of the table.
    pub nodes: Vec<IortNode>,
}

impl Iort {
    /// Bytes of the header, the common part included.
    const SIZE: u32 = 48;

    /// Decodes a table. `None` where not even its header is there.
    pub fn decode(bytes: &[u8]) -> Option<Decoded<Self>> {
        let mut faults = Vec::new();
        let (header, table) = split_table(bytes, &mut faults)?;
        let node_count = u32_at(table, 36)?;
        let node_offset = u32_at(table, 40)?;
        let room = u32::try_from(table.len()).unwrap_or(u32::MAX);
        let mut body = &[][..];
        if (Self::SIZE..=room).contains(&node_offset) {
            body = table.get(node_offset as usize..).unwrap_or_default();
        } else {
            let kind = FaultKind::Length {
                length: node_offset,
                least: Self::SIZE,
                room,
            };
            faults.push(Fault {
                kind,
                span: Span { offset: 40, len: 4 },
                within: "IORT node offset",
            });
        }
        let length = |bytes: &[u8]| u16_at(bytes, 1).map(usize::from);
        let nodes: Vec<_> = envelopes(body, node_offset, 16, "IORT node", length, &mut faults)
            .iter()
            .map(|envelope| IortNode::decode(envelope, &mut faults))
            .collect();
        let found = u32::try_from(nodes.len()).unwrap_or(u32::MAX);
        if found != node_count {
            let kind = FaultKind::Count {
                stated: node_count,
                found,
            };
            faults.push(Fault {
                kind,
                span: Span { offset: 36, len: 4 },
                within: "IORT node count",
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

    /// The node at an offset to which a mapping refers.
    pub fn node_at(&self, offset: u32) -> Option<&IortNode> {
        self.nodes.iter().find(|node| node.span.offset == offset)
    }

    pub(super) fn parts(&self, bytes: &[u8]) -> Vec<Part> {
        let nodes = self.nodes.iter().map(|node| layout::node(node, bytes));
        std::iter::once(layout::header()).chain(nodes).collect()
    }
}

#[cfg(test)]
mod tests;
