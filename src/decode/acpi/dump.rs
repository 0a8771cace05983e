//! Every byte of a table, with its name: the neutral model behind `decode --table`.

use std::borrow::Cow;
use std::fmt;

use super::layout::{Entry, Part, Shape};
use super::{SdtHeader, Table};
use crate::addr::RequesterId;
use crate::bytes::{Decoded, Fault};
use crate::decode::config::dump::DumpedField;
use crate::spec::{Kind, SpecRef};

/// Most bytes shown of a table whose layout is not known.
pub const RAW_LIMIT: u32 = 256;

/// A table with everything in it.
#[derive(Clone, PartialEq, Debug)]
pub struct DumpedTable {
    /// The common header.
    pub header: SdtHeader,
    /// The header, then every structure in the order of the table.
    pub parts: Vec<DumpedPart>,
    /// What is wrong with the bytes.
    pub faults: Vec<Fault>,
    /// Bytes at the end that are not shown: of a table whose layout is not known.
    pub left_out: u32,
}

/// A structure of a table.
#[derive(Clone, PartialEq, Debug)]
pub struct DumpedPart {
    /// What it is.
    pub title: Cow<'static, str>,
    /// First byte, from the start of the table.
    pub offset: u32,
    /// Length in bytes.
    pub len: u32,
    /// Where it is defined.
    pub spec: SpecRef,
    /// Its fields in order of offset.
    pub entries: Vec<DumpedEntry>,
    /// Bytes of it that no field and no structure inside it covers.
    pub raw: Vec<RawRun>,
    /// The structures inside it.
    pub parts: Vec<DumpedPart>,
}

/// A field of a table structure.
#[derive(Clone, PartialEq, Debug)]
pub struct DumpedEntry {
    /// The specification's name.
    pub name: &'static str,
    /// First byte, from the start of the table.
    pub offset: u32,
    /// Length in bytes.
    pub len: u32,
    /// What stands there.
    pub value: Value,
    /// Its named bits, lowest first.
    pub fields: Vec<DumpedField>,
}

/// What stands in a field. Its `Display` is for a reader.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// A number.
    Number {
        /// The number.
        raw: u64,
        /// Its width in bits.
        bits: u8,
        /// How it is meant.
        kind: Kind,
    },
    /// Text up to its terminator.
    Text(Vec<u8>),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Device and function of each hop.
    Path(Vec<(u8, u8)>),
    /// Bus, device and function.
    Function(RequesterId),
}

/// Consecutive bytes without a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RawRun {
    /// First byte, from the start of the table.
    pub offset: u32,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Every byte of a table. `None` where not even its header is there.
pub fn dump(bytes: &[u8]) -> Option<DumpedTable> {
    let Decoded {
        value: table,
        faults,
    } = Table::decode(bytes)?;
    let header = table.header().clone();
    let known = !matches!(table, Table::Other(_));
    let end = match usize::try_from(header.length) {
        Ok(length) if (SdtHeader::SIZE..=bytes.len()).contains(&length) => length,
        _ => bytes.len(),
    };
    let bytes = bytes.get(..end).unwrap_or(bytes);
    let end = number(bytes.len());
    let shown = if known { end } else { end.min(RAW_LIMIT) };
    let mut parts = Vec::new();
    let mut at = 0;
    for part in table.parts(bytes) {
        // What no structure covers is shown all the same: behind the last one, or between two.
        if let Some(gap) = gap(bytes, at, part.span.offset, part.spec) {
            parts.push(gap);
        }
        at = at.max(part.span.offset.saturating_add(part.span.len));
        parts.push(DumpedPart::of(bytes, &part));
    }
    if let Some(last) = parts.last().map(|part| part.spec) {
        parts.extend(gap(bytes, at, shown, last));
    }
    Some(DumpedTable {
        header,
        parts,
        faults,
        left_out: end - shown,
    })
}

/// Bytes between structures.
fn gap(bytes: &[u8], from: u32, to: u32, spec: SpecRef) -> Option<DumpedPart> {
    let raw = run(bytes, from, to)?;
    Some(DumpedPart {
        title: "bytes outside every structure".into(),
        offset: from,
        len: number(raw.bytes.len()),
        spec,
        entries: Vec::new(),
        raw: vec![raw],
        parts: Vec::new(),
    })
}

