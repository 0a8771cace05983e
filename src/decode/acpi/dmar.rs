//! DMA Remapping table (Intel VT-d architecture specification, chapter 8).

mod body;
mod encode;
mod layout;

use super::device_scope::DeviceScope;
use super::envelope::envelopes;
use super::layout::Part;
use super::read::{array, u16_at};
use super::{SdtHeader, split_table};
use crate::addr::Segment;
use crate::bytes::{Decoded, Span};

/// A DMAR table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dmar {
    /// The common header.
    pub header: SdtHeader,
    /// Bits of a DMA address: the field's value plus one.
    pub host_address_width: u16,
    /// Flags as read: bit 0 interrupt remapping, 1 x2APIC opt-out, 2 DMA control opt-in,
    /// 3 remapping opt-out.
    pub flags: u8,
    /// Reserved bytes of the header, as read.
    pub reserved: [u8; 10],
    /// Remapping structures in the order of the table.
    pub structures: Vec<Remapping>,
}

/// A remapping structure and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remapping {
    /// What it says.
    pub body: Body,
    /// Where it stands in the table.
    pub span: Span,
}

/// What a remapping structure says (VT-d, 8.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Body {
    /// DMA remapping hardware unit definition (8.3).
    Drhd(Drhd),
    /// Reserved memory region (8.4).
    Rmrr(Rmrr),
    /// Root port ATS capability (8.5).
    Atsr(Atsr),
    /// Remapping hardware static affinity (8.6).
    Rhsa(Rhsa),
    /// ACPI name-space device declaration (8.7).
    Andd(Andd),
    /// SoC integrated address translation cache (8.8).
    Satc(Atsr),
    /// SoC integrated device properties (8.9).
    Sidp(Sidp),
    /// A type that this version does not know, kept as read.
    Unknown {
        /// The type.
        kind: u16,
        /// Everything behind type and length.
        bytes: Vec<u8>,
    },
}

/// A remapping unit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Drhd {
    /// It covers every function of its segment that no other unit names.
    pub include_all: bool,
    /// Flags as read.
    pub flags: u8,
    /// Size as read: bits 3:0 are the binary logarithm of the number of 4 KiB register pages.
    pub size: u8,
    /// PCI segment.
    pub segment: Segment,
    /// Register base.
    pub base: u64,
    /// The devices it names.
    pub scopes: Vec<DeviceScope>,
}

/// Memory that devices may use whatever the operating system does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rmrr {
    /// Reserved field, as read.
    pub reserved: u16,
    /// PCI segment.
    pub segment: Segment,
    /// First address.
    pub base: u64,
    /// Last address.
    pub limit: u64,
    /// The devices that use it.
    pub scopes: Vec<DeviceScope>,
}

/// Devices that may, or must, use address translation services.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Atsr {
    /// ATSR: all root ports. SATC: translation is required.
    pub flag: bool,
    /// Flags as read.
    pub flags: u8,
    /// Reserved field, as read.
    pub reserved: u8,
    /// PCI segment.
    pub segment: Segment,
    /// Root ports (ATSR) or endpoints (SATC).
    pub scopes: Vec<DeviceScope>,
}

/// Which proximity domain a unit belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rhsa {
    /// Reserved field, as read.
    pub reserved: u32,
    /// Register base of the unit.
    pub base: u64,
    /// Proximity domain.
    pub proximity_domain: u32,
}

/// A device of the ACPI namespace that scopes refer to by number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Andd {
    /// Reserved field, as read.
    pub reserved: [u8; 3],
    /// The number that scope entries refer to.
    pub device_number: u8,
    /// Object name up to its terminator.
    pub name: String,
    /// The bytes of the name as read, terminator and padding included.
    pub name_bytes: Vec<u8>,
}

/// Properties of devices inside the SoC.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sidp {
    /// Reserved field, as read.
    pub reserved: u16,
    /// PCI segment.
    pub segment: Segment,
    /// Devices, with flags.
    pub scopes: Vec<DeviceScope>,
}

impl Dmar {
    /// Interrupt remapping is supported.
    pub const INTERRUPT_REMAPPING: u8 = 1;
    /// Bytes of the header, the common part included.
    const SIZE: u32 = 48;

    /// Decodes a table. `None` where not even its header is there.
    pub fn decode(bytes: &[u8]) -> Option<Decoded<Self>> {
        let mut faults = Vec::new();
        let (header, table) = split_table(bytes, &mut faults)?;
        let (&width, &flags) = (table.get(36)?, table.get(37)?);
        let body = table.get(Self::SIZE as usize..).unwrap_or_default();
        let length = |bytes: &[u8]| u16_at(bytes, 2).map(usize::from);
        let structures = envelopes(body, Self::SIZE, 4, body::WITHIN, length, &mut faults)
            .into_iter()
            .map(|envelope| Remapping::decode(envelope, &mut faults))
            .collect();
        let value = Self {
            header,
            host_address_width: u16::from(width) + 1,
            flags,
            reserved: array(table, 38).unwrap_or_default(),
            structures,
        };
        Some(Decoded { value, faults })
    }

    /// Its remapping units, in the order of the table.
    pub fn units(&self) -> impl Iterator<Item = (&Drhd, Span)> {
        self.structures
            .iter()
            .filter_map(|structure| match &structure.body {
                Body::Drhd(unit) => Some((unit, structure.span)),
                _ => None,
            })
    }

    /// Its reserved memory regions, in the order of the table.
    pub fn reserved(&self) -> impl Iterator<Item = (&Rmrr, Span)> {
        self.structures
            .iter()
            .filter_map(|structure| match &structure.body {
                Body::Rmrr(region) => Some((region, structure.span)),
                _ => None,
            })
    }

    /// The table as bytes, with fresh lengths and checksum: of a table without faults the
    /// bytes that it was read from.
    pub fn encode(&self) -> Vec<u8> {
        encode::table(self)
    }

    pub(super) fn parts(&self) -> Vec<Part> {
        let structures = self.structures.iter().map(layout::structure);
        std::iter::once(layout::header())
            .chain(structures)
            .collect()
    }
}

impl Body {
    /// The scope entries of a structure; empty for types that have none.
    pub fn scopes(&self) -> &[DeviceScope] {
        match self {
            Self::Drhd(drhd) => &drhd.scopes,
            Self::Rmrr(rmrr) => &rmrr.scopes,
            Self::Atsr(atsr) | Self::Satc(atsr) => &atsr.scopes,
            Self::Sidp(sidp) => &sidp.scopes,
            Self::Rhsa(_) | Self::Andd(_) | Self::Unknown { .. } => &[],
        }
    }

    /// Its type.
    pub const fn kind(&self) -> u16 {
        match self {
            Self::Drhd(_) => 0,
            Self::Rmrr(_) => 1,
            Self::Atsr(_) => 2,
            Self::Rhsa(_) => 3,
            Self::Andd(_) => 4,
            Self::Satc(_) => 5,
            Self::Sidp(_) => 6,
            Self::Unknown { kind, .. } => *kind,
        }
    }
}

#[cfg(test)]
mod tests;
