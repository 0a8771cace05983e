//! Text printed by `lspci`: hex dumps (`-x`, `-xxx`, `-xxxx`) and the words around them.
//!
//! The hex lines become the configuration space. Of the words those are kept that no register
//! says: sizes, driver, IOMMU group, NUMA node, slot. Where a function has no hex lines, its
//! decoded words are turned back into the bits that they were printed from ([`verbose`]).

mod boundary;
mod detail;
mod function;
mod header;
mod hex;
mod listing;
mod named;
pub mod verbose;
mod words;

pub(in crate::import) use header::class_named;
pub use hex::{HexLine, full_line, line};
pub(in crate::import) use named::ids as ids_named;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::diagnostic::{DiagnosticKind, Diagnostics, Place};
use super::{same_machine, text};
use crate::addr::Sbdf;
use crate::capture::limits::MAX_FUNCTIONS;
use crate::capture::{Conflict, FunctionRecord, Privileges};
use crate::import::skipped::Skipped;
use function::Pending;
use header::Header;
use listing::Listed;

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

/// Mails wrap lines that are at least so long.
const WRAPPED_FROM: usize = 60;
/// How lspci itself says a function's group; headings of scripts look like it.
const OWN_GROUP: &[u8] = b"IOMMU group: ";
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
        second: BTreeMap::new(),
        second_line: 0,
        end: None,
        context: Context::default(),
        blank: false,
        before: 0,
        open_line: false,
        skipped: Skipped::default(),
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
        reader.open_line = after.is_none();
        reader.words(line.unwrap_or_default());
        rest = after.unwrap_or_default();
    }
    reader.finish(text)
}

