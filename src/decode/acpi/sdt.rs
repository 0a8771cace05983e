//! The header that all ACPI tables share (ACPI 6.5, 5.2.6).

use nom::Parser;
use nom::bytes::complete::take;
use nom::number::complete::{le_u8, le_u32};

use super::layout::{Entry, Part};
use crate::bytes::{Fault, FaultKind, Span};
use crate::spec::SpecRef;

/// The common table header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SdtHeader {
    /// Four characters that name the table.
    pub signature: [u8; 4],
    /// Length of the whole table in bytes, as it says.
    pub length: u32,
    /// Revision of the table's layout.
    pub revision: u8,
    /// OEM id.
    pub oem_id: [u8; 6],
    /// OEM table id.
    pub oem_table_id: [u8; 8],
    /// OEM revision.
    pub oem_revision: u32,
    /// Id of the tool that made the table.
    pub creator_id: [u8; 4],
    /// Revision of that tool.
    pub creator_revision: u32,
}

impl SdtHeader {
    /// Bytes of the header.
    pub const SIZE: usize = 36;

    /// The header as bytes, with length and checksum left at zero.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = self.signature.to_vec();
        bytes.extend([0, 0, 0, 0, self.revision, 0]);
        bytes.extend(self.oem_id);
        bytes.extend(self.oem_table_id);
        bytes.extend(self.oem_revision.to_le_bytes());
        bytes.extend(self.creator_id);
        bytes.extend(self.creator_revision.to_le_bytes());
        bytes
    }

    /// The signature as text; bytes that are no printable ASCII become `?`.
    pub fn name(&self) -> String {
        self.signature
            .iter()
            .map(|&byte| {
                if byte.is_ascii_graphic() {
                    char::from(byte)
                } else {
                    '?'
                }
            })
            .collect()
    }
}

/// Reads the header, checks length and checksum, and returns the bytes that belong to the
/// table. `None` where there are fewer than 36 bytes.
///
/// A table that claims more than was captured is cut to what there is.
pub fn split_table<'a>(bytes: &'a [u8], faults: &mut Vec<Fault>) -> Option<(SdtHeader, &'a [u8])> {
    let (_, header) = header(bytes).ok()?;
    let room = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let least = u32::try_from(SdtHeader::SIZE).unwrap_or(u32::MAX);
    let mut table = bytes;
    if header.length < least || header.length > room {
        faults.push(Fault {
            kind: FaultKind::Length {
                length: header.length,
                least,
                room,
            },
            span: Span { offset: 4, len: 4 },
            within: "table header",
        });
    } else {
        table = bytes.get(..header.length as usize).unwrap_or(bytes);
    }
    let sum = table.iter().fold(0_u8, |sum, &byte| sum.wrapping_add(byte));
    if sum != 0 {
        faults.push(Fault {
            kind: FaultKind::Checksum { sum },
            span: Span { offset: 9, len: 1 },
            within: "table header",
        });
    }
    Some((header, table))
}

fn header(bytes: &[u8]) -> nom::IResult<&[u8], SdtHeader> {
    let (rest, (signature, length, revision, _checksum)) =
        (take(4_usize), le_u32, le_u8, le_u8).parse(bytes)?;
    let (rest, (oem_id, oem_table_id, oem_revision)) =
        (take(6_usize), take(8_usize), le_u32).parse(rest)?;
    let (rest, (creator_id, creator_revision)) = (take(4_usize), le_u32).parse(rest)?;
    let header = SdtHeader {
        signature: array(signature),
        length,
        revision,
        oem_id: array(oem_id),
        oem_table_id: array(oem_table_id),
        oem_revision,
        creator_id: array(creator_id),
        creator_revision,
    };
    Ok((rest, header))
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().unwrap_or([0; N])
}

/// A whole table with its length and checksum, which are zero before.
pub(super) fn seal(mut bytes: Vec<u8>) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    for (byte, value) in bytes.iter_mut().skip(4).zip(length.to_le_bytes()) {
        *byte = value;
    }
    let sum = bytes.iter().fold(0_u8, |sum, &byte| sum.wrapping_add(byte));
    if let Some(checksum) = bytes.get_mut(9) {
        *checksum = checksum.wrapping_sub(sum);
    }
    bytes
}

