//! Text that RWEverything saves of PCI functions: a heading with the address, a table of bytes.

use super::builder::Builder;
use super::space::{Spaces, address};
use crate::addr::Sbdf;

/// Whether a text has a heading with a table below it.
pub(super) fn is_text(head: &str) -> bool {
    let mut heading = false;
    head.lines().any(|line| {
        heading |= heading_of(line).is_some();
        heading && row(line).is_some()
    })
}

/// Reads a text.
pub(super) fn read(text: &str, source: &str, builder: &mut Builder) {
    let mut spaces = Spaces::default();
    let mut current: Option<Sbdf> = None;
    let mut base = 0;
    for (number, line) in (1_u32..).zip(text.lines()) {
        if let Some(at) = heading_of(line) {
            current = Some(at);
            base = 0;
            spaces.touch(at);
        } else if let (Some(at), Some((offset, bytes))) = (current, row(line)) {
            // Where the offsets have two digits, the table begins anew every 256 bytes.
            if let Some(last) = offset.checked_add(base) {
                spaces.put(at, last, &bytes, Some((source, number)));
            }
            if offset == 0xf0 && line.trim_start().split([' ', '\t', '|', ':']).next() == Some("F0")
            {
                base += 0x100;
            }
        }
    }
    spaces.finish(builder);
}

/// `Bus 00, Device 1F, Function 03 - …` with any punctuation between; numbers in hexadecimal.
fn heading_of(line: &str) -> Option<Sbdf> {
    let lower = line.to_ascii_lowercase();
    let part = |names: &[&str]| {
        names.iter().find_map(|name| {
            let at = lower.find(name)?;
            let rest = lower.get(at + name.len()..)?;
            let rest = rest.trim_start_matches([' ', '\t', ':', '=', '#']);
            let rest = rest.strip_prefix("0x").unwrap_or(rest);
            let end = rest
                .find(|c: char| !c.is_ascii_hexdigit())
                .unwrap_or(rest.len());
            (1..=2)
                .contains(&end)
                .then(|| u32::from_str_radix(rest.get(..end)?, 16).ok())?
        })
    };
    address(
        0,
        part(&["bus "])?,
        part(&["device ", "dev "])?,
        part(&["function ", "func "])?,
    )
}

/// `10 | 00 F0 …`, `10  00 F0 …` or `010: 00 F0 …` with sixteen bytes and no more digits.
fn row(line: &str) -> Option<(u16, Vec<u8>)> {
    let line = line.trim();
    let end = line.find([' ', '\t', '|', ':'])?;
    let digits = line.get(..end)?;
    let valid = (2..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let offset = valid.then(|| u16::from_str_radix(digits, 16).ok())??;
    let rest = line.get(end..)?.trim_start_matches([' ', '\t', '|', ':']);
    let mut bytes = Vec::with_capacity(16);
    for word in rest.split_whitespace().take(16) {
        let byte = (word.len() == 2).then(|| u8::from_str_radix(word, 16).ok())??;
        bytes.push(byte);
    }
    (bytes.len() == 16 && offset % 16 == 0).then_some((offset, bytes))
}
