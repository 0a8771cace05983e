//! The host's own address space: what its bridges forward, what is taken, what would fit.

mod fit;
mod vfs;
mod windows;

#[cfg(test)]
mod tests;

pub use fit::{Fit, NoRoom, Wish, fit};
pub use vfs::{Buses, VfMemory, VfMissing, VfRoom, virtual_functions};
pub use windows::{HostWindow, WindowSource, address_bits, host_windows};

use std::collections::BTreeMap;

use crate::analysis::resources;
use crate::bytes::Observed;
use crate::decode::config::bar::BarKind;
use crate::decode::config::bridge::BridgeWindows;
use crate::host::{FunctionId, Host};
use crate::range::AddrRange;
use crate::sim::bars::SizedBar;
use crate::sim::layout::Free;
use crate::sim::policy::linux::{self, Sizing, WindowSize};
use crate::sim::policy::tree::{Bridge, Slot};
use crate::topology::Topology;

/// Place of VF BAR 0 in the kernel's resource list.
const VF_BARS: std::ops::RangeInclusive<u8> = 7..=12;

/// The address space of a host as captured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostSpace {
    /// Physical address width of the processor.
    pub address_bits: Option<u8>,
    /// What the root buses forward, by address.
    pub windows: Vec<HostWindow>,
    /// How Linux would size windows here.
    pub sizing: Sizing,
    /// Every window of every bridge, by address of the bridge.
    pub bridges: Vec<BridgeSpace>,
    /// Everything that has an address.
    pub taken: Vec<Taken>,
    /// Everything that has a size but no address.
    pub unplaced: Vec<UnplacedBar>,
    /// Pairs of resources on one bus that claim the same addresses.
    pub overlaps: Vec<(Taken, Taken)>,
    /// Resources that the bridge above does not forward.
    pub outside: Vec<Taken>,
    by_function: BTreeMap<FunctionId, Vec<AddrRange>>,
}

/// One window of a bridge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BridgeSpace {
    /// The bridge.
    pub bridge: FunctionId,
    /// Which of its windows.
    pub kind: WindowKind,
    /// What it forwards; `Absent` where the window is closed.
    pub range: Observed<AddrRange>,
    /// Bytes that nothing below uses; 0 where the window is not open.
    pub free: u64,
    /// Bytes of the largest free block.
    pub largest: u64,
    /// What Linux would give it, were it to size the window anew.
    pub wanted: Option<WindowSize>,
}

/// Which window of a bridge.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum WindowKind {
    /// Below 4 GiB.
    Memory,
    /// Prefetchable.
    Prefetchable,
}

/// Addresses that a function answers to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Taken {
    /// The addresses.
    pub range: AddrRange,
    /// Whose.
    pub function: FunctionId,
    /// 0 to 5, 7 to 12 for BARs of virtual functions.
    pub index: u8,
}

/// A BAR without an address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct UnplacedBar {
    /// Whose.
    pub function: FunctionId,
    /// What it asks for.
    pub bar: SizedBar,
    /// Number of such blocks: of a virtual function's BAR one for each.
    pub count: u64,
}

impl HostSpace {
    /// Draws up the address space of a host.
    pub fn of(host: &Host<'_>, topology: &Topology) -> Self {
        let (taken, unplaced) = resources_of(host);
        let windows = host_windows(host);
        let sizing = sizing(host);
        let mut by_function: BTreeMap<FunctionId, Vec<AddrRange>> = BTreeMap::new();
        for taken in &taken {
            let own = by_function.entry(taken.function).or_default();
            own.push(taken.range);
        }
        let bridges = host
            .iter()
            .filter(|&(id, _)| topology.kind(id).is_bridge())
            .flat_map(|(id, _)| bridge_spaces(host, topology, &by_function, id, sizing))
            .collect();
        let mut space = Self {
            address_bits: address_bits(host),
            windows,
            sizing,
            bridges,
            taken,
            unplaced,
            overlaps: Vec::new(),
            outside: Vec::new(),
            by_function,
        };
        space.find_overlaps(host, topology);
        space.outside = space
            .taken
            .iter()
            .filter(|taken| space.is_outside(topology, taken))
            .copied()
            .collect();
        space
    }

