//! The lines below a function that say something the kernel knows and registers do not:
//! sizes, driver, group, node, slot.

use nom::branch::alt;
use nom::bytes::complete::{is_not, tag, take_while_m_n, take_while1};
use nom::character::complete::{char, u8 as number8, u32 as number32, u64 as number64};
use nom::combinator::{map, map_opt, opt, rest, value};
use nom::multi::fold_many0;
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

use super::header::{hex16, ids, pair};

/// What one line says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Detail<'a> {
    Subsystem(u16, u16),
    /// The Flags line of `-v`; what it does not mention is `None`.
    Flags {
        numa_node: Option<u32>,
        iommu_group: Option<u32>,
    },
    /// Class, vendor and device as ESXi's lspci prints them below the names.
    Identity(u16, (u16, u16)),
    IommuGroup(u32),
    NumaNode(u32),
    Driver(&'a [u8]),
    Slot(&'a [u8]),
    Region(Region),
    Rom(Range),
    AccessDenied,
    /// Some capability; its own lines follow.
    Capability,
}

/// One BAR.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Region {
    /// Its number; `-v` does not print it.
    pub(super) index: Option<u8>,
    /// I/O ports instead of memory.
    pub(super) io: bool,
    /// Its address has 64 bits, so it takes two registers.
    pub(super) wide: bool,
    pub(super) prefetchable: bool,
    pub(super) range: Range,
}

/// Where something lies, as far as printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Range {
    /// `None` where the kernel has given it no address.
    pub(super) start: Option<u64>,
    pub(super) len: Option<u64>,
}

/// Parses a line without its line end and indentation.
pub(super) fn detail(line: &[u8]) -> Option<Detail<'_>> {
    // Most lines are about capabilities and none of ours: look at the first byte.
    if !matches!(line.first(), Some(b'A'..=b'Z' | b'[')) {
        return None;
    }
    let parsed = alt((
        map(tag("Capabilities: <access denied>"), |_| {
            Detail::AccessDenied
        }),
        map(tag("Capabilities:"), |_| Detail::Capability),
        map(preceded(tag("Flags: "), rest), flags),
        map_opt(preceded(tag("Subsystem: "), rest), |text| {
            ids(text).map(|(vendor, device)| Detail::Subsystem(vendor, device))
        }),
        map_opt(preceded(tag("Class "), rest), identity),
        map(preceded(tag("IOMMU group: "), number32), Detail::IommuGroup),
        map(preceded(tag("NUMA node: "), number32), Detail::NumaNode),
        map(
            preceded(
                alt((tag("Kernel driver in use: "), tag("Driver in use: "))),
                rest,
            ),
            Detail::Driver,
        ),
        map(preceded(tag("Physical Slot: "), rest), Detail::Slot),
        map(rom, Detail::Rom),
        map(region, Detail::Region),
    ))
    .parse(line);
    parsed.ok().map(|(_, detail)| detail)
}

/// `0200: 8086:1521`
fn identity(text: &[u8]) -> Option<Detail<'_>> {
    let (rest, class) = hex16(text).ok()?;
    Some(Detail::Identity(class, pair(rest.strip_prefix(b": ")?)?))
}

/// `bus master, fast devsel, latency 0, IRQ 16, NUMA node 0, IOMMU group 1`
fn flags(text: &[u8]) -> Detail<'_> {
    let (mut numa_node, mut iommu_group) = (None, None);
    for flag in text.split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
        let number = |name| -> IResult<&[u8], u32> { preceded(tag(name), number32).parse(flag) };
        numa_node = numa_node.or(number("NUMA node ").ok().map(|(_, node)| node));
        iommu_group = iommu_group.or(number("IOMMU group ").ok().map(|(_, group)| group));
    }
    Detail::Flags {
        numa_node,
        iommu_group,
    }
}

