//! Multiple APIC Description Table (ACPI 6.5, 5.2.12): the interrupt controllers. Interrupt
//! remapping needs every I/O APIC in it to have an entry in DMAR or IVRS.

mod known;
mod layout;

use super::envelope::{Envelope, envelopes, too_short};
use super::layout::Part;
use super::read::{u8_at, u16_at, u32_at, u64_at};
use super::{SdtHeader, split_table};
use crate::bytes::{Decoded, Fault, Span};

/// A MADT (signature `APIC`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Madt {
    /// The common header.
    pub header: SdtHeader,
    /// Physical address of each processor's local APIC.
    pub local_apic_address: u32,
    /// Flags as read: bit 0 a dual 8259 pair exists, too.
    pub flags: u32,
    /// The interrupt controller structures in the order of the table.
    pub entries: Vec<Controller>,
}

/// An interrupt controller structure and where it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Controller {
    /// Its type as read.
    pub kind: u8,
    /// What it says.
    pub body: ControllerBody,
    /// Where it stands in the table.
    pub span: Span,
}

/// What an interrupt controller structure says, as far as anything here depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ControllerBody {
    /// A processor: types 0 (local APIC) and 9 (local x2APIC).
    Processor {
        /// ACPI processor id.
        uid: u32,
        /// APIC id.
        apic_id: u32,
        /// Bit 0 enabled, bit 1 may be enabled at run time.
        flags: u32,
    },
    /// An I/O APIC: type 1.
    IoApic(IoApic),
    /// An interrupt of the ISA bus that is connected differently: type 2.
    SourceOverride {
        /// 0: ISA.
        bus: u8,
        /// Interrupt of that bus.
        source: u8,
        /// Where it arrives.
        gsi: u32,
        /// Polarity and trigger mode.
        flags: u16,
    },
    /// Address of the local APIC as 64 bits: type 5.
    LocalApicAddress(u64),
    /// A GIC interrupt translation service: type 0fh.
    GicIts {
        /// Its number; IORT refers to it.
        id: u32,
        /// Register base.
        base: u64,
    },
    /// Another structure; its bytes are at its place.
    Other,
}

/// An I/O APIC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct IoApic {
    /// Its id, to which DMAR and IVRS refer.
    pub id: u8,
    /// Register base.
    pub address: u32,
    /// Number of its first interrupt.
    pub gsi_base: u32,
}

impl Madt {
    /// Bytes of the header, the common part included.
    const SIZE: usize = 44;

    /// Decodes a table. `None` where not even its header is there.
    pub fn decode(bytes: &[u8]) -> Option<Decoded<Self>> {
        let mut faults = Vec::new();
        let (header, table) = split_table(bytes, &mut faults)?;
        let local_apic_address = u32_at(table, 36)?;
        let flags = u32_at(table, 40)?;
        let body = table.get(Self::SIZE..).unwrap_or_default();
        let length = |bytes: &[u8]| bytes.get(1).map(|&length| usize::from(length));
        let entries = envelopes(body, 44, 2, WITHIN, length, &mut faults)
            .iter()
            .map(|envelope| Controller::decode(envelope, &mut faults))
            .collect();
        let value = Self {
            header,
            local_apic_address,
            flags,
            entries,
        };
        Some(Decoded { value, faults })
    }

    /// Its I/O APICs, in the order of the table.
    pub fn io_apics(&self) -> impl Iterator<Item = (IoApic, Span)> + '_ {
        self.entries.iter().filter_map(|entry| match entry.body {
            ControllerBody::IoApic(apic) => Some((apic, entry.span)),
            _ => None,
        })
    }

    pub(super) fn parts(&self) -> Vec<Part> {
        let entries = self.entries.iter().map(layout::controller);
        std::iter::once(layout::header()).chain(entries).collect()
    }
}

const WITHIN: &str = "interrupt controller structure";

impl Controller {
    fn decode(envelope: &Envelope<'_>, faults: &mut Vec<Fault>) -> Self {
        let bytes = envelope.bytes;
        let kind = u8_at(bytes, 0).unwrap_or(0);
        let span = envelope.span();
        let least = layout::least(kind);
        if span.len < u32::from(least) {
            faults.push(too_short(span, least.into(), WITHIN));
        }
        let body = ControllerBody::decode(kind, bytes).unwrap_or(ControllerBody::Other);
        Self { kind, body, span }
    }
}

