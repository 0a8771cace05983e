//! Listings of IOMMU groups: what scripts print before the lines of `lspci`, and the paths that
//! `find /sys/kernel/iommu_groups` prints.
//!
//! ```text
//! IOMMU Group 13:                                  IOMMU group 1: [8086:1901] [R] 00:01.0 PCI …
//!         01:00.0 VGA compatible controller …       (13) 01:00.0 VGA compatible controller …
//! IOMMU Group 13 01:00.0 VGA compatible …          Group Device: 0000:97:00.4 - System …
//! /sys/kernel/iommu_groups/13/devices/0000:01:00.0
//! ```

use super::header::{self, Header};
use crate::addr::Sbdf;

/// What one line of a listing says.
#[derive(Debug)]
pub(super) enum Listed<'a> {
    /// The group that the next lines belong to.
    Group(u32),
    /// The remapping unit that the next groups belong to (`IOMMU: dmar0`).
    Unit(&'a [u8]),
    /// A function.
    Function(Entry<'a>),
    /// A function as a path names it.
    Path { group: u32, at: Sbdf },
}

/// A function with what stands before its address.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    /// The group, where the line itself says it.
    pub(super) group: Option<u32>,
    /// A script found that the kernel offers to reset it (`[R]`).
    pub(super) reset: bool,
    pub(super) header: Header<'a>,
    /// The line from the address on.
    pub(super) line: &'a [u8],
}

/// Reads a line without its line end and indentation. `None` for a plain line of lspci and
/// for anything that is no listing.
pub(super) fn listed(line: &[u8]) -> Option<Listed<'_>> {
    // Nearly every line of a text begins with something else.
    match line.first()? {
        b'I' | b'i' | b'G' | b'g' | b'#' | b'(' | b'[' | b'/' | b'.' | b'l' => {}
        _ => return None,
    }
    if let Some(path) = path(line) {
        return Some(path);
    }
    let line = strip(line, b'#');
    let iommu = word(line, b"iommu");
    if let Some(unit) = iommu.and_then(|rest| rest.strip_prefix(b": "))
        && !unit.is_empty()
        && unit.len() <= 32
        && unit.iter().all(u8::is_ascii_alphanumeric)
    {
        return Some(Listed::Unit(unit));
    }
    let named = iommu.map_or(line, <[u8]>::trim_ascii_start);
    if let Some(rest) = word(named, b"group device: ") {
        return entry(None, rest);
    }
    if let Some(rest) = word(named, b"group")
        && let Some((group, rest)) = number(rest.trim_ascii_start().trim_prefix_byte(b':'))
    {
        let rest = behind_separators(rest);
        if strip(rest, b'#').is_empty() {
            return Some(Listed::Group(group));
        }
        return entry(Some(group), rest);
    }
    if iommu.is_some() {
        return None;
    }
    let inside = line.strip_prefix(b"(").and_then(number);
    if let Some((group, rest)) = inside {
        return entry(Some(group), rest.strip_prefix(b")")?.trim_ascii_start());
    }
    // A line without the number belongs to the group before: `[1022:790e] 00:14.3 ISA bridge`.
    entry(None, line).filter(|_| line.starts_with(b"["))
}

/// The part of a line from the function's address on, and the address: of a plain line of
/// lspci, or behind what a script printed before it.
pub(super) fn from_address(line: &[u8]) -> Option<(Sbdf, &[u8])> {
    if let Some(header) = header::header(line) {
        return Some((header.at, line));
    }
    match listed(line)? {
        Listed::Function(entry) => Some((entry.header.at, entry.line)),
        Listed::Path { at, .. } => Some((at, b"")),
        Listed::Group(_) | Listed::Unit(_) => None,
    }
}

/// Whether a line makes a text one with devices.
pub(super) fn is_entry(line: &[u8]) -> bool {
    matches!(
        listed(line),
        Some(Listed::Function(_) | Listed::Path { .. })
    )
}

/// Whether a line is the folder of a group, as `ls` prints it above what is in it.
pub(super) fn is_folder(line: &[u8]) -> bool {
    matches!(line.first(), Some(b'/' | b'.')) && matches!(path(line), Some(Listed::Group(_)))
}

/// What `ls` prints of a folder: nothing but full addresses, or with `-l` a link.
pub(super) fn members(line: &[u8]) -> Option<Vec<Sbdf>> {
    let text = std::str::from_utf8(line).ok()?;
    let names = match text.split_once(" -> ") {
        Some((link, _)) if text.starts_with('l') => link.rsplit(' ').next()?,
        Some(_) => return None,
        None => text,
    };
    let names = names.split_ascii_whitespace();
    let members: Option<Vec<Sbdf>> = names
        .map(|name| {
            let at: Sbdf = name.parse().ok()?;
            (at.to_string() == name).then_some(at)
        })
        .collect();
    members.filter(|members| !members.is_empty())
}