/// `Region 0: Memory at f0000000 (64-bit, prefetchable) [disabled] [size=256M]`, with `-v`
/// without its number.
fn region(input: &[u8]) -> IResult<&[u8], Region> {
    let number = delimited(tag("Region "), number8, tag(": "));
    let (input, index) = opt(number).parse(input)?;
    if index.is_some_and(|index| index > 5) {
        return Err(nom::Err::Error(nom::error::Error::new(
            input,
            nom::error::ErrorKind::Verify,
        )));
    }
    let (input, _) = opt(tag("[virtual] ")).parse(input)?;
    let memory = (
        preceded(tag("Memory at "), address),
        delimited(tag(" ("), kind, tag(")")),
    );
    let io = preceded(tag("I/O ports at "), address);
    let (input, (start, (wide, prefetchable), io)) = alt((
        map(memory, |(start, kind)| (start, kind, false)),
        map(io, |start| (start, (false, false), true)),
    ))
    .parse(input)?;
    let (input, len) = notes(input)?;
    Ok((
        input,
        Region {
            index,
            io,
            wide,
            prefetchable,
            range: Range { start, len },
        },
    ))
}

/// `Expansion ROM at fc000000 [virtual] [disabled] [size=64K]`
fn rom(input: &[u8]) -> IResult<&[u8], Range> {
    let start = preceded((opt(tag("[virtual] ")), tag("Expansion ROM at ")), address);
    let (input, (start, len)) = (start, notes).parse(input)?;
    Ok((input, Range { start, len }))
}

/// A number, or a word in angle brackets: `<unassigned>`, `<ignored>`.
fn address(input: &[u8]) -> IResult<&[u8], Option<u64>> {
    let digits = take_while_m_n(1, 16, |byte: u8| byte.is_ascii_hexdigit());
    let number = map_opt(digits, |digits: &[u8]| {
        u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    });
    alt((
        map(number, Some),
        value(None, (tag("<"), is_not(">"), tag(">"))),
    ))
    .parse(input)
}

/// `64-bit, prefetchable`: whether it is wide, and whether prefetchable.
fn kind(input: &[u8]) -> IResult<&[u8], (bool, bool)> {
    let width = map(is_not(",)"), |width| width == b"64-bit");
    let prefetchable = alt((
        value(false, tag("non-prefetchable")),
        value(true, tag("prefetchable")),
    ));
    (terminated(width, tag(", ")), prefetchable).parse(input)
}

/// Notes in brackets; of these the size.
fn notes(input: &[u8]) -> IResult<&[u8], Option<u64>> {
    let size = map(preceded(tag("size="), size), Some);
    let other = value(None, take_while1(|byte| byte != b']'));
    let note = delimited(tag(" ["), alt((size, other)), tag("]"));
    fold_many0(note, || None, |known: Option<u64>, new| known.or(new)).parse(input)
}

