//! Lists of devices in forms made for programs, and those of other systems: `lspci -m` and
//! `-vmm`, Proxmox's `pvesh get /nodes/NODE/hardware/pci` as table and as JSON, `esxcli hardware
//! pci list`, FreeBSD's `pciconf -l`.
//!
//! They hold ids, classes, groups and drivers, and hardly a register.

mod json;
mod pciconf;
mod quoted;
mod record;
mod records;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::diagnostic::{DiagnosticKind, Diagnostics, Place};
use super::lspci::unquoted;
use super::same_machine;
use super::skipped::Skipped;
use super::text::{self, printable};
use crate::addr::Sbdf;
use crate::capture::limits::MAX_FUNCTIONS;
use crate::capture::{Capture, FunctionRecord};
use record::Record;

/// Longest line that is looked at; Proxmox's JSON is one line and is read as a whole.
const MAX_LINE: usize = 4096;

/// Whether a text holds such a list: a line that begins a function.
pub(super) fn is_list(text: &[u8]) -> bool {
    text::worded_lines(text).any(begins) || json::is_json(text)
}

/// Whether a line of its own makes a text a list.
fn begins(line: &[u8]) -> bool {
    let line = unquoted(line.get(..MAX_LINE).unwrap_or(line)).1;
    // Nearly every line of any text begins with something else.
    match line.first() {
        Some(b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') if quoted::is_line(line) => true,
        Some(b'S' | b'D' | b'A') => records::begins(&text_of(line)).is_some(),
        Some(b'|' | 0xe2) => table::is_heading(&text_of(line)),
        Some(b'a'..=b'z') => {
            pciconf::is_line(line)
                || line.starts_with(b"class ") && table::is_heading(&text_of(line))
        }
        _ => false,
    }
}

/// Reads the functions of a text. `source` is its name below `source/`.
pub(super) fn read(text: &[u8], source: &str, diagnostics: &mut Diagnostics) -> Capture {
    let mut lists = Lists::default();
    if let Some(records) = json::read(text) {
        records.into_iter().for_each(|record| lists.add(record));
    } else {
        lines(text, &mut lists, diagnostics);
    }
    let mut capture = Capture::default();
    for (line, list) in lists.finish() {
        let list: BTreeMap<Sbdf, FunctionRecord> = list
            .into_iter()
            .map(|(at, record)| (at, record.finish(source)))
            .collect();
        let differs = same_machine::other_functions(&capture.functions, &list)
            .or_else(|| same_machine::other_groups(&capture.functions, &list));
        if let Some(reason) = differs {
            diagnostics.at(Place::Line(line), DiagnosticKind::SecondListing { reason });
            break;
        }
        capture.merge(Capture {
            functions: list,
            ..Capture::default()
        });
    }
    let functions = capture.functions.len();
    if functions > 0 {
        diagnostics.whole(DiagnosticKind::NoConfigBytes { functions });
    }
    capture
}

fn lines(text: &[u8], lists: &mut Lists, diagnostics: &mut Diagnostics) {
    let mut skipped = Skipped::default();
    let mut records = records::Reader::default();
    let mut pciconf = pciconf::Reader::default();
    let mut table = table::Reader::default();
    // A last line without its end may be cut in the middle of a number.
    let whole = text.iter().rposition(|&byte| byte == b'\n').unwrap_or(0);
    let whole = text.get(..whole).unwrap_or_default();
    for (number, line) in (1..).zip(whole.split(|&byte| byte == b'\n')) {
        let line = line.get(..MAX_LINE).unwrap_or(line);
        let (indent, line) = unquoted(line);
        let line = text_of(line);
        let line = line.as_str();
        let used = match quoted::line(line, number) {
            Some(record) => {
                lists.add(record);
                true
            }
            None => {
                records.line(line, number, lists)
                    || pciconf.line(indent, line, number, lists)
                    || table.line(line, number, lists)
            }
        };
        if !used && !line.is_empty() {
            skipped.line(number);
        }
    }
    records.finish(lists);
    pciconf.finish(lists);
    if let Some(kind) = skipped.remark() {
        diagnostics.whole(kind);
    }
}

/// A line without spaces around it. Bytes that are no UTF-8 are read as Latin-1.
fn text_of(line: &[u8]) -> String {
    let line = line.trim_ascii();
    match std::str::from_utf8(line) {
        Ok(text) => text.to_owned(),
        Err(_) => printable(line),
    }
}

/// Lists of one text: a function that comes again begins another one.
#[derive(Default)]
struct Lists {
    finished: Vec<(u32, BTreeMap<Sbdf, Record>)>,
    current: BTreeMap<Sbdf, Record>,
    first_line: u32,
    count: usize,
}

impl Lists {
    fn add(&mut self, record: Record) {
        self.count += 1;
        if self.count > MAX_FUNCTIONS {
            return;
        }
        if self.current.contains_key(&record.at) {
            let list = std::mem::take(&mut self.current);
            self.finished.push((self.first_line, list));
        }
        if self.current.is_empty() {
            self.first_line = record.line;
        }
        self.current.insert(record.at, record);
    }

    fn finish(mut self) -> Vec<(u32, BTreeMap<Sbdf, Record>)> {
        self.finished.push((self.first_line, self.current));
        self.finished
    }
}
