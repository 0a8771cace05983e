//! Text printed by `lspci`: hex dumps (`-x`, `-xxx`, `-xxxx`) and the words around them.
//!
//! The hex lines become the configuration space. Of the words those are kept that no register
//! says: sizes, driver, IOMMU group, NUMA node, slot. Where a function has no hex lines, its
//! decoded words are turned back into the bits that they were printed from ([`verbose`]).

mod detail;
mod function;
mod header;
mod hex;
pub mod verbose;
mod words;

pub use hex::{HexLine, full_line, line};

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::diagnostic::{DiagnosticKind, Diagnostics, Place};
use crate::addr::Sbdf;
use crate::capture::limits::MAX_FUNCTIONS;
use crate::capture::{Conflict, FunctionRecord, Privileges};
use function::Pending;
use header::Header;

/// The functions of one text.
#[derive(Debug, Default)]
pub struct Dump {
    /// Every function with its bytes and reported facts.
    pub functions: BTreeMap<Sbdf, FunctionRecord>,
    /// Where the text names a function twice and contradicts itself.
    pub conflicts: Vec<Conflict>,
    /// What the tool was allowed to read, where the text shows it.
    pub privileges: Option<Privileges>,
}

/// Longest line that is looked at as words.
const MAX_LINE: usize = 4096;
/// Runs of hex lines noted as evidence, over all functions. A dump has one for each.
const MAX_RUNS: usize = 400_000;

/// Reads a text. `source` is its name below `source/`.
pub fn read(text: &[u8], source: &str, diagnostics: &mut Diagnostics) -> Dump {
    let mut reader = Reader {
        source,
        diagnostics,
        dump: Dump::default(),
        current: None,
        line: 0,
        cut_line: false,
        homeless: false,
        full: false,
        open_end: None,
        runs: 0,
    };
    let mut rest = text;
    while !rest.is_empty() {
        if let Some((hex, length)) = hex::full_line(rest) {
            reader.line += 1;
            reader.hex(&hex);
            rest = rest.get(length..).unwrap_or_default();
            continue;
        }
        let end = rest.iter().position(|&byte| byte == b'\n');
        let (line, after) = match end {
            Some(end) => (rest.get(..end), rest.get(end + 1..)),
            None => (Some(rest), None),
        };
        reader.line += 1;
        reader.words(line.unwrap_or_default());
        rest = after.unwrap_or_default();
    }
    reader.finish(text)
}

/// Whether a line is the first of a function: what makes a text one of lspci's.
pub(crate) fn is_header(line: &[u8]) -> bool {
    let line = line.get(..MAX_LINE).unwrap_or(line);
    header::header(unquoted(line).1.trim_ascii_end()).is_some()
}

struct Reader<'a> {
    source: &'a str,
    diagnostics: &'a mut Diagnostics,
    dump: Dump,
    current: Option<Pending>,
    line: u32,
    /// The line before was a hex line with something behind its bytes.
    cut_line: bool,
    /// Hex lines without a function were remarked on.
    homeless: bool,
    /// Too many functions were remarked on.
    full: bool,
    /// The function whose hex lines the text ends with: there may have been more.
    open_end: Option<Sbdf>,
    runs: usize,
}

