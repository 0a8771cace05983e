//! The firmware's memory map, as the kernel prints it (`BIOS-e820`).

use super::line::prefixed;
use crate::range::AddrRange;

/// An entry of the map.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MemoryEntry {
    /// The addresses.
    pub range: AddrRange,
    /// What they are for.
    pub kind: MemoryKind,
}

/// What an entry is for (ACPI 6.5, 15.1 "Address Range Types").
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MemoryKind {
    /// Memory for the operating system.
    Usable,
    /// Not for the operating system.
    Reserved,
    /// The firmware's, kept across sleep (ACPI NVS).
    NonVolatile,
    /// ACPI tables, persistent memory and all else.
    Other,
}

/// `BIOS-e820: [mem 0x0000000000100000-0x0000000009d01fff] usable`.
pub(super) fn entry(text: &str) -> Option<MemoryEntry> {
    let rest = text.strip_prefix("BIOS-e820: [mem ")?;
    let (range, kind) = rest.split_once("] ")?;
    let (start, last) = range.split_once('-')?;
    Some(MemoryEntry {
        range: AddrRange::new(prefixed(start)?, prefixed(last)?)?,
        kind: match kind.trim_end() {
            "usable" => MemoryKind::Usable,
            "reserved" => MemoryKind::Reserved,
            "ACPI NVS" => MemoryKind::NonVolatile,
            _ => MemoryKind::Other,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_apart_and_other_lines_left_alone() {
        let kind = |kind: &str| {
            let line = format!("BIOS-e820: [mem 0x0000000000100000-0x0000000009d01fff] {kind}");
            let entry = entry(&line).unwrap();
            assert_eq!(entry.range, AddrRange::new(0x10_0000, 0x9d0_1fff).unwrap());
            entry.kind
        };
        assert_eq!(kind("usable"), MemoryKind::Usable);
        assert_eq!(kind("reserved"), MemoryKind::Reserved);
        assert_eq!(kind("ACPI NVS"), MemoryKind::NonVolatile);
        assert_eq!(kind("ACPI data"), MemoryKind::Other);
        assert_eq!(kind("persistent (type 12)"), MemoryKind::Other);
        for line in [
            "BIOS-provided physical RAM map:",
            "e820: update [mem 0x00000000-0x00000fff] usable ==> reserved",
            "BIOS-e820: [mem 0x2-0x1] usable",
        ] {
            assert_eq!(entry(line), None, "{line}");
        }
    }
}
