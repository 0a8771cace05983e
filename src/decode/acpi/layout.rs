//! How the structures of a table are laid out: what [`dump`](super::dump()) prints.

use std::borrow::Cow;

use crate::bytes::Span;
use crate::spec::{Field, Kind, SpecRef};

/// One structure of a table: its place, its fields, and the structures inside it.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Part {
    /// What it is.
    pub title: Cow<'static, str>,
    /// Where it stands in the table, the structures inside it included.
    pub span: Span,
    /// Where it is defined.
    pub spec: SpecRef,
    /// Its fields in order of offset. Those past the end of `span` are not there.
    pub entries: Cow<'static, [Entry]>,
    /// The structures inside it, in order of offset.
    pub parts: Vec<Part>,
}

/// One field of a table structure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    /// The specification's name.
    pub name: &'static str,
    /// Byte offset from the start of the structure.
    pub offset: u16,
    /// Length in bytes.
    pub bytes: u16,
    /// What the bytes are.
    pub shape: Shape,
    /// Named bits; their offsets count from the start of the structure too.
    pub fields: &'static [Field],
}

/// What the bytes of a field are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// A little-endian number of 1 to 8 bytes.
    Number(Kind),
    /// Text, which may end early with a zero.
    Text,
    /// Bytes as they are.
    Bytes,
    /// Pairs of device and function numbers.
    Path,
    /// Bus, device and function in 16 bits.
    Function,
}

impl Part {
    /// A structure without others inside it.
    pub(super) fn new(
        title: impl Into<Cow<'static, str>>,
        span: Span,
        spec: SpecRef,
        entries: impl Into<Cow<'static, [Entry]>>,
    ) -> Self {
        Self {
            title: title.into(),
            span,
            spec,
            entries: entries.into(),
            parts: Vec::new(),
        }
    }

    /// The same with structures inside it.
    pub(super) fn with(self, parts: Vec<Self>) -> Self {
        Self { parts, ..self }
    }
}

impl Entry {
    /// A hexadecimal number.
    pub(super) const fn hex(name: &'static str, offset: u16, bytes: u16) -> Self {
        Self::number(name, offset, bytes, Kind::Hex)
    }

    /// A decimal number.
    pub(super) const fn decimal(name: &'static str, offset: u16, bytes: u16) -> Self {
        Self::number(name, offset, bytes, Kind::Number)
    }

    /// A code with names.
    pub(super) const fn code(
        name: &'static str,
        offset: u16,
        bytes: u16,
        names: &'static [(u64, &'static str)],
    ) -> Self {
        Self::number(name, offset, bytes, Kind::Code(names))
    }

    /// A number with named bits.
    pub(super) const fn bits(
        name: &'static str,
        offset: u16,
        bytes: u16,
        fields: &'static [Field],
    ) -> Self {
        Self {
            fields,
            ..Self::hex(name, offset, bytes)
        }
    }

    /// Text.
    pub(super) const fn text(name: &'static str, offset: u16, bytes: u16) -> Self {
        Self::shaped(name, offset, bytes, Shape::Text)
    }

    /// Bytes as they are.
    pub(super) const fn bytes(name: &'static str, offset: u16, bytes: u16) -> Self {
        Self::shaped(name, offset, bytes, Shape::Bytes)
    }

    /// Bus, device and function in 16 bits.
    pub(super) const fn function(name: &'static str, offset: u16) -> Self {
        Self::shaped(name, offset, 2, Shape::Function)
    }

    /// Pairs of device and function numbers.
    pub(super) const fn path(name: &'static str, offset: u16, bytes: u16) -> Self {
        Self::shaped(name, offset, bytes, Shape::Path)
    }

    const fn number(name: &'static str, offset: u16, bytes: u16, kind: Kind) -> Self {
        Self::shaped(name, offset, bytes, Shape::Number(kind))
    }

    const fn shaped(name: &'static str, offset: u16, bytes: u16, shape: Shape) -> Self {
        Self {
            name,
            offset,
            bytes,
            shape,
            fields: &[],
        }
    }
}

/// The fixed entries, and one more that only this instance has.
pub(super) fn and(entries: &[Entry], more: Entry) -> Vec<Entry> {
    let mut all = entries.to_vec();
    if more.bytes > 0 {
        all.push(more);
    }
    all
}

/// Bytes of the span behind `offset`, as the length of an entry.
pub(super) fn rest(span: Span, offset: u16) -> u16 {
    let rest = span.len.saturating_sub(offset.into());
    u16::try_from(rest).unwrap_or(u16::MAX)
}
