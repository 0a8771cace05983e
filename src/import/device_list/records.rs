//! Records of `Key: value` lines: `lspci -vm` and `-vmm`, and `esxcli hardware pci list`.

use super::Lists;
use super::quoted::slot;
use super::record::{Record, Words};
use crate::addr::Sbdf;

/// The function that a line begins: `Slot:`, `Device:` with an address (lspci before 3.0), or
/// the `Address:` of esxcli.
pub(super) fn begins(line: &str) -> Option<Sbdf> {
    let (key, value) = line.split_once(':')?;
    matches!(key, "Slot" | "Device" | "Address").then(|| slot(value.trim()))?
}

/// A record while it is read.
#[derive(Default)]
pub(super) struct Reader {
    current: Option<Record>,
    /// All values are numbers (`lspci -n`).
    bare: bool,
}

impl Reader {
    /// Takes a line; `false` where it is none of a record.
    pub(super) fn line(&mut self, line: &str, number: u32, lists: &mut Lists) -> bool {
        if let Some(at) = begins(line) {
            self.finish(lists);
            self.current = Some(Record::new(at, number));
            self.bare = false;
            return true;
        }
        // `0000:01:00.0` stands alone before each record of esxcli.
        if slot(line).is_some() {
            return true;
        }
        if line.is_empty() {
            self.finish(lists);
            return true;
        }
        let Some((key, value)) = line.split_once(':') else {
            self.finish(lists);
            return false;
        };
        self.value(key, value.trim(), number)
    }

    fn value(&mut self, key: &str, value: &str, line: u32) -> bool {
        let Some(record) = &mut self.current else {
            return false;
        };
        self.bare |= key == "Class" && Words::is_bare(value);
        let bare = self.bare;
        let words = || (!value.is_empty()).then(|| (Words::of(value, bare), line));
        let number = || value.parse().ok().map(|value| (value, line));
        let byte = || {
            let digits = value.strip_prefix("0x").unwrap_or(value);
            let plain = digits.len() == 2;
            plain.then(|| Some((u8::from_str_radix(digits, 16).ok()?, line)))?
        };
        let text = || (!value.is_empty()).then(|| (value.to_owned(), line));
        let name = |known: &mut Option<(Words, u32)>| {
            // The number stands on a line of its own, whichever comes first.
            let number = known.take().and_then(|(words, _)| words.number);
            let name = value.to_owned();
            *known = Some((Words { name, number }, line));
        };
        let id = |known: &mut Option<(Words, u32)>| {
            let new = words().and_then(|(words, _)| words.number);
            let name = known.take().map(|(words, _)| words.name);
            *known = Some((
                Words {
                    name: name.unwrap_or_default(),
                    number: new,
                },
                line,
            ));
        };
        match key {
            "Class" => record.class = words(),
            "Vendor" => record.vendor = words(),
            "Device" => record.device = words(),
            "SVendor" => record.subsystem_vendor = words(),
            "SDevice" => record.subsystem_device = words(),
            "PhySlot" => record.slot = text(),
            "Rev" | "Revision ID" => record.revision = byte(),
            "ProgIf" | "Programming Interface" => record.interface = byte(),
            "Driver" => record.driver = text(),
            "NUMANode" => record.numa_node = number(),
            "IOMMUGroup" => record.group = number(),
            "Vendor Name" => name(&mut record.vendor),
            "Device Name" => name(&mut record.device),
            "Device Class Name" => name(&mut record.class),
            "Vendor ID" => id(&mut record.vendor),
            "Device ID" => id(&mut record.device),
            "Device Class" => id(&mut record.class),
            "SubVendor ID" => record.subsystem_vendor = words(),
            "SubDevice ID" => record.subsystem_device = words(),
            "Module Name" => record.driver = text().filter(|_| value != "None"),
            // What else is said of it belongs to it and is of no use here.
            _ => return true,
        }
        true
    }

    /// Ends the record before. One without any id or class proves nothing.
    pub(super) fn finish(&mut self, lists: &mut Lists) {
        let record = self.current.take();
        let worth = |record: &Record| record.class.is_some() || record.vendor.is_some();
        if let Some(record) = record.filter(worth) {
            lists.add(record);
        }
    }
}