    /// The window of a bridge.
    pub fn bridge(&self, bridge: FunctionId, kind: WindowKind) -> Option<&BridgeSpace> {
        let mut windows = self.windows_of(bridge).iter();
        windows.find(|space| space.kind == kind)
    }

    /// Both windows of a bridge.
    fn windows_of(&self, bridge: FunctionId) -> &[BridgeSpace] {
        let from = self.bridges.partition_point(|space| space.bridge < bridge);
        let to = self.bridges.partition_point(|space| space.bridge <= bridge);
        self.bridges.get(from..to).unwrap_or_default()
    }

    /// The addresses that a function answers to.
    fn taken_by(&self, function: FunctionId) -> &[AddrRange] {
        self.by_function.get(&function).map_or(&[], Vec::as_slice)
    }

    /// Pairs that claim the same addresses, siblings only: a bridge's window holds what is
    /// below it.
    fn find_overlaps(&mut self, host: &Host<'_>, topology: &Topology) {
        let mut by_parent: Vec<(Option<FunctionId>, Taken)> = self
            .taken
            .iter()
            .filter(|taken| !host.function(taken.function).is_virtual())
            .map(|&taken| (topology.parent(taken.function), taken))
            .collect();
        by_parent.sort_unstable();
        for pair in by_parent.windows(2) {
            if let [(above, first), (other, second)] = pair
                && above == other
                && first.range.overlaps(second.range)
                && (first.function, first.index) != (second.function, second.index)
            {
                self.overlaps.push((*first, *second));
            }
        }
    }

    fn is_outside(&self, topology: &Topology, taken: &Taken) -> bool {
        match topology.parent(taken.function) {
            Some(bridge) => {
                let mut windows = self.windows_of(bridge).iter();
                let open: Option<Vec<AddrRange>> =
                    windows.try_fold(Vec::new(), |mut open, space| {
                        match space.range {
                            Observed::Present(range) => open.push(range),
                            Observed::Absent => {}
                            Observed::NotCaptured | Observed::Malformed(_) => return None,
                        }
                        Some(open)
                    });
                open.is_some_and(|open| !open.iter().any(|range| range.contains(taken.range)))
            }
            None if self.windows.is_empty() || !topology.is_rooted(taken.function) => false,
            None => !self
                .windows
                .iter()
                .any(|window| window.range.contains(taken.range)),
        }
    }
}

/// The kernel's rule; that of 6.1 where the capture does not say which kernel.
fn sizing(host: &Host<'_>) -> Sizing {
    let version = host.capture().host.get("version");
    let text = version.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let release = text
        .as_deref()
        .and_then(|text| text.strip_prefix("Linux version "));
    let manifest = host.capture().manifest.os_release.as_deref();
    release
        .or(manifest)
        .and_then(Sizing::of_release)
        .unwrap_or(Sizing::From6_1)
}

/// Everything with and without an address, by address and by function.
fn resources_of(host: &Host<'_>) -> (Vec<Taken>, Vec<UnplacedBar>) {
    let (mut taken, mut unplaced) = (Vec::new(), Vec::new());
    for (id, function) in host.iter() {
        let bars = resources::bars(function).unwrap_or_default();
        for bar in bars.iter().filter(|bar| bar.kind.is_memory()) {
            let Some(size) = bar.size.exact() else {
                continue;
            };
            let range = bar
                .address
                .and_then(|address| AddrRange::with_len(address, size));
            match range {
                Some(range) => taken.push(Taken {
                    range,
                    function: id,
                    index: bar.index,
                }),
                None if bar.lacks_address => unplaced.push(UnplacedBar {
                    function: id,
                    bar: SizedBar {
                        index: bar.index,
                        kind: bar.kind,
                        size,
                    },
                    count: 1,
                }),
                None => {}
            }
        }
        for resource in &function.reported.resources {
            let resource = &resource.value;
            let Some(len) = resource.len.filter(|_| VF_BARS.contains(&resource.index)) else {
                continue;
            };
            match AddrRange::with_len(resource.start, len) {
                Some(range) if !resource.unassigned => taken.push(Taken {
                    range,
                    function: id,
                    index: resource.index,
                }),
                _ => {
                    let count = vfs::hardware_total(function);
                    let count = count.map_or(1, |total| u64::from(total).max(1));
                    unplaced.push(UnplacedBar {
                        function: id,
                        bar: SizedBar {
                            index: resource.index,
                            kind: kind_of(resource.flags.unwrap_or(0)),
                            size: len / count,
                        },
                        count,
                    });
                }
            }
        }
    }
    taken.sort_unstable();
    unplaced.sort_unstable();
    (taken, unplaced)
}

