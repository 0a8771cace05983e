//! Our fields of a table, and whether a printed one is among them.

use assignable::decode::acpi::dump::{DumpedEntry, DumpedPart, RawRun, Value, dump};

use crate::names::same_name;
use crate::text::Fact;

pub(crate) struct Fields {
    signature: String,
    /// What is wrong with the table.
    pub(crate) faults: Vec<String>,
    /// Each field with the title of its structure.
    entries: Vec<(String, DumpedEntry)>,
    /// Bytes without a name, with the title of their structure.
    raw: Vec<(String, RawRun)>,
}

impl Fields {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let dumped = dump(bytes).expect("a table with a header");
        let (mut entries, mut raw) = (Vec::new(), Vec::new());
        for part in &dumped.parts {
            collect(part, &mut entries, &mut raw);
        }
        Self {
            signature: dumped.header.name(),
            faults: dumped.faults.iter().map(ToString::to_string).collect(),
            entries,
            raw,
        }
    }

    /// The structure that agrees, or what differs.
    pub(crate) fn check(&self, fact: &Fact) -> Result<String, String> {
        let Fact {
            offset, len, name, ..
        } = fact;
        let within = |title: &str| format!("{} {title}", self.signature);
        let here = |entry: &DumpedEntry| entry.offset == *offset && entry.len == *len;
        if let Some((title, entry)) = self.entries.iter().find(|(_, entry)| here(entry)) {
            return if fact.bit {
                bit(entry, fact).map(|()| within(title))
            } else {
                whole(entry, fact).map(|()| within(title))
            };
        }
        // iasl prints hop by hop what is one path.
        let path = self.entries.iter().find_map(|(title, entry)| {
            let Value::Path(hops) = &entry.value else {
                return None;
            };
            let inside = entry.offset <= *offset && offset + len <= entry.offset + entry.len;
            inside.then(|| (title, hops.get((offset - entry.offset) as usize / 2)))
        });
        if let Some((title, Some((device, function)))) = path {
            return expect(fact, &format!("{device:02X},{function:02X}")).map(|()| within(title));
        }
        // Padding has no name here. iasl prints its first bytes on the first line.
        let nameless = self.raw.iter().find(|(_, run)| {
            let end = run.offset + u32::try_from(run.bytes.len()).unwrap();
            run.offset <= *offset && offset + len <= end
        });
        if let Some((title, run)) = nameless.filter(|_| name == "Padding" || name == "Reserved") {
            let count = fact.value.split(' ').count();
            let from = (offset - run.offset) as usize;
            return expect(fact, &spaced(&run.bytes[from..from + count])).map(|()| within(title));
        }
        // What iasl prints as one number may be several fields.
        let mut at = *offset;
        let (mut number, mut shift, mut title) = (0_u128, 0, None);
        if *len > 16 {
            return Err(format!(
                "{name} at {offset:#x}, {len} bytes: we have no field"
            ));
        }
        while at < offset + len {
            let Some((found, entry)) = self.entries.iter().find(|(_, e)| e.offset == at) else {
                return Err(format!(
                    "{name} at {offset:#x}, {len} bytes: we have no field"
                ));
            };
            title.get_or_insert(found);
            if shift >= 128 {
                break;
            }
            number |= u128::from(raw(entry)) << shift;
            shift += 8 * entry.len;
            at += entry.len;
        }
        let bytes: Vec<_> = number
            .to_le_bytes()
            .into_iter()
            .take(*len as usize)
            .collect();
        let spaced = spaced(&bytes);
        let digits = 2 * *len as usize;
        let agrees = fact.value == format!("{number:0digits$X}") || fact.value == spaced;
        match title {
            Some(title) if agrees && at == offset + len => Ok(within(title)),
            _ => Err(format!(
                "{name} at {offset:#x}: {} there, {spaced} here",
                fact.value
            )),
        }
    }
}

fn collect(
    part: &DumpedPart,
    entries: &mut Vec<(String, DumpedEntry)>,
    raw: &mut Vec<(String, RawRun)>,
) {
    let title = || part.title.to_string();
    entries.extend(part.entries.iter().map(|entry| (title(), entry.clone())));
    raw.extend(part.raw.iter().map(|run| (title(), run.clone())));
    for inner in &part.parts {
        collect(inner, entries, raw);
    }
}

