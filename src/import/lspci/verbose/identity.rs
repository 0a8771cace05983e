//! The first line and the subsystem: what kind of function this is.
//!
//! lspci prints the ids that the kernel knows. They are those of the registers, except for a
//! virtual function: its id registers read as all ones.

use super::body::{behind, hex, until};
use super::text::{Statement, Words};
use crate::import::writer::Writer;
use crate::spec::pci::{
    CLASS_CODE, DEVICE_ID, HeaderType, REVISION_ID, SUBSYSTEM_ID, SUBSYSTEM_VENDOR_ID, VENDOR_ID,
};

/// Offset of the subsystem vendor id in a CardBus bridge's header (PC Card Standard 8.0).
const CARDBUS_SUBSYSTEM: u16 = 0x40;

pub(super) fn set(words: &Words<'_>, layout: Option<HeaderType>, writer: &mut Writer<'_>) {
    let Some(header) = &words.header else { return };
    // The regions tell, and a text may end before them.
    if !words.top_is_complete() || is_virtual_function(words, &header.text) {
        return;
    }
    let line = header.line();
    let mut field = |field: crate::spec::Field, value: u64| {
        writer.set(line, field.offset, field.bit, field.width, value);
    };
    if let Some((vendor, device)) = ids(&header.text) {
        field(VENDOR_ID, vendor);
        field(DEVICE_ID, device);
    }
    let revision = behind(&header.text, "(rev ").map(|rest| hex(rest, 2));
    // Without the number it is zero.
    let whole = words.header_is_whole();
    if whole && let Some(revision) = revision.unwrap_or(Some(0)) {
        field(REVISION_ID, revision);
    }
    if let Some(class) = class(&header.text) {
        writer.set(line, CLASS_CODE.offset, 8, 16, class);
    }
    if whole {
        let interface = behind(&header.text, "(prog-if ").map(|rest| hex(rest, 2));
        if let Some(interface) = interface.unwrap_or(Some(0)) {
            writer.set(line, CLASS_CODE.offset, 0, 8, interface);
        }
    }
    if let Some(subsystem) = words.top("Subsystem:")
        && let Some((vendor, device)) = subsystem_ids(&subsystem.text)
    {
        let line = subsystem.line();
        match layout {
            Some(HeaderType::ENDPOINT) => {
                writer.set(line, SUBSYSTEM_VENDOR_ID.offset, 0, 16, vendor);
                writer.set(line, SUBSYSTEM_ID.offset, 0, 16, device);
            }
            Some(HeaderType::CARDBUS) => {
                // The other way round than in the header of type 0.
                writer.set(line, CARDBUS_SUBSYSTEM, 0, 16, vendor);
                writer.set(line, CARDBUS_SUBSYSTEM + 2, 0, 16, device);
            }
            // A bridge has a capability for it.
            _ => {}
        }
    }
}

/// A virtual function by its name, or because all its regions come from the kernel alone.
fn is_virtual_function(words: &Words<'_>, header: &str) -> bool {
    let is_region = |text: &str| text.contains("Memory at ") || text.contains("I/O ports at ");
    let mut regions = words
        .top
        .iter()
        .filter(|top| is_region(&top.text))
        .peekable();
    // A mail may have put the mark on the next line.
    let wrapped = |top: &Statement| {
        let text = &top.text;
        text.contains("[virtual]") && !is_region(text) && !text.contains("Expansion ROM")
    };
    header.contains("Virtual Function")
        || words.top.iter().any(wrapped)
        || regions.peek().is_some() && regions.all(|region| region.text.contains("[virtual]"))
}

/// `[8086:1521]` behind the names, or `8086:1521` where there are none.
fn ids(header: &str) -> Option<(u64, u64)> {
    let rest = behind_address(header)?;
    let names = until(
        rest.rsplit_once(" (rev ").map_or(rest, |(names, _)| names),
        &[],
    );
    let names = names.split(" (prog-if ").next().unwrap_or(names).trim();
    if let Some(ids) = names
        .strip_suffix(']')
        .and_then(|names| names.rsplit_once('['))
    {
        return pair(ids.1);
    }
    // `0600: 8086:1237`, older `Class 0600: 8086:1237`.
    let (class, ids) = names.split_once(": ")?;
    let class = class.strip_prefix("Class ").unwrap_or(class);
    (class.len() == 4 && hex(class, 4).is_some())
        .then(|| pair(ids))
        .flatten()
}

/// `[0604]` before the colon, or `0604:` in place of a name.
fn class(header: &str) -> Option<u64> {
    let rest = behind_address(header)?;
    let (class, _) = rest.split_once(": ")?;
    let class = class.strip_prefix("Class ").unwrap_or(class);
    let bracketed = class
        .strip_suffix(']')
        .and_then(|class| class.rsplit_once('['));
    let digits = bracketed.map_or(class, |(_, digits)| digits);
    (digits.len() == 4).then(|| hex(digits, 4)).flatten()
}

/// What follows the address.
pub(super) fn behind_address(header: &str) -> Option<&str> {
    header.split_once(' ').map(|(_, rest)| rest.trim_start())
}

/// The ids of a line `Subsystem: …`, if it has them.
pub(super) fn subsystem_ids(text: &str) -> Option<(u64, u64)> {
    let names = text.strip_prefix("Subsystem:")?.trim();
    if let Some(ids) = names
        .strip_suffix(']')
        .and_then(|names| names.rsplit_once('['))
    {
        return pair(ids.1);
    }
    // Without any name in the id list the numbers stand alone.
    pair(names.strip_prefix("Device ").unwrap_or(names))
}

fn pair(text: &str) -> Option<(u64, u64)> {
    let (vendor, device) = text.split_once(':')?;
    (vendor.len() == 4 && device.len() == 4).then_some(())?;
    Some((hex(vendor, 4)?, hex(device, 4)?))
}
