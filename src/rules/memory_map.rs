//! The firmware's memory map, for rules about ranges that it must keep from the operating system.

use crate::analysis::Facts;
use crate::decode::kernel_log::MemoryKind;
use crate::range::AddrRange;

/// A memory map: what the system may use, and what is reserved where the map tells.
pub(in crate::rules) struct MemoryMap {
    usable: Vec<AddrRange>,
    reserved: Option<Vec<AddrRange>>,
}

/// Every map begins below.
const FIRST_MEGABYTE: u64 = 0x10_0000;

impl MemoryMap {
    /// By the log, or else by `/proc/iomem`; `None` where neither was captured.
    pub(in crate::rules) fn of(facts: &Facts<'_, '_>) -> Option<Self> {
        let log = facts.host.log().map(|log| log.memory.as_slice());
        if let Some(memory @ [_, ..]) = log {
            let of = |kinds: &[MemoryKind]| {
                let entries = memory.iter().map(|said| said.value);
                let entries = entries.filter(|entry| kinds.contains(&entry.kind));
                entries.map(|entry| entry.range).collect::<Vec<_>>()
            };
            let mut reserved = of(&[MemoryKind::Reserved, MemoryKind::NonVolatile]);
            reserved.sort();
            let mut starts = memory.iter().map(|said| said.value.range.start());
            let complete = starts.any(|start| start < FIRST_MEGABYTE);
            return Some(Self {
                usable: of(&[MemoryKind::Usable]),
                reserved: complete.then_some(reserved),
            });
        }
        let iomem = facts.host.capture().host.get("iomem")?;
        let text = String::from_utf8_lossy(iomem);
        let usable: Vec<_> = text.lines().filter_map(system_ram).collect();
        (!usable.is_empty()).then_some(Self {
            usable,
            reserved: None,
        })
    }

    /// Whether the map gives part of a range to the operating system.
    pub(in crate::rules) fn is_usable(&self, range: AddrRange) -> bool {
        self.usable.iter().any(|usable| usable.overlaps(range))
    }

    /// Whether reserved entries, which may touch each other, cover a range. A map that does not
    /// tell is taken to.
    pub(in crate::rules) fn covers(&self, range: AddrRange) -> bool {
        let Some(reserved) = &self.reserved else {
            return true;
        };
        let mut next = range.start();
        for entry in reserved {
            if entry.start() <= next && entry.last() >= next {
                match entry.last().checked_add(1) {
                    Some(behind) if behind <= range.last() => next = behind,
                    _ => return true,
                }
            }
        }
        false
    }
}

/// `00100000-7fffffff : System RAM`. Without root every address reads as zero.
fn system_ram(line: &str) -> Option<AddrRange> {
    let (range, name) = line.split_once(" : ")?;
    let (start, last) = range.split_once('-')?;
    let number = |digits| u64::from_str_radix(digits, 16).ok();
    let (start, last) = (number(start)?, number(last.trim_end())?);
    (name.trim() == "System RAM" && last > 0).then_some(())?;
    AddrRange::new(start, last)
}
