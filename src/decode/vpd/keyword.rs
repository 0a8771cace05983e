//! Fields of VPD-R and VPD-W (PCI 3.0, Appendix I, VPD Data Fields).

use super::{fault, length_fault, span};
use crate::bytes::{Fault, FaultKind, Span};

const WITHIN_KEYWORD: &str = "VPD keyword";

/// A field of VPD-R or VPD-W.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Keyword {
    /// Its two characters.
    pub name: [u8; 2],
    /// Its data.
    pub data: Vec<u8>,
    /// Its bytes, name and length included.
    pub span: Span,
    /// Of the field RV: whether all bytes up to its first one add up to zero.
    pub checksum: Option<u8>,
}

/// How the data of a keyword are to be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Characters.
    Text,
    /// Bytes.
    Binary,
    /// A checksum, and space that is reserved.
    Reserved,
    /// Space to write to.
    Free,
}

/// Keywords by their first character, and the second one where it is fixed. The last ones are
/// extensions of IBM.
const NAMES: &[(u8, Option<u8>, &str, Format)] = &[
    (b'C', Some(b'P'), "Extended capability", Format::Binary),
    (b'E', Some(b'C'), "Engineering changes", Format::Text),
    (b'F', Some(b'G'), "Fabric geography", Format::Text),
    (b'L', Some(b'C'), "Location", Format::Text),
    (b'M', Some(b'N'), "Manufacture ID", Format::Text),
    (b'P', Some(b'G'), "PCI geography", Format::Text),
    (b'P', Some(b'N'), "Part number", Format::Text),
    (b'R', Some(b'V'), "Reserved", Format::Reserved),
    (b'R', Some(b'W'), "Read-write area", Format::Free),
    (b'S', Some(b'N'), "Serial number", Format::Text),
    (b'Y', Some(b'A'), "Asset tag", Format::Text),
    (b'V', None, "Vendor specific", Format::Text),
    (b'Y', None, "System specific", Format::Text),
    (b'C', Some(b'C'), "CCIN", Format::Text),
    (b'F', Some(b'C'), "Feature code", Format::Text),
    (b'F', Some(b'N'), "FRU", Format::Text),
    (b'N', Some(b'A'), "Network address", Format::Text),
    (b'R', Some(b'M'), "Firmware version", Format::Text),
    (b'Z', None, "Product specific", Format::Text),
];

impl Keyword {
    /// The specification's name, where it has one.
    pub fn title(&self) -> Option<&'static str> {
        self.known().map(|(.., title, _)| *title)
    }

    /// How its data are to be read; bytes where the keyword is not known.
    pub fn format(&self) -> Format {
        self.known().map_or(Format::Binary, |(.., format)| *format)
    }

    fn known(&self) -> Option<&'static (u8, Option<u8>, &'static str, Format)> {
        let [first, second] = self.name;
        NAMES
            .iter()
            .find(|(one, two, ..)| *one == first && two.is_none_or(|two| two == second))
    }
}

/// The fields of a list that begins at `start` of the data.
pub(super) fn read(
    bytes: &[u8],
    start: usize,
    body: &[u8],
    faults: &mut Vec<Fault>,
) -> Vec<Keyword> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&[first, second, length]) = body.get(at..at + 3) {
        let data = at + 3..at + 3 + usize::from(length);
        let span = span(start + at, 3 + usize::from(length));
        let Some(data) = body.get(data) else {
            let kind = length_fault(length.into(), 0, body.len() - at - 3);
            faults.push(fault(kind, span, WITHIN_KEYWORD));
            return found;
        };
        let name = [first, second];
        let checksum = (name == *b"RV" && !data.is_empty()).then(|| {
            let covered = bytes.get(..start + at + 4).unwrap_or_default();
            covered
                .iter()
                .fold(0_u8, |sum, &byte| sum.wrapping_add(byte))
        });
        match checksum {
            Some(sum @ 1..) => {
                faults.push(fault(FaultKind::Checksum { sum }, span, WITHIN_KEYWORD));
            }
            None if name == *b"RV" => {
                faults.push(fault(length_fault(0, 1, 0), span, WITHIN_KEYWORD));
            }
            _ => {}
        }
        at += 3 + data.len();
        found.push(Keyword {
            name,
            data: data.to_vec(),
            span,
            checksum,
        });
    }
    if at < body.len() {
        let rest = body.len() - at;
        let kind = length_fault(rest, 3, rest);
        faults.push(fault(kind, span(start + at, rest), WITHIN_KEYWORD));
    }
    found
}