fn raw(entry: &DumpedEntry) -> u64 {
    match &entry.value {
        Value::Number { raw, .. } => *raw,
        Value::Function(id) => id.0.into(),
        Value::Text(bytes) | Value::Bytes(bytes) => bytes
            .iter()
            .take(8)
            .rev()
            .fold(0, |number, &byte| number << 8 | u64::from(byte)),
        Value::Path(_) => 0,
    }
}

fn spaced(bytes: &[u8]) -> String {
    let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    bytes.join(" ")
}

/// A field of the same place and length.
fn whole(entry: &DumpedEntry, fact: &Fact) -> Result<(), String> {
    if !same_name(&fact.name, entry.name) {
        return Err(format!("'{}' there, '{}' here", fact.name, entry.name));
    }
    let digits = 2 * entry.len as usize;
    match &entry.value {
        Value::Number { raw, .. } => {
            let text = format!("{raw:0digits$X}");
            let bytes = raw.to_le_bytes();
            let bytes = spaced(&bytes[..entry.len as usize]);
            expect(fact, &text).or_else(|difference| match fact.value == bytes {
                true => Ok(()),
                false => Err(difference),
            })
        }
        Value::Function(id) => expect(fact, &format!("{:0digits$X}", id.0)),
        Value::Text(text) => {
            let quoted = format!("\"{}\"", String::from_utf8_lossy(text));
            let printed = fact.value.trim_matches('"').trim_end();
            let ours: String = text.iter().copied().map(printable).collect();
            // iasl drops blanks and zeros at the end, and prints some texts as numbers.
            let number = format!("{:0digits$X}", raw(entry));
            let agrees = printed == ours.trim_end()
                || fact.value == number
                || fact.value == spaced(&padded(text, entry.len));
            agrees.then_some(()).ok_or_else(|| differs(fact, &quoted))
        }
        Value::Bytes(bytes) => {
            let number: String = bytes
                .iter()
                .rev()
                .map(|byte| format!("{byte:02X}"))
                .collect();
            let agrees = fact.value == number || fact.value == spaced(bytes);
            let text = String::from_utf8_lossy(bytes);
            let agrees = agrees || fact.value == format!("\"{}\"", text.trim_end_matches('\0'));
            agrees
                .then_some(())
                .ok_or_else(|| differs(fact, &spaced(bytes)))
        }
        Value::Path(hops) => {
            let hops: Vec<_> = hops
                .iter()
                .map(|(d, f)| format!("{d:02X},{f:02X}"))
                .collect();
            expect(fact, &hops.join(" "))
        }
    }
}

/// iasl prints a blank for what is no printable ASCII.
fn printable(byte: u8) -> char {
    match byte {
        b' '..=b'~' => char::from(byte),
        _ => ' ',
    }
}

fn padded(text: &[u8], len: u32) -> Vec<u8> {
    let mut bytes = text.to_vec();
    bytes.resize(len as usize, 0);
    bytes
}

/// A bit of the field of the same place.
fn bit(entry: &DumpedEntry, fact: &Fact) -> Result<(), String> {
    // Reserved bits have no name here; they count as bits that should not be set.
    if fact.name.starts_with("Reserved") {
        let set = !fact.value.trim_start_matches('0').is_empty();
        return if set == (entry.unnamed_bits() != 0) || !set {
            Ok(())
        } else {
            Err(format!("{}: reserved bits {}", entry.name, fact.value))
        };
    }
    let Some(field) = entry
        .fields
        .iter()
        .find(|field| same_name(&fact.name, field.name))
    else {
        return Err(format!(
            "bit '{}' of '{}': we have none",
            fact.name, entry.name
        ));
    };
    let value = u64::from_str_radix(&fact.value, 16).map_err(|_| differs(fact, "a number"))?;
    let ours = field.raw.unwrap_or(u64::MAX);
    (value == ours)
        .then_some(())
        .ok_or_else(|| differs(fact, &format!("{ours:X}")))
}

fn expect(fact: &Fact, ours: &str) -> Result<(), String> {
    (fact.value == ours)
        .then_some(())
        .ok_or_else(|| differs(fact, ours))
}

fn differs(fact: &Fact, ours: &str) -> String {
    let Fact {
        offset,
        name,
        value,
        ..
    } = fact;
    format!("{name} at {offset:#x}: {value} there, {ours} here")
}