/// `[1022:14db] [R] 00:01.1  PCI bridge   Device 14db`, `0000:97:00.4 - System peripheral: …`.
fn entry(group: Option<u32>, line: &[u8]) -> Option<Listed<'_>> {
    let (ids, line) = match bracketed(line).and_then(|(ids, rest)| Some((header::pair(ids)?, rest)))
    {
        Some((ids, rest)) => (Some(ids), rest),
        None => (None, line),
    };
    let (reset, line) = match bracketed(line) {
        Some((b"R", rest)) => (true, rest),
        _ => (false, line),
    };
    let mut header = header::header(line).or_else(|| header::columns(line, ids.is_some()))?;
    header.ids = header.ids.or(ids);
    Some(Listed::Function(Entry {
        group,
        reset,
        header,
        line,
    }))
}

/// `/sys/kernel/iommu_groups/13/devices/0000:01:00.0`, with anything before it (`ls -l` begins
/// with `lrwxrwxrwx`) and a link's target behind it.
fn path(line: &[u8]) -> Option<Listed<'_>> {
    const FOLDER: &[u8] = b"iommu_groups/";
    if !matches!(line.first(), Some(b'/' | b'.' | b'l')) {
        return None;
    }
    let at = line
        .windows(FOLDER.len())
        .position(|window| window == FOLDER)?;
    let (group, rest) = number(line.get(at + FOLDER.len()..)?)?;
    if rest.is_empty() {
        return link(line.get(..at)?, group);
    }
    // `ls /sys/kernel/iommu_groups/*/devices` lists below each folder what is in it.
    if rest == b"/devices:" || rest == b"/devices/:" {
        return Some(Listed::Group(group));
    }
    let name = rest.strip_prefix(b"/devices/")?;
    let end = name
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(name.len());
    let name = std::str::from_utf8(name.get(..end)?).ok()?;
    let at: Sbdf = name.parse().ok()?;
    (at.to_string() == name).then_some(Listed::Path { group, at })
}

/// `/sys/bus/pci/devices/0000:01:00.0/iommu_group -> ../../../../kernel/`, as far as the target's
/// `iommu_groups/13`.
fn link(before: &[u8], group: u32) -> Option<Listed<'_>> {
    let text = std::str::from_utf8(before).ok()?;
    let folder = text.split_once("/iommu_group -> ")?.0;
    let name = folder.rsplit('/').next()?;
    let at: Sbdf = name.parse().ok()?;
    (at.to_string() == name).then_some(Listed::Path { group, at })
}

/// What is between brackets at the start, and what follows.
fn bracketed(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = line.strip_prefix(b"[")?;
    let end = inside.iter().take(16).position(|&byte| byte == b']')?;
    Some((
        inside.get(..end)?,
        inside.get(end + 1..)?.trim_ascii_start(),
    ))
}

/// What follows a word, whatever its capitals.
fn word<'a>(line: &'a [u8], word: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = line.split_at_checked(word.len())?;
    start.eq_ignore_ascii_case(word).then_some(rest)
}

/// What follows the colon, dash or arrow behind the number of a group.
fn behind_separators(text: &[u8]) -> &[u8] {
    let mut text = text.trim_ascii();
    while let [b':' | b'-' | b'=' | b'>' | b'|', rest @ ..] = text {
        text = rest.trim_ascii_start();
    }
    text
}

/// The number of a group, and what follows.
fn number(text: &[u8]) -> Option<(u32, &[u8])> {
    let text = text.trim_ascii_start();
    let end = text
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    let digits = std::str::from_utf8(digits)
        .ok()
        .filter(|digits| digits.len() <= 6)?;
    Some((digits.parse().ok()?, rest))
}

/// A text without a byte and spaces around it.
fn strip(text: &[u8], byte: u8) -> &[u8] {
    let mut text = text.trim_ascii();
    while let Some(rest) = text.strip_prefix(&[byte]) {
        text = rest;
    }
    while let Some(rest) = text.strip_suffix(&[byte]) {
        text = rest;
    }
    text.trim_ascii()
}

trait TrimPrefix {
    fn trim_prefix_byte(&self, byte: u8) -> &[u8];
}

