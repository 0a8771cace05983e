//! What PowerShell prints as a table (`Format-Table`, or by default): a line of names, a line of
//! dashes below them, then rows.

use serde_json::Value;

use super::builder::{Builder, Record, is_instance_id};
use super::list::value_of;

/// Columns of which one makes a table worth reading.
const COLUMNS: &[&str] = &[
    "instanceid",
    "pnpdeviceid",
    "deviceid",
    "instancepath",
    "locationpath",
];

/// A column: its name, and where it begins.
type Column<'t> = (&'t str, usize);

/// Whether a text has the head of such a table.
pub(super) fn is_table(head: &str) -> bool {
    let mut above = "";
    head.lines().any(|line| {
        let found = columns(above, line).is_some();
        above = line;
        found
    })
}

/// The columns, from the line of names and the line of dashes below it.
fn columns<'t>(names: &'t str, dashes: &str) -> Option<Vec<Column<'t>>> {
    let dashes = dashes.trim_end();
    let plain = dashes.bytes().all(|byte| matches!(byte, b'-' | b' '));
    if dashes.is_empty() || !plain || !names.is_ascii() || names.len() > 4096 {
        return None;
    }
    let mut columns = Vec::new();
    let mut at = 0;
    for word in dashes.split(' ') {
        if !word.is_empty() {
            let to = (at + word.len()).min(names.len());
            let name = names.get(at..to)?.trim();
            // A name stands above its dashes and is as long as they are.
            let whole = !name.is_empty() && !name.contains(' ');
            columns.push((whole.then_some(name)?, at));
        }
        at += word.len() + 1;
    }
    let known = |(name, _): &Column<'_>| {
        let name = name.to_ascii_lowercase();
        COLUMNS.contains(&name.as_str())
    };
    columns.iter().any(known).then_some(columns)
}

/// Reads every table of a text. Gives the number of rows whose instance id is cut.
pub(super) fn read(text: &str, builder: &mut Builder) -> usize {
    let mut cut = 0;
    let mut table: Option<Vec<Column<'_>>> = None;
    let mut row: Option<(Vec<String>, u32)> = None;
    let mut above = "";
    for (number, line) in (1_u32..).zip(text.lines()) {
        let head = columns(above, line);
        above = line;
        if head.is_some() {
            // What was taken for a row was the line of names.
            row = None;
            table = head;
            continue;
        }
        let Some(columns) = &table else { continue };
        let cells = cells(line, columns);
        let blank = cells.iter().all(String::is_empty);
        let goes_on = cells.first().is_some_and(String::is_empty) && !blank;
        match &mut row {
            // With -Wrap a long value goes on below itself.
            Some((values, _)) if goes_on => {
                for (value, more) in values.iter_mut().zip(&cells) {
                    value.push_str(more);
                }
            }
            _ => {
                cut += end_row(row.take(), columns, builder);
                row = (!blank).then_some((cells, number));
            }
        }
    }
    if let Some(columns) = &table {
        cut += end_row(row.take(), columns, builder);
    }
    cut
}

/// The values of a line. Columns are counted in characters, names may be of any script.
fn cells(line: &str, columns: &[Column<'_>]) -> Vec<String> {
    let mut characters = line.chars();
    let mut cells = Vec::new();
    for (index, (_, start)) in columns.iter().enumerate() {
        let value: String = match columns.get(index + 1) {
            Some((_, end)) => characters.by_ref().take(end - start).collect(),
            None => characters.by_ref().collect(),
        };
        cells.push(value.trim().to_owned());
    }
    cells
}

/// Hands a finished row on; 1 where its instance id is cut.
fn end_row(
    row: Option<(Vec<String>, u32)>,
    columns: &[Column<'_>],
    builder: &mut Builder,
) -> usize {
    let Some((values, line)) = row else { return 0 };
    let is = |name: &str, wanted: &str| name.eq_ignore_ascii_case(wanted);
    let mut record = Record::new();
    for ((name, _), value) in columns.iter().zip(&values) {
        let id = is(name, "instanceid") || is(name, "pnpdeviceid") || is(name, "deviceid");
        if id && !is_instance_id(value) {
            // A cut id names another device, or none.
            return usize::from(value.contains('\\'));
        }
        if !value.is_empty() && !value.ends_with("...") && !value.ends_with('…') {
            record.insert((*name).to_owned(), value_of(value));
        }
    }
    // The default table of Get-PnpDevice: OK stands for a device without a problem.
    let healthy = columns
        .iter()
        .zip(&values)
        .any(|((name, _), value)| is(name, "status") && is(value, "OK"));
    if healthy && !record.contains_key("ConfigManagerErrorCode") {
        record.insert("ConfigManagerErrorCode".to_owned(), Value::from(0));
    }
    builder.record(&record, None, line);
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_begin_where_the_dashes_do() {
        let names = "Status     Class           FriendlyName        InstanceId";
        let dashes = "------     -----           ------------        ----------";
        let found = columns(names, dashes).unwrap();
        let expected = [
            ("Status", 0),
            ("Class", 11),
            ("FriendlyName", 27),
            ("InstanceId", 47),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn other_tables_are_left_alone() {
        assert!(!is_table("Name Value\n---- -----\na    b\n"));
        assert!(!is_table("InstanceId\n\n----------\n"));
        assert!(!is_table("InstanceId\n--- ------\n"));
    }
}
