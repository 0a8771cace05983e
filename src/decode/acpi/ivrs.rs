//! I/O Virtualization Reporting Structure (AMD IOMMU specification 48882, 5.2).

use nom::Parser;
use nom::number::complete::{le_u8, le_u16, le_u32, le_u64};

use super::envelope::{Envelope, envelopes};
use super::{SdtHeader, split_table};
use crate::addr::{RequesterId, Segment};
use crate::bytes::{Decoded, Fault, FaultKind, Span};

/// An IVRS table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ivrs {
    /// The common header.
    pub header: SdtHeader,
    /// IVinfo as read.
    pub info: u32,
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
    /// PCI segment; older tables have zero there.
    pub segment: Segment,
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

/// One device entry and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeviceEntry {
    /// The entry's type.
    pub kind: u8,
    /// Device id; reserved in some types.
    pub device: RequesterId,
    /// Data setting: pass-through of legacy interrupts.
    pub setting: u8,
    /// Source id of alias entries (42h, 43h), device id of special ones (48h).
    pub source: Option<RequesterId>,
    /// Handle and variety of a special device (48h): 1 I/O APIC, 2 HPET.
    pub special: Option<(u8, u8)>,
    /// Where it stands in the table.
    pub span: Span,
}

impl DeviceEntry {
    /// Every device of the segment.
    pub const ALL: u8 = 0x01;
    /// One device.
    pub const SELECT: u8 = 0x02;
    /// First device of a range.
    pub const RANGE_START: u8 = 0x03;
    /// Last device of a range.
    pub const RANGE_END: u8 = 0x04;
    /// One device that uses another one's id.
    pub const ALIAS_SELECT: u8 = 0x42;
    /// First device of a range that uses another one's id.
    pub const ALIAS_RANGE_START: u8 = 0x43;
    /// One device with extended settings.
    pub const EXTENDED_SELECT: u8 = 0x46;
    /// First device of a range with extended settings.
    pub const EXTENDED_RANGE_START: u8 = 0x47;
    /// I/O APIC or HPET.
    pub const SPECIAL: u8 = 0x48;
    /// ACPI device by hardware id.
    pub const ACPI_HID: u8 = 0xf0;

    /// Length of the entry at the start of the slice; `None` for types whose length is not
    /// defined (80h to EFh and F1h on).
    fn length(bytes: &[u8]) -> Option<usize> {
        match *bytes.first()? {
            kind @ 0..0x80 => Some(4 << (kind >> 6)),
            Self::ACPI_HID => Some(22 + usize::from(*bytes.get(21)?)),
            _ => None,
        }
    }
}

impl Ivrs {
    /// Bytes of the header, the common part included.
    const SIZE: usize = 48;

