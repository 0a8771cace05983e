//! List and table texts of PowerShell (`Format-List`, and the table that a property list is
//! printed as by default).

use serde_json::Value;

use super::builder::{Builder, Record, is_instance_id};
use super::key::{property_key, property_type};

/// Labels of which one, at the start of a line, makes a text such a list.
const LABELS: &[&str] = &[
    "instanceid",
    "pnpdeviceid",
    "deviceid",
    "keyname",
    "antecedent",
    "__relpath",
    "__path",
    "iovsupport",
    "automaticstopaction",
    "instancepath",
];

/// Whether a text has a line `Name : value` with a name of use.
pub(super) fn is_list(head: &str) -> bool {
    head.lines().any(|line| {
        field(line)
            .is_some_and(|(name, _)| LABELS.iter().any(|label| name.eq_ignore_ascii_case(label)))
    })
}

/// Whether a text has the head of the table that Get-PnpDeviceProperty prints.
pub(super) fn is_table(head: &str) -> bool {
    let mut lines = head.lines();
    lines.any(|line| columns(line).is_some())
}

/// Reads blocks of `Name : value` lines; a blank line or the first name again ends a block.
pub(super) fn read_list(text: &str, builder: &mut Builder) {
    let mut block = Block::default();
    for (number, line) in (1_u32..).zip(text.lines()) {
        if line.trim().is_empty() {
            block.end(builder);
        } else if let Some((name, value)) = field(line) {
            if block.record.contains_key(name) {
                block.end(builder);
            }
            if block.record.is_empty() {
                block.line = number;
                block.column = line.find(':').map_or(0, |colon| colon + 2);
            }
            block.values.push((name.to_owned(), value.to_owned()));
            block.record.insert(name.to_owned(), Value::Null);
        } else if let Some((_, value)) = block.values.last_mut() {
            // A long value goes on below itself; PowerShell breaks it anywhere.
            let indent = line.len() - line.trim_start().len();
            if indent >= block.column.saturating_sub(1) && value.len() < 1 << 16 {
                value.push_str(line.trim());
            }
        }
    }
    block.end(builder);
}

#[derive(Default)]
struct Block {
    record: Record,
    values: Vec<(String, String)>,
    line: u32,
    column: usize,
}

impl Block {
    fn end(&mut self, builder: &mut Builder) {
        let block = std::mem::take(self);
        if block.values.is_empty() {
            return;
        }
        let values = block.values.into_iter();
        let record: Record = values
            .filter(|(_, value)| !value.trim().is_empty())
            .map(|(name, value)| (name, value_of(&value)))
            .collect();
        builder.record(&record, None, block.line);
    }
}

/// `Name    : value`. The name has no blanks; the value may be empty.
fn field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let name = name.trim();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let valid = !name.is_empty() && name.len() <= 60 && name.chars().all(plain);
    (valid && (value.is_empty() || value.starts_with([' ', '\t']))).then(|| (name, value.trim()))
}

/// A printed value: `{a, b}` is a list, everything else a text.
pub(super) fn value_of(text: &str) -> Value {
    let text = text.trim();
    let inner = text
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'))
        .filter(|inner| !inner.contains('{') && !is_guid_like(inner));
    let Some(inner) = inner else {
        return Value::from(text);
    };
    let items = inner
        .split(',')
        .map(|item| item.trim().trim_matches('"'))
        // What does not fit the window is cut.
        .filter(|item| !item.is_empty() && !item.ends_with("...") && !item.ends_with('…'));
    Value::from(items.map(str::to_owned).collect::<Vec<_>>())
}

fn is_guid_like(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

/// Where the columns of the table begin: key, type, data; and the instance id.
fn columns(line: &str) -> Option<[usize; 4]> {
    let at = |name: &str| line.find(name);
    let columns = [at("InstanceId")?, at("KeyName")?, at("Type")?, at("Data")?];
    columns.is_sorted().then_some(columns)
}

/// Reads the table that Get-PnpDeviceProperty prints by default. Gives the number of rows whose
/// instance id is cut.
pub(super) fn read_table(text: &str, builder: &mut Builder) -> usize {
    let mut places = None;
    let mut cut = 0;
    for (number, line) in (1_u32..).zip(text.lines()) {
        if let Some(found) = columns(line) {
            places = Some(found);
            continue;
        }
        let Some([id, key, kind, data]) = places else {
            continue;
        };
        let part = |from: usize, to: usize| line.get(from..to.min(line.len())).map(str::trim);
        let (Some(id), Some(key)) = (part(id, key), part(key, kind)) else {
            continue;
        };
        let Some(key) = property_key(key) else {
            continue;
        };
        if !is_instance_id(id) {
            cut += 1;
            continue;
        }
        let kind = part(kind, data).and_then(property_type);
        let value = value_of(line.get(data..).unwrap_or_default());
        builder.property(id, &key, value, kind, number);
    }
    cut
}
