//! Vital Product Data: what the maker of a device wrote about it (PCI Local Bus 3.0, Appendix I;
//! PCI Express Base 6.0, 6.27).
//!
//! A list of resources: an identifier string, read-only fields, read/write fields, an end tag. The
//! capability of configuration space is the way to it and does not hold it; an operating system
//! reads it word by word (sysfs: `vpd`).

mod keyword;

pub use keyword::{Format, Keyword};

use crate::bytes::{Decoded, Fault, FaultKind, Span};
use crate::spec::{Document, SpecRef};

/// Where the format is defined.
pub const SPEC: SpecRef = Document::Pci30.at("Appendix I, Vital Product Data");

/// The address register of the capability holds 15 bits.
pub const MAX_SIZE: usize = 0x8000;

/// The data, as far as they could be read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Vpd {
    /// The resources in order, the end tag included.
    pub resources: Vec<Resource>,
}

/// One resource and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resource {
    /// What it says.
    pub body: Body,
    /// Its bytes, the tag included.
    pub span: Span,
}

/// What a resource says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Body {
    /// Tag 82h: the name of the product.
    Identifier(Vec<u8>),
    /// Tag 90h (VPD-R): fields that cannot be written.
    ReadOnly(Vec<Keyword>),
    /// Tag 91h (VPD-W): fields that can.
    ReadWrite(Vec<Keyword>),
    /// Tag 78h: nothing follows.
    End,
    /// A tag that has no meaning here. What follows cannot be trusted, and is not read.
    Unknown {
        /// The tag as read: bit 7 set for a large resource.
        tag: u8,
    },
}

const IDENTIFIER: u8 = 0x82;
const READ_ONLY: u8 = 0x90;
const READ_WRITE: u8 = 0x91;
/// Small resource of type 0Fh, without length.
const END: u8 = 0x0f;
const LARGE: u8 = 0x80;
const WITHIN: &str = "VPD resource";

impl Vpd {
    /// Decodes the data from their first byte on. Reading stops at the end tag, at a tag without
    /// meaning, and where a length leads past the end.
    pub fn decode(bytes: &[u8]) -> Decoded<Self> {
        let bytes = bytes.get(..MAX_SIZE).unwrap_or(bytes);
        let mut decoded = Decoded::<Self>::default();
        let mut offset = 0;
        loop {
            let Some(tag) = bytes.get(offset).copied() else {
                let span = span(0, bytes.len());
                decoded
                    .faults
                    .push(fault(FaultKind::Unterminated, span, WITHIN));
                return decoded;
            };
            let (head, length) = match (tag & LARGE != 0, bytes.get(offset + 1..offset + 3)) {
                (false, _) => (1, usize::from(tag & 7)),
                (true, Some(&[low, high])) => (3, usize::from(u16::from_le_bytes([low, high]))),
                (true, _) => {
                    let room = bytes.len() - offset;
                    let kind = length_fault(3, 3, room);
                    decoded.faults.push(fault(kind, span(offset, room), WITHIN));
                    return decoded;
                }
            };
            let start = offset + head;
            let Some(body) = bytes.get(start..start + length) else {
                let room = bytes.len() - start;
                let kind = length_fault(length, 0, room);
                decoded.faults.push(fault(kind, span(offset, head), WITHIN));
                return decoded;
            };
            let keywords = |faults: &mut Vec<Fault>| keyword::read(bytes, start, body, faults);
            let body = match tag {
                IDENTIFIER => Body::Identifier(body.to_vec()),
                READ_ONLY => Body::ReadOnly(keywords(&mut decoded.faults)),
                READ_WRITE => Body::ReadWrite(keywords(&mut decoded.faults)),
                tag if tag & LARGE == 0 && tag >> 3 == END => Body::End,
                tag => Body::Unknown { tag },
            };
            let last = matches!(body, Body::End | Body::Unknown { .. });
            let span = span(offset, head + length);
            decoded.value.resources.push(Resource { body, span });
            if last {
                return decoded;
            }
            offset = start + length;
        }
    }

    /// The fields of both lists, in order.
    pub fn keywords(&self) -> impl Iterator<Item = &Keyword> {
        self.resources
            .iter()
            .flat_map(|resource| match &resource.body {
                Body::ReadOnly(keywords) | Body::ReadWrite(keywords) => keywords.as_slice(),
                _ => &[],
            })
    }
}

fn span(offset: usize, len: usize) -> Span {
    let number = |value| u32::try_from(value).unwrap_or(u32::MAX);
    Span {
        offset: number(offset),
        len: number(len),
    }
}

const fn fault(kind: FaultKind, span: Span, within: &'static str) -> Fault {
    Fault { kind, span, within }
}