/// Whether a line is the first of a function: what makes a text one of lspci's.
pub(crate) fn is_header(line: &[u8]) -> bool {
    let line = line.get(..MAX_LINE).unwrap_or(line);
    let content = unquoted(line).1.trim_ascii_end();
    header::header(content).is_some() || listing::is_entry(content) || listing::is_folder(content)
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
    /// Functions of a list after the first, and where it begins; 0 in the first.
    second: BTreeMap<Sbdf, FunctionRecord>,
    second_line: u32,
    /// The line from which on the text is not used.
    end: Option<u32>,
    context: Context,
    /// The line before was empty.
    blank: bool,
    /// Length of the line before.
    before: usize,
    /// The line has no end.
    open_line: bool,
    skipped: Skipped,
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
        let blank = std::mem::replace(&mut self.blank, content.is_empty());
        let before = std::mem::replace(&mut self.before, line.len());
        // Among headings of groups there may be a damaged one; a wrapped line ends in ids.
        let wrapped = before >= WRAPPED_FROM && matches!(content.last(), Some(b']' | b')'));
        let apart = self.context.is_beside_heading(indent) && !wrapped;
        if let Some(header) = header::header(content) {
            self.flush();
            let group = self.context.below_heading(indent);
            self.current = Some(self.begin(&header));
            self.grouped(group);
        } else if self.current.is_some() && content.starts_with(OWN_GROUP) {
            self.detail(indent, content);
        } else if let Some(listed) = listing::listed(content) {
            self.flush();
            self.context.folder = listing::is_folder(content);
            self.listed(&listed, indent);
        } else if self.context.folder
            && let Some(members) = listing::members(content)
        {
            let group = self.context.group;
            for at in members {
                self.current = Some(Pending::named(at, self.line));
                self.grouped(group);
                self.flush();
            }
        } else if self.current.is_some()
            && !boundary::ends_function(blank || apart, indent, content)
        {
            self.detail(indent, content);
        } else if !content.is_empty() {
            // Another command's output: what is indented below it is no function's either.
            self.flush();
            self.context.leave();
            self.skipped.line(self.line);
        }
    }

    fn detail(&mut self, indent: usize, content: &[u8]) {
        // A line without its end may be cut in the middle of a number.
        if self.open_line {
            return;
        }
        if let Some(current) = &mut self.current {
            current.detail(indent, content, self.source, self.line);
        }
    }

    /// A line of a group listing.
    fn listed(&mut self, listed: &Listed<'_>, indent: usize) {
        match listed {
            Listed::Group(group) => {
                self.context.group(*group, indent);
                self.context.heading = true;
            }
            Listed::Unit(name) => self.context.unit(name),
            Listed::Function(entry) => {
                let group = entry.group.or_else(|| self.context.of_entry(indent));
                let unit = self.context.unit.clone();
                self.current = Some(self.begin(&entry.header));
                if let (Some(group), true) = (entry.group, indent <= self.context.indent) {
                    // The next lines may go without the number.
                    self.context.group(group, indent);
                    self.context.heading = false;
                }
                self.grouped(group);
                let (source, line) = (self.source, self.line);
                if let Some(current) = &mut self.current {
                    current.listed(unit, entry.reset, source, line);
                }
            }
            Listed::Path { group, at } => {
                self.current = Some(Pending::named(*at, self.line));
                self.grouped(Some(*group));
                self.flush();
            }
        }
    }

    fn grouped(&mut self, group: Option<u32>) {
        let (source, line) = (self.source, self.line);
        if let (Some(group), Some(current)) = (group, &mut self.current) {
            current.grouped(group, source, line);
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
        if self.end.is_some() {
            return;
        }
        let at = pending.at;
        let known = self.dump.functions.contains_key(&at);
        let count = self.dump.functions.len() + self.second.len();
        if !known && count >= MAX_FUNCTIONS {
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
        let line = pending.line;
        let record = pending.finish(self.source, room);
        // A function that comes again begins another list, be it of the same machine.
        let again = self.second.is_empty() && known || self.second.contains_key(&at);
        if again || self.context.again {
            self.settle();
            self.second_line = line;
        }
        self.context.again = false;
        if again || !self.second.is_empty() || self.second_line > 0 {
            self.second.insert(at, record);
        } else {
            self.dump.functions.insert(at, record);
        }
    }

    /// Takes the list over that came after the first, unless it is of another machine or another
    /// state of the same one.
    fn settle(&mut self) {
        let second = std::mem::take(&mut self.second);
        let first = &self.dump.functions;
        let differs = same_machine::other_functions(first, &second)
            .or_else(|| same_machine::other_groups(first, &second));
        if let Some(reason) = differs {
            let place = Place::Line(self.second_line);
            self.diagnostics
                .at(place, DiagnosticKind::SecondListing { reason });
            self.end.get_or_insert(self.second_line);
            return;
        }
        for (at, record) in second {
            match self.dump.functions.entry(at) {
                Entry::Vacant(slot) => _ = slot.insert(record),
                Entry::Occupied(mut slot) => {
                    slot.get_mut().merge(at, record, &mut self.dump.conflicts);
                }
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
        self.settle();
        if !line_end && self.line > 0 {
            self.remark(DiagnosticKind::NoFinalLineEnd);
        }
        self.sizes();
        self.gaps();
        if let Some(kind) = self.skipped.remark() {
            self.diagnostics.whole(kind);
        }
        words::fill(text, self.end, self.open_end, self.source, &mut self.dump);
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

/// The group, and the remapping unit, under whose heading the next functions stand.
#[derive(Default)]
struct Context {
    unit: Option<String>,
    group: Option<u32>,
    /// It stood on a line of its own.
    heading: bool,
    /// It was the folder of the group: only addresses stand below it.
    folder: bool,
    /// How deep the heading was indented.
    indent: usize,
    /// How deep the functions below it are.
    entries: Option<usize>,
    /// Groups that had their heading.
    seen: BTreeSet<u32>,
    /// A group has its heading again: another list begins.
    again: bool,
}

impl Context {
    fn group(&mut self, group: u32, indent: usize) {
        if self.group != Some(group) && !self.seen.insert(group) {
            self.again = true;
            self.seen = BTreeSet::from([group]);
        }
        self.group = Some(group);
        self.indent = indent;
        self.entries = None;
    }

    fn unit(&mut self, name: &[u8]) {
        self.unit = Some(text::printable(name));
        self.group = None;
        self.entries = None;
    }

    /// Whether a line stands where headings do, and functions below them.
    fn is_beside_heading(&self, indent: usize) -> bool {
        self.heading
            && self.group.is_some()
            && indent <= self.indent
            && self.entries.is_some_and(|entries| entries > self.indent)
    }

    /// The group of a function that does not say it itself. One that is indented less than the
    /// one before begins another list.
    fn of_entry(&mut self, indent: usize) -> Option<u32> {
        let entries = *self.entries.get_or_insert(indent);
        if indent < entries || indent < self.indent {
            self.leave();
        }
        self.group
    }

    /// The same for a plain line of lspci: it may belong to a heading, but not to a line that
    /// names a function itself.
    fn below_heading(&mut self, indent: usize) -> Option<u32> {
        let group = self.of_entry(indent);
        group.filter(|_| self.heading)
    }

    /// What follows belongs to no group.
    fn leave(&mut self) {
        self.folder = false;
        self.unit = None;
        self.group = None;
        self.entries = None;
    }
}

/// A line without quote marks and indentation, and how deep it was indented.
pub(in crate::import) fn unquoted(line: &[u8]) -> (usize, &[u8]) {
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
