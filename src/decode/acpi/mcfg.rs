//! Memory mapped configuration space (PCI Firmware 3.3, 4.1.2): where each bus's configuration
//! space lies, and so whether extended capabilities can be seen at all.

use super::envelope::{Envelope, envelopes};
use super::layout::{Entry, Part};
use super::read::{u8_at, u16_at, u64_at};
use super::sdt::header_part;
use super::{SdtHeader, split_table};
use crate::addr::Segment;
use crate::bytes::{Decoded, Span};
use crate::range::AddrRange;
use crate::spec::{Document, SpecRef};

/// An MCFG table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mcfg {
    /// The common header.
    pub header: SdtHeader,
    /// The regions in the order of the table.
    pub allocations: Vec<Allocation>,
}

/// Configuration space of some buses of a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Allocation {
    /// Address of bus 0 of the segment, whatever the first bus of the region is.
    pub base: u64,
    /// PCI segment.
    pub segment: Segment,
    /// First bus.
    pub start_bus: u8,
    /// Last bus.
    pub end_bus: u8,
    /// Where it stands in the table.
    pub span: Span,
}

impl Mcfg {
    /// Bytes of the header, the common part included.
    const SIZE: usize = 44;

    /// Decodes a table. `None` where not even its header is there.
    pub fn decode(bytes: &[u8]) -> Option<Decoded<Self>> {
        let mut faults = Vec::new();
        let (header, table) = split_table(bytes, &mut faults)?;
        let body = table.get(Self::SIZE..).unwrap_or_default();
        let allocations = envelopes(body, 44, 16, WITHIN, |_| Some(16), &mut faults)
            .iter()
            .filter_map(Allocation::decode)
            .collect();
        let value = Self {
            header,
            allocations,
        };
        Some(Decoded { value, faults })
    }

    /// The first region that holds a bus.
    pub fn find(&self, segment: Segment, bus: u8) -> Option<&Allocation> {
        self.allocations.iter().find(|allocation| {
            allocation.segment == segment
                && (allocation.start_bus..=allocation.end_bus).contains(&bus)
        })
    }

    pub(super) fn parts(&self) -> Vec<Part> {
        let allocations = self
            .allocations
            .iter()
            .map(|allocation| Part::new("Allocation", allocation.span, SPEC, &ALLOCATION[..]));
        let header = header_part(
            "MCFG header",
            44,
            SPEC,
            &[Entry::bytes("Reserved", 0x24, 8)],
        );
        std::iter::once(header).chain(allocations).collect()
    }
}

impl Allocation {
    /// The addresses of its buses, 1 MiB each; `None` where it runs backwards or past 64 bits.
    pub fn range(&self) -> Option<AddrRange> {
        let bus = |bus: u8| self.base.checked_add(u64::from(bus) << 20);
        AddrRange::new(
            bus(self.start_bus)?,
            bus(self.end_bus)?.checked_add(0xf_ffff)?,
        )
    }

    fn decode(envelope: &Envelope<'_>) -> Option<Self> {
        let bytes = envelope.bytes;
        Some(Self {
            base: u64_at(bytes, 0)?,
            segment: Segment(u16_at(bytes, 8)?.into()),
            start_bus: u8_at(bytes, 10)?,
            end_bus: u8_at(bytes, 11)?,
            span: envelope.span(),
        })
    }
}

const WITHIN: &str = "MCFG allocation";
const SPEC: SpecRef = Document::PciFirmware33.at("4.1.2 MCFG Table Description");
const ALLOCATION: [Entry; 5] = [
    Entry::hex("Base Address", 0x00, 8),
    Entry::hex("PCI Segment Group Number", 0x08, 2),
    Entry::hex("Start Bus Number", 0x0a, 1),
    Entry::hex("End Bus Number", 0x0b, 1),
    Entry::bytes("Reserved", 0x0c, 4),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::FaultKind;
    use crate::decode::acpi::testing::table;

    const ONE: [u8; 16] = [
        0x00, 0x00, 0x00, 0xe0, 0x01, 0x00, 0x00, 0x00, // bus 0 would be at 1e0000000h
        0x02, 0x00, // segment 2
        0x40, 0x7f, // buses 40h to 7fh
        0x00, 0x00, 0x00, 0x00, // reserved
    ];

    #[test]
    fn a_region_has_its_segment_and_buses() {
        let bytes = table(b"MCFG", 1, &[&[0; 8][..], &ONE].concat());
        let Decoded { value, faults } = Mcfg::decode(&bytes).unwrap();
        assert_eq!(faults, []);
        let [one] = value.allocations[..] else {
            panic!("one region")
        };
        assert_eq!((one.base, one.segment), (0x1_e000_0000, Segment(2)));
        assert_eq!(
            (one.start_bus, one.end_bus, one.span.offset),
            (0x40, 0x7f, 44)
        );
        assert_eq!(one.range(), AddrRange::new(0x1_e400_0000, 0x1_e7ff_ffff));
        assert_eq!(value.find(Segment(2), 0x7f), Some(&one));
        assert_eq!(value.find(Segment(2), 0x80), None);
        assert_eq!(value.find(Segment(0), 0x40), None);
    }

    #[test]
    fn half_a_region_at_the_end_is_a_fault() {
        let bytes = table(b"MCFG", 1, &[&[0; 8][..], &ONE, &ONE[..8]].concat());
        let Decoded { value, faults } = Mcfg::decode(&bytes).unwrap();
        assert_eq!(value.allocations.len(), 1);
        assert_eq!(faults[0].span, Span { offset: 60, len: 8 });
        assert!(matches!(faults[0].kind, FaultKind::Length { room: 8, .. }));
    }
}
