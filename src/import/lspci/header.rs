//! The line that begins a function: `00:1c.0 PCI bridge [0604]: … [8086:9d10] (rev f1) …`.

use std::collections::HashMap;
use std::sync::LazyLock;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_until, take_while_m_n};
use nom::character::complete::space1;
use nom::combinator::{all_consuming, map_opt, opt};
use nom::sequence::{delimited, preceded, separated_pair, terminated};
use nom::{IResult, Parser};

use crate::addr::{Bdf, Sbdf, Segment};
use crate::spec::id_list;

/// What the first line of a function says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Header<'a> {
    pub(super) at: Sbdf,
    /// Class, vendor and device in words or numbers.
    pub(super) name: &'a [u8],
    /// Base class and subclass.
    pub(super) class: Option<u16>,
    /// Vendor and device id.
    pub(super) ids: Option<(u16, u16)>,
    pub(super) revision: Option<u8>,
    pub(super) prog_if: Option<u8>,
}

impl<'a> Header<'a> {
    /// Vendor and device in words: the name without the class.
    pub(super) fn description(&self) -> &'a [u8] {
        let class = self.name.windows(2).position(|pair| pair == b": ");
        let behind = class.and_then(|class| self.name.get(class + 2..));
        behind.unwrap_or_default()
    }
}

/// Parses a line without its line end and indentation.
pub(super) fn header(line: &[u8]) -> Option<Header<'_>> {
    let (rest, at) = terminated(slot, space1).parse(line).ok()?;
    described(at, rest)
}

/// What stands behind an address. With a quote it is a line of `lspci -m`, which is another form.
fn described(at: Sbdf, line: &[u8]) -> Option<Header<'_>> {
    if line.first() == Some(&b'"') {
        return None;
    }
    let (rest, class) = class(line).ok()?;
    let (description, revision) = cut(rest, b" (rev ");
    let (_, prog_if) = cut(rest, b" (prog-if ");
    let description = cut(description, b" (prog-if ").0;
    Some(Header {
        at,
        name: line.get(..class.1 + description.len())?,
        class: class.0,
        ids: ids(description),
        revision,
        prog_if,
    })
}

/// The same line as scripts print it: with a dash behind the address, or, where the ids stand
/// before the address, with columns in place of the colon.
pub(super) fn columns(line: &[u8], with_ids: bool) -> Option<Header<'_>> {
    let (rest, at) = terminated(slot, space1).parse(line).ok()?;
    if let Some(rest) = rest.strip_prefix(b"- ") {
        return described(at, rest.trim_ascii_start());
    }
    let end = rest.windows(2).position(|pair| pair == b"  ");
    let class = rest.get(..end.unwrap_or(rest.len()))?;
    (with_ids && !class.is_empty()).then(|| Header {
        at,
        name: rest.trim_ascii_end(),
        class: class_named(class),
        ids: None,
        revision: None,
        prog_if: None,
    })
}

/// `8086:9d10`.
pub(super) fn pair(text: &[u8]) -> Option<(u16, u16)> {
    let pair = separated_pair(hex16, tag(":"), hex16);
    Some(all_consuming(pair).parse(text).ok()?.1)
}

/// `dddd:bb:dd.f` with a domain of four to eight digits, or `bb:dd.f`.
fn slot(input: &[u8]) -> IResult<&[u8], Sbdf> {
    let (rest, domain) = opt(terminated(|text| hex(4, 8, text), tag(":"))).parse(input)?;
    let bus = terminated(|text| hex(2, 2, text), tag(":"));
    let device = terminated(|text| hex(2, 2, text), tag("."));
    let (rest, bdf) = map_opt(
        (bus, device, |text| hex(1, 1, text)),
        |(bus, device, function)| {
            let part = |number: u32| u8::try_from(number).ok();
            Bdf::new(part(bus)?, part(device)?, part(function)?)
        },
    )
    .parse(rest)?;
    Ok((rest, Sbdf::new(Segment(domain.unwrap_or(0)), bdf)))
}

