//! Faults: what is wrong with captured bytes, where, and in which structure.

use std::fmt;

/// A value together with what was wrong on the way to it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Decoded<T> {
    /// As much as could be decoded.
    pub value: T,
    /// Everything that was found wrong, in the order met.
    pub faults: Vec<Fault>,
}

/// One thing wrong with captured bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Fault {
    /// What is wrong, with the offending value.
    pub kind: FaultKind,
    /// Where, from the start of the configuration space or table.
    pub span: Span,
    /// The structure that was being read.
    pub within: &'static str,
}

/// Bytes `offset..offset + len` of a configuration space or table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Span {
    /// First byte.
    pub offset: u32,
    /// Number of bytes.
    pub len: u32,
}

/// The ways in which bytes can be wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum FaultKind {
    /// A list pointer leads into the header before the list's region.
    PointerTooLow {
        /// The pointer as read.
        pointer: u16,
        /// Lowest offset that it may have.
        lowest: u16,
    },
    /// A list pointer has its two reserved low bits set.
    PointerUnaligned {
        /// The pointer as read.
        pointer: u16,
    },
    /// A list comes back to a structure that it has already passed.
    Loop {
        /// The offset that is met again.
        offset: u16,
    },
    /// A list entry has the id of an unreadable register (all ones).
    AllOnes,
    /// The capability list bit is set, but the list has no first entry, or the reverse.
    ListBitContradiction,
    /// Two structures claim the same bytes.
    Overlap {
        /// Offset of the other structure.
        other: u16,
    },
    /// A structure that may occur once occurs again.
    Duplicate {
        /// Offset of the first one.
        first: u16,
    },
    /// The structure runs past the end of its space.
    PastEnd {
        /// Bytes that it needs.
        needs: u16,
        /// Bytes that there are.
        has: u16,
    },
    /// Extended configuration space only repeats the first 256 bytes.
    RepeatsConventionalSpace,
    /// The header layout has no meaning.
    UnknownHeaderLayout {
        /// Bits 6:0 of the header type.
        layout: u8,
    },
    /// A table's bytes do not add up to zero.
    Checksum {
        /// What they add up to.
        sum: u8,
    },
    /// A length field contradicts the structure or what contains it.
    Length {
        /// The length as read.
        length: u32,
        /// The least that the structure needs.
        least: u32,
        /// The bytes that there are.
        room: u32,
    },
    /// A count contradicts the structures that there are.
    Count {
        /// The count as read.
        stated: u32,
        /// How many there are.
        found: u32,
    },
    /// A text has no terminator.
    Unterminated,
    /// A 64-bit BAR has no register left for its upper half.
    HalfBar,
    /// A BAR has the reserved memory type 3.
    ReservedBarType,
}

impl Span {
    /// `len` bytes from `offset`.
    pub const fn new(offset: u16, len: u16) -> Self {
        Self {
            offset: offset as u32,
            len: len as u32,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {:#x}: ", self.within, self.span.offset)?;
        match self.kind {
            FaultKind::PointerTooLow { pointer, lowest } => {
                write!(f, "pointer {pointer:#x} leads below {lowest:#x}")
            }
            FaultKind::PointerUnaligned { pointer } => {
                write!(f, "pointer {pointer:#x} has reserved low bits set")
            }
            FaultKind::Loop { offset } => write!(f, "the list comes back to {offset:#x}"),
            FaultKind::AllOnes => f.write_str("all bits are set, as in a read that failed"),
            FaultKind::ListBitContradiction => {
                f.write_str("the capability list bit contradicts the list pointer")
            }
            FaultKind::Overlap { other } => write!(f, "overlaps the structure at {other:#x}"),
            FaultKind::Duplicate { first } => {
                write!(f, "a second one; the first is at {first:#x}")
            }
            FaultKind::PastEnd { needs, has } => {
                write!(f, "needs {needs} bytes, the space has {has}")
            }
            FaultKind::RepeatsConventionalSpace => {
                f.write_str("the extended space repeats the first 256 bytes")
            }
            FaultKind::UnknownHeaderLayout { layout } => {
                write!(f, "header layout {layout:#x} is not defined")
            }
            FaultKind::Checksum { sum } => write!(f, "the bytes add up to {sum:#04x}, not to zero"),
            FaultKind::Length {
                length,
                least,
                room,
            } => {
                write!(
                    f,
                    "length {length} where at least {least} are needed and {room} there"
                )
            }
            FaultKind::Count { stated, found } => {
                write!(f, "says {stated}, but there are {found}")
            }
            FaultKind::Unterminated => f.write_str("the text has no terminator"),
            FaultKind::HalfBar => f.write_str("a 64-bit BAR without an upper half"),
            FaultKind::ReservedBarType => f.write_str("reserved memory BAR type 3"),
        }
    }
}
