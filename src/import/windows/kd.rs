//! Logs of the kernel debugger's `!pci` and `!pcitree`.

use super::builder::Builder;
use super::space::{Spaces, address};
use crate::addr::Sbdf;
use crate::capture::{FunctionProperties, Reported};
use std::collections::BTreeMap;

/// Whether a text has a line of either.
pub(super) fn is_log(head: &str) -> bool {
    let mut bus = false;
    for line in head.lines() {
        bus |= bus_heading(line).is_some() || configuration_heading(line).is_some();
        if bus && (device_line(line).is_some() || tree_line(line).is_some()) {
            return true;
        }
        if configuration_heading(line).is_some() {
            return true;
        }
    }
    false
}

/// Reads a log.
pub(super) fn read(text: &str, source: &str, builder: &mut Builder) {
    let mut spaces = Spaces::default();
    let mut facts: BTreeMap<Sbdf, FunctionProperties> = BTreeMap::new();
    let mut place = (0, 0);
    // Buses of a tree by their indentation, each with the last function on it.
    let mut tree: Vec<(usize, u32, Option<Sbdf>)> = Vec::new();
    let mut current: Option<Sbdf> = None;
    for (number, line) in (1_u32..).zip(text.lines()) {
        let indent = line.len() - line.trim_start().len();
        if let Some((segment, bus)) = bus_heading(line) {
            place = (segment, bus);
            while tree.last().is_some_and(|above| above.0 >= indent) {
                tree.pop();
            }
            if tree.len() < 256 {
                tree.push((indent, bus, None));
            }
            current = None;
        } else if let Some(at) = configuration_heading(line) {
            current = Some(at);
            spaces.touch(at);
        } else if let Some(found) = device_line(line) {
            current = address(place.0, place.1, found.device, found.function);
            let Some(at) = current else { continue };
            let word = |value: u16| value.to_le_bytes();
            let here = Some((source, number));
            let ids = [word(found.vendor), word(found.id)].concat();
            spaces.put(at, 0, &ids, here);
            if let (Some(command), Some(status)) = (found.command, found.status) {
                let words = [word(command), word(status)].concat();
                spaces.put(at, 4, &words, here);
            }
            spaces.put(at, 8, &[found.revision], here);
            if let Some([primary, secondary, subordinate]) = found.buses {
                spaces.put(at, 0x18, &[primary, secondary, subordinate], here);
                spaces.put(at, 0x0e, &[1], here);
            }
        } else if let Some(found) = tree_line(line) {
            while tree.last().is_some_and(|above| above.0 >= indent) && tree.len() > 1 {
                tree.pop();
            }
            let bus = tree.last().map_or(place.1, |bus| bus.1);
            let Some(at) = address(place.0, bus, found.device, found.function) else {
                continue;
            };
            current = None;
            let here = Some((source, number));
            let ids = [found.vendor.to_le_bytes(), found.id.to_le_bytes()].concat();
            spaces.put(at, 0, &ids, here);
            let origin = builder.origin(number);
            let known = facts.entry(at).or_default();
            if let Some(class) = found.class {
                known.base_class = Some(Reported::new(class, origin.clone()));
            }
            let above = tree.len().checked_sub(2).and_then(|index| tree.get(index));
            let parent = match above {
                Some((.., Some(bridge))) => bridge.to_string(),
                _ => String::new(),
            };
            known.parent = Some(Reported::new(parent, origin));
            if let Some(bus) = tree.last_mut() {
                bus.2 = Some(at);
            }
        } else if let (Some(at), Some((offset, bytes))) = (current, hex_line(line)) {
            spaces.put(at, offset, &bytes, Some((source, number)));
        }
    }
    spaces.finish(builder);
    for (at, facts) in facts {
        let record = builder.capture.function(at);
        record.properties.base_class = facts.base_class;
        record.properties.parent = facts.parent;
    }
}

/// `PCI Segment 0 Bus 0x38`, `PCI Bus 0`, `Bus 0x2 (FDO Ext …)`.
fn bus_heading(line: &str) -> Option<(u32, u32)> {
    let line = line.trim();
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["PCI", "Segment", segment, "Bus", bus, ..] => Some((hex(segment)?, hex(bus)?)),
        ["PCI", "Bus", bus] => Some((0, hex(bus)?)),
        ["Bus", bus, "(FDO", ..] => Some((0, hex(bus)?)),
        _ => None,
    }
}

/// `PCI Configuration Space (Segment:0001 Bus:00 Device:01 Function:00)`.
fn configuration_heading(line: &str) -> Option<Sbdf> {
    let rest = line.trim().strip_prefix("PCI Configuration Space (")?;
    let part = |name: &str| {
        let rest = rest.split_once(name)?.1;
        let end = rest
            .find(|c: char| !c.is_ascii_hexdigit())
            .unwrap_or(rest.len());
        u32::from_str_radix(rest.get(..end)?, 16).ok()
    };
    address(
        part("Segment:").unwrap_or(0),
        part("Bus:")?,
        part("Device:")?,
        part("Function:")?,
    )
}