fn run(bytes: &[u8], from: u32, to: u32) -> Option<RawRun> {
    let to = to.min(number(bytes.len()));
    let found = bytes.get(from as usize..to as usize)?;
    (!found.is_empty()).then(|| RawRun {
        offset: from,
        bytes: found.to_vec(),
    })
}

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl DumpedPart {
    fn of(bytes: &[u8], part: &Part) -> Self {
        let start = part.span.offset;
        let end = start.saturating_add(part.span.len).min(number(bytes.len()));
        let entries: Vec<_> = part
            .entries
            .iter()
            .filter_map(|entry| DumpedEntry::of(bytes, start, end, entry))
            .collect();
        let mut covered: Vec<(u32, u32)> = entries
            .iter()
            .map(|entry| (entry.offset, entry.offset + entry.len))
            .chain(part.parts.iter().map(|inner| {
                let at = inner.span.offset;
                (at, at.saturating_add(inner.span.len))
            }))
            .collect();
        covered.sort_unstable();
        let mut raw = Vec::new();
        let mut at = start;
        for (from, to) in covered {
            raw.extend(run(bytes, at, from.min(end)));
            at = at.max(to);
        }
        raw.extend(run(bytes, at, end));
        Self {
            title: part.title.clone(),
            offset: start,
            len: end.saturating_sub(start),
            spec: part.spec,
            entries,
            raw,
            parts: part
                .parts
                .iter()
                .map(|inner| Self::of(bytes, inner))
                .collect(),
        }
    }
}

impl DumpedEntry {
    /// `None` where the field is not wholly inside the structure.
    fn of(bytes: &[u8], start: u32, end: u32, entry: &Entry) -> Option<Self> {
        let offset = start.checked_add(entry.offset.into())?;
        let len = u32::from(entry.bytes);
        if offset.checked_add(len)? > end {
            return None;
        }
        let found = bytes.get(offset as usize..(offset + len) as usize)?;
        let value = match entry.shape {
            Shape::Number(kind) => Value::Number {
                raw: little_endian(found),
                bits: u8::try_from(8 * entry.bytes.min(8)).unwrap_or(64),
                kind,
            },
            Shape::Text => {
                let end = found.iter().position(|&byte| byte == 0);
                let text = found.get(..end.unwrap_or(found.len())).unwrap_or(found);
                Value::Text(text.to_vec())
            }
            Shape::Bytes => Value::Bytes(found.to_vec()),
            Shape::Path => {
                let (pairs, _) = found.as_chunks::<2>();
                Value::Path(
                    pairs
                        .iter()
                        .map(|&[device, function]| (device, function))
                        .collect(),
                )
            }
            Shape::Function => Value::Function(RequesterId(
                u16::try_from(little_endian(found)).unwrap_or(0),
            )),
        };
        let raw = little_endian(found);
        let fields = entry.fields.iter().map(|field| {
            let low = 8 * field.offset.saturating_sub(entry.offset) + u16::from(field.bit);
            let low = u8::try_from(low.min(63)).unwrap_or(63);
            DumpedField {
                name: field.name,
                low,
                high: low.saturating_add(field.width.saturating_sub(1)).min(63),
                raw: Some(raw >> low & (u64::MAX >> (64 - field.width.clamp(1, 64)))),
                kind: field.kind,
            }
        });
        Some(Self {
            name: entry.name,
            offset,
            len,
            value,
            fields: fields.collect(),
        })
    }

    /// Bits that are set and have no name, where some have one.
    pub fn unnamed_bits(&self) -> u64 {
        let Value::Number { raw, .. } = self.value else {
            return 0;
        };
        if self.fields.is_empty() {
            return 0;
        }
        let named = self
            .fields
            .iter()
            .fold(0, |mask, field| mask | field.mask());
        raw & !named
    }

    /// The bytes as they stand, for a program: a number as one, everything else as bytes.
    pub fn raw_text(&self, bytes: &[u8]) -> String {
        match self.value {
            Value::Number { raw, bits, .. } => {
                format!("{raw:#0width$x}", width = 2 + usize::from(bits) / 4)
            }
            Value::Function(id) => format!("{:#06x}", id.0),
            _ => {
                let range = self.offset as usize..(self.offset + self.len) as usize;
                spaced(bytes.get(range).unwrap_or_default())
            }
        }
    }
}

fn little_endian(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .take(8)
        .rev()
        .fold(0, |number, &byte| number << 8 | u64::from(byte))
}

fn spaced(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(3 * bytes.len());
    for byte in bytes {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number { raw, bits, kind } => {
                let field = DumpedField {
                    name: "",
                    low: 0,
                    high: bits.saturating_sub(1),
                    raw: Some(*raw),
                    kind: *kind,
                };
                if let Kind::Code(_) = kind {
                    write!(f, "{raw:#0width$x} ", width = 2 + usize::from(*bits) / 4)?;
                }
                field.fmt(f)
            }
            Self::Text(text) => {
                write!(f, "\"")?;
                for &byte in text {
                    match byte {
                        b' '..=b'~' => write!(f, "{}", char::from(byte))?,
                        _ => write!(f, "\\x{byte:02x}")?,
                    }
                }
                write!(f, "\"")
            }
            Self::Bytes(bytes) => f.write_str(&spaced(bytes)),
            Self::Path(path) => {
                let mut separator = "";
                for (device, function) in path {
                    write!(f, "{separator}{device:02x}.{function:x}")?;
                    separator = " > ";
                }
                Ok(())
            }
            Self::Function(id) => id.fmt(f),
        }
    }
}

impl fmt::Display for RawRun {
    /// The bytes in hexadecimal, separated by spaces.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&spaced(&self.bytes))
    }
}

#[cfg(test)]
mod tests;
