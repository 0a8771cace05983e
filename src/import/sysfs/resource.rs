//! The `resource` file: one line for each BAR, ROM, VF BAR and bridge window.

use crate::capture::{Reported, Resource};
use crate::import::diagnostic::{DiagnosticKind, Diagnostics};

/// Bits of a resource's flags (include/linux/ioport.h).
const UNSET: u64 = 0x2000_0000;
/// The start is an alignment, not yet an address.
const STARTALIGN: u64 = 0x8_0000;

/// Lines of a function that is no bridge, in a kernel without SR-IOV support.
const PLAIN: usize = 7;
/// Lines from which on a kernel has SR-IOV support: six for the BARs of virtual functions.
const WITH_SRIOV: usize = 13;
/// Index of the first bridge window.
const FIRST_WINDOW: usize = 13;

/// Reads a `resource` file. Indices are those of a kernel with SR-IOV support, whatever the
/// kernel had: 0-5 BARs, 6 ROM, 7-12 VF BARs, 13-16 windows.
pub(super) fn read(
    text: &[u8],
    path: &str,
    diagnostics: &mut Diagnostics,
) -> Vec<Reported<Resource>> {
    let text = String::from_utf8_lossy(text);
    let lines: Vec<&str> = text.lines().collect();
    if !matches!(lines.len(), 7 | 11 | 12 | 13 | 17 | 18) {
        let kind = DiagnosticKind::ResourceLines { lines: lines.len() };
        diagnostics.member(path, kind);
    }
    let mut resources = Vec::new();
    for (number, line) in lines.iter().enumerate().take(FIRST_WINDOW + 5) {
        let Some((start, end, flags)) = numbers(line) else {
            let text = crate::import::diagnostic::shortened(line);
            diagnostics.member(path, DiagnosticKind::Attribute { text });
            continue;
        };
        let index = match (lines.len(), number) {
            // A kernel without SR-IOV support has its windows right behind the ROM.
            (11 | 12, PLAIN..) => number + FIRST_WINDOW - PLAIN,
            // A list that ends somewhere else may be either.
            (0..WITH_SRIOV, PLAIN..) => continue,
            _ => number,
        };
        let Ok(index) = u8::try_from(index) else {
            continue;
        };
        resources.extend(resource(index, start, end, flags).map(super::sysfs));
    }
    resources
}

fn numbers(line: &str) -> Option<(u64, u64, u64)> {
    let mut numbers = line
        .split_ascii_whitespace()
        .map(|text| u64::from_str_radix(text.strip_prefix("0x")?, 16).ok());
    let three = (numbers.next()??, numbers.next()??, numbers.next()??);
    numbers.next().is_none().then_some(three)
}

/// `None` for a line of zeros: nothing there.
fn resource(index: u8, start: u64, end: u64, flags: u64) -> Option<Resource> {
    if (start, end, flags) == (0, 0, 0) {
        return None;
    }
    let unassigned = flags & (UNSET | STARTALIGN) != 0;
    let len = match end.checked_sub(start) {
        // A closed window: its end lies before its start, or both are zero.
        None => 0,
        Some(0) if start == 0 => 0,
        Some(span) => span.saturating_add(1),
    };
    Some(Resource {
        index,
        start: if unassigned { 0 } else { start },
        len: Some(len),
        flags: Some(flags),
        unassigned,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> (Vec<Resource>, usize) {
        let mut diagnostics = Diagnostics::new("t");
        let resources = read(text.as_bytes(), "resource", &mut diagnostics);
        let resources = resources
            .into_iter()
            .map(|resource| resource.value)
            .collect();
        (resources, diagnostics.into_vec().len())
    }

    const ZERO: &str = "0x0000000000000000 0x0000000000000000 0x0000000000000000\n";

    /// A file of `count` lines of which one says something.
    fn file(count: usize, number: usize, line: &str) -> String {
        (0..count)
            .map(|n| {
                if n == number {
                    format!("{line}\n")
                } else {
                    ZERO.to_owned()
                }
            })
            .collect()
    }

    fn one(text: &str) -> Resource {
        let (resources, remarks) = read_text(text);
        assert_eq!((resources.len(), remarks), (1, 0));
        resources[0].clone()
    }

    #[test]
    fn a_line_has_start_end_and_flags() {
        let line = "0x00000000fde40000 0x00000000fde43fff 0x0000000000140204";
        let expected = Resource {
            index: 3,
            start: 0xfde4_0000,
            len: Some(0x4000),
            flags: Some(0x14_0204),
            unassigned: false,
        };
        assert_eq!(one(&file(13, 3, line)), expected);
    }

    #[test]
    fn indices_are_the_same_with_and_without_sriov_support() {
        let window = "0x00000000fde00000 0x00000000fdffffff 0x0000000000000200";
        assert_eq!(one(&file(17, 14, window)).index, 14);
        assert_eq!(one(&file(18, 14, window)).index, 14);
        assert_eq!(one(&file(11, 8, window)).index, 14);
        assert_eq!(one(&file(12, 8, window)).index, 14);
        assert_eq!(one(&file(13, 7, window)).index, 7);
        assert_eq!(one(&file(7, 6, window)).index, 6);
    }

    #[test]
    fn a_list_of_odd_length_is_used_as_far_as_it_is_clear() {
        let bar = "0x0000000000001000 0x0000000000001fff 0x0000000000040200";
        let (resources, remarks) = read_text(&file(9, 8, bar));
        assert_eq!((resources.len(), remarks), (0, 1));
        let (resources, remarks) = read_text(&file(9, 0, bar));
        assert_eq!((resources.len(), remarks), (1, 1));
        let (resources, remarks) = read_text(&file(13, 0, "0x1000 banana 0x200"));
        assert_eq!((resources.len(), remarks), (0, 1));
        assert_eq!(read_text(""), (Vec::new(), 1));
    }

    #[test]
    fn a_resource_without_an_address_keeps_its_size() {
        let unset = "0x0000000000000000 0x0000000fffffffff 0x000000002014220c";
        let resource = one(&file(13, 2, unset));
        assert_eq!(
            (resource.start, resource.len, resource.unassigned),
            (0, Some(1 << 36), true)
        );
        let align = "0x0000000000100000 0x00000000002fffff 0x0000000000080200";
        let resource = one(&file(17, 14, align));
        assert_eq!(
            (resource.start, resource.len, resource.unassigned),
            (0, Some(0x20_0000), true)
        );
    }

    #[test]
    fn closed_windows_and_single_ports_have_their_true_length() {
        let closed = one(&file(
            17,
            13,
            "0x000000000000f000 0x0000000000000fff 0x0000000000000101",
        ));
        assert_eq!(closed.len, Some(0));
        let port = one(&file(
            13,
            1,
            "0x00000000000003f6 0x00000000000003f6 0x0000000000000110",
        ));
        assert_eq!(port.len, Some(1));
        let all = one(&file(
            13,
            0,
            "0x0000000000000000 0xffffffffffffffff 0x0000000000000200",
        ));
        assert_eq!(all.len, Some(u64::MAX));
    }
}
