//! DMA Remapping table (Intel VT-d architecture specification, chapter 8).

use nom::Parser;
use nom::bytes::complete::take;
use nom::number::complete::{le_u8, le_u16, le_u32, le_u64};

use super::device_scope::{DeviceScope, device_scopes};
use super::envelope::{Envelope, envelopes};
use super::{SdtHeader, split_table};
use crate::addr::Segment;
use crate::bytes::{Decoded, Fault, FaultKind, Span};

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
    Rhsa {
        /// Register base of the unit.
        base: u64,
        /// Proximity domain.
        proximity_domain: u32,
    },
    /// ACPI name-space device declaration (8.7).
    Andd {
        /// The number that scope entries refer to.
        device_number: u8,
        /// Object name.
        name: String,
    },
    /// SoC integrated address translation cache (8.8).
    Satc(Atsr),
    /// SoC integrated device properties (8.9).
    Sidp {
        /// PCI segment.
        segment: Segment,
        /// Devices, with flags.
        scopes: Vec<DeviceScope>,
    },
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
    /// Binary logarithm of the number of 4 KiB register pages.
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
    /// PCI segment.
    pub segment: Segment,
    /// Root ports (ATSR) or endpoints (SATC).
    pub scopes: Vec<DeviceScope>,
}

impl Dmar {
    /// Interrupt remapping is supported.
    pub const INTERRUPT_REMAPPING: u8 = 1;
    /// Bytes of the header, the common part included.
    const SIZE: usize = 48;