/// Kind of memory by Linux' resource flags.
fn kind_of(flags: u64) -> BarKind {
    let prefetchable = flags & 0x2000 != 0;
    if flags & 0x10_0000 != 0 {
        BarKind::Memory64 { prefetchable }
    } else {
        BarKind::Memory32 { prefetchable }
    }
}

fn bridge_spaces(
    host: &Host<'_>,
    topology: &Topology,
    taken: &BTreeMap<FunctionId, Vec<AddrRange>>,
    bridge: FunctionId,
    sizing: Sizing,
) -> Vec<BridgeSpace> {
    if topology.children(bridge).is_empty() && !is_bus_bridge(host, bridge) {
        return Vec::new();
    }
    let windows = BridgeWindows::decode(host.function(bridge).config);
    let below = slots_below(host, topology, bridge);
    let wide = matches!(&windows.prefetchable, Observed::Present(window) if window.wide);
    let sizes = linux::bridge_windows(&below, wide, sizing);
    let children = topology.children(bridge);
    [
        (WindowKind::Memory, windows.memory, sizes.memory),
        (
            WindowKind::Prefetchable,
            windows.prefetchable,
            sizes.prefetchable,
        ),
    ]
    .into_iter()
    .map(|(kind, window, wanted)| {
        let range = window.map(|window| window.range);
        let (mut free, mut largest) = (0, 0);
        if let Observed::Present(range) = range {
            let mut unused = Free::of(&[range]);
            for &child in &children {
                let own = taken.get(&child).into_iter().flatten();
                own.for_each(|&range| unused.remove(range));
                for window in open_windows(host, child) {
                    unused.remove(window);
                }
            }
            (free, largest) = (unused.total(), unused.largest(1));
        }
        BridgeSpace {
            bridge,
            kind,
            range,
            free,
            largest,
            wanted,
        }
    })
    .collect()
}

fn is_bus_bridge(host: &Host<'_>, id: FunctionId) -> bool {
    host.function(id).layout() == Some(crate::spec::pci::HeaderType::BRIDGE)
}

/// The memory windows of a bridge that are open; none for other functions.
pub(super) fn open_windows(host: &Host<'_>, id: FunctionId) -> Vec<AddrRange> {
    if !is_bus_bridge(host, id) {
        return Vec::new();
    }
    let windows = BridgeWindows::decode(host.function(id).config);
    [windows.memory, windows.prefetchable]
        .into_iter()
        .filter_map(|window| window.present().map(|window| window.range))
        .collect()
}

/// What lies below a bridge, as the layout rules see it.
fn slots_below(host: &Host<'_>, topology: &Topology, bridge: FunctionId) -> Vec<Slot> {
    // Deep trees are as deep as there are buses, at most 256 a segment.
    physical_children(host, topology, bridge)
        .map(|child| slot_of(host, topology, child))
        .collect()
}

/// What lies below a bridge, virtual functions left out.
fn physical_children(
    host: &Host<'_>,
    topology: &Topology,
    bridge: FunctionId,
) -> impl Iterator<Item = FunctionId> {
    let children = topology.children(bridge).into_iter();
    children.filter(|&child| !host.function(child).is_virtual())
}

fn slot_of(host: &Host<'_>, topology: &Topology, id: FunctionId) -> Slot {
    let bars = crate::sim::bars::DeviceBars::of(host, id, &[]).sized;
    let bridge = is_bus_bridge(host, id).then(|| {
        let windows = BridgeWindows::decode(host.function(id).config);
        Bridge {
            hot_plug: false,
            wide: matches!(windows.prefetchable, Observed::Present(window) if window.wide),
            below: slots_below(host, topology, id),
        }
    });
    Slot {
        bars,
        bridge,
        ..Slot::default()
    }
}

impl WindowKind {
    /// The field's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Prefetchable => "prefetchable",
        }
    }
}
