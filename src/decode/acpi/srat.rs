//! System Resource Affinity Table (ACPI 6.5, 5.2.16): which proximity domain processors,
//! memory and, where the table says it, PCI devices belong to.

mod layout;

use super::envelope::{Envelope, envelopes, too_short};
use super::layout::Part;
use super::read::{array, u8_at, u16_at, u32_at, u64_at};
use super::{SdtHeader, split_table};
use crate::addr::{Bdf, Segment};
use crate::bytes::{Decoded, Fault, Span};

/// An SRAT table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Srat {
    /// The common header.
    pub header: SdtHeader,
    /// The affinity structures in the order of the table.
    pub structures: Vec<Affinity>,
}

/// An affinity structure and where it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Affinity {
    /// Its type as read.
    pub kind: u8,
    /// What it says.
    pub body: AffinityBody,
    /// Where it stands in the table.
    pub span: Span,
}

/// What an affinity structure says, as far as anything here depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AffinityBody {
    /// Types 0 and 2: a processor.
    Processor {
        /// APIC id.
        apic_id: u32,
        /// Proximity domain.
        domain: u32,
        /// The structure counts.
        enabled: bool,
    },
    /// Type 1: a range of memory.
    Memory {
        /// Proximity domain.
        domain: u32,
        /// First address.
        base: u64,
        /// Length in bytes.
        length: u64,
        /// Bit 0 enabled, 1 hot-pluggable, 2 non-volatile.
        flags: u32,
    },
    /// Types 5 and 6: a generic initiator or port.
    Device {
        /// Proximity domain.
        domain: u32,
        /// Which device.
        handle: DeviceHandle,
        /// Bit 0 enabled, 1 architectural transactions.
        flags: u32,
    },
    /// Another structure; its bytes are at its place.
    Other,
}

/// Which device a structure names (ACPI 6.5, tables 5.66 and 5.67).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeviceHandle {
    /// A device of the ACPI namespace.
    Acpi {
        /// Hardware id.
        hid: [u8; 8],
        /// Unique id.
        uid: u32,
    },
    /// A PCI function.
    Pci {
        /// PCI segment.
        segment: Segment,
        /// Its address.
        function: Bdf,
    },
    /// A handle type without a meaning.
    Unknown(u8),
}

impl Srat {
    /// Bytes of the header, the common part included.
    const SIZE: usize = 48;

    /// Decodes a table. `None` where not even its header is there.
    pub fn decode(bytes: &[u8]) -> Option<Decoded<Self>> {
        let mut faults = Vec::new();
        let (header, table) = split_table(bytes, &mut faults)?;
        let body = table.get(Self::SIZE..).unwrap_or_default();
        let length = |bytes: &[u8]| bytes.get(1).map(|&length| usize::from(length));
        let structures = envelopes(body, 48, 2, WITHIN, length, &mut faults)
            .iter()
            .map(|envelope| Affinity::decode(envelope, &mut faults))
            .collect();
        let value = Self { header, structures };
        Some(Decoded { value, faults })
    }

    pub(super) fn parts(&self) -> Vec<Part> {
        let structures = self.structures.iter().map(layout::affinity);
        std::iter::once(layout::header())
            .chain(structures)
            .collect()
    }
}

const WITHIN: &str = "affinity structure";

impl Affinity {
    fn decode(envelope: &Envelope<'_>, faults: &mut Vec<Fault>) -> Self {
        let bytes = envelope.bytes;
        let kind = u8_at(bytes, 0).unwrap_or(0);
        let span = envelope.span();
        let least = layout::least(kind);
        if span.len < u32::from(least) {
            faults.push(too_short(span, least.into(), WITHIN));
        }
        let body = AffinityBody::decode(kind, bytes).unwrap_or(AffinityBody::Other);
        Self { kind, body, span }
    }
}

impl AffinityBody {
    fn decode(kind: u8, bytes: &[u8]) -> Option<Self> {
        Some(match kind {
            0 => {
                let high: [u8; 3] = array(bytes, 9)?;
                Self::Processor {
                    apic_id: u8_at(bytes, 3)?.into(),
                    domain: u32::from_le_bytes([u8_at(bytes, 2)?, high[0], high[1], high[2]]),
                    enabled: u32_at(bytes, 4)? & 1 != 0,
                }
            }
            1 => Self::Memory {
                domain: u32_at(bytes, 2)?,
                base: u64_at(bytes, 8)?,
                length: u64_at(bytes, 16)?,
                flags: u32_at(bytes, 28)?,
            },
            2 => Self::Processor {
                domain: u32_at(bytes, 4)?,
                apic_id: u32_at(bytes, 8)?,
                enabled: u32_at(bytes, 12)? & 1 != 0,
            },
            5 | 6 => Self::Device {
                domain: u32_at(bytes, 4)?,
                handle: DeviceHandle::decode(u8_at(bytes, 3)?, bytes)?,
                flags: u32_at(bytes, 24)?,
            },
            _ => return None,
        })
    }
}

