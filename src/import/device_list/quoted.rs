//! `lspci -m` and `-mm`: a function a line, its values in quotes.
//!
//! ```text
//! 01:00.0 "Ethernet controller" "Intel Corporation" "I350 …" -r01 -p00 "Dell" "Device 0869"
//! ```

use super::record::{Record, Words};
use crate::addr::Sbdf;

/// Whether a line has an address and a quote behind it.
pub(super) fn is_line(line: &[u8]) -> bool {
    let space = line.iter().take(17).position(|&byte| byte == b' ');
    let Some((address, rest)) = space.and_then(|space| line.split_at_checked(space)) else {
        return false;
    };
    rest.starts_with(b" \"") && std::str::from_utf8(address).is_ok_and(|at| slot(at).is_some())
}

/// `01:00.0`, or with a domain of four or more digits.
pub(super) fn slot(text: &str) -> Option<Sbdf> {
    let at: Sbdf = text.parse().ok()?;
    let full = at.to_string();
    let short = full.strip_prefix("0000:").unwrap_or(&full);
    [full.as_str(), short]
        .contains(&text.to_ascii_lowercase().as_str())
        .then_some(at)
}

/// The function of a line.
pub(super) fn line(line: &str, number: u32) -> Option<Record> {
    if !is_line(line.as_bytes()) {
        return None;
    }
    let (address, rest) = line.split_once(' ')?;
    let mut record = Record::new(slot(address)?, number);
    let mut values = Vec::new();
    let mut rest = rest.trim_start();
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix('"') {
            // A line whose last quote is missing was cut.
            let (value, after) = until_quote(quoted)?;
            values.push(value);
            rest = after.trim_start();
        } else {
            let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
            let byte = |mark| {
                let digits = word.strip_prefix(mark).filter(|digits| digits.len() == 2)?;
                Some((u8::from_str_radix(digits, 16).ok()?, number))
            };
            record.revision = record.revision.or_else(|| byte("-r"));
            record.interface = record.interface.or_else(|| byte("-p"));
            rest = after.trim_start();
        }
    }
    let [class, vendor, device, subsystem @ ..] = values.as_slice() else {
        return None;
    };
    let bare = Words::is_bare(class);
    let words = |value: &str| Some((Words::of(value, bare), number));
    record.class = words(class);
    record.vendor = words(vendor);
    record.device = words(device);
    if let [vendor, device] = subsystem {
        record.subsystem_vendor = words(vendor);
        record.subsystem_device = words(device);
    }
    Some(record)
}

/// A value up to its quote, and what follows; quotes and backslashes within are escaped.
fn until_quote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}