impl TrimPrefix for [u8] {
    fn trim_prefix_byte(&self, byte: u8) -> &[u8] {
        self.strip_prefix(&[byte]).unwrap_or(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Group, ids, class, whether a reset is offered, address.
    type Found = (Option<u32>, Option<(u16, u16)>, Option<u16>, bool, String);

    fn function(line: &str) -> Found {
        match listed(line.as_bytes()) {
            Some(Listed::Function(entry)) => (
                entry.group,
                entry.header.ids,
                entry.header.class,
                entry.reset,
                entry.header.at.to_string(),
            ),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn functions_are_found_behind_what_scripts_print() {
        let vga = "VGA compatible controller [0300]: NVIDIA Corporation TU104GL [Tesla T4] [10de:1eb8] (rev a1)";
        let ids = Some((0x10de, 0x1eb8));
        let at = "0000:01:00.0";
        for (line, group) in [
            (format!("IOMMU Group 13 01:00.0 {vga}"), Some(13)),
            (format!("IOMMU group 13: 0000:01:00.0 {vga}"), Some(13)),
            (format!("Group 13:\t01:00.0 {vga}"), Some(13)),
            (format!("(13) 01:00.0 {vga}"), Some(13)),
            (format!("IOMMU Group 13 -> 01:00.0 {vga}"), Some(13)),
            (format!("Group 13 - 0000:01:00.0 {vga}"), Some(13)),
            (format!("IOMMU Group 13 :: 01:00.0 {vga}"), Some(13)),
            (format!("Group Device: 0000:01:00.0 - {vga}"), None),
        ] {
            let expected = (group, ids, Some(0x0300), false, at.to_owned());
            assert_eq!(function(&line), expected, "{line}");
        }
        let unraid = "IOMMU group 1:\t[8086:1901] 00:01.0 PCI bridge: Intel Corporation PCIe Controller (x16) (rev 05)";
        let expected = (
            Some(1),
            Some((0x8086, 0x1901)),
            Some(0x0604),
            false,
            "0000:00:01.0".to_owned(),
        );
        assert_eq!(function(unraid), expected);
        let columns = "Group 1:        [1022:14db] [R] 00:01.1  PCI bridge                               Device 14db";
        let expected = (
            Some(1),
            Some((0x1022, 0x14db)),
            Some(0x0604),
            true,
            "0000:00:01.1".to_owned(),
        );
        assert_eq!(function(columns), expected);
        let next =
            "[1022:790e]     00:14.3  ISA bridge                               FCH LPC Bridge";
        let expected = (
            None,
            Some((0x1022, 0x790e)),
            Some(0x0601),
            false,
            "0000:00:14.3".to_owned(),
        );
        assert_eq!(function(next), expected);
    }

    #[test]
    fn headings_and_units_stand_alone() {
        for line in [
            "IOMMU Group 13:",
            "IOMMU GROUP 13",
            "IOMMU Group: 13",
            "### Group 13 ###",
            "Group 13:",
        ] {
            let found = listed(line.as_bytes());
            assert!(
                matches!(found, Some(Listed::Group(13))),
                "{line}: {found:?}"
            );
        }
        assert!(matches!(
            listed(b"IOMMU: dmar10"),
            Some(Listed::Unit(b"dmar10"))
        ));
    }

    #[test]
    fn paths_name_group_and_function() {
        for line in [
            "/sys/kernel/iommu_groups/13/devices/0000:01:00.0",
            "lrwxrwxrwx 1 root root 0 Dec 17 14:39 /sys/kernel/iommu_groups/13/devices/0000:01:00.0 -> ../../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0",
            "lrwxrwxrwx 1 root root 0 Dec 17 14:39 /sys/bus/pci/devices/0000:01:00.0/iommu_group -> ../../../../kernel/iommu_groups/13",
            "/sys/bus/pci/devices/0000:01:00.0/iommu_group -> ../../../../kernel/iommu_groups/13",
            "./kernel/iommu_groups/13/devices/0000:01:00.0 -> ../../../../devices/pci0000:00/0000:01:00.0",
        ] {
            let Some(Listed::Path { group, at }) = listed(line.as_bytes()) else {
                panic!("{line}");
            };
            assert_eq!((group, at.to_string().as_str()), (13, "0000:01:00.0"));
        }
    }

    #[test]
    fn a_folder_of_a_group_heads_what_is_in_it() {
        for line in [
            "/sys/kernel/iommu_groups/13/devices:",
            "./13/iommu_groups/13/devices:",
        ] {
            assert!(is_folder(line.as_bytes()), "{line}");
        }
        assert!(!is_folder(b"/sys/kernel/iommu_groups/13:"));
        for (line, count) in [
            ("0000:01:00.0", Some(1)),
            ("0000:01:00.0  10000:e1:00.1", Some(2)),
            (
                "lrwxrwxrwx 1 root root 0 Dec 17 14:39 0000:01:00.0 -> ../../x/0000:01:00.0",
                Some(1),
            ),
            ("01:00.0", None),
            ("0000:01:00.0 vfio-pci", None),
            ("", None),
        ] {
            let found = members(line.as_bytes()).map(|members| members.len());
            assert_eq!(found, count, "{line}");
        }
    }

    #[test]
    fn other_lines_are_none() {
        for line in [
            "00:01.0 PCI bridge [0604]: Intel [8086:1901]",
            "IOMMU group: 13",
            "USB:            [1d6b:0002]              Bus 007 Device 001                       Linux Foundation 2.0 root hub",
            "[8086:1901]",
            "Group 13 of the meeting: 01:00 h",
            "/sys/kernel/iommu_groups/13/devices/0000:01:00.8",
            "/sys/kernel/iommu_groups/13/type",
            "GTX 1080",
            "[    0.1] pci 0000:01:00.0: Adding to iommu group 13",
        ] {
            let found = listed(line.as_bytes());
            let heading =
                matches!(found, Some(Listed::Group(13))) && line.starts_with("IOMMU group: 13");
            assert!(found.is_none() || heading, "{line}: {found:?}");
        }
    }
}
