//! Functions of a text that have no hex lines: what their words say becomes known bits.

use std::collections::BTreeSet;

use super::verbose::{Line, Trust, is_from_windows, may_be_emulated, reconstruct};
use super::{Dump, MAX_LINE, OWN_GROUP, boundary, listing, unquoted};
use crate::addr::Sbdf;
use crate::bytes::ConfigImage;
use crate::import::text::lossy;

/// What begins the line of a capability.
const CAPABILITY: &str = "Capabilities: [";

/// Fills the images that the hex lines left empty, or ended before the capabilities that the
/// text shows, as far as the words go, up to the line `end`.
/// `open_end` is the function with whose hex lines the text ends.
pub(super) fn fill(
    text: &[u8],
    end: Option<u32>,
    open_end: Option<Sbdf>,
    source: &str,
    dump: &mut Dump,
) {
    let empty: BTreeSet<Sbdf> = dump
        .functions
        .iter()
        .filter(|(at, record)| {
            let config = &record.config;
            // Where hex lines were cut, nothing tells that they belong to these words.
            let ended = config.known_mask().is_none() && open_end != Some(**at);
            config.is_empty() || ended && matches!(config.extent(), 64 | 128 | 256)
        })
        .map(|(&at, _)| at)
        .collect();
    if empty.is_empty() {
        return;
    }
    // Behind hex lines words count only where they show a capability.
    let bare = |at| {
        dump.functions
            .get(at)
            .is_some_and(|record| record.config.is_empty())
    };
    if memchr::memmem::find(text, CAPABILITY.as_bytes()).is_none() && !empty.iter().any(bare) {
        return;
    }
    let text = lossy(text);
    if may_be_emulated(text.lines()) {
        return;
    }
    let bar_types = !is_from_windows(text.lines());
    let trust = |whole| Trust { whole, bar_types };
    let mut block: Vec<Line<'_>> = Vec::new();
    let mut function = None;
    let mut blank = false;
    for (number, line) in (1..end.unwrap_or(u32::MAX)).zip(text.lines()) {
        let line = cut(line);
        let (indent, content) = unquoted(line.as_bytes());
        let content = content.trim_ascii_end();
        let was_blank = std::mem::replace(&mut blank, content.is_empty());
        let start = listing::from_address(content);
        let own_group = content.starts_with(OWN_GROUP);
        let ends = || {
            !own_group && listing::listed(content).is_some()
                || boundary::ends_function(was_blank, indent, content)
        };
        if start.is_some() || function.is_some() && ends() {
            let at = start.map(|(at, _)| at);
            if let Some(at) = std::mem::replace(&mut function, at).filter(|at| empty.contains(at)) {
                one(at, &block, trust(true), source, dump);
            }
            block.clear();
        }
        // Of a listing what stands before the address is left out.
        let behind = start.map_or(0, |(_, text)| {
            line.trim_end().len().saturating_sub(text.len())
        });
        let text = line.get(behind..).unwrap_or_default();
        block.push(Line { number, text });
    }
    // An empty line ends the last function, be it in a quote.
    let last = text.lines().next_back().unwrap_or_default();
    let ended = text.ends_with('\n') && unquoted(last.as_bytes()).1.trim_ascii().is_empty();
    if let Some(at) = function.filter(|at| empty.contains(at)) {
        one(at, &block, trust(ended), source, dump);
    }
}

/// One function. Where a text names it twice, what it said first stands.
fn one(at: Sbdf, block: &[Line<'_>], trust: Trust, source: &str, dump: &mut Dump) {
    let Some(record) = dump.functions.get_mut(&at) else {
        return;
    };
    let extent = record.config.extent();
    if extent > 0 && !block.iter().any(|line| shows_behind(line.text, extent)) {
        return;
    }
    let mut image = ConfigImage::empty();
    let lines = &mut record.properties.config_lines;
    reconstruct(source, block, trust, &mut image, lines);
    // The words are one reading of the registers; a second one may differ in live status bits.
    let _ = record.config.merge(&image);
}

/// Whether a line is about a capability that the hex lines do not reach.
fn shows_behind(line: &str, extent: u16) -> bool {
    let offset = line.split_once(CAPABILITY).and_then(|(_, rest)| {
        let end = rest.find([']', ' '])?;
        u16::from_str_radix(rest.get(..end)?, 16).ok()
    });
    offset.is_some_and(|offset| offset >= extent)
}

/// What is looked at of a line.
fn cut(line: &str) -> &str {
    let end = (0..=MAX_LINE.min(line.len()))
        .rev()
        .find(|&end| line.is_char_boundary(end));
    line.get(..end.unwrap_or(0)).unwrap_or_default()
}
