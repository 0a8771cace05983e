//! The lists of capabilities: where each stands, what it is, and which one follows.

use super::body::{Body, digits, number};
use super::text::{Capability, Words};
use super::{acs, aer, af, ari, ats, ea, express, msi, msix, names, pasid, pm, power};
use super::{pri, rebar, sriov, vendor};
use crate::import::writer::Writer;
use crate::spec::pci::{
    CAPABILITIES_POINTER, CARDBUS_CAPABILITIES_POINTER, CONVENTIONAL_SIZE, CapId, HeaderType,
};
use crate::spec::pcie::ExtCapId;

/// Offset of the pointer within a standard capability.
const NEXT: u16 = 1;

/// One entry as printed.
struct Entry<'a> {
    offset: u16,
    version: Option<u64>,
    name: &'a str,
    capability: &'a Capability<'a>,
}

pub(super) fn set(words: &Words<'_>, layout: Option<HeaderType>, writer: &mut Writer<'_>) {
    let entries: Vec<Option<Entry<'_>>> = words.capabilities.iter().map(entry).collect();
    let standard = |entry: &Option<Entry<'_>>| {
        entry
            .as_ref()
            .is_none_or(|entry| entry.offset < CONVENTIONAL_SIZE)
    };
    let split = entries
        .iter()
        .position(|entry| !standard(entry))
        .unwrap_or(entries.len());
    let (first, second) = entries.split_at_checked(split).unwrap_or((&entries, &[]));
    let first_ended = words.ended || !second.is_empty();
    standard_list(words, first, first_ended, layout, writer);
    extended_list(words, second, writer);
    for entry in entries
        .iter()
        .flatten()
        .filter(|entry| !entry.name.starts_with('<'))
    {
        contents(entry, layout, writer);
    }
}

fn standard_list(
    words: &Words<'_>,
    entries: &[Option<Entry<'_>>],
    ended: bool,
    layout: Option<HeaderType>,
    writer: &mut Writer<'_>,
) {
    let mut pointer = match layout {
        Some(HeaderType::CARDBUS) => Some(CARDBUS_CAPABILITIES_POINTER.offset),
        Some(_) => Some(CAPABILITIES_POINTER.offset),
        None => None,
    };
    let mut line = 0;
    for entry in entries {
        let Some(entry) = entry else {
            // Access denied, or something else instead of an offset.
            pointer = None;
            continue;
        };
        line = entry.capability.line;
        if let Some(pointer) = pointer
            && words.complete
        {
            // The two low bits are masked before they are used.
            writer.set(line, pointer, 2, 6, u64::from(entry.offset >> 2));
        }
        pointer = entry.offset.checked_add(NEXT);
        if entry.name.starts_with('<') {
            // A loop comes back to a capability that is printed already; a broken chain has no
            // pointer that could be read.
            pointer = None;
        }
        if entry.name.starts_with("<chain looped>") {
            continue;
        }
        if let Some((id, word)) = names::standard(entry.name) {
            writer.set(line, entry.offset, 0, 8, u64::from(id.0));
            if let (Some(word), Some(at)) = (word, entry.offset.checked_add(2)) {
                writer.set(line, at, 0, 16, word);
            }
        }
    }
    let listed = !entries.is_empty();
    // Of a CardBus bridge the list may be left out altogether.
    let printed = layout != Some(HeaderType::CARDBUS);
    let said = printed
        && words.top("Status:").is_some_and(|status| {
            status
                .flags()
                .any(|(name, value, _)| name == "Cap" && value)
        });
    if let Some(pointer) = pointer
        && words.complete
        && ended
        && (listed || said)
    {
        let line = if listed {
            line
        } else {
            words.top("Status:").map_or(0, |top| top.line())
        };
        writer.set(line, pointer, 2, 6, 0);
    }
}

fn extended_list(words: &Words<'_>, entries: &[Option<Entry<'_>>], writer: &mut Writer<'_>) {
    // Version and pointer share the upper half of an entry's first double word.
    const VERSION: u8 = 16;
    const NEXT: u8 = 22;
    let mut before: Option<u16> = None;
    let mut line = 0;
    for entry in entries {
        let Some(entry) = entry
            .as_ref()
            .filter(|entry| entry.offset >= CONVENTIONAL_SIZE)
        else {
            // Not what lspci prints: no order can be read from it.
            return;
        };
        line = entry.capability.line;
        if let Some(before) = before
            && words.complete
        {
            writer.set(line, before, NEXT, 10, u64::from(entry.offset >> 2));
        }
        before = Some(entry.offset);
        if entry.name.starts_with('<') {
            return;
        }
        if let Some(version) = entry.version {
            writer.set(line, entry.offset, VERSION, 4, version);
        }
        if let Some(id) = names::extended(entry.name) {
            writer.set(line, entry.offset, 0, 16, u64::from(id.0));
        } else if entry.name.starts_with("Virtual Channel") {
            // 0002h or 0009h: these bits are clear in both.
            writer.flag(line, entry.offset, 2, false);
            writer.set(line, entry.offset, 4, 12, 0);
        }
    }
    // A list ends with pointer 0, or with an empty header, which lspci does not print: nothing
    // tells the two apart, and a walk ends in both.
    if let Some(before) = before
        && words.complete
        && words.ended
    {
        writer.set(line, before, NEXT, 10, 0);
    }
}