/// `256`, `4K`, `16M`, `8G`, `1T`
fn size(input: &[u8]) -> IResult<&[u8], u64> {
    let unit = alt((
        value(10, char('K')),
        value(20, char('M')),
        value(30, char('G')),
        value(40, char('T')),
        value(50, char('P')),
    ));
    map_opt((number64, opt(unit)), |(number, unit)| {
        number.checked_mul(1 << unit.unwrap_or(0))
    })
    .parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(text: &str) -> Region {
        match detail(text.as_bytes()) {
            Some(Detail::Region(region)) => region,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn a_region_has_a_number_a_kind_an_address_and_a_size() {
        let expected = Region {
            index: Some(2),
            io: false,
            wide: true,
            prefetchable: true,
            range: Range {
                start: Some(0x6050_0000_0000),
                len: Some(256 << 20),
            },
        };
        for text in [
            "Region 2: Memory at 605000000000 (64-bit, prefetchable) [size=256M]",
            "Region 2: Memory at 605000000000 (64-bit, prefetchable) [disabled] [size=256M]",
            "Region 2: [virtual] Memory at 605000000000 (64-bit, prefetchable) [size=256M]",
            "Region 2: Memory at 605000000000 (64-bit, prefetchable) [virtual] [size=256M]",
        ] {
            assert_eq!(region(text), expected);
        }
        let text = "Memory at 605000000000 (64-bit, prefetchable) [size=256M]";
        assert_eq!(
            region(text),
            Region {
                index: None,
                ..expected
            }
        );
    }

    #[test]
    fn ports_and_odd_memory_are_read_too() {
        let io = region("Region 4: I/O ports at e000 [size=32]");
        assert!(io.io);
        assert_eq!(
            io.range,
            Range {
                start: Some(0xe000),
                len: Some(32)
            }
        );
        let low = region("Region 0: Memory at 000c0000 (low-1M, non-prefetchable)");
        assert!(!low.wide && !low.prefetchable && !low.io);
        assert_eq!(low.range.len, None);
        let unassigned =
            region("Region 0: Memory at <unassigned> (32-bit, non-prefetchable) [disabled]");
        assert_eq!(
            unassigned.range,
            Range {
                start: None,
                len: None
            }
        );
        let ignored = region("Region 0: I/O ports at <ignored> [disabled] [size=8]");
        assert_eq!(
            ignored.range,
            Range {
                start: None,
                len: Some(8)
            }
        );
    }

    #[test]
    fn a_rom_may_be_virtual_or_unassigned() {
        let rom = |text: &str| match detail(text.as_bytes()) {
            Some(Detail::Rom(range)) => range,
            other => panic!("{text}: {other:?}"),
        };
        let shadow = Range {
            start: Some(0xc0000),
            len: Some(128 << 10),
        };
        assert_eq!(
            rom("Expansion ROM at 000c0000 [virtual] [disabled] [size=128K]"),
            shadow
        );
        assert_eq!(
            rom("[virtual] Expansion ROM at 000c0000 [disabled] [size=128K]"),
            shadow
        );
        let nowhere = Range {
            start: None,
            len: None,
        };
        assert_eq!(rom("Expansion ROM at <ignored> [disabled]"), nowhere);
    }

    #[test]
    fn groups_nodes_drivers_and_slots_are_read_in_both_forms() {
        let detail = |text: &'static str| detail(text.as_bytes());
        assert_eq!(detail("IOMMU group: 14"), Some(Detail::IommuGroup(14)));
        assert_eq!(detail("NUMA node: 1"), Some(Detail::NumaNode(1)));
        assert_eq!(
            detail(
                "Flags: bus master, fast devsel, latency 0, IRQ 16, NUMA node 1, IOMMU group 14"
            ),
            Some(Detail::Flags {
                numa_node: Some(1),
                iommu_group: Some(14)
            })
        );
        assert_eq!(
            detail("Flags: fast devsel"),
            Some(Detail::Flags {
                numa_node: None,
                iommu_group: None
            })
        );
        assert_eq!(
            detail("Kernel driver in use: nvme"),
            Some(Detail::Driver(b"nvme"))
        );
        assert_eq!(detail("Physical Slot: 0-2"), Some(Detail::Slot(b"0-2")));
        assert_eq!(
            detail("Subsystem: Dell Device [1028:0af3]"),
            Some(Detail::Subsystem(0x1028, 0xaf3))
        );
        assert_eq!(
            detail("Subsystem: 8086:7270"),
            Some(Detail::Subsystem(0x8086, 0x7270))
        );
        assert_eq!(
            detail("Capabilities: <access denied>"),
            Some(Detail::AccessDenied)
        );
        assert_eq!(
            detail("Capabilities: [40] Express"),
            Some(Detail::Capability)
        );
    }

    #[test]
    fn lines_that_say_nothing_of_this_are_none() {
        for text in [
            "",
            "Control: I/O+ Mem+",
            "NUMA node: -1",
            "IOMMU group: x",
            "Region 6: Memory at 0",
            "Region 0: Memory at xyz (32-bit, prefetchable)",
            "Memory behind bridge: 90000000-900fffff",
            "Subsystem: Dell Device 0af3",
            "Region 99999999999: Memory at 0 (32-bit, prefetchable)",
            "Region 0: Memory at 11112222333344445 (64-bit, prefetchable)",
        ] {
            assert_eq!(detail(text.as_bytes()), None, "{text}");
        }
        assert_eq!(
            region("Memory at 0 (32-bit, prefetchable) [size=99999999999999P]")
                .range
                .len,
            None
        );
    }
}
