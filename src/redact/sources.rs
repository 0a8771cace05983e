//! Imported texts: the lines that are understood.

use std::collections::BTreeMap;

use super::names::Names;
use super::{Changes, host, words};
use crate::capture::{Capture, FunctionRecord};
use crate::import::is_kernel_log;

/// Keeps listings of lspci and kernel logs, line by line; of other texts every line is emptied, as
/// their facts are in the capture already.
pub(super) fn redact(from: &Capture, to: &mut Capture, names: &Names, changes: &mut Changes) {
    let hex = hex_lines(from, to);
    for (name, bytes) in &from.sources {
        let new = names.known_source(name);
        let text = String::from_utf8_lossy(bytes);
        let clean = if is_kernel_log(bytes) {
            by_line(&text, |_, line| host::log_line(line, names))
        } else if is_listing(&text) {
            let hex = hex.get(name);
            let mut listing = Listing::default();
            by_line(&text, |number, line| {
                match hex.and_then(|lines| lines.get(&number)) {
                    Some(redacted) => Some(redacted.to_owned()),
                    None => listing.line(line, names),
                }
            })
        } else {
            // Origins of facts go on citing its lines.
            by_line(&text, |_, _| None)
        };
        // The old name may say whose dump it is.
        let said = format!("source/{new}");
        if new != *name {
            changes.add(&said, "renamed");
        }
        if clean != text {
            changes.add(
                &said,
                "lines that are not understood emptied, private words replaced",
            );
        }
        to.sources.insert(new, clean.into_bytes());
    }
}

/// A new text of the same number of lines.
fn by_line(text: &str, mut keep: impl FnMut(u32, &str) -> Option<String>) -> String {
    let mut clean = String::with_capacity(text.len());
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let content = line.trim_end_matches(['\n', '\r']);
        clean.push_str(&keep(number, content).unwrap_or_default());
        clean.push_str(line.get(content.len()..).unwrap_or_default());
    }
    clean
}

/// The hex lines of each source as the redacted spaces have them; `xx` is a byte that was
/// taken out.
fn hex_lines(from: &Capture, to: &Capture) -> BTreeMap<String, BTreeMap<u32, String>> {
    let mut lines: BTreeMap<String, BTreeMap<u32, String>> = BTreeMap::new();
    for (at, record) in &from.functions {
        let Some(redacted) = to.functions.get(at) else {
            continue;
        };
        for run in &record.properties.config_lines {
            if run.bytes_per_line == 0 {
                continue;
            }
            let of = lines.entry(run.source.clone()).or_default();
            let count = run.len.div_ceil(run.bytes_per_line);
            for line in 0..count {
                let offset = run
                    .offset
                    .saturating_add(line.saturating_mul(run.bytes_per_line));
                let left = run.len - line * run.bytes_per_line;
                let length = left.min(run.bytes_per_line);
                let Some(number) = run.line.checked_add(u32::from(line)) else {
                    continue;
                };
                of.insert(number, hex_line(redacted, offset, length));
            }
        }
    }
    lines
}

fn hex_line(record: &FunctionRecord, offset: u16, length: u16) -> String {
    let bytes = (offset..offset.saturating_add(length)).map(|at| match record.config.u8(at) {
        Some(byte) => format!(" {byte:02x}"),
        None => " xx".to_owned(),
    });
    format!("{offset:02x}:{}", bytes.collect::<String>())
}

/// Whether most lines are those of a listing.
fn is_listing(text: &str) -> bool {
    text.lines().any(|line| address(line).is_some())
}

/// `41:00.0 Non-Volatile memory controller: …`, or with a domain before it.
fn address(line: &str) -> Option<&str> {
    let (address, rest) = line.split_once(' ')?;
    let full = match address.matches(':').count() {
        1 => format!("0000:{address}"),
        _ => address.to_owned(),
    };
    full.parse::<crate::addr::Sbdf>().ok().map(|_| rest)
}

/// A listing while it is read.
#[derive(Default)]
struct Listing {
    /// Below `Vital Product Data`, by its indentation.
    vital: Option<usize>,
}

impl Listing {
    fn line(&mut self, line: &str, names: &Names) -> Option<String> {
        if address(line).is_some() {
            self.vital = None;
            return Some(words::scrub(&names.apply(line)));
        }
        let indent = line.len() - line.trim_start().len();
        if indent == 0 {
            return None;
        }
        if self.vital.is_some_and(|vital| indent > vital) {
            return None;
        }
        self.vital = line.contains("Vital Product Data").then_some(indent);
        Some(words::scrub(&names.apply(line)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_keeps_its_grammar_and_nothing_else() {
        let text = "jane@acme:~# lspci -vvv\n\
            41:00.0 Non-Volatile memory controller: Samsung\n\
            \tCapabilities: [148] Device Serial Number 00-1b-21-ff-ff-aa-bb-cc\n\
            \tCapabilities: [d0] Vital Product Data\n\
            \t\tProduct Name: x\n\
            \t\t\t[SN] Serial number: 17\n\
            \tKernel driver in use: nvme\n";
        let mut listing = Listing::default();
        let clean = by_line(text, |_, line| listing.line(line, &Names::default()));
        let expected = "\n\
            41:00.0 Non-Volatile memory controller: Samsung\n\
            \tCapabilities: [148] Device Serial Number (address)\n\
            \tCapabilities: [d0] Vital Product Data\n\
            \n\
            \n\
            \tKernel driver in use: nvme\n";
        assert_eq!(clean, expected);
    }
}
