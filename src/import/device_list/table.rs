//! The table of `pvesh get /nodes/NODE/hardware/pci` (Proxmox VE), with its frame or without.

use super::Lists;
use super::quoted::slot;
use super::record::{Record, Words};

/// Columns that every version prints.
const NEEDED: &[&str] = &["class", "device", "id", "vendor"];

/// Whether a line names the columns.
pub(super) fn is_heading(line: &str) -> bool {
    heading(line).is_some()
}

/// The names of the columns.
fn heading(line: &str) -> Option<Vec<String>> {
    if !line.contains("vendor") {
        return None;
    }
    let names: Vec<String> = match is_framed(line) {
        true => cells(line).into_iter().map(str::to_owned).collect(),
        false => line.split_ascii_whitespace().map(str::to_owned).collect(),
    };
    NEEDED
        .iter()
        .all(|needed| names.iter().any(|name| name == needed))
        .then_some(names)
}

fn is_framed(line: &str) -> bool {
    line.starts_with(['│', '|'])
}

/// Cells between the vertical lines of a frame. A row that a terminal cut keeps its last one.
fn cells(line: &str) -> Vec<&str> {
    let inside = line.trim_start_matches(['│', '|']);
    let inside = inside.strip_suffix(['│', '|']).unwrap_or(inside);
    inside.split(['│', '|']).map(str::trim).collect()
}

/// Columns whose values are single words, so that they are found without a frame, too.
fn is_word(name: &str) -> bool {
    matches!(name, "class" | "device" | "id" | "iommugroup" | "vendor")
}

/// The table while it is read.
#[derive(Default)]
pub(super) struct Reader {
    columns: Vec<String>,
}

impl Reader {
    /// Takes a line; `false` where it is none of the table.
    pub(super) fn line(&mut self, line: &str, number: u32, lists: &mut Lists) -> bool {
        if let Some(columns) = heading(line) {
            self.columns = columns;
            return true;
        }
        // The lines of the frame.
        if line.starts_with(['┌', '╞', '├', '└']) {
            return true;
        }
        if self.columns.is_empty() {
            return false;
        }
        let framed = is_framed(line);
        let values = match framed {
            true => cells(line),
            false => line.split_ascii_whitespace().collect(),
        };
        let columns = self.columns.iter().zip(values);
        let columns: Vec<(&str, &str)> = columns
            .map(|(name, value)| (name.as_str(), value))
            .take_while(|(name, _)| framed || is_word(name))
            .collect();
        let Some(record) = record(&columns, number) else {
            // Long cells go on in rows without an address.
            return framed;
        };
        lists.add(record);
        true
    }
}

/// The function of a row, or of an object of the same members.
pub(super) fn record(members: &[(&str, &str)], line: u32) -> Option<Record> {
    let member = |name: &str| {
        let found = members.iter().find(|member| member.0 == name);
        found
            .map(|member| member.1)
            .filter(|value| !value.is_empty())
    };
    let mut record = Record::new(slot(member("id")?)?, line);
    let words = |number: &str, name: &str| {
        let number = Words::of(member(number)?, false).number?;
        let name = member(name).unwrap_or_default().to_owned();
        let number = Some(number);
        Some((Words { name, number }, line))
    };
    record.vendor = words("vendor", "vendor_name");
    record.device = words("device", "device_name");
    record.subsystem_vendor = words("subsystem_vendor", "subsystem_vendor_name");
    record.subsystem_device = words("subsystem_device", "subsystem_device_name");
    record.class_code = member("class").and_then(|class| {
        let digits = class
            .strip_prefix("0x")
            .filter(|digits| digits.len() == 6)?;
        Some((u32::from_str_radix(digits, 16).ok()?, line))
    });
    // No group is -1.
    record.group = member("iommugroup").and_then(|group| Some((group.parse().ok()?, line)));
    (record.vendor.is_some() || record.class_code.is_some()).then_some(record)
}
