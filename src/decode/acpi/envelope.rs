//! Structures that carry their own length, one behind the other: decided once for remapping
//! structures, device scopes and IVRS blocks.

use crate::bytes::{Fault, FaultKind, Span};

/// One structure of a sequence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Envelope<'a> {
    /// Its bytes, header included.
    pub bytes: &'a [u8],
    /// Offset of its first byte from the start of the table.
    pub offset: u32,
}

/// Cuts a region into structures.
///
/// `length` reads the total length of the structure at the start of the slice; `least` is the
/// smallest that makes sense. A length of zero, below `least` or past the region ends the walk
/// with a fault: nothing behind it can be located.
pub(super) fn envelopes<'a>(
    region: &'a [u8],
    base: u32,
    least: usize,
    within: &'static str,
    length: impl Fn(&[u8]) -> Option<usize>,
    faults: &mut Vec<Fault>,
) -> Vec<Envelope<'a>> {
    let mut found = Vec::new();
    let mut rest = region;
    let mut offset = base;
    while !rest.is_empty() {
        let size = length(rest);
        let taken = size
            .filter(|&size| size >= least.max(1))
            .and_then(|size| rest.split_at_checked(size));
        let Some((bytes, behind)) = taken else {
            let number = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
            faults.push(Fault {
                kind: FaultKind::Length {
                    length: size.map_or(0, number),
                    least: number(least),
                    room: number(rest.len()),
                },
                span: Span {
                    offset,
                    len: number(rest.len().min(least)),
                },
                within,
            });
            break;
        };
        found.push(Envelope { bytes, offset });
        offset = offset.saturating_add(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        rest = behind;
    }
    found
}

impl Envelope<'_> {
    /// Where it stands in the table.
    pub(super) fn span(&self) -> Span {
        Span {
            offset: self.offset,
            len: u32::try_from(self.bytes.len()).unwrap_or(u32::MAX),
        }
    }
}

/// The fault of a structure that is too short for what its type needs.
pub(super) const fn too_short(span: Span, least: u32, within: &'static str) -> Fault {
    Fault {
        kind: FaultKind::Length {
            length: span.len,
            least,
            room: span.len,
        },
        span,
        within,
    }
}