fn length_fault(length: usize, least: usize, room: usize) -> FaultKind {
    let number = |value| u32::try_from(value).unwrap_or(u32::MAX);
    FaultKind::Length {
        length: number(length),
        least: number(least),
        room: number(room),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &[u8] = &[
        0x82, 0x05, 0x00, // identifier string, 5 bytes
        b'A', b'd', b'a', b'p', b't', //
        0x90, 0x19, 0x00, // VPD-R, 25 bytes
        b'P', b'N', 0x04, b'4', b'7', b'1', b'1', // part number
        b'S', b'N', 0x03, b'0', b'0', b'7', // serial number
        b'V', b'0', 0x02, 0x01, 0x02, // vendor specific
        b'R', b'V', 0x04, 0x00, 0, 0, 0, // checksum (set below), three bytes reserved
        0x91, 0x07, 0x00, // VPD-W, 7 bytes
        b'R', b'W', 0x04, 0, 0, 0, 0,    // four bytes free
        0x78, // end
        0xff, // not read
    ];
    /// Offset of the checksum.
    const CHECKSUM: usize = 32;

    fn sound() -> Vec<u8> {
        let mut bytes = SOUND.to_vec();
        let sum = bytes[..CHECKSUM]
            .iter()
            .fold(0_u8, |sum, &byte| sum.wrapping_add(byte));
        bytes[CHECKSUM] = sum.wrapping_neg();
        bytes
    }

    fn names(vpd: &Vpd) -> Vec<&str> {
        let keywords = vpd.keywords();
        keywords
            .map(|keyword| std::str::from_utf8(&keyword.name).unwrap())
            .collect()
    }

    #[test]
    fn resources_and_keywords_are_read_to_the_end_tag() {
        let Decoded { value, faults } = Vpd::decode(&sound());
        assert_eq!(faults, []);
        assert_eq!(names(&value), ["PN", "SN", "V0", "RV", "RW"]);
        let [identifier, read_only, read_write, end] = &value.resources[..] else {
            panic!("four resources, not {}", value.resources.len());
        };
        assert_eq!(identifier.body, Body::Identifier(b"Adapt".to_vec()));
        assert_eq!(identifier.span, Span { offset: 0, len: 8 });
        assert_eq!(read_only.span, Span { offset: 8, len: 28 });
        assert!(matches!(read_write.body, Body::ReadWrite(_)));
        assert_eq!(
            (&end.body, end.span),
            (&Body::End, Span { offset: 46, len: 1 })
        );
        let serial = value.keywords().nth(1).unwrap();
        assert_eq!(
            (serial.title(), serial.format()),
            (Some("Serial number"), Format::Text)
        );
        assert_eq!(
            (&serial.data[..], serial.span),
            (&b"007"[..], Span { offset: 18, len: 6 })
        );
        let reserved = value.keywords().nth(3).unwrap();
        assert_eq!(
            (reserved.checksum, reserved.format()),
            (Some(0), Format::Reserved)
        );
    }

    #[test]
    fn every_keyword_of_the_specification_has_its_name() {
        let of = |name: &[u8; 2]| Keyword {
            name: *name,
            data: Vec::new(),
            span: Span { offset: 0, len: 3 },
            checksum: None,
        };
        for (name, title) in [
            (b"PN", Some("Part number")),
            (b"EC", Some("Engineering changes")),
            (b"FG", Some("Fabric geography")),
            (b"LC", Some("Location")),
            (b"MN", Some("Manufacture ID")),
            (b"PG", Some("PCI geography")),
            (b"SN", Some("Serial number")),
            (b"V7", Some("Vendor specific")),
            (b"CP", Some("Extended capability")),
            (b"RV", Some("Reserved")),
            (b"RW", Some("Read-write area")),
            (b"YA", Some("Asset tag")),
            (b"Y3", Some("System specific")),
            (b"QQ", None),
        ] {
            assert_eq!(of(name).title(), title);
        }
    }

    #[test]
    fn a_wrong_checksum_is_a_fault_with_its_place() {
        let mut bytes = sound();
        bytes[3] ^= 1;
        let Decoded { value, faults } = Vpd::decode(&bytes);
        assert_eq!(names(&value).len(), 5);
        let [fault] = faults[..] else {
            panic!("one fault")
        };
        assert!(matches!(fault.kind, FaultKind::Checksum { .. }));
        assert_eq!(fault.span, Span { offset: 29, len: 7 });
    }

    #[test]
    fn a_tag_without_meaning_ends_the_reading() {
        for bytes in [&[0x00, 0x78][..], &[0xff, 0x00, 0x00, 0x78]] {
            let Decoded { value, faults } = Vpd::decode(bytes);
            assert_eq!(faults, []);
            let [only] = &value.resources[..] else {
                panic!("one resource")
            };
            assert_eq!(only.body, Body::Unknown { tag: bytes[0] });
        }
        // A device that does not answer reads as ones.
        let Decoded { value, faults } = Vpd::decode(&[0xff; 64]);
        assert_eq!((value.resources.len(), faults.len()), (0, 1));
    }

    #[test]
    fn lengths_that_lead_past_the_end_are_faults() {
        let whole = sound();
        for end in 0..46 {
            let Decoded { value, faults } = Vpd::decode(&whole[..end]);
            assert!(!faults.is_empty(), "{end}");
            assert!(value.resources.len() < 4, "{end}");
        }
        let mut bytes = whole;
        bytes[13] = 0x40; // the part number is longer than its list
        let Decoded { value, faults } = Vpd::decode(&bytes);
        assert!(matches!(
            faults[0].kind,
            FaultKind::Length { length: 0x40, .. }
        ));
        assert_eq!(
            value.keywords().count(),
            1,
            "the read/write list is read all the same"
        );
    }

    #[test]
    fn any_bytes_come_to_an_end() {
        for first in 0..=u8::MAX {
            for second in 0..=u8::MAX {
                let bytes = [first, second, 0, first, second, first, second, 0x78];
                let Decoded { value, .. } = Vpd::decode(&bytes);
                assert!(value.resources.len() <= bytes.len());
            }
        }
    }
}
