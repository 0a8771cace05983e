//! Enhanced allocation (PCIe 6.0, 7.8.5).

use super::body::{Body, Flags, behind, digits, hex, number};
use super::text::Statement;
use crate::spec::pci::HeaderType;

const ENTRY: Flags = &[("Writable", 30), ("Enable", 31)];
/// Properties with their words.
const PROPERTIES: &[(&str, u64)] = &[
    ("memory space, non-prefetchable", 0x00),
    ("memory space, prefetchable", 0x01),
    ("I/O space", 0x02),
    ("VF memory space, prefetchable", 0x03),
    ("VF memory space, non-prefetchable", 0x04),
    ("allocation behind bridge, non-prefetchable memory", 0x05),
    ("allocation behind bridge, prefetchable memory", 0x06),
    ("allocation behind bridge, I/O space", 0x07),
    ("memory space resource unavailable for use", 0xfd),
    ("I/O space resource unavailable for use", 0xfe),
    ("entry unavailable for use", 0xff),
    (
        "entry unavailable for use, PrimaryProperties should be used",
        0xff,
    ),
];

pub(super) fn set(name: &str, layout: Option<HeaderType>, body: &mut Body<'_, '_, '_>) {
    let line = body.capability.line;
    if let Some(count) = behind(name, "NumEntries=").and_then(|rest| number(rest, 10)) {
        body.set(line, 0x02, 0, 6, count);
    }
    // Both say the same: a bridge has a double word of bus numbers before the entries.
    let numbers = [("secondary=", 0x04), ("subordinate=", 0x05)];
    let mut bridge = false;
    for (key, offset) in numbers {
        if let Some(bus) = behind(name, key).and_then(|rest| number(rest, 10)) {
            bridge = true;
            body.set(line, offset, 0, 8, bus);
        }
    }
    let mut offset = match (layout, bridge) {
        (Some(HeaderType::BRIDGE), true) => 0x08,
        (Some(HeaderType::ENDPOINT), false) => 0x04,
        _ => return,
    };
    let capability = body.capability;
    let mut lines = capability.body.as_slice();
    while let Some((first, rest)) = lines.split_first() {
        let end = rest.iter().position(|line| line.text.starts_with("Entry "));
        let (details, after) = rest
            .split_at_checked(end.unwrap_or(rest.len()))
            .unwrap_or((rest, &[]));
        let Some(size) = behind(&first.text, "EntrySize=").and_then(|rest| number(rest, 10)) else {
            return;
        };
        entry(first, details, offset, size, body);
        let Ok(size) = u16::try_from(size) else {
            return;
        };
        offset = size
            .saturating_mul(4)
            .saturating_add(4)
            .saturating_add(offset);
        lines = after;
    }
}

fn entry(
    first: &Statement,
    details: &[Statement],
    offset: u16,
    size: u64,
    body: &mut Body<'_, '_, '_>,
) {
    body.set(first.line(), offset, 0, 3, size);
    let at = body.base.saturating_add(offset);
    super::body::set_flags(body.writer, first, at, ENTRY);
    // The words behind a label may be on the line of the one before.
    let found = |label: &str| {
        let statement = std::iter::once(first).chain(details);
        statement
            .into_iter()
            .find_map(|line| Some((line.line(), behind(&line.text, label)?)))
    };
    if let Some((line, rest)) = found("BAR Equivalent Indicator: ")
        && let Some(code) = indicator(rest)
    {
        body.set(line, offset, 4, 4, code);
    }
    for (label, bit) in [("PrimaryProperties: ", 8), ("SecondaryProperties: ", 16)] {
        let Some((line, rest)) = found(label) else {
            continue;
        };
        let number = rest.strip_prefix('[').and_then(|rest| hex(rest, 2));
        if let Some(code) = super::body::code(rest.trim(), PROPERTIES).or(number) {
            body.set(line, offset, bit, 8, code);
        }
    }
    // An upper half is printed, be it zero, before the 8 digits of the lower one.
    let address = |label: &str| {
        let (line, rest) = found(label)?;
        let text = digits(rest, 16);
        let (upper, lower) = text.split_at_checked(text.len().checked_sub(8)?)?;
        let upper = if upper.is_empty() {
            None
        } else {
            Some(hex(upper, upper.len())?)
        };
        Some((line, hex(lower, 8)?, upper))
    };
    let mut next = offset.saturating_add(0x0c);
    for (label, at) in [("Base: ", 0x04), ("MaxOffset: ", 0x08)] {
        let Some((line, lower, upper)) = address(label) else {
            return;
        };
        let at = offset.saturating_add(at);
        body.set(line, at, 1, 1, u64::from(upper.is_some()));
        body.set(line, at, 2, 30, lower >> 2);
        if let Some(upper) = upper {
            body.set(line, next, 0, 32, upper);
            next = next.saturating_add(4);
        }
    }
}

/// What an entry stands for.
fn indicator(text: &str) -> Option<u64> {
    let text = text.trim();
    if let Some(bar) = text.strip_prefix("BAR ") {
        return number(bar, 10).filter(|&bar| bar < 6);
    }
    if let Some(bar) = text.strip_prefix("VF-BAR ") {
        return number(bar, 10).filter(|&bar| bar < 6).map(|bar| bar + 9);
    }
    match text {
        "resource behind function" => Some(6),
        "not indicated" => Some(7),
        "expansion ROM" => Some(8),
        "reserved" => Some(15),
        _ => None,
    }
}