impl DeviceHandle {
    /// The handle's 16 bytes start at 8.
    fn decode(kind: u8, bytes: &[u8]) -> Option<Self> {
        Some(match kind {
            0 => Self::Acpi {
                hid: array(bytes, 8)?,
                uid: u32_at(bytes, 16)?,
            },
            1 => {
                // Bus first, then device and function: unlike a requester id.
                let [bus, devfn] = array(bytes, 10)?;
                Self::Pci {
                    segment: Segment(u16_at(bytes, 8)?.into()),
                    function: Bdf::from_devfn(bus, devfn),
                }
            }
            kind => Self::Unknown(kind),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::acpi::testing::table;

    const HEADER: [u8; 12] = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const INITIATOR: [u8; 32] = [
        0x05, 0x20, 0x00, 0x01, // type 5, 32 bytes, PCI handle
        0x03, 0x00, 0x00, 0x00, // domain 3
        0x01, 0x00, 0x17, 0x0a, // segment 1, bus 17h, device 1, function 2
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // reserved
        0x01, 0x00, 0x00, 0x00, // enabled
        0x00, 0x00, 0x00, 0x00, // reserved
    ];

    fn bodies(structures: &[u8]) -> Vec<AffinityBody> {
        let bytes = table(b"SRAT", 3, &[&HEADER[..], structures].concat());
        let Decoded { value, faults } = Srat::decode(&bytes).unwrap();
        assert_eq!(faults, []);
        value.structures.iter().map(|one| one.body).collect()
    }

    #[test]
    fn a_generic_initiator_names_a_pci_function() {
        let device = AffinityBody::Device {
            domain: 3,
            handle: DeviceHandle::Pci {
                segment: Segment(1),
                function: Bdf::new(0x17, 1, 2).unwrap(),
            },
            flags: 1,
        };
        assert_eq!(bodies(&INITIATOR), [device]);
        let mut acpi = INITIATOR;
        acpi[3] = 0;
        acpi[8..20].copy_from_slice(b"ACPI0016\x40\0\0\0");
        let AffinityBody::Device { handle, .. } = bodies(&acpi)[0] else {
            panic!("a device")
        };
        assert_eq!(
            handle,
            DeviceHandle::Acpi {
                hid: *b"ACPI0016",
                uid: 0x40
            }
        );
        acpi[3] = 9;
        let AffinityBody::Device { handle, .. } = bodies(&acpi)[0] else {
            panic!("a device")
        };
        assert_eq!(handle, DeviceHandle::Unknown(9));
    }

    #[test]
    fn the_domain_of_a_local_apic_is_spread_over_two_fields() {
        let processor = [
            0x00, 0x10, 0x02, 0x21, // type 0, 16 bytes, domain low byte, APIC id 21h
            0x01, 0x00, 0x00, 0x00, // enabled
            0x00, 0x01, 0x00, 0x00, // SAPIC EID, domain high bytes
            0x00, 0x00, 0x00, 0x00, // clock domain
        ];
        let expected = AffinityBody::Processor {
            apic_id: 0x21,
            domain: 0x102,
            enabled: true,
        };
        assert_eq!(bodies(&processor), [expected]);
    }

    #[test]
    fn memory_has_its_range() {
        let mut memory = vec![1, 40, 2, 0, 0, 0, 0, 0];
        memory.extend(0x1_0000_0000_u64.to_le_bytes());
        memory.extend(0x8000_0000_u64.to_le_bytes());
        memory.extend([0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let expected = AffinityBody::Memory {
            domain: 2,
            base: 0x1_0000_0000,
            length: 0x8000_0000,
            flags: 3,
        };
        assert_eq!(bodies(&memory), [expected]);
    }

    #[test]
    fn a_short_structure_is_a_fault() {
        let bytes = table(
            b"SRAT",
            3,
            &[&HEADER[..], &[5, 4, 0, 1], &INITIATOR].concat(),
        );
        let Decoded { value, faults } = Srat::decode(&bytes).unwrap();
        assert_eq!(value.structures.len(), 2);
        assert_eq!(faults, [too_short(Span { offset: 48, len: 4 }, 32, WITHIN)]);
    }
}
