//! CSV of PowerShell (`Export-Csv`, `ConvertTo-Csv`) and of wmic.

use serde_json::Value;

use super::builder::{Builder, Record};

/// Columns of which one makes a text such a table.
const COLUMNS: &[&str] = &[
    "instanceid",
    "pnpdeviceid",
    "deviceid",
    "keyname",
    "antecedent",
    "__relpath",
    "startingaddress",
    "iovsupport",
];

/// The delimiter of a text whose header has a column of use.
pub(super) fn delimiter(head: &str) -> Option<u8> {
    let line = header(head)?;
    [b',', b';', b'\t'].into_iter().find(|&delimiter| {
        let mut names = line
            .split(char::from(delimiter))
            .map(|name| name.trim().trim_matches('"').to_ascii_lowercase());
        line.contains(char::from(delimiter)) && names.any(|name| COLUMNS.contains(&name.as_str()))
    })
}

/// The first line that is not PowerShell's `#TYPE`.
fn header(head: &str) -> Option<&str> {
    head.lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with("#TYPE"))
}

/// Reads a text. A row that breaks the format is named and left out.
pub(super) fn read(text: &str, delimiter: u8, builder: &mut Builder) -> Vec<(u32, String)> {
    let skipped = text
        .lines()
        .take_while(|line| line.trim().is_empty() || line.starts_with("#TYPE"))
        .map(|line| line.len() + 1)
        .sum::<usize>();
    let before = text
        .lines()
        .take_while(|line| line.trim().is_empty() || line.starts_with("#TYPE"));
    let lines_before = u32::try_from(before.count()).unwrap_or(0);
    let body = text.get(skipped.min(text.len())..).unwrap_or_default();
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(body.as_bytes());
    let mut broken = Vec::new();
    let Ok(names) = reader.headers().cloned() else {
        return broken;
    };
    for row in reader.records() {
        match row {
            Ok(row) => {
                let line = row.position().map_or(0, csv::Position::line);
                let line = u32::try_from(line).unwrap_or(0) + lines_before;
                let record: Record = names
                    .iter()
                    .zip(row.iter())
                    .filter(|(_, value)| !value.is_empty())
                    .map(|(name, value)| (name.to_owned(), value_of(value)))
                    .collect();
                builder.record(&record, None, line);
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                let line = u32::try_from(line).unwrap_or(0) + lines_before;
                broken.push((line, error.to_string()));
            }
        }
    }
    broken
}

/// wmic prints lists as `{"a","b"}`.
fn value_of(text: &str) -> Value {
    super::list::value_of(text)
}
