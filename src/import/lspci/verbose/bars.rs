//! Base address registers: their type bits. Addresses and sizes are the kernel's, and so is, in
//! early versions, whether the expansion ROM is enabled.

use super::body::{digits, number};
use super::text::Words;
use crate::import::writer::Writer;

/// First base address register.
const BASE_ADDRESS: u16 = 0x10;

/// Ports of an IDE controller in compatibility mode: the kernel knows them, its registers are 0
/// (PCI IDE Controller Specification 1.0).
const LEGACY_PORTS: [&str; 6] = ["01f0", "03f4", "03f6", "0170", "0374", "0376"];

pub(super) fn set(words: &Words<'_>, writer: &mut Writer<'_>) {
    // Among selected lines there may be those of virtual functions.
    if !words.complete {
        return;
    }
    let mut next = 0;
    for top in &words.top {
        let Some((index, text)) = top.after("Region ").and_then(|rest| rest.split_once(": "))
        else {
            continue;
        };
        let Some(index) = number(index, 10).filter(|index| (next..6).contains(index)) else {
            return;
        };
        next = index + 1;
        if let (Some((bits, width)), Ok(index)) = (region(text), u16::try_from(index))
            && words.is_whole(top)
        {
            writer.set(top.line(), BASE_ADDRESS + 4 * index, 0, width, bits);
        }
    }
}

/// `Memory at f0000000 (64-bit, prefetchable) [size=256M]`, where it is what the register says.
fn region(text: &str) -> Option<(u64, u8)> {
    if text.contains("[virtual]") || text.contains("[enhanced]") {
        return None;
    }
    let port = text.strip_prefix("I/O ports at ").unwrap_or_default();
    if LEGACY_PORTS.contains(&digits(port, 16)) {
        return None;
    }
    type_bits(text)
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