/// One function as `!pci` lists it.
struct Listed {
    device: u32,
    function: u32,
    vendor: u16,
    id: u16,
    revision: u8,
    command: Option<u16>,
    status: Option<u16>,
    buses: Option<[u8; 3]>,
}

/// `02:1  1000:0030.08  Cmd[0147:imb.ps]  Sts[0230:c6...]  LSI SCSI Controller`.
fn device_line(line: &str) -> Option<Listed> {
    let mut words = line.split_whitespace();
    let (device, function) = words.next()?.split_once(':')?;
    let (vendor, rest) = words.next()?.split_once(':')?;
    let (id, revision) = rest.split_once('.')?;
    let register = |name: &str| {
        let rest = line.split_once(name)?.1;
        u16::from_str_radix(rest.get(..4)?, 16).ok()
    };
    let command = register("Cmd[");
    command?;
    let buses = line.split_whitespace().find_map(|word| {
        let (primary, rest) = word.split_once("->")?;
        let (secondary, subordinate) = rest.split_once('-')?;
        let number = |text| hex(text).and_then(|bus| u8::try_from(bus).ok());
        Some([number(primary)?, number(secondary)?, number(subordinate)?])
    });
    let short = |text: &str| (text.len() <= 2).then(|| u32::from_str_radix(text, 16).ok())?;
    let word = |text: &str| (text.len() == 4).then(|| u16::from_str_radix(text, 16).ok())?;
    Some(Listed {
        device: short(device)?,
        function: short(function)?,
        vendor: word(vendor)?,
        id: word(id)?,
        revision: u8::from_str_radix(revision, 16).ok()?,
        command,
        status: register("Sts["),
        buses,
    })
}

/// One function of a tree.
struct InTree {
    device: u32,
    function: u32,
    vendor: u16,
    id: u16,
    class: Option<u16>,
}

/// `(d=1,  f=0) 80866f02 devext … devstack … 0604 Bridge/PCI to PCI`, where the vendor stands
/// first, or the older `0600 12378086 (d=0,  f=0) devext …`, where the device does.
fn tree_line(line: &str) -> Option<InTree> {
    let (before, rest) = line.split_once("(d=")?;
    let (place, after) = rest.split_once(')')?;
    let (device, function) = place.split_once(',')?;
    let device = u32::from_str_radix(device.trim(), 16).ok()?;
    let function = function.trim().strip_prefix("f=")?;
    let function = u32::from_str_radix(function.trim(), 16).ok()?;
    let word = |text: &str| {
        let whole = (text.len() == 8).then(|| u32::from_str_radix(text, 16).ok())??;
        let high = u16::try_from(whole >> 16).ok()?;
        let low = u16::try_from(whole & 0xffff).ok()?;
        Some((high, low))
    };
    let class = |text: &str| (text.len() == 4).then(|| u16::from_str_radix(text, 16).ok())?;
    let mut old = before.split_whitespace();
    if let (Some(code), Some(ids)) = (old.next(), old.next()) {
        let (id, vendor) = word(ids)?;
        let class = class(code);
        return Some(InTree {
            device,
            function,
            vendor,
            id,
            class,
        });
    }
    let mut words = after.split_whitespace();
    let (vendor, id) = word(words.next()?)?;
    let class = words
        .skip_while(|word| *word != "devstack")
        .nth(2)
        .and_then(class);
    Some(InTree {
        device,
        function,
        vendor,
        id,
        class,
    })
}

/// `00000010:  f0000000 …` (double words in the order of the processor) or `10: 00 f0 …`.
fn hex_line(line: &str) -> Option<(u16, Vec<u8>)> {
    let (offset, rest) = line.trim().split_once(':')?;
    let valid = matches!(offset.len(), 2..=8) && offset.bytes().all(|b| b.is_ascii_hexdigit());
    let offset = valid.then(|| u32::from_str_radix(offset, 16).ok())??;
    let offset = u16::try_from(offset).ok()?;
    let words: Vec<&str> = rest
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|word| !word.is_empty())
        .collect();
    let mut bytes = Vec::new();
    for word in words.iter().take(16) {
        match word.len() {
            8 => {
                let value = u32::from_str_radix(word, 16).ok()?;
                bytes.extend(value.to_le_bytes());
            }
            2 => bytes.push(u8::from_str_radix(word, 16).ok()?),
            _ => return None,
        }
    }
    (bytes.len() >= 4).then_some((offset, bytes))
}

fn hex(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    u32::from_str_radix(digits, 16).ok()
}
