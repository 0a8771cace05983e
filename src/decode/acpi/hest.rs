//! Hardware Error Source Table (ACPI 6.5, 18.3.2): whether the firmware handles errors of PCI
//! Express devices first.

mod layout;

use super::envelope::{Envelope, envelopes};
use super::layout::Part;
use super::read::{u8_at, u16_at, u32_at};
use super::{SdtHeader, split_table};
use crate::addr::{Bdf, Sbdf, Segment};
use crate::bytes::{Decoded, Fault, FaultKind, Span};

/// A HEST table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hest {
    /// The common header.
    pub header: SdtHeader,
    /// Number of error sources, as the table says.
    pub count: u32,
    /// The error sources in the order of the table.
    pub sources: Vec<ErrorSource>,
}

/// An error source and where it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ErrorSource {
    /// Its type as read.
    pub kind: u16,
    /// Its id.
    pub id: u16,
    /// What it says of PCI Express error reporting; `None` for other types.
    pub aer: Option<AerSource>,
    /// Where it stands in the table.
    pub span: Span,
}

/// PCI Express error reporting: types 6 (root port), 7 (endpoint) and 8 (bridge).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AerSource {
    /// Flags as read.
    pub flags: u8,
    /// The source counts.
    pub enabled: bool,
    /// The function; `None` where the source speaks of all of its kind.
    pub function: Option<Sbdf>,
}

impl AerSource {
    /// The firmware handles the errors first.
    pub const FIRMWARE_FIRST: u8 = 1;
    /// The source speaks of every device of its kind.
    pub const GLOBAL: u8 = 2;
}

impl Hest {
    /// Bytes of the header, the common part included.
    const SIZE: usize = 40;

    /// Decodes a table. `None` where not even its header is there. A source of a type without
    /// a known length ends the walk: nothing behind it can be located.
    pub fn decode(bytes: &[u8]) -> Option<Decoded<Self>> {
        let mut faults = Vec::new();
        let (header, table) = split_table(bytes, &mut faults)?;
        let count = u32_at(table, 36)?;
        let body = table.get(Self::SIZE..).unwrap_or_default();
        let sources: Vec<_> = envelopes(body, 40, 20, WITHIN, ErrorSource::length, &mut faults)
            .iter()
            .filter_map(ErrorSource::decode)
            .collect();
        let found = u32::try_from(sources.len()).unwrap_or(u32::MAX);
        if found != count {
            let kind = FaultKind::Count {
                stated: count,
                found,
            };
            faults.push(Fault {
                kind,
                span: Span { offset: 36, len: 4 },
                within: "error source count",
            });
        }
        let value = Self {
            header,
            count,
            sources,
        };
        Some(Decoded { value, faults })
    }

    pub(super) fn parts(&self) -> Vec<Part> {
        let sources = self.sources.iter().map(layout::source);
        std::iter::once(layout::header()).chain(sources).collect()
    }
}

const WITHIN: &str = "error source";

impl ErrorSource {
    /// Length of the source at the start of the slice, by its type; machine checks say how many
    /// banks they have.
    fn length(bytes: &[u8]) -> Option<usize> {
        let banks = |at| Some(28 * usize::from(u8_at(bytes, at)?));
        Some(match u16_at(bytes, 0)? {
            0 => 40 + banks(32)?,
            1 | 11 => 48 + banks(44)?,
            2 => 20,
            6 => 48,
            7 => 44,
            8 => 56,
            9 => 64,
            10 => 92,
            _ => return None,
        })
    }

    fn decode(envelope: &Envelope<'_>) -> Option<Self> {
        let bytes = envelope.bytes;
        let kind = u16_at(bytes, 0)?;
        let aer = (6..=8).contains(&kind).then(|| AerSource::decode(bytes));
        Some(Self {
            kind,
            id: u16_at(bytes, 2)?,
            aer: aer.flatten(),
            span: envelope.span(),
        })
    }
}

impl AerSource {
    fn decode(bytes: &[u8]) -> Option<Self> {
        let flags = u8_at(bytes, 6)?;
        let bus = u32_at(bytes, 16)?;
        let device = u8::try_from(u16_at(bytes, 20)?).ok()?;
        let function = u8::try_from(u16_at(bytes, 22)?).ok()?;
        let [number, low, high, _] = bus.to_le_bytes();
        let segment = Segment(u16::from_le_bytes([low, high]).into());
        let at = Bdf::new(number, device, function).map(|bdf| Sbdf::new(segment, bdf));
        Some(Self {
            flags,
            enabled: u8_at(bytes, 7)? != 0,
            function: at.filter(|_| flags & Self::GLOBAL == 0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::acpi::testing::table;

    fn root_port(flags: u8) -> Vec<u8> {
        let mut source = vec![
            0x06, 0x00, 0xe0, 0x00, // type 6, id e0h
            0x00, 0x00, flags, 0x01, // enabled
            0x01, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, // records and sections
            0x40, 0x01, 0x00, 0x00, // bus 40h of segment 1
            0x1c, 0x00, 0x03, 0x00, // device 1ch, function 3
        ];
        source.resize(48, 0);
        source
    }

    fn decode(count: u8, sources: &[Vec<u8>]) -> Decoded<Hest> {
        let body = [&[count, 0, 0, 0][..], &sources.concat()].concat();
        Hest::decode(&table(b"HEST", 1, &body)).unwrap()
    }

    #[test]
    fn a_root_port_names_its_function_unless_it_stands_for_all() {
        let Decoded { value, faults } = decode(2, &[root_port(1), root_port(3)]);
        assert_eq!(faults, []);
        let aer: Vec<_> = value.sources.iter().filter_map(|one| one.aer).collect();
        assert_eq!(aer[0].function, Some("0001:40:1c.3".parse().unwrap()));
        assert_eq!(aer[0].flags, AerSource::FIRMWARE_FIRST);
        assert_eq!(aer[1].function, None);
        assert_eq!(value.sources[1].span.offset, 40 + 48);
    }

    #[test]
    fn machine_checks_are_as_long_as_their_banks() {
        let mut check = vec![0; 40 + 2 * 28];
        check[32] = 2;
        let Decoded { value, faults } = decode(2, &[check, root_port(3)]);
        assert_eq!(faults, []);
        assert_eq!(value.sources[1].span.offset, 40 + 96);
    }

    #[test]
    fn a_type_without_a_length_ends_the_walk() {
        let mut unknown = vec![0; 64];
        unknown[0] = 0x77;
        let Decoded { value, faults } = decode(3, &[root_port(3), unknown, root_port(3)]);
        assert_eq!(value.sources.len(), 1);
        assert_eq!(faults[0].span.offset, 40 + 48);
        assert_eq!(
            faults[1].kind,
            FaultKind::Count {
                stated: 3,
                found: 1
            }
        );
    }
}