/// The fields that all tables begin with.
pub(super) const ENTRIES: [Entry; 9] = [
    Entry::text("Signature", 0x00, 4),
    Entry::hex("Length", 0x04, 4),
    Entry::decimal("Revision", 0x08, 1),
    Entry::hex("Checksum", 0x09, 1),
    Entry::text("OEM ID", 0x0a, 6),
    Entry::text("OEM Table ID", 0x10, 8),
    Entry::hex("OEM Revision", 0x18, 4),
    Entry::text("Creator ID", 0x1c, 4),
    Entry::hex("Creator Revision", 0x20, 4),
];

/// The common header and the fixed fields of the table behind it, up to `end`.
pub(super) fn header_part(title: &'static str, end: u32, spec: SpecRef, own: &[Entry]) -> Part {
    let mut entries = ENTRIES.to_vec();
    entries.extend_from_slice(own);
    let span = Span {
        offset: 0,
        len: end,
    };
    Part::new(title, span, spec, entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table without a body (ACPI 6.5, table 5.4), annotated by hand.
    const TABLE: [u8; 36] = [
        b'W', b'A', b'E', b'T', // signature
        0x24, 0x00, 0x00, 0x00, // length
        0x01, // revision
        0x3e, // checksum
        b'B', b'O', b'C', b'H', b'S', b' ', // OEM id
        b'B', b'X', b'P', b'C', b' ', b' ', b' ', b' ', // OEM table id
        0x01, 0x00, 0x00, 0x00, // OEM revision
        b'B', b'X', b'P', b'C', // creator id
        0x02, 0x00, 0x00, 0x00, // creator revision
    ];

    fn kinds(bytes: &[u8]) -> Vec<(FaultKind, u32)> {
        let mut faults = Vec::new();
        split_table(bytes, &mut faults).unwrap();
        let kinds = faults.iter().map(|fault| (fault.kind, fault.span.offset));
        kinds.collect()
    }

    #[test]
    fn every_field_lies_where_the_specification_has_it() {
        let mut faults = Vec::new();
        let (header, body) = split_table(&TABLE, &mut faults).unwrap();
        assert_eq!(faults, []);
        assert_eq!(&header.signature, b"WAET");
        assert_eq!((header.length, header.revision), (36, 1));
        assert_eq!(&header.oem_id, b"BOCHS ");
        assert_eq!(&header.oem_table_id, b"BXPC    ");
        assert_eq!((header.oem_revision, header.creator_revision), (1, 2));
        assert_eq!(&header.creator_id, b"BXPC");
        assert_eq!(body, TABLE);
    }

    #[test]
    fn a_wrong_sum_is_named_at_its_byte() {
        let mut bytes = TABLE;
        bytes[9] = bytes[9].wrapping_add(3);
        assert_eq!(kinds(&bytes), [(FaultKind::Checksum { sum: 3 }, 9)]);
    }

    #[test]
    fn a_length_that_the_bytes_do_not_have_is_named_at_its_byte() {
        let mut bytes = TABLE;
        bytes[4] = 0x25;
        bytes[9] = bytes[9].wrapping_sub(1);
        let length = FaultKind::Length {
            length: 37,
            least: 36,
            room: 36,
        };
        assert_eq!(kinds(&bytes), [(length, 4)]);
    }

    #[test]
    fn bytes_behind_the_length_are_no_part_of_the_table() {
        let mut bytes = TABLE.to_vec();
        bytes.push(0xff);
        assert_eq!(kinds(&bytes), []);
    }

    #[test]
    fn less_than_a_header_is_no_table() {
        assert!(split_table(&TABLE[..35], &mut Vec::new()).is_none());
    }

    #[test]
    fn a_sealed_table_has_a_sum_of_zero() {
        let mut bytes = TABLE.to_vec();
        bytes[4] = 0;
        bytes[9] = 0;
        assert_eq!(seal(bytes), TABLE);
    }
}