    /// Decodes a table. `None` where not even its header is there.
    pub fn decode(bytes: &[u8]) -> Option<Decoded<Self>> {
        let mut faults = Vec::new();
        let (header, table) = split_table(bytes, &mut faults)?;
        let (&width, &flags) = (table.get(36)?, table.get(37)?);
        let body = table.get(Self::SIZE..).unwrap_or_default();
        let base = u32::try_from(Self::SIZE).unwrap_or(u32::MAX);
        let length = |bytes: &[u8]| {
            let field = bytes.get(2..4)?;
            Some(usize::from(u16::from_le_bytes(field.try_into().ok()?)))
        };
        let structures = envelopes(body, base, 4, "remapping structure", length, &mut faults)
            .into_iter()
            .map(|envelope| Remapping::decode(envelope, &mut faults))
            .collect();
        let value = Self {
            header,
            host_address_width: u16::from(width) + 1,
            flags,
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
}

impl Remapping {
    fn decode(envelope: Envelope<'_>, faults: &mut Vec<Fault>) -> Self {
        let len = u32::try_from(envelope.bytes.len()).unwrap_or(u32::MAX);
        let span = Span {
            offset: envelope.offset,
            len,
        };
        let kind = envelope
            .bytes
            .first_chunk()
            .map_or(0, |bytes| u16::from_le_bytes(*bytes));
        let payload = envelope.bytes.get(4..).unwrap_or_default();
        let body = Body::decode(kind, payload, span, faults).unwrap_or_else(|| {
            let least = Body::least(kind);
            let kind_of_fault = FaultKind::Length {
                length: len,
                least,
                room: len,
            };
            faults.push(Fault {
                kind: kind_of_fault,
                span,
                within: "remapping structure",
            });
            Body::Unknown {
                kind,
                bytes: payload.to_vec(),
            }
        });
        Self { body, span }
    }
}

impl Body {
    /// Bytes that a structure of this type needs.
    const fn least(kind: u16) -> u32 {
        match kind {
            0 => 16,
            1 => 24,
            3 => 20,
            2 | 4 | 5 | 6 => 8,
            _ => 4,
        }
    }

    /// `None` where the payload is too short for the type's fixed part.
    fn decode(kind: u16, payload: &[u8], span: Span, faults: &mut Vec<Fault>) -> Option<Self> {
        // Errors say only "too short", which the caller turns into a fault with its span.
        type Short<'a> = nom::error::Error<&'a [u8]>;
        let mut scopes = |rest: &[u8]| {
            let fixed = u32::try_from(payload.len() - rest.len()).unwrap_or(u32::MAX);
            device_scopes(rest, span.offset + 4 + fixed, faults)
        };
        Some(match kind {
            0 => {
                let mut fixed = (le_u8::<_, Short<'_>>, le_u8, le_u16, le_u64);
                let (rest, (flags, size, segment, base)) = fixed.parse(payload).ok()?;
                Self::Drhd(Drhd {
                    include_all: flags & 1 != 0,
                    size: size & 0xf,
                    segment: Segment(segment.into()),
                    base,
                    scopes: scopes(rest),
                })
            }
            1 => {
                let mut fixed = (le_u16::<_, Short<'_>>, le_u16, le_u64, le_u64);
                let (rest, (_, segment, base, limit)) = fixed.parse(payload).ok()?;
                let segment = Segment(segment.into());
                Self::Rmrr(Rmrr {
                    segment,
                    base,
                    limit,
                    scopes: scopes(rest),
                })
            }
            2 | 5 => {
                let mut fixed = (le_u8::<_, Short<'_>>, le_u8, le_u16);
                let (rest, (flags, _, segment)) = fixed.parse(payload).ok()?;
                let list = Atsr {
                    flag: flags & 1 != 0,
                    segment: Segment(segment.into()),
                    scopes: scopes(rest),
                };
                if kind == 2 {
                    Self::Atsr(list)
                } else {
                    Self::Satc(list)
                }
            }
            3 => {
                let mut fixed = (le_u32::<_, Short<'_>>, le_u64, le_u32);
                let (_, (_, base, proximity_domain)) = fixed.parse(payload).ok()?;
                Self::Rhsa {
                    base,
                    proximity_domain,
                }
            }
            4 => {
                let mut fixed = (take::<_, _, Short<'_>>(3_usize), le_u8);
                let (name, (_, device_number)) = fixed.parse(payload).ok()?;
                let end = name.iter().position(|&byte| byte == 0);
                if end.is_none() {
                    let kind = FaultKind::Unterminated;
                    faults.push(Fault {
                        kind,
                        span,
                        within: "ANDD object name",
                    });
                }
                let name = name.get(..end.unwrap_or(name.len())).unwrap_or_default();
                Self::Andd {
                    device_number,
                    name: String::from_utf8_lossy(name).into_owned(),
                }
            }
            6 => {
                let mut fixed = (le_u16::<_, Short<'_>>, le_u16);
                let (rest, (_, segment)) = fixed.parse(payload).ok()?;
                Self::Sidp {
                    segment: Segment(segment.into()),
                    scopes: scopes(rest),
                }
            }
            _ => Self::Unknown {
                kind,
                bytes: payload.to_vec(),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::acpi::device_scope::ScopeType;

    /// A table around structures, with the right length and checksum.
    fn table(structures: &[u8]) -> Vec<u8> {
        let mut bytes = b"DMAR\0\0\0\0\x01\0OEMID TABLEID \0\0\0\0INTL\0\0\0\0".to_vec();
        bytes.extend([46, 0x05]); // 47 bits; interrupt remapping, opt-in
        bytes.extend([0; 10]);
        bytes.extend_from_slice(structures);
        let length = u32::try_from(bytes.len()).unwrap();
        bytes[4..8].copy_from_slice(&length.to_le_bytes());
        let sum = bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        bytes[9] = bytes[9].wrapping_sub(sum);
        bytes
    }

    const DRHD: [u8; 24] = [
        0x00, 0x00, 0x18, 0x00, // type 0, 24 bytes
        0x00, 0x00, 0x01, 0x00, // not include-all, one page, segment 1
        0x00, 0x00, 0xd9, 0xfe, 0x00, 0x00, 0x00, 0x00, // registers at fed90000h
        0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, // endpoint 00:02.0
    ];
    const RMRR: [u8; 34] = [
        0x01, 0x00, 0x22, 0x00, // type 1, 34 bytes
        0x00, 0x00, 0x00, 0x00, // reserved, segment 0
        0x00, 0x00, 0x80, 0xdb, 0x00, 0x00, 0x00, 0x00, // base db800000h
        0xff, 0xff, 0xff, 0xdf, 0x00, 0x00, 0x00, 0x00, // limit dfffffffh
        0x02, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x1c, 0x00, 0x00, 0x01, // bridge 00:1c.0 > 00.1
    ];

    #[test]
    fn units_and_reserved_memory_carry_their_devices() {
        let bytes = table(&[&DRHD[..], &RMRR].concat());
        let Decoded {
            value: dmar,
            faults,
        } = Dmar::decode(&bytes).unwrap();
        assert_eq!(faults, []);
        assert_eq!((dmar.host_address_width, dmar.flags), (47, 5));
        let (unit, span) = dmar.units().next().unwrap();
        assert_eq!(
            (unit.include_all, unit.segment, unit.base),
            (false, Segment(1), 0xfed9_0000)
        );
        assert_eq!(
            (unit.scopes[0].kind, unit.scopes[0].start_bus),
            (ScopeType::PCI_ENDPOINT, 0)
        );
        assert_eq!(unit.scopes[0].path, [(2, 0)]);
        assert_eq!((span.offset, unit.scopes[0].span.offset), (48, 64));
        let (region, _) = dmar.reserved().next().unwrap();
        assert_eq!((region.base, region.limit), (0xdb80_0000, 0xdfff_ffff));
        assert_eq!(region.scopes[0].kind, ScopeType::PCI_SUB_HIERARCHY);
        assert_eq!(region.scopes[0].path, [(0x1c, 0), (0, 1)]);
    }

    #[test]
    fn an_unknown_structure_is_kept_and_the_next_one_read() {
        let unknown = [0x77, 0x00, 0x06, 0x00, 0xaa, 0xbb];
        let bytes = table(&[&unknown[..], &DRHD].concat());
        let Decoded {
            value: dmar,
            faults,
        } = Dmar::decode(&bytes).unwrap();
        assert_eq!(faults, []);
        assert_eq!(
            dmar.structures[0].body,
            Body::Unknown {
                kind: 0x77,
                bytes: vec![0xaa, 0xbb]
            }
        );
        assert_eq!(dmar.units().count(), 1);
    }

    #[test]
    fn a_length_of_zero_ends_the_walk_with_a_fault_where_it_stands() {
        let bytes = table(&[&DRHD[..], &[0, 0, 0, 0, 0, 0]].concat());
        let Decoded {
            value: dmar,
            faults,
        } = Dmar::decode(&bytes).unwrap();
        assert_eq!(dmar.units().count(), 1);
        assert_eq!(faults[0].span.offset, 48 + 24);
        assert!(matches!(
            faults[0].kind,
            FaultKind::Length {
                length: 0,
                least: 4,
                room: 6
            }
        ));
    }

    #[test]
    fn a_scope_of_length_zero_is_a_fault_and_no_loop() {
        let mut drhd = DRHD;
        drhd[17] = 0;
        let Decoded {
            value: dmar,
            faults,
        } = Dmar::decode(&table(&drhd)).unwrap();
        assert_eq!(dmar.units().next().unwrap().0.scopes, []);
        assert!(matches!(
            faults[0].kind,
            FaultKind::Length {
                length: 0,
                least: 8,
                ..
            }
        ));
    }

    #[test]
    fn every_cut_of_a_table_decodes_as_far_as_it_goes() {
        let bytes = table(&[&DRHD[..], &RMRR].concat());
        for length in 0..bytes.len() {
            let decoded = Dmar::decode(&bytes[..length]);
            assert_eq!(decoded.is_none(), length < 38, "{length}");
            if let Some(decoded) = decoded {
                assert!(!decoded.faults.is_empty(), "{length}");
            }
        }
    }

    #[test]
    fn a_wrong_checksum_is_a_fault_and_the_table_is_read_all_the_same() {
        let mut bytes = table(&DRHD);
        bytes[9] = bytes[9].wrapping_add(1);
        let Decoded {
            value: dmar,
            faults,
        } = Dmar::decode(&bytes).unwrap();
        assert_eq!(faults[0].kind, FaultKind::Checksum { sum: 1 });
        assert_eq!(dmar.units().count(), 1);
    }
}
