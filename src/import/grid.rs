//! Tables that scripts and people make of IOMMU groups: cells between tabs, or between bars as
//! in Markdown. Each row becomes the line that a script would print, where it stands, so that
//! what is cited can be found.
//!
//! ```text
//! | Group | Address | Device                            |     13 ⇥ 01:00.0 ⇥ VGA compatible …
//! |-------|---------|-----------------------------------|
//! | 13    | 01:00.0 | VGA compatible controller [0300]… |
//! ```

use std::fmt::Write as _;

use crate::addr::Sbdf;

/// Longest line that is looked at, in bytes.
const MAX_LINE: usize = 4096;
/// Most cells of a row that are looked at.
const MAX_CELLS: usize = 32;

/// Where the cells of a row are.
#[derive(Clone, Copy, Default, Debug)]
struct Columns {
    group: usize,
    address: usize,
    ids: Option<usize>,
    class: Option<usize>,
    name: Option<usize>,
}

/// The text with its rows as lines of a listing. `None` where it has no such row.
pub(super) fn flat(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut columns = None;
    let mut group = None;
    let mut rows = 0;
    // A last line without its end may be cut in the middle of a number.
    let whole = text.iter().rposition(|&byte| byte == b'\n')?;
    for line in text.get(..whole)?.split(|&byte| byte == b'\n') {
        let row = line.get(..MAX_LINE).unwrap_or(line);
        let row = String::from_utf8_lossy(row);
        if let Some(cells) = cells(&row) {
            if let Some(found) = heading(&cells) {
                columns = Some(found);
            } else if let Some(listed) = listed(&cells, columns, &mut group) {
                out.extend(listed.into_bytes());
                rows += 1;
            }
        }
        out.push(b'\n');
    }
    (rows > 0).then_some(out)
}

/// The cells of a line. A line of prose has none.
fn cells(line: &str) -> Option<Vec<&str>> {
    let line = line.trim();
    let inside = line.trim_start_matches(['|', '│']);
    let cells: Vec<&str> = if inside.len() < line.len() {
        let inside = inside.strip_suffix(['|', '│']).unwrap_or(inside);
        inside.split(['|', '│']).take(MAX_CELLS).collect()
    } else {
        line.split('\t').take(MAX_CELLS).collect()
    };
    let cells: Vec<&str> = cells
        .into_iter()
        .map(|cell| cell.trim_matches(|ch: char| ch.is_whitespace() || "`*".contains(ch)))
        .collect();
    let filled = cells.iter().filter(|cell| !cell.is_empty()).count();
    (filled >= 2).then_some(cells)
}

/// The columns, where a row names a group and an address.
fn heading(cells: &[&str]) -> Option<Columns> {
    let words: Vec<String> = cells
        .iter()
        .map(|cell| {
            let letters = cell.chars().filter(char::is_ascii_alphanumeric);
            letters.collect::<String>().to_ascii_lowercase()
        })
        .collect();
    let find = |fits: &dyn Fn(&str) -> bool| words.iter().position(|word| fits(word));
    let group = find(&|word| word == "iommu" || word == "grp" || word.ends_with("group"))?;
    let address = find(&|word| {
        word.ends_with("address")
            || word.ends_with("bdf")
            || word.ends_with("slot")
            || matches!(word, "bus" | "busid" | "pcibusid" | "pci" | "addr")
    })?;
    if group == address {
        return None;
    }
    let other =
        |fits: &dyn Fn(&str) -> bool| find(fits).filter(|at| *at != group && *at != address);
    Some(Columns {
        group,
        address,
        ids: other(&|word| {
            matches!(
                word,
                "id" | "ids" | "pciid" | "pciids" | "deviceid" | "viddid" | "venid"
            ) || word.starts_with("vendor") && word.contains("device")
        }),
        class: other(&|word| matches!(word, "class" | "type" | "kind" | "deviceclass")),
        name: other(&|word| {
            matches!(
                word,
                "device" | "name" | "devicename" | "description" | "desc"
            )
        }),
    })
}

/// A row as a line of a listing. Without a heading the group and the address come first.
fn listed(cells: &[&str], columns: Option<Columns>, last: &mut Option<u32>) -> Option<String> {
    let cell = |at: usize| cells.get(at).copied().filter(|cell| !cell.is_empty());
    let plain = Columns {
        address: 1,
        ..Columns::default()
    };
    let from = columns.unwrap_or(plain);
    let group = match cell(from.group) {
        Some(text) => number(text)?,
        // Cells of a group that runs over several rows may be empty.
        None => columns.and(*last)?,
    };
    let (at, behind) = address(cell(from.address)?)?;
    *last = Some(group);
    let mut line = format!("IOMMU Group {group}: {at}");
    let named: Vec<&str> = if columns.is_some() {
        let named = [from.class, from.name].into_iter().flatten();
        named.filter_map(cell).collect()
    } else {
        cells.iter().skip(2).copied().collect()
    };
    let ids = columns.and(from.ids).and_then(cell);
    let (ids, named) = match ids {
        Some(ids) => (Some(ids), named),
        None => {
            let ids = named.iter().copied().find(|cell| is_ids(cell));
            let rest = named.into_iter().filter(|cell| !is_ids(cell));
            (ids, rest.collect())
        }
    };
    let mut words = named.join(": ");
    if words.is_empty() {
        behind.clone_into(&mut words);
    }
    // lspci writes the class before a colon, and ids behind the name.
    let colon = if words.contains(": ") || words.is_empty() {
        ""
    } else {
        ": Device"
    };
    let _ = write!(line, " {words}{colon}");
    if let Some(ids) = ids
        .map(|ids| ids.trim_matches(['[', ']']))
        .filter(|ids| is_ids(ids))
    {
        let _ = write!(line, " [{ids}]");
    }
    Some(line)
}