/// The class up to its colon, as a code where it is printed as one, and its length in the
/// line with the colon: `PCI bridge: `, `PCI bridge [0604]: `, `0604: `, `Class 0604: `.
fn class(input: &[u8]) -> IResult<&[u8], (Option<u16>, usize)> {
    let (rest, class) = terminated(take_until(": "), tag(": ")).parse(input)?;
    let bare = all_consuming(preceded(opt(tag("Class ")), hex16)).parse(class);
    let code = match bare {
        Ok((_, code)) => Some(code),
        Err(_) => last(class, 6).and_then(|end| {
            let bracketed = all_consuming(delimited(tag("["), hex16, tag("]"))).parse(end);
            Some(bracketed.ok()?.1)
        }),
    };
    let code = code.or_else(|| class_named(class));
    Ok((rest, (code, input.len() - rest.len())))
}

/// Base class and subclass that go by a name (`PCI bridge`), if only one does. Capitals changed
/// between generations of the list.
pub(in crate::import) fn class_named(name: &[u8]) -> Option<u16> {
    static CODES: LazyLock<HashMap<String, Option<u16>>> = LazyLock::new(|| {
        let mut codes = HashMap::new();
        for (code, name) in id_list::subclasses() {
            codes
                .entry(name.to_ascii_lowercase())
                .and_modify(|known| *known = None)
                .or_insert(Some(code));
        }
        codes
    });
    let name = str::from_utf8(name).ok()?.to_ascii_lowercase();
    *CODES.get(&name)?
}

/// Vendor and device: `… [8086:9d10]`, or nothing but `8086:9d10` or `Device 8086:9d10`.
pub(super) fn ids(description: &[u8]) -> Option<(u16, u16)> {
    let pair = |text| separated_pair(hex16, tag(":"), hex16).parse(text);
    let bare = all_consuming(preceded(opt(tag("Device ")), pair)).parse(description);
    let (_, ids) = bare
        .or_else(|error| match last(description, 11) {
            Some(end) => all_consuming(delimited(tag("["), pair, tag("]"))).parse(end),
            None => Err(error),
        })
        .ok()?;
    Some(ids)
}

/// Cuts a line before the last `mark` that is followed by two digits, and gives their value.
fn cut<'a>(text: &'a [u8], mark: &[u8]) -> (&'a [u8], Option<u8>) {
    let mut windows = text.windows(mark.len()).enumerate().rev();
    let found = windows.find_map(|(start, window)| {
        let rest = (window == mark).then(|| text.get(start + mark.len()..))??;
        let end = alt((tag(")"), tag(" [")));
        let (_, number) = terminated(|text| hex(2, 2, text), end).parse(rest).ok()?;
        Some((text.get(..start)?, u8::try_from(number).ok()))
    });
    found.unwrap_or((text, None))
}

fn last(text: &[u8], len: usize) -> Option<&[u8]> {
    text.get(text.len().checked_sub(len)?..)
}

pub(super) fn hex16(input: &[u8]) -> IResult<&[u8], u16> {
    map_opt(|text| hex(4, 4, text), |number| u16::try_from(number).ok()).parse(input)
}