/// `[40] Name`, `[100 v1] Name`; `None` for `<access denied>`.
fn entry<'a>(capability: &'a Capability<'a>) -> Option<Entry<'a>> {
    let (place, name) = capability.text.strip_prefix('[')?.split_once(']')?;
    let (offset, version) = match place.split_once(" v") {
        Some((offset, version)) => (offset, Some(number(version, 10)?)),
        None => (place, None),
    };
    if !(2..=3).contains(&offset.len()) || digits(offset, 16).len() != offset.len() {
        return None;
    }
    let offset = u16::from_str_radix(offset, 16).ok()?;
    Some(Entry {
        offset,
        version,
        name: name.trim_start(),
        capability,
    })
}

/// The registers of one capability.
fn contents(entry: &Entry<'_>, layout: Option<HeaderType>, writer: &mut Writer<'_>) {
    let (capability, version) = (entry.capability, entry.version);
    let mut body = Body {
        base: entry.offset,
        version,
        capability,
        writer,
    };
    let body = &mut body;
    if entry.offset < CONVENTIONAL_SIZE {
        match names::standard(entry.name).map(|(id, _)| id) {
            Some(CapId::POWER_MANAGEMENT) => pm::set(entry.name, body),
            Some(CapId::MSI) => msi::set(entry.name, body),
            Some(CapId::MSI_X) => msix::set(entry.name, body),
            Some(CapId::EXPRESS) => express::set(entry.name, body),
            Some(CapId::ADVANCED_FEATURES) => af::set(body),
            Some(CapId::ENHANCED_ALLOCATION) => ea::set(entry.name, layout, body),
            Some(CapId::BRIDGE_SUBSYSTEM) => vendor::subsystem(entry.name, body),
            Some(CapId::VENDOR) => vendor::standard(entry.name, body),
            Some(CapId::DEBUG_PORT) => vendor::debug_port(entry.name, body),
            _ => {}
        }
        return;
    }
    match names::extended(entry.name) {
        Some(ExtCapId::AER) => aer::set(body),
        Some(ExtCapId::SERIAL_NUMBER) => vendor::serial_number(entry.name, body),
        Some(ExtCapId::VENDOR) => vendor::extended(entry.name, body),
        Some(ExtCapId::DVSEC) => vendor::designated(entry.name, body),
        Some(ExtCapId::ACS) => acs::set(body),
        Some(ExtCapId::ARI) => ari::set(body),
        Some(ExtCapId::ATS) => ats::set(body),
        Some(ExtCapId::SR_IOV) => sriov::set(body),
        Some(ExtCapId::PRI) => pri::set(body),
        Some(ExtCapId::RESIZABLE_BAR | ExtCapId::VF_RESIZABLE_BAR) => rebar::set(body),
        Some(ExtCapId::PASID) => pasid::set(body),
        Some(ExtCapId::DPC) => power::containment(body),
        Some(ExtCapId::L1_SUBSTATES) => power::substates(body),
        _ => {}
    }
}
