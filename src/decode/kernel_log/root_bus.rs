//! What the kernel says about root buses.

use std::collections::BTreeMap;

use super::line::{decimal, hex};
use super::range::{LoggedRange, buses};
use super::{MAX_ENTRIES, Said};
use crate::addr::Segment;
use crate::range::AddrRange;

/// Windows kept for one root bus.
const MAX_WINDOWS: usize = 256;

/// What a log says about one root bus.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LoggedRootBus {
    /// Name of the host bridge in the kernel's words (`PCI0`).
    pub name: Option<Said<String>>,
    /// The last bus below it.
    pub last_bus: Option<Said<u8>>,
    /// Address ranges that the firmware gave to it.
    pub windows: Vec<Said<LoggedRange>>,
    /// NUMA node.
    pub numa_node: Option<Said<u32>>,
    /// Where its configuration space lies (ECAM, MMCONFIG).
    pub ecam: Option<Said<AddrRange>>,
    /// The scan began: the bus exists.
    pub scanned: Option<u32>,
}

type Buses = BTreeMap<(Segment, u8), LoggedRootBus>;

/// A message that names the bus as its subject.
pub(super) fn bus(all: &mut Buses, key: (Segment, u8), line: u32, text: &str) {
    if let Some(rest) = text.strip_prefix("root bus resource ") {
        let bus = all.entry(key).or_default();
        if let Some((_, last)) = buses(rest) {
            bus.last_bus = Some(Said::new(last, line));
        } else if let Some((range, _)) = LoggedRange::parse(rest)
            && bus.windows.len() < MAX_WINDOWS
            && !bus.windows.iter().any(|known| known.value == range)
        {
            bus.windows.push(Said::new(range, line));
        }
    } else if let Some(node) = text.strip_prefix("on NUMA node ")
        && let Some(bus) = all.get_mut(&key)
    {
        bus.numa_node = decimal(node).map(|node| Said::new(node, line));
    }
}

/// A message without a subject. Whether it was about root buses.
pub(super) fn general(all: &mut Buses, line: u32, text: &str) -> bool {
    if let Some(place) = text.strip_prefix("PCI host bridge to bus ") {
        if let Some(key) = address(place) {
            insert(all, key, |bus| bus.scanned = Some(line));
        }
    } else if let Some(bridge) = text.strip_prefix("ACPI: PCI Root Bridge [") {
        announced(all, line, bridge);
    } else if let Some(rest) = text
        .strip_prefix("PCI: ECAM ")
        .or_else(|| text.strip_prefix("PCI: MMCONFIG "))
    {
        ecam(all, line, rest);
    } else {
        return false;
    }
    true
}

fn insert(all: &mut Buses, key: (Segment, u8), change: impl FnOnce(&mut LoggedRootBus)) {
    if all.len() < MAX_ENTRIES || all.contains_key(&key) {
        change(all.entry(key).or_default());
    }
}

/// `PCI0] (domain 0000 [bus 00-ff])`, or `PCI0] (0000:00)` before Linux 2.6.35.
fn announced(all: &mut Buses, line: u32, bridge: &str) {
    let Some((name, place)) = bridge.split_once("] (") else {
        return;
    };
    let (key, last) = match place.strip_prefix("domain ") {
        Some(rest) => {
            let Some((domain, range)) = rest.split_once(' ') else {
                return;
            };
            let (Some(domain), Some((first, last))) = (segment(domain), buses(range)) else {
                return;
            };
            ((domain, first), Some(last))
        }
        None => match place.split_once(')').and_then(|(place, _)| address(place)) {
            Some(key) => (key, None),
            None => return,
        },
    };
    insert(all, key, |bus| {
        bus.name = Some(Said::new(name.to_owned(), line));
        bus.last_bus = last.map(|last| Said::new(last, line));
    });
}

/// `[mem 0xe0000000-0xefffffff] (base 0xe0000000) for domain 0000 [bus 00-ff]`, or
/// `for domain 0000 [bus 00-ff] at [mem 0x…] (base 0x…)`.
fn ecam(all: &mut Buses, line: u32, text: &str) {
    let range = text.split_once("[mem ").and_then(|(_, rest)| {
        let (range, _) = rest.split_once(']')?;
        LoggedRange::parse(&format!("[mem {range}]")).map(|(range, _)| range)
    });
    let place = text.split_once("for domain ").and_then(|(_, rest)| {
        let (domain, rest) = rest.split_once(' ')?;
        Some((segment(domain)?, buses(rest)?.0))
    });
    if let (Some(range), Some(key)) = (range, place)
        && let Some(range) = range
            .start
            .and_then(|start| AddrRange::with_len(start, range.len))
    {
        insert(all, key, |bus| bus.ecam = Some(Said::new(range, line)));
    }
}

/// `0000:00`.
fn address(text: &str) -> Option<(Segment, u8)> {
    let (domain, bus) = text.trim().split_once(':')?;
    Some((segment(domain)?, u8::try_from(hex(bus, 2..=2)?).ok()?))
}

fn segment(digits: &str) -> Option<Segment> {
    Some(Segment(u32::try_from(hex(digits, 4..=8)?).ok()?))
}