/// A hexadecimal number of `least` to `most` digits (at most eight).
fn hex(least: usize, most: usize, input: &[u8]) -> IResult<&[u8], u32> {
    let digits = take_while_m_n(least, most, |byte: u8| byte.is_ascii_hexdigit());
    map_opt(digits, |digits: &[u8]| {
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    })
    .parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Header<'_> {
        header(line.as_bytes()).unwrap_or_else(|| panic!("{line}"))
    }

    #[test]
    fn names_and_numbers_are_told_apart() {
        let header = parsed(
            "00:1c.0 PCI bridge [0604]: Intel Corporation Sunrise Point-LP [8086:9d10] (rev f1) \
             (prog-if 00 [Normal decode])",
        );
        assert_eq!(header.at, "0000:00:1c.0".parse().unwrap());
        assert_eq!(header.class, Some(0x0604));
        assert_eq!(header.ids, Some((0x8086, 0x9d10)));
        assert_eq!(header.revision, Some(0xf1));
        assert_eq!(header.prog_if, Some(0));
        assert_eq!(
            header.name,
            b"PCI bridge [0604]: Intel Corporation Sunrise Point-LP [8086:9d10]"
        );
    }

    #[test]
    fn every_style_of_the_tool_is_read() {
        let numeric = parsed("00:1c.0 0604: 8086:9d10 (rev f1)");
        let old = parsed("00:1c.0 Class 0604: 8086:9d10 (rev f1)");
        let device = parsed("00:1c.0 Class 0604: Device 8086:9d10 (rev f1)");
        for header in [&numeric, &old, &device] {
            assert_eq!(header.class, Some(0x0604));
            assert_eq!(header.ids, Some((0x8086, 0x9d10)));
            assert_eq!((header.revision, header.prog_if), (Some(0xf1), None));
        }
        let named = parsed("10000:e0:06.0 PCI bridge: Intel Corporation Device 09ab");
        assert_eq!(named.at, "10000:e0:06.0".parse().unwrap());
        assert_eq!(named.class, Some(0x0604), "by its name");
        assert_eq!((named.ids, named.revision), (None, None));
        assert_eq!(named.name, b"PCI bridge: Intel Corporation Device 09ab");
        let unknown = parsed("0001:00:00.0 Class [0880]: Device [1234:11e8] (prog-if ff)");
        assert_eq!(
            (unknown.class, unknown.ids),
            (Some(0x0880), Some((0x1234, 0x11e8)))
        );
        assert_eq!(unknown.prog_if, Some(0xff));
    }

    #[test]
    fn a_name_stands_for_a_class_only_where_it_is_the_only_one() {
        for (name, code) in [
            ("USB Controller", Some(0x0c03)),
            ("Non-Volatile memory controller", Some(0x0108)),
            ("VGA compatible controller", Some(0x0300)),
            ("No such controller", None),
        ] {
            assert_eq!(class_named(name.as_bytes()), code, "{name}");
        }
        for class in pci_ids::Classes::iter() {
            for subclass in class.subclasses() {
                let code = u16::from_be_bytes([class.id(), subclass.id()]);
                let found = class_named(subclass.name().as_bytes());
                assert!(found.is_none_or(|found| found == code), "{code:04x}");
            }
        }
    }

    #[test]
    fn brackets_and_parentheses_in_names_are_part_of_the_name() {
        let header = parsed(
            "00:01.3 PCI bridge: Advanced Micro Devices, Inc. [AMD] Internal Bridge 0 to bus[E:B]",
        );
        assert_eq!((header.class, header.ids), (Some(0x0604), None));
        let header = parsed(
            "06:00.0 VGA compatible controller [0300]: X (rev B) Y [102b:0522] (rev 02) (prog-if 00 [VGA controller])",
        );
        assert_eq!(header.ids, Some((0x102b, 0x0522)));
        assert_eq!(header.revision, Some(2));
        assert!(header.name.ends_with(b"X (rev B) Y [102b:0522]"));
    }

    #[test]
    fn other_lines_begin_no_function() {
        for line in [
            "",
            "00:1c.0",
            "00:1c.0 PCI bridge",
            "00:20.0 PCI bridge: X",
            "00:1c.8 PCI bridge: X",
            "0:1c.0 PCI bridge: X",
            "000:00:1c.0 PCI bridge: X",
            "123456789:00:1c.0 PCI bridge: X",
            "00: 86 80 10 9d",
            "pci 0000:00:1c.0: BAR 0",
            "-[0000:00]-+-00.0  X: Y",
            "Region 0: Memory at f0000000",
            "00:1c.0\tPCI bridge",
            "00:1c.0 \"PCI bridge\" \"Intel Corporation\" \"Port: 1\"",
        ] {
            assert_eq!(header(line.as_bytes()), None, "{line}");
        }
    }
}
