//! Every field of an ACPI table as text.

use std::fmt::Write as _;

use crate::decode::acpi::dump::{DumpedEntry, DumpedPart, DumpedTable, RawRun, Value, dump};
use crate::report::Layout;
use crate::report::wording::{count, safe, wrap};
use crate::spec::Kind;

/// The decoded table. With `offsets`, each field has its length, and each named bit a line of
/// its own.
pub fn table(layout: Layout, name: &str, bytes: &[u8], offsets: bool) -> String {
    let palette = layout.palette;
    let mut out = String::new();
    let length = count(bytes.len(), "byte", "bytes");
    let title = format!("{} {length} captured", safe(name));
    let _ = writeln!(out, "{}", palette.heading(title));
    let Some(dumped) = dump(bytes) else {
        let text = "too short for a table's header";
        let _ = writeln!(out, "  {} {text}", palette.bad("fault:"));
        raw(
            &mut out,
            layout,
            2,
            &RawRun {
                offset: 0,
                bytes: bytes.iter().take(64).copied().collect(),
            },
        );
        return out;
    };
    let page = Page {
        layout,
        offsets,
        bytes,
    };
    page.table(&mut out, &dumped);
    out
}

/// What does not change within one table.
struct Page<'a> {
    layout: Layout,
    offsets: bool,
    bytes: &'a [u8],
}

/// What stands in a structure, by its place.
enum Item<'a> {
    Entry(&'a DumpedEntry),
    Raw(&'a RawRun),
    Part(&'a DumpedPart),
}

impl Page<'_> {
    fn table(&self, out: &mut String, table: &DumpedTable) {
        for part in &table.parts {
            self.part(out, part, 0);
        }
        if table.left_out > 0 {
            let rest = count(table.left_out as usize, "more byte", "more bytes");
            let text = format!("and {rest} (--hex shows them)");
            let _ = writeln!(out, "      {}", self.layout.palette.dim(text));
        }
        for fault in &table.faults {
            let _ = writeln!(out, "  {} {fault}", self.layout.palette.bad("fault:"));
        }
    }

    fn part(&self, out: &mut String, part: &DumpedPart, level: usize) {
        let indent = 2 + 2 * level;
        let title = format!("[{:03x}] {}", part.offset, part.title);
        let _ = write!(out, "{:indent$}{}", "", self.layout.palette.accent(title));
        if self.offsets {
            let spec = format!("{} bytes, {}", part.len, part.spec);
            let _ = write!(out, "  {}", self.layout.palette.dim(spec));
        }
        out.push('\n');
        let mut items: Vec<(u32, Item<'_>)> = Vec::new();
        items.extend(part.entries.iter().map(|e| (e.offset, Item::Entry(e))));
        items.extend(part.raw.iter().map(|raw| (raw.offset, Item::Raw(raw))));
        items.extend(
            part.parts
                .iter()
                .map(|part| (part.offset, Item::Part(part))),
        );
        items.sort_by_key(|(offset, _)| *offset);
        for (_, item) in items {
            match item {
                Item::Entry(entry) => self.entry(out, entry, indent),
                Item::Raw(run) => raw(out, self.layout, indent, run),
                Item::Part(inner) => self.part(out, inner, level + 1),
            }
        }
    }

    fn entry(&self, out: &mut String, entry: &DumpedEntry, indent: usize) {
        let place = if self.offsets {
            format!("+{:03x} {:>3}", entry.offset, entry.len)
        } else {
            format!("+{:03x}", entry.offset)
        };
        let value = self.value(entry);
        let _ = writeln!(out, "{:indent$}    {place} {:<34} {value}", "", entry.name);
        if self.offsets {
            for field in &entry.fields {
                let bits = if field.high == field.low {
                    format!("[{}]", field.low)
                } else {
                    format!("[{}:{}]", field.high, field.low)
                };
                let raw = field.raw.unwrap_or(0);
                let _ = writeln!(
                    out,
                    "{:indent$}             {bits:>8} {:<36} {raw:#6x}  {field}",
                    "", field.name
                );
            }
            if entry.unnamed_bits() != 0 {
                let bits = entry.unnamed_bits();
                let _ = writeln!(
                    out,
                    "{:indent$}             reserved bits set: {bits:#x}",
                    ""
                );
            }
            return;
        }
        let words: Vec<String> = entry
            .fields
            .iter()
            .map(|field| match field.kind {
                Kind::Flag => format!("{}{field}", field.name),
                _ => format!("{} {field}", field.name),
            })
            .collect();
        let room = self.layout.width.saturating_sub(indent + 9);
        for line in wrap(&words.join(", "), room) {
            let _ = writeln!(
                out,
                "{:indent$}         {}",
                "",
                self.layout.palette.dim(line)
            );
        }
    }

    /// The raw value, and how it is meant where that is something else.
    fn value(&self, entry: &DumpedEntry) -> String {
        match &entry.value {
            Value::Number { raw, kind, .. } => {
                let text = entry.raw_text(self.bytes);
                match kind {
                    Kind::Number if *raw > 9 => format!("{text}  {raw}"),
                    Kind::Hex | Kind::Number => text,
                    _ => entry.value.to_string().replacen(' ', "  ", 1),
                }
            }
            Value::Function(id) => format!("{}  {id}", entry.raw_text(self.bytes)),
            Value::Text(_) | Value::Path(_) if self.offsets => {
                format!("{}  {}", entry.raw_text(self.bytes), entry.value)
            }
            value => value.to_string(),
        }
    }
}

/// Bytes without a name, 16 in a row.
fn raw(out: &mut String, layout: Layout, indent: usize, run: &RawRun) {
    for (index, row) in run.bytes.chunks(16).enumerate() {
        let at = run.offset as usize + 16 * index;
        let row = RawRun {
            offset: 0,
            bytes: row.to_vec(),
        };
        let _ = writeln!(
            out,
            "{:indent$}    +{at:03x} {}",
            "",
            layout.palette.dim(row)
        );
    }
}