/// `13`, `Group 13`, `IOMMU Group 13`.
fn number(cell: &str) -> Option<u32> {
    let digits = cell.rsplit([' ', '#', ':']).next()?;
    let words = cell.strip_suffix(digits)?.trim_matches([' ', '#', ':']);
    let named = words.is_empty()
        || words.eq_ignore_ascii_case("group")
        || words.eq_ignore_ascii_case("iommu group");
    (named && digits.len() <= 6 && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| digits.parse().ok())
        .flatten()
}

/// The address that a cell begins with, and what stands behind it.
fn address(cell: &str) -> Option<(Sbdf, &str)> {
    let (first, rest) = cell.split_once(' ').unwrap_or((cell, ""));
    Some((first.parse().ok()?, rest.trim()))
}

/// `10de:1b80`, with brackets or without.
fn is_ids(cell: &str) -> bool {
    let hex = |digits: &str| digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let inside = cell.trim_matches(['[', ']']);
    inside
        .split_once(':')
        .is_some_and(|(vendor, device)| hex(vendor) && hex(device))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<String> {
        let flat = flat(text.as_bytes()).unwrap_or_default();
        let flat = String::from_utf8(flat).unwrap();
        flat.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_markdown_table_becomes_a_listing_line_by_line() {
        let text = "Groups of my board:\n\
            | Group | Address | Device |\n\
            |:-:|---|---|\n\
            | 1 | 01:00.0 | VGA compatible controller [0300]: NVIDIA GP104 [10de:1b80] (rev a1) |\n\
            |   | `01:00.1` | Audio device [0403]: NVIDIA GP104 [10de:10f0] (rev a1) |\n";
        assert_eq!(
            rows(text),
            [
                "",
                "",
                "",
                "IOMMU Group 1: 0000:01:00.0 VGA compatible controller [0300]: NVIDIA GP104 [10de:1b80] (rev a1)",
                "IOMMU Group 1: 0000:01:00.1 Audio device [0403]: NVIDIA GP104 [10de:10f0] (rev a1)",
            ]
        );
    }

    #[test]
    fn columns_may_come_in_any_order_and_be_separated_by_tabs() {
        let text = "Vendor:Device\tPCI Address\tIOMMU Group\tDescription\n\
            10de:1b80\t0000:01:00.0\t13\tVGA compatible controller\n";
        let expected = "IOMMU Group 13: 0000:01:00.0 VGA compatible controller: Device [10de:1b80]";
        assert_eq!(rows(text), ["", expected]);
        let text = "Group\tBDF\tClass\tID\tName\n13\t01:00.0\tVGA compatible controller [0300]\t10de:1b80\tNVIDIA GP104\n";
        let expected = "IOMMU Group 13: 0000:01:00.0 VGA compatible controller [0300]: NVIDIA GP104 [10de:1b80]";
        assert_eq!(rows(text), ["", expected]);
    }

    #[test]
    fn without_a_heading_the_group_comes_first_and_the_address_second() {
        let text = "13\t01:00.0\t[10de:1b80]\tVGA compatible controller\n";
        let expected = "IOMMU Group 13: 0000:01:00.0 VGA compatible controller: Device [10de:1b80]";
        assert_eq!(rows(text), [expected]);
        let text = "| IOMMU Group 13 | 01:00.0 VGA compatible controller [0300]: NVIDIA GP104 [10de:1b80] (rev a1) |\n";
        let expected = "IOMMU Group 13: 0000:01:00.0 VGA compatible controller [0300]: NVIDIA GP104 [10de:1b80] (rev a1)";
        assert_eq!(rows(text), [expected]);
    }

    #[test]
    fn other_tables_are_none() {
        for text in [
            "",
            "a\tb\tc\n",
            "| Group | Address |\n|---|---|\n| wheel | Main Street 1 |\n",
            "1\t2\t3\n",
            "12\t01:00\n",
            "| 1 | 01:00.9 | x |\n",
            "bus\t13\t01:00.0\n",
            "13\t01:00.0\t[10de:1b80]\tVGA compatible controller",
        ] {
            assert_eq!(flat(text.as_bytes()), None, "{text}");
        }
    }
}
