//! What the root buses forward, and how many address bits the processor has.

use std::collections::BTreeMap;

use crate::addr::Segment;
use crate::host::Host;
use crate::range::AddrRange;

/// Addresses that a root bus forwards.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct HostWindow {
    /// The addresses.
    pub range: AddrRange,
    /// Segment of the root bus.
    pub segment: Segment,
    /// Number of the root bus.
    pub bus: u8,
    /// Who says so.
    pub source: WindowSource,
}

/// Who tells what a root bus forwards.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum WindowSource {
    /// The kernel's log: `root bus resource`.
    Log,
    /// `/proc/iomem`.
    Iomem,
}

/// Below this the addresses are legacy ones of VGA and ROMs.
const LEGACY_END: u64 = 0x10_0000;

/// The memory that root buses forward, by address: as the kernel's log lists it, or else as
/// `/proc/iomem` shows it.
pub fn host_windows(host: &Host<'_>) -> Vec<HostWindow> {
    let text = |name: &str| {
        let bytes = host.capture().host.get(name)?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    };
    let mut windows: Vec<HostWindow> = text("log.txt")
        .map(|log| log.lines().filter_map(log_line).collect())
        .unwrap_or_default();
    if windows.is_empty() {
        windows = text("iomem")
            .map(|iomem| iomem.lines().filter_map(iomem_line).collect())
            .unwrap_or_default();
    }
    windows.retain(|window| window.range.start() >= LEGACY_END);
    windows.sort_unstable();
    windows.dedup();
    windows
}

/// `pci_bus 0000:00: root bus resource [mem 0x40000000-0xafffffff window]`
fn log_line(line: &str) -> Option<HostWindow> {
    let (before, rest) = line.split_once(": root bus resource [mem ")?;
    let (segment, bus) = bus_name(before.rsplit(' ').next()?)?;
    let range = rest.split([' ', ']']).next()?;
    Some(HostWindow {
        range: range_of(range)?,
        segment,
        bus,
        source: WindowSource::Log,
    })
}

/// `40000000-afffffff : PCI Bus 0000:00`, not indented.
fn iomem_line(line: &str) -> Option<HostWindow> {
    let (range, name) = line.split_once(" : PCI Bus ")?;
    if range.starts_with(' ') {
        return None;
    }
    let (segment, bus) = bus_name(name.trim_end())?;
    // Without privilege every address reads as 0.
    let range = range_of(range).filter(|range| range.last() != 0)?;
    Some(HostWindow {
        range,
        segment,
        bus,
        source: WindowSource::Iomem,
    })
}

fn range_of(text: &str) -> Option<AddrRange> {
    let (start, last) = text.split_once('-')?;
    let number = |text: &str| u64::from_str_radix(text.trim_start_matches("0x"), 16).ok();
    AddrRange::new(number(start)?, number(last)?)
}

fn bus_name(text: &str) -> Option<(Segment, u8)> {
    let (segment, bus) = text.split_once(':')?;
    Some((
        Segment(u32::from_str_radix(segment, 16).ok()?),
        u8::from_str_radix(bus, 16).ok()?,
    ))
}

/// The physical address width of the processor: as the export from Windows has it, or the
/// smallest that `/proc/cpuinfo` states.
pub fn address_bits(host: &Host<'_>) -> Option<u8> {
    let windows = host.nodes().windows();
    if let Some(bits) = windows.and_then(|windows| windows.physical_address_bits) {
        return Some(bits);
    }
    let text = String::from_utf8_lossy(host.capture().host.get("cpuinfo")?).into_owned();
    let width = |line: &str| {
        let rest = line.strip_prefix("address sizes")?;
        let bits = rest.trim_start_matches([' ', '\t', ':']);
        bits.split(' ').next()?.parse().ok()
    };
    text.lines().filter_map(width).min()
}

/// Windows by root bus.
pub(super) fn by_root(windows: &[HostWindow]) -> BTreeMap<(Segment, u8), Vec<AddrRange>> {
    let mut by_root: BTreeMap<_, Vec<AddrRange>> = BTreeMap::new();
    for window in windows {
        let root = by_root.entry((window.segment, window.bus)).or_default();
        root.push(window.range);
    }
    by_root
}
