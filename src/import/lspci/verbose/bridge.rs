//! The rest of a bridge's header: bus numbers, windows, secondary status, bridge control.

use super::body::{behind, hex, number, set_flags};
use super::header::devsel;
use super::text::{Statement, Words};
use crate::import::writer::Writer;
use crate::spec::pci::{HeaderType, PRIMARY_BUS, SECONDARY_BUS, SUBORDINATE_BUS};

const SECONDARY_LATENCY: u16 = 0x1b;
const IO_BASE: u16 = 0x1c;
const IO_UPPER: u16 = 0x30;
const SECONDARY_STATUS: u16 = 0x1e;
const CARDBUS_SECONDARY_STATUS: u16 = 0x16;
const MEMORY_BASE: u16 = 0x20;
const PREFETCHABLE_BASE: u16 = 0x24;
const PREFETCHABLE_UPPER_BASE: u16 = 0x28;
const PREFETCHABLE_UPPER_LIMIT: u16 = 0x2c;
const BRIDGE_CONTROL: u16 = 0x3e;
const LEGACY_BASE: u16 = 0x44;

/// Bits of the secondary status register (PCI-to-PCI Bridge 1.2, 3.2.5.7).
const SECONDARY: &[(&str, u8)] = &[
    ("66MHz", 5),
    ("FastB2B", 7),
    ("ParErr", 8),
    (">TAbort", 11),
    ("<TAbort", 12),
    ("<MAbort", 13),
    ("<SERR", 14),
    ("<PERR", 15),
];
/// Bits of the bridge control register (PCI-to-PCI Bridge 1.2, 3.2.5.18).
const CONTROL: &[(&str, u8)] = &[
    ("Parity", 0),
    ("SERR", 1),
    ("NoISA", 2),
    ("VGA", 3),
    ("VGA16", 4),
    ("MAbort", 5),
    (">Reset", 6),
    ("FastB2B", 7),
    ("PriDiscTmr", 8),
    ("SecDiscTmr", 9),
    ("DiscTmrStat", 10),
    ("DiscTmrSERREn", 11),
];
/// Bits of a CardBus bridge's control register (PC Card Standard 8.0).
const CARDBUS_CONTROL: &[(&str, u8)] = &[
    ("Parity", 0),
    ("SERR", 1),
    ("ISA", 2),
    ("VGA", 3),
    ("MAbort", 5),
    (">Reset", 6),
    ("16bInt", 7),
    ("PostWrite", 10),
];

pub(super) fn set(words: &Words<'_>, layout: Option<HeaderType>, writer: &mut Writer<'_>) {
    let Some(bus) = words.top("Bus: primary=") else {
        return;
    };
    for (key, offset) in [
        ("primary=", PRIMARY_BUS.offset),
        ("secondary=", SECONDARY_BUS.offset),
        ("subordinate=", SUBORDINATE_BUS.offset),
    ] {
        if let Some(number) = behind(&bus.text, key).and_then(|rest| hex(rest, 2)) {
            writer.set(bus.line(), offset, 0, 8, number);
        }
    }
    if let Some(latency) = behind(&bus.text, "sec-latency=").and_then(|rest| number(rest, 10)) {
        writer.set(bus.line(), SECONDARY_LATENCY, 0, 8, latency);
    }
    let control = words.top("BridgeCtl:");
    let status = words.top("Secondary status:");
    match layout {
        Some(HeaderType::BRIDGE) => {
            if let Some(status) = status {
                set_flags(writer, status, SECONDARY_STATUS, SECONDARY);
                devsel(status, SECONDARY_STATUS, writer);
            }
            if let Some(control) = control {
                set_flags(writer, control, BRIDGE_CONTROL, CONTROL);
            }
            windows(words, writer);
        }
        Some(HeaderType::CARDBUS) => {
            if let Some(status) = status.filter(|status| status.text.ends_with(": SERR")) {
                writer.flag(status.line(), CARDBUS_SECONDARY_STATUS, 14, true);
            }
            if let Some(control) = control {
                set_flags(writer, control, BRIDGE_CONTROL, CARDBUS_CONTROL);
            }
            let legacy = words.top("16-bit legacy interface ports at ");
            if let Some(legacy) = legacy
                && let Some(base) = behind(&legacy.text, "ports at ").and_then(|rest| hex(rest, 4))
            {
                writer.set(legacy.line(), LEGACY_BASE, 0, 16, base);
            }
        }
        _ => {}
    }
}

fn windows(words: &Words<'_>, writer: &mut Writer<'_>) {
    if let Some((line, base, limit, digits)) = range(words, "I/O behind bridge:")
        && digits == 8
        && base & 0xfff == 0
        && limit & 0xfff == 0xfff
    {
        for (offset, address) in [(0, base), (1, limit)] {
            writer.set(line, IO_BASE + offset, 4, 4, address >> 12 & 0xf);
            // Whether there is an upper half is known only where it is used.
            if base.max(limit) > 0xffff {
                writer.set(line, IO_BASE + offset, 0, 4, 1);
                writer.set(line, IO_UPPER + 2 * offset, 0, 16, address >> 16);
            }
        }
    }
    if let Some((line, base, limit, 8)) = range(words, "Memory behind bridge:") {
        megabytes(line, MEMORY_BASE, base, limit, 0, writer);
    }
    match range(words, "Prefetchable memory behind bridge:") {
        Some((line, base, limit, 8)) => {
            megabytes(line, PREFETCHABLE_BASE, base, limit, 0, writer);
        }
        Some((line, base, limit, 16)) => {
            megabytes(
                line,
                PREFETCHABLE_BASE,
                base & 0xffff_ffff,
                limit & 0xffff_ffff,
                1,
                writer,
            );
            writer.set(line, PREFETCHABLE_UPPER_BASE, 0, 32, base >> 32);
            writer.set(line, PREFETCHABLE_UPPER_LIMIT, 0, 32, limit >> 32);
        }
        _ => {}
    }
}

/// A window in units of 1 MiB: the upper 12 bits of each end and the type in the lower 4.
fn megabytes(line: u32, offset: u16, base: u64, limit: u64, kind: u64, writer: &mut Writer<'_>) {
    if base & 0xf_ffff == 0 && limit & 0xf_ffff == 0xf_ffff {
        writer.set(line, offset, 0, 16, base >> 16 | kind);
        writer.set(line, offset + 2, 0, 16, limit >> 16 & 0xfff0 | kind);
    }
}

/// A window that was printed from registers: line, both ends, and the digits of each.
///
/// Versions that print the width (`[32-bit]`) take the window from the kernel where they can.
fn range(words: &Words<'_>, label: &str) -> Option<(u32, u64, u64, usize)> {
    let top: &Statement = words.top(label)?;
    let text = top.after(label)?;
    if !words.is_whole(top) {
        return None;
    }
    if text.contains("-bit]") || text.contains("[disabled]") {
        return None;
    }
    let ends = text.split_whitespace().next()?;
    let (base, limit) = ends.split_once('-')?;
    let digits = base.len();
    (digits == limit.len()).then_some((top.line(), hex(base, digits)?, hex(limit, digits)?, digits))
}