impl Reader<'_> {
    fn hex(&mut self, hex: &HexLine) {
        self.cut_line = hex.trailing && hex.bytes().len() < 16;
        if hex.trailing {
            let bytes = hex.bytes().len();
            self.remark(DiagnosticKind::HexTrailing { bytes });
        }
        let Some(current) = &mut self.current else {
            if !std::mem::replace(&mut self.homeless, true) {
                self.remark(DiagnosticKind::HexWithoutFunction);
            }
            return;
        };
        let conflict = current.add(hex.offset, hex.bytes(), self.line);
        if let Some(kind) = conflict {
            self.remark(kind);
        }
    }

    fn words(&mut self, line: &[u8]) {
        if line.len() > MAX_LINE {
            self.remark(DiagnosticKind::LongLine { bytes: line.len() });
        }
        let line = line.get(..MAX_LINE).unwrap_or(line);
        let (indent, content) = unquoted(line);
        let content = content.trim_ascii_end();
        if let Some(hex) = hex::line(content) {
            return self.hex(&hex);
        }
        let cut_line = std::mem::take(&mut self.cut_line);
        if let (true, Some(current)) = (cut_line, &mut self.current)
            && let Some(bytes) = hex::rest_of_line(content)
            && let Some(conflict) = current.join(&bytes, self.line)
        {
            self.remark(DiagnosticKind::HexJoined);
            if let Some(kind) = conflict {
                self.remark(kind);
            }
            return;
        }
        if let Some(header) = header::header(content) {
            self.flush();
            self.current = Some(self.begin(&header));
        } else if let Some(current) = &mut self.current {
            current.detail(indent, content, self.source, self.line);
        }
    }

    fn begin(&self, header: &Header<'_>) -> Pending {
        Pending::new(header, self.source, self.line)
    }

    /// Takes the function that was being read into the dump.
    fn flush(&mut self) {
        let Some(pending) = self.current.take() else {
            return;
        };
        let at = pending.at;
        let known = self.dump.functions.contains_key(&at);
        if !known && self.dump.functions.len() >= MAX_FUNCTIONS {
            if !std::mem::replace(&mut self.full, true) {
                self.remark(DiagnosticKind::TooManyFunctions {
                    limit: MAX_FUNCTIONS,
                });
            }
            return;
        }
        let room = MAX_RUNS.saturating_sub(self.runs);
        if pending.runs() > room {
            self.remark(DiagnosticKind::TooManyHexRuns);
        }
        self.runs += pending.runs().min(room);
        let record = pending.finish(self.source, room);
        match self.dump.functions.entry(at) {
            Entry::Vacant(slot) => _ = slot.insert(record),
            Entry::Occupied(mut slot) => {
                slot.get_mut().merge(at, record, &mut self.dump.conflicts);
            }
        }
    }

    fn finish(mut self, text: &[u8]) -> Dump {
        let line_end = text.last() == Some(&b'\n');
        self.open_end = self
            .current
            .as_ref()
            .filter(|last| last.in_hex)
            .map(|last| last.at);
        self.flush();
        if !line_end && self.line > 0 {
            self.remark(DiagnosticKind::NoFinalLineEnd);
        }
        self.sizes();
        self.gaps();
        words::fill(text, self.source, &mut self.dump);
        let spaces = || {
            self.dump
                .functions
                .values()
                .map(|record| record.config.extent())
        };
        let denied = self
            .dump
            .functions
            .values()
            .any(|record| record.properties.access_denied.is_some());
        self.dump.privileges = match denied {
            true => Some(Privileges::User),
            false => spaces()
                .any(|extent| extent > 64)
                .then_some(Privileges::Full),
        };
        self.dump
    }

    /// Where some function shows more than 256 bytes, the tool tried to read 4096 of each, and
    /// 256 is all that the others have.
    fn sizes(&mut self) {
        let all = self
            .dump
            .functions
            .values()
            .any(|record| record.config.extent() > 256);
        if !all {
            return;
        }
        for (at, record) in &mut self.dump.functions {
            let extent = record.config.extent();
            let whole = record.config.known_mask().is_none();
            let ended = extent == 4096 || extent == 256 && self.open_end != Some(*at);
            let size = (whole && ended).then_some(extent);
            record.config = std::mem::take(&mut record.config).with_size(size);
        }
    }

    fn gaps(&mut self) {
        let records = &self.dump.functions;
        let empty = records
            .values()
            .filter(|record| record.config.is_empty())
            .count();
        if empty == records.len() {
            if empty > 0 {
                self.diagnostics
                    .whole(DiagnosticKind::NoConfigBytes { functions: empty });
            }
            return;
        }
        for (&function, record) in records {
            let whole = record.config.known_mask().is_none();
            let bytes = record.config.known_bits() as usize / 8;
            let kind = match record.config.extent() {
                0 => DiagnosticKind::FunctionWithoutBytes { function },
                4096 if whole => continue,
                64 | 128 | 256 if whole && self.open_end != Some(function) => continue,
                64 | 128 | 256 if whole => DiagnosticKind::OpenEnd { function, bytes },
                _ => DiagnosticKind::PartialSpace { function, bytes },
            };
            self.diagnostics.whole(kind);
        }
    }

    fn remark(&mut self, kind: DiagnosticKind) {
        self.diagnostics.at(Place::Line(self.line), kind);
    }
}

/// A line without quote marks and indentation, and how deep it was indented.
fn unquoted(line: &[u8]) -> (usize, &[u8]) {
    let mut indent = 0;
    let mut rest = line;
    while let Some((&byte, after)) = rest.split_first() {
        match byte {
            b' ' => indent += 1,
            b'\t' => indent += 8,
            b'>' => indent = 0,
            _ => break,
        }
        rest = after;
    }
    (indent, rest)
}

#[cfg(test)]
mod tests;
