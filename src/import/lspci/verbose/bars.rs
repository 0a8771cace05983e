//! Base address registers: their type bits. Addresses and sizes are the kernel's.

use super::body::number;
use super::text::{Statement, Words};
use super::writer::Writer;
use crate::spec::pci::HeaderType;

/// First base address register.
const BASE_ADDRESS: u16 = 0x10;
/// Expansion ROM of an endpoint and of a bridge.
const ROM: u16 = 0x30;
const BRIDGE_ROM: u16 = 0x38;

pub(super) fn set(words: &Words<'_>, layout: Option<HeaderType>, writer: &mut Writer<'_>) {
    for top in &words.top {
        region(top, writer);
    }
    let offset = match layout {
        Some(HeaderType::ENDPOINT) => ROM,
        Some(HeaderType::BRIDGE) => BRIDGE_ROM,
        _ => return,
    };
    // One that the kernel alone knows starts with "[virtual]", or ends with it.
    if let Some(rom) = words.top("Expansion ROM at ")
        && !rom.text.contains("[virtual]")
    {
        let disabled = rom.text.contains("[disabled]");
        writer.flag(rom.line(), offset, 0, !disabled);
    }
}

/// `Region 2: Memory at f0000000 (64-bit, prefetchable) [size=256M]`
fn region(top: &Statement, writer: &mut Writer<'_>) {
    let Some(rest) = top.after("Region ") else {
        return;
    };
    let Some((index, text)) = rest.split_once(": ") else {
        return;
    };
    let Some(index) = number(index, 10).filter(|&index| index < 6) else {
        return;
    };
    // These are not what the register says, but what the kernel does.
    if text.contains("[virtual]") || text.contains("[enhanced]") {
        return;
    }
    let index = u16::try_from(index).unwrap_or(0);
    if let Some((bits, width)) = type_bits(text) {
        writer.set(top.line(), BASE_ADDRESS + 4 * index, 0, width, bits);
    }
}

/// The low bits of a base address register and how many of them are known (PCI 3.0, 6.2.5.1).
pub(super) fn type_bits(text: &str) -> Option<(u64, u8)> {
    if text.starts_with("I/O ports at ") {
        return Some((1, 1));
    }
    let rest = text.strip_prefix("Memory at ")?;
    let (kind, _) = rest.split_once('(')?.1.split_once(')')?;
    let (width, kind) = kind.split_once(", ")?;
    let width = match width {
        "32-bit" => 0,
        "low-1M" => 1,
        "64-bit" => 2,
        "type 3" => 3,
        _ => return None,
    };
    let prefetchable = match kind {
        "prefetchable" => 1,
        "non-prefetchable" => 0,
        _ => return None,
    };
    Some((width << 1 | prefetchable << 3, 4))
}
