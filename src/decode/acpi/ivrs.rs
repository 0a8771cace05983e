//! I/O Virtualization Reporting Structure (AMD IOMMU specification 48882, 5.2).

mod block;
mod encode;
mod entry;
mod layout;

pub use entry::{AcpiDevice, DeviceEntry, Uid};

use super::envelope::envelopes;
use super::layout::Part;
use super::read::{array, u16_at, u32_at};
use super::{SdtHeader, split_table};
use crate::addr::{RequesterId, Segment};
use crate::bytes::{Decoded, Span};

/// An IVRS table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ivrs {
    /// The common header.
    pub header: SdtHeader,
    /// IVinfo as read.
    pub info: u32,
    /// Reserved bytes of the header, as read.
    pub reserved: [u8; 8],
    /// Blocks in the order of the table.
    pub blocks: Vec<Block>,
}

/// A block and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// What it says.
    pub body: Body,
    /// Where it stands in the table.
    pub span: Span,
}

/// What a block says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Body {
    /// I/O virtualization hardware definition: types 10h, 11h and 40h.
    Ivhd(Ivhd),
    /// I/O virtualization memory definition: types 20h, 21h and 22h.
    Ivmd(Ivmd),
    /// A type that this version does not know (51h exists), kept as read.
    Unknown {
        /// The type.
        kind: u8,
        /// The whole block.
        bytes: Vec<u8>,
    },
}

/// A remapping unit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ivhd {
    /// 10h, 11h or 40h.
    pub kind: u8,
    /// Flags as read.
    pub flags: u8,
    /// The unit's own PCI function.
    pub device: RequesterId,
    /// Offset of its capability in that function.
    pub capability: u16,
    /// Register base.
    pub base: u64,
    /// PCI segment.
    pub segment: Segment,
    /// IOMMU info as read: bits 4:0 MSI number, 12:8 unit id.
    pub info: u16,
    /// Feature reporting (10h) or attributes (11h, 40h) as read.
    pub features: u32,
    /// Images of the extended feature register and of feature register 2; not in type 10h.
    pub images: Option<(u64, u64)>,
    /// Which devices it translates.
    pub entries: Vec<DeviceEntry>,
}

/// Memory that the firmware reserves for devices.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ivmd {
    /// Whose memory it is.
    pub devices: IvmdDevices,
    /// Bit 0 unity map, 1 read, 2 write, 3 exclusion range.
    pub flags: u8,
    /// Device id and auxiliary field as read; reserved where [`Self::devices`] does not say so.
    pub ids: (u16, u16),
    /// PCI segment; older tables have zero there.
    pub segment: Segment,
    /// Reserved bytes, as read.
    pub reserved: [u8; 6],
    /// First address.
    pub start: u64,
    /// Length in bytes.
    pub length: u64,
}

/// Devices of a memory block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IvmdDevices {
    /// Type 20h.
    All,
    /// Type 21h.
    One(RequesterId),
    /// Type 22h.
    Range(RequesterId, RequesterId),
}

impl Ivrs {
    /// Bytes of the header, the common part included.
    const SIZE: u32 = 48;

    /// Decodes a table. `None` where not even its header is there.
    pub fn decode(bytes: &[u8]) -> Option<Decoded<Self>> {
        let mut faults = Vec::new();
        let (header, table) = split_table(bytes, &mut faults)?;
        let info = u32_at(table, 36)?;
        let body = table.get(Self::SIZE as usize..).unwrap_or_default();
        let length = |bytes: &[u8]| u16_at(bytes, 2).map(usize::from);
        let blocks = envelopes(body, Self::SIZE, 4, block::WITHIN, length, &mut faults)
            .into_iter()
            .map(|envelope| Block::decode(envelope, &mut faults))
            .collect();
        let value = Self {
            header,
            info,
            reserved: array(table, 40).unwrap_or_default(),
            blocks,
        };
        Some(Decoded { value, faults })
    }

    /// Its units of every type, in the order of the table.
    pub fn units(&self) -> impl Iterator<Item = (&Ivhd, Span)> {
        self.blocks.iter().filter_map(|block| match &block.body {
            Body::Ivhd(unit) => Some((unit, block.span)),
            _ => None,
        })
    }

    /// Its memory blocks, in the order of the table.
    pub fn reserved(&self) -> impl Iterator<Item = (&Ivmd, Span)> {
        self.blocks.iter().filter_map(|block| match &block.body {
            Body::Ivmd(memory) => Some((memory, block.span)),
            _ => None,
        })
    }

    /// The table as bytes, with fresh lengths and checksum: of a table without faults the
    /// bytes that it was read from.
    pub fn encode(&self) -> Vec<u8> {
        encode::table(self)
    }

    pub(super) fn parts(&self) -> Vec<Part> {
        let blocks = self.blocks.iter().map(layout::block);
        std::iter::once(layout::header()).chain(blocks).collect()
    }
}

#[cfg(test)]
mod tests;