    /// Decodes a table. `None` where not even its header is there.
    pub fn decode(bytes: &[u8]) -> Option<Decoded<Self>> {
        let mut faults = Vec::new();
        let (header, table) = split_table(bytes, &mut faults)?;
        let info = u32::from_le_bytes(table.get(36..40)?.try_into().ok()?);
        let body = table.get(Self::SIZE..).unwrap_or_default();
        let base = u32::try_from(Self::SIZE).unwrap_or(u32::MAX);
        let length = |bytes: &[u8]| {
            let field = bytes.get(2..4)?;
            Some(usize::from(u16::from_le_bytes(field.try_into().ok()?)))
        };
        let blocks = envelopes(body, base, 4, "IVRS block", length, &mut faults)
            .into_iter()
            .map(|envelope| Block::decode(envelope, &mut faults))
            .collect();
        Some(Decoded {
            value: Self {
                header,
                info,
                blocks,
            },
            faults,
        })
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
}

impl Block {
    fn decode(envelope: Envelope<'_>, faults: &mut Vec<Fault>) -> Self {
        let len = u32::try_from(envelope.bytes.len()).unwrap_or(u32::MAX);
        let span = Span {
            offset: envelope.offset,
            len,
        };
        let kind = envelope.bytes.first().copied().unwrap_or(0);
        let unknown = || Body::Unknown {
            kind,
            bytes: envelope.bytes.to_vec(),
        };
        let (body, least) = match kind {
            0x10 => (ivhd(envelope, 24, faults).map(Body::Ivhd), 24),
            0x11 | 0x40 => (ivhd(envelope, 40, faults).map(Body::Ivhd), 40),
            0x20..=0x22 => (ivmd(envelope.bytes).map(Body::Ivmd), 32),
            _ => (Some(unknown()), 4),
        };
        let body = body.unwrap_or_else(|| {
            let kind = FaultKind::Length {
                length: len,
                least,
                room: len,
            };
            faults.push(Fault {
                kind,
                span,
                within: "IVRS block",
            });
            unknown()
        });
        Self { body, span }
    }
}

/// `None` where the block is too short for its fixed part.
fn ivhd(envelope: Envelope<'_>, fixed: usize, faults: &mut Vec<Fault>) -> Option<Ivhd> {
    type Short<'a> = nom::error::Error<&'a [u8]>;
    let mut parser = (
        le_u8::<_, Short<'_>>,
        le_u8,
        le_u16,
        le_u16,
        le_u16,
        le_u64,
        le_u16,
    );
    let (_, (kind, flags, _, device, capability, base, segment)) =
        parser.parse(envelope.bytes).ok()?;
    let region = envelope.bytes.get(fixed..)?;
    let start = envelope.offset + u32::try_from(fixed).unwrap_or(u32::MAX);
    let within = "IVHD device entry";
    let entries = envelopes(region, start, 4, within, DeviceEntry::length, faults)
        .into_iter()
        .filter_map(entry)
        .collect();
    Some(Ivhd {
        kind,
        flags,
        device: RequesterId(device),
        capability,
        base,
        segment: Segment(segment.into()),
        entries,
    })
}

fn entry(envelope: Envelope<'_>) -> Option<DeviceEntry> {
    let [kind, low, high, setting, rest @ ..] = envelope.bytes else {
        return None;
    };
    let word = |low: u8, high: u8| RequesterId(u16::from_le_bytes([low, high]));
    let (source, special) = match (*kind, rest) {
        (DeviceEntry::ALIAS_SELECT | DeviceEntry::ALIAS_RANGE_START, [_, low, high, _]) => {
            (Some(word(*low, *high)), None)
        }
        (DeviceEntry::SPECIAL, [handle, low, high, variety]) => {
            (Some(word(*low, *high)), Some((*handle, *variety)))
        }
        _ => (None, None),
    };
    let len = u32::try_from(envelope.bytes.len()).unwrap_or(u32::MAX);
    Some(DeviceEntry {
        kind: *kind,
        device: word(*low, *high),
        setting: *setting,
        source,
        special,
        span: Span {
            offset: envelope.offset,
            len,
        },
    })
}

/// `None` where the block is too short.
fn ivmd(bytes: &[u8]) -> Option<Ivmd> {
    type Short<'a> = nom::error::Error<&'a [u8]>;
    let mut ids = (le_u8::<_, Short<'_>>, le_u8, le_u16, le_u16, le_u16, le_u16);
    let (rest, (kind, flags, _, device, last, segment)) = ids.parse(bytes).ok()?;
    let mut memory = (le_u16::<_, Short<'_>>, le_u32, le_u64, le_u64);
    let (_, (_, _, start, length)) = memory.parse(rest).ok()?;
    let devices = match kind {
        0x21 => IvmdDevices::One(RequesterId(device)),
        0x22 => IvmdDevices::Range(RequesterId(device), RequesterId(last)),
        _ => IvmdDevices::All,
    };
    Some(Ivmd {
        devices,
        flags,
        segment: Segment(segment.into()),
        start,
        length,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(blocks: &[u8]) -> Vec<u8> {
        let mut bytes = b"IVRS\0\0\0\0\x02\0OEMID TABLEID \0\0\0\0AMD \0\0\0\0".to_vec();
        bytes.extend([0x41, 0x30, 0x20, 0x00]); // IVinfo
        bytes.extend([0; 8]);
        bytes.extend_from_slice(blocks);
        let length = u32::try_from(bytes.len()).unwrap();
        bytes[4..8].copy_from_slice(&length.to_le_bytes());
        let sum = bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        bytes[9] = bytes[9].wrapping_sub(sum);
        bytes
    }

    const IVHD: [u8; 48] = [
        0x10, 0xb0, 0x30, 0x00, // type 10h, flags, 48 bytes
        0x02, 0x00, 0x40, 0x00, // the unit is 00:00.2, its capability at 40h
        0x00, 0x00, 0x58, 0xfd, 0x00, 0x00, 0x00, 0x00, // registers at fd580000h
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, // segment 0, info, features
        0x03, 0x08, 0x00, 0x00, // range from 00:01.0
        0x04, 0xfe, 0xff, 0x00, // to ff:1f.6
        0x42, 0x10, 0x02, 0x00, 0x00, 0x00, 0x02, 0x00, // 02:02.0 uses the id of 02:00.0
        0x48, 0x00, 0x00, 0xd7, 0x21, 0xa0, 0x00, 0x01, // I/O APIC 21h is 00:14.0
    ];
    const IVMD: [u8; 32] = [
        0x22, 0x08, 0x20, 0x00, // type 22h, exclusion range, 32 bytes
        0x00, 0x04, 0x07, 0x04, // 04:00.0 to 04:00.7
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, // segment 0, reserved
        0x00, 0x00, 0x00, 0x7e, 0x00, 0x00, 0x00, 0x00, // from 7e000000h
        0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, // 1 MiB
    ];

    #[test]
    fn units_ranges_aliases_and_special_devices_are_read() {
        let Decoded {
            value: ivrs,
            faults,
        } = Ivrs::decode(&table(&IVHD)).unwrap();
        assert_eq!(faults, []);
        let (unit, _) = ivrs.units().next().unwrap();
        assert_eq!(
            (unit.kind, unit.device, unit.base),
            (0x10, RequesterId(2), 0xfd58_0000)
        );
        let kinds: Vec<_> = unit.entries.iter().map(|entry| entry.kind).collect();
        assert_eq!(kinds, [0x03, 0x04, 0x42, 0x48]);
        assert_eq!(unit.entries[1].device, RequesterId(0xfffe));
        assert_eq!(unit.entries[2].source, Some(RequesterId(0x0200)));
        assert_eq!(unit.entries[3].special, Some((0x21, 1)));
        assert_eq!(unit.entries[3].source, Some(RequesterId(0x00a0)));
    }

    #[test]
    fn memory_blocks_name_their_devices() {
        let Decoded {
            value: ivrs,
            faults,
        } = Ivrs::decode(&table(&IVMD)).unwrap();
        assert_eq!(faults, []);
        let (memory, _) = ivrs.reserved().next().unwrap();
        assert_eq!(
            memory.devices,
            IvmdDevices::Range(RequesterId(0x0400), RequesterId(0x0407))
        );
        assert_eq!(
            (memory.start, memory.length, memory.flags),
            (0x7e00_0000, 0x10_0000, 8)
        );
    }

    #[test]
    fn an_unknown_block_is_kept_and_the_next_one_read() {
        let unknown = [0x51, 0x00, 0x06, 0x00, 0xaa, 0xbb];
        let Decoded {
            value: ivrs,
            faults,
        } = Ivrs::decode(&table(&[&unknown[..], &IVHD].concat())).unwrap();
        assert_eq!(faults, []);
        assert!(matches!(
            ivrs.blocks[0].body,
            Body::Unknown { kind: 0x51, .. }
        ));
        assert_eq!(ivrs.units().count(), 1);
    }

    #[test]
    fn an_entry_type_without_a_length_ends_the_unit_with_a_fault() {
        for kind in (0x80..=0xef).chain(0xf1..=0xff) {
            let mut ivhd = IVHD;
            ivhd[32] = kind;
            let Decoded {
                value: ivrs,
                faults,
            } = Ivrs::decode(&table(&ivhd)).unwrap();
            assert_eq!(ivrs.units().next().unwrap().0.entries.len(), 2, "{kind:#x}");
            assert_eq!(faults[0].span.offset, 48 + 32, "{kind:#x}");
        }
    }

    #[test]
    fn every_cut_of_a_table_decodes_as_far_as_it_goes() {
        let bytes = table(&[&IVHD[..], &IVMD].concat());
        for length in 0..bytes.len() {
            let decoded = Ivrs::decode(&bytes[..length]);
            assert_eq!(decoded.is_none(), length < 40, "{length}");
            assert!(
                decoded.is_none_or(|decoded| !decoded.faults.is_empty()),
                "{length}"
            );
        }
    }
}
