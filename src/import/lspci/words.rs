//! Functions of a text that have no hex lines: what their words say becomes known bits.

use std::collections::BTreeSet;

use super::verbose::{Line, Trust, is_from_windows, may_be_emulated, reconstruct};
use super::{Dump, MAX_LINE, header, unquoted};
use crate::addr::Sbdf;
use crate::bytes::ConfigImage;

/// Fills the images that the hex lines left empty, as far as the words go.
pub(super) fn fill(text: &[u8], source: &str, dump: &mut Dump) {
    let empty: BTreeSet<Sbdf> = dump
        .functions
        .iter()
        .filter(|(_, record)| record.config.is_empty())
        .map(|(&at, _)| at)
        .collect();
    if empty.is_empty() {
        return;
    }
    let text = String::from_utf8_lossy(text);
    if may_be_emulated(text.lines()) {
        return;
    }
    let bar_types = !is_from_windows(text.lines());
    let trust = |whole| Trust { whole, bar_types };
    let mut block: Vec<Line<'_>> = Vec::new();
    let mut function = None;
    for (number, line) in (1..).zip(text.lines()) {
        let line = cut(line);
        if let Some(at) = address(line) {
            if let Some(at) = function.replace(at).filter(|at| empty.contains(at)) {
                one(at, &block, trust(true), source, dump);
            }
            block.clear();
        }
        block.push(Line { number, text: line });
    }
    let ended = text.ends_with("\n\n") || text.ends_with("\n\r\n");
    if let Some(at) = function.filter(|at| empty.contains(at)) {
        one(at, &block, trust(ended), source, dump);
    }
}

/// One function. Where a text names it twice, what it said first stands.
fn one(at: Sbdf, block: &[Line<'_>], trust: Trust, source: &str, dump: &mut Dump) {
    let Some(record) = dump.functions.get_mut(&at) else {
        return;
    };
    let mut image = ConfigImage::empty();
    let lines = &mut record.properties.config_lines;
    reconstruct(source, block, trust, &mut image, lines);
    // The words are one reading of the registers; a second one may differ in live status bits.
    let _ = record.config.merge(&image);
}

/// The function that a header line names.
fn address(line: &str) -> Option<Sbdf> {
    let header = header::header(unquoted(line.as_bytes()).1.trim_ascii_end())?;
    Some(header.at)
}

/// What is looked at of a line.
fn cut(line: &str) -> &str {
    let end = (0..=MAX_LINE.min(line.len()))
        .rev()
        .find(|&end| line.is_char_boundary(end));
    line.get(..end.unwrap_or(0)).unwrap_or_default()
}
