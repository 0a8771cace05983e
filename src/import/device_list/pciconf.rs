//! FreeBSD's `pciconf -l`, with `-v`, `-b` and `-c`.
//!
//! ```text
//! igb0@pci0:1:0:0:  class=0x020000 rev=0x01 hdr=0x00 vendor=0x8086 device=0x1521 subvendor=…
//! igb0@pci0:1:0:0:  class=0x020000 card=0x50028086 chip=0x15218086 rev=0x01 hdr=0x00
//!     bar   [10] = type Memory, range 32, base 0xdf200000, size 1048576, enabled
//! ```
//! Domain, bus, device and function are decimal; `none` stands for a function without a driver.

use super::Lists;
use super::record::{Record, Words};
use crate::addr::{Bdf, Sbdf, Segment};
use crate::capture::Resource;
use crate::import::text::hex16;

/// Flags for the words about a BAR (include/linux/ioport.h).
const IO: u64 = 0x100;
const MEMORY: u64 = 0x200;
const PREFETCHABLE: u64 = 0x2000;
const WIDE: u64 = 0x10_0000;

/// Whether a line begins a function.
pub(super) fn is_line(line: &[u8]) -> bool {
    let mark = line.iter().take(40).position(|&byte| byte == b'@');
    mark.is_some_and(|mark| {
        line.get(mark..)
            .is_some_and(|rest| rest.starts_with(b"@pci"))
    }) && std::str::from_utf8(line).is_ok_and(|line| begins(line).is_some())
}

/// Driver, address and what stands behind.
fn begins(line: &str) -> Option<(&str, Sbdf, &str)> {
    let (unit, rest) = line.split_once("@pci")?;
    let (selector, rest) = rest.split_once([' ', '\t'])?;
    let driver = unit.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if driver.is_empty() || !unit.chars().all(is_name) || !rest.contains("class=0x") {
        return None;
    }
    let mut numbers = [0_u32; 4];
    let mut parts = selector.strip_suffix(':')?.split(':');
    for number in &mut numbers {
        *number = parts.next()?.parse().ok()?;
    }
    let [domain, bus, device, function] = numbers;
    let part = |number: u32| u8::try_from(number).ok();
    let bdf = Bdf::new(part(bus)?, part(device)?, part(function)?)?;
    parts
        .next()
        .is_none()
        .then_some((driver, Sbdf::new(Segment(domain), bdf), rest))
}

/// A function while it is read.
#[derive(Default)]
pub(super) struct Reader {
    current: Option<Record>,
}

impl Reader {
    /// Takes a line; `false` where it is none of a function.
    pub(super) fn line(
        &mut self,
        indent: usize,
        line: &str,
        number: u32,
        lists: &mut Lists,
    ) -> bool {
        if let Some((driver, at, rest)) = begins(line) {
            self.finish(lists);
            let mut record = Record::new(at, number);
            if driver != "none" {
                record.driver = Some((driver.to_owned(), number));
            }
            rest.split_ascii_whitespace()
                .for_each(|word| value(&mut record, word, number));
            self.current = Some(record);
            return true;
        }
        let Some(record) = &mut self.current else {
            return false;
        };
        if indent == 0 {
            self.finish(lists);
            return false;
        }
        if let Some(resource) = bar(line) {
            record.resources.push((resource, number));
            return true;
        }
        let name = |value: &str| {
            let name = value.trim_matches('\'').to_owned();
            move |known: Option<(Words, u32)>| {
                let (words, line) = known?;
                Some((Words { name, ..words }, line))
            }
        };
        match line
            .split_once('=')
            .map(|(key, value)| (key.trim(), value.trim()))
        {
            Some(("vendor", value)) => record.vendor = name(value)(record.vendor.take()),
            Some(("device", value)) => record.device = name(value)(record.device.take()),
            _ => {}
        }
        true
    }

    pub(super) fn finish(&mut self, lists: &mut Lists) {
        if let Some(record) = self.current.take() {
            lists.add(record);
        }
    }
}

/// `class=0x020000`, `chip=0x15218086` and the like.
fn value(record: &mut Record, word: &str, line: u32) {
    let Some((key, digits)) = word
        .split_once('=')
        .and_then(|(key, value)| Some((key, value.strip_prefix("0x")?)))
    else {
        return;
    };
    let words = |digits: &str| {
        let number = Some(hex16(digits)?);
        let name = String::new();
        Some((Words { name, number }, line))
    };
    let byte =
        || (digits.len() == 2).then(|| Some((u8::from_str_radix(digits, 16).ok()?, line)))?;
    match key {
        "class" if digits.len() == 6 => {
            record.class_code = u32::from_str_radix(digits, 16)
                .ok()
                .map(|class| (class, line));
        }
        "vendor" => record.vendor = words(digits),
        "device" => record.device = words(digits),
        "subvendor" => record.subsystem_vendor = words(digits),
        "subdevice" => record.subsystem_device = words(digits),
        // Device before vendor, as the register has them.
        "chip" | "card" => {
            let Some((device, vendor)) = digits.split_at_checked(4) else {
                return;
            };
            let pair = (words(vendor), words(device));
            match key {
                "chip" => (record.vendor, record.device) = pair,
                _ => (record.subsystem_vendor, record.subsystem_device) = pair,
            }
        }
        "rev" => record.revision = byte(),
        "hdr" => record.layout = byte().filter(|(layout, _)| *layout < 0x80),
        _ => {}
    }
}

/// `bar   [10] = type Prefetchable Memory, range 64, base 0xe0000000, size 268435456, enabled`.
fn bar(line: &str) -> Option<Resource> {
    let (register, rest) = line
        .strip_prefix("bar")?
        .trim_start()
        .strip_prefix('[')?
        .split_once("] = type ")?;
    let register = u8::from_str_radix(register, 16).ok()?;
    let index = register.checked_sub(0x10)?;
    if index % 4 != 0 || index > 0x14 {
        return None;
    }
    let mut parts = rest.split(", ");
    let mut flags = match parts.next()? {
        "I/O Port" => IO,
        "Memory" => MEMORY,
        "Prefetchable Memory" => MEMORY | PREFETCHABLE,
        _ => return None,
    };
    match parts.next()? {
        "range 64" => flags |= WIDE,
        "range 32" => {}
        _ => return None,
    }
    let base = parts.next()?.strip_prefix("base ")?;
    let start = u64::from_str_radix(base.strip_prefix("0x").unwrap_or(base), 16).ok()?;
    let len: u64 = parts.next()?.strip_prefix("size ")?.parse().ok()?;
    (len > 0).then_some(Resource {
        index: index / 4,
        start,
        len: Some(len),
        flags: Some(flags),
        unassigned: start == 0,
    })
}