impl ControllerBody {
    /// `None` where the structure is too short for its type, and for types without a meaning
    /// here.
    fn decode(kind: u8, bytes: &[u8]) -> Option<Self> {
        Some(match kind {
            0x00 => Self::Processor {
                uid: u8_at(bytes, 2)?.into(),
                apic_id: u8_at(bytes, 3)?.into(),
                flags: u32_at(bytes, 4)?,
            },
            0x01 => Self::IoApic(IoApic {
                id: u8_at(bytes, 2)?,
                address: u32_at(bytes, 4)?,
                gsi_base: u32_at(bytes, 8)?,
            }),
            0x02 => Self::SourceOverride {
                bus: u8_at(bytes, 2)?,
                source: u8_at(bytes, 3)?,
                gsi: u32_at(bytes, 4)?,
                flags: u16_at(bytes, 8)?,
            },
            0x05 => Self::LocalApicAddress(u64_at(bytes, 4)?),
            0x09 => Self::Processor {
                apic_id: u32_at(bytes, 4)?,
                flags: u32_at(bytes, 8)?,
                uid: u32_at(bytes, 12)?,
            },
            0x0f => Self::GicIts {
                id: u32_at(bytes, 4)?,
                base: u64_at(bytes, 8)?,
            },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::acpi::testing::table;

    const HEADER: [u8; 8] = [
        0x00, 0x00, 0xe0, 0xfe, // local APICs at fee00000h
        0x01, 0x00, 0x00, 0x00, // with 8259 pair
    ];
    const IO_APIC: [u8; 12] = [
        0x01, 0x0c, 0x21, 0x00, // type 1, 12 bytes, id 21h
        0x00, 0x10, 0xc0, 0xfe, // registers at fec01000h
        0x18, 0x00, 0x00, 0x00, // interrupts from 24
    ];

    #[test]
    fn io_apics_processors_and_overrides_are_read() {
        let body = [
            &HEADER[..],
            &[0x00, 0x08, 0x01, 0x20, 0x01, 0x00, 0x00, 0x00], // processor 1, APIC id 20h
            &IO_APIC,
            &[0x02, 0x0a, 0x00, 0x09, 0x09, 0x00, 0x00, 0x00, 0x0f, 0x00], // IRQ 9, low level
            // x2APIC id 102h, enabled, processor 7
            &[9, 16, 0, 0, 2, 1, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0],
        ]
        .concat();
        let Decoded { value, faults } = Madt::decode(&table(b"APIC", 5, &body)).unwrap();
        assert_eq!(faults, []);
        assert_eq!((value.local_apic_address, value.flags), (0xfee0_0000, 1));
        let (apic, span) = value.io_apics().next().unwrap();
        assert_eq!(
            (apic.id, apic.address, apic.gsi_base),
            (0x21, 0xfec0_1000, 24)
        );
        assert_eq!(
            span,
            Span {
                offset: 52,
                len: 12
            }
        );
        let bodies: Vec<_> = value.entries.iter().map(|entry| entry.body).collect();
        assert_eq!(
            bodies[0],
            ControllerBody::Processor {
                uid: 1,
                apic_id: 0x20,
                flags: 1
            }
        );
        assert_eq!(
            bodies[2],
            ControllerBody::SourceOverride {
                bus: 0,
                source: 9,
                gsi: 9,
                flags: 0xf
            }
        );
        assert_eq!(
            bodies[3],
            ControllerBody::Processor {
                uid: 7,
                apic_id: 0x102,
                flags: 1
            }
        );
    }

    #[test]
    fn an_interrupt_translation_service_has_its_number_and_base() {
        let its = [
            0x0f, 0x14, 0, 0, 3, 0, 0, 0, 0, 0, 0x01, 0x08, 0, 0, 0, 0, 0, 0, 0, 0,
        ];
        let decoded = Madt::decode(&table(b"APIC", 5, &[&HEADER[..], &its].concat())).unwrap();
        let body = decoded.value.entries[0].body;
        assert_eq!(
            body,
            ControllerBody::GicIts {
                id: 3,
                base: 0x0801_0000
            }
        );
    }

    #[test]
    fn a_short_structure_is_a_fault_and_the_next_one_read() {
        let body = [&HEADER[..], &[0x01, 0x04, 0x21, 0x00], &IO_APIC].concat();
        let Decoded { value, faults } = Madt::decode(&table(b"APIC", 5, &body)).unwrap();
        assert_eq!(value.io_apics().count(), 1);
        assert_eq!(faults, [too_short(Span { offset: 44, len: 4 }, 12, WITHIN)]);
    }

    #[test]
    fn a_length_below_two_ends_the_walk() {
        for length in [0, 1] {
            let body = [&HEADER[..], &IO_APIC, &[0x7f, length], &IO_APIC].concat();
            let Decoded { value, faults } = Madt::decode(&table(b"APIC", 5, &body)).unwrap();
            assert_eq!(value.entries.len(), 1);
            assert_eq!(faults[0].span.offset, 56);
        }
    }
}
