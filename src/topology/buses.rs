//! Which bridge makes each bus.

use std::collections::BTreeMap;

use crate::addr::{Sbdf, Segment};
use crate::bytes::Observed;
use crate::decode::config::bridge::BusNumbers;
use crate::host::{Function, FunctionId, Host};
use crate::parallel;
use crate::spec::pci::HeaderType;
use crate::spec::pcie::PortType;

/// What makes a bus.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BusParent {
    /// A host bridge.
    Root,
    /// The bridge with this secondary bus number.
    Bridge(FunctionId),
    /// A bridge that is not captured, or a contradiction.
    Orphan,
}

/// A contradiction between bus numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum TopologyFault {
    /// The bridge's own bus lies in the range below it.
    ContainsItself {
        /// The bridge.
        bridge: FunctionId,
    },
    /// The bridge's highest bus is below its secondary bus.
    RangeReversed {
        /// The bridge.
        bridge: FunctionId,
    },
    /// The bridge's primary bus number is not the bus that it sits on.
    PrimaryDiffers {
        /// The bridge.
        bridge: FunctionId,
    },
    /// Another bridge of the segment has the same secondary bus.
    DuplicateSecondary {
        /// The bridge that is not believed.
        bridge: FunctionId,
        /// The bridge that is.
        other: FunctionId,
    },
    /// The bridge's range leaves that of the bridge above it.
    OutsideParent {
        /// The bridge.
        bridge: FunctionId,
        /// The bridge above.
        parent: FunctionId,
    },
    /// Functions sit on a bus that no captured bridge makes and no host bridge would.
    MissingBridge {
        /// The first function on that bus.
        function: FunctionId,
    },
    /// Bridges above the bus lead back to it.
    Loop {
        /// The first function on that bus.
        function: FunctionId,
    },
}

impl TopologyFault {
    /// The function that it is about.
    pub const fn subject(self) -> FunctionId {
        match self {
            Self::ContainsItself { bridge }
            | Self::RangeReversed { bridge }
            | Self::PrimaryDiffers { bridge }
            | Self::DuplicateSecondary { bridge, .. }
            | Self::OutsideParent { bridge, .. } => bridge,
            Self::MissingBridge { function } | Self::Loop { function } => function,
        }
    }
}

pub(super) type BusKey = (Segment, u8);

/// The parent of every bus that a captured function, other than a virtual one, sits on.
pub(super) fn parents(
    host: &Host<'_>,
    faults: &mut Vec<TopologyFault>,
) -> BTreeMap<BusKey, BusParent> {
    let bridges = bridges_by_secondary(host, faults);
    let open = open_bridges(host);
    let mut parents: BTreeMap<BusKey, BusParent> = BTreeMap::new();
    let mut index = 0;
    while let Some(first) = host.functions().get(index) {
        let key = (first.at.segment, first.at.bus());
        let on_bus = host.on_bus(key.0, key.1);
        if on_bus.iter().any(|function| function.physical.is_none()) {
            parents.insert(key, parent_of(host, key, on_bus, &bridges, &open));
        }
        index += on_bus.len().max(1);
    }
    break_loops(host, &mut parents, faults);
    for (&(segment, bus), parent) in &parents {
        if *parent == BusParent::Orphan
            && segment != Segment::UNPLACED
            && let Some(function) = host.ids_on_bus(segment, bus).next()
        {
            faults.push(TopologyFault::MissingBridge { function });
        }
    }
    faults.sort_unstable_by_key(|&fault| (fault.subject(), fault));
    faults.dedup();
    // A loop is the more precise word for the same orphan.
    let loops: Vec<_> = faults
        .iter()
        .filter_map(|fault| match fault {
            TopologyFault::Loop { function } => Some(*function),
            _ => None,
        })
        .collect();
    faults.retain(|fault| {
        !matches!(fault, TopologyFault::MissingBridge { function } if loops.contains(function))
    });
    parents
}

fn bridges_by_secondary(
    host: &Host<'_>,
    faults: &mut Vec<TopologyFault>,
) -> BTreeMap<BusKey, FunctionId> {
    let mut bridges: BTreeMap<BusKey, FunctionId> = BTreeMap::new();
    // A virtual function hangs where its physical function does: it can be no bridge.
    let numbered = |index, function: &Function<'_>| {
        let buses = bus_numbers(function).filter(|_| !function.is_virtual())?;
        Some((FunctionId::new(index), buses))
    };
    for (id, buses) in parallel::filter_map(host.functions(), numbered) {
        let function = host.function(id);
        // Firmware left it unconfigured, or nothing is below.
        if buses.secondary == 0 {
            continue;
        }
        let own = function.at.bus();
        if buses.contains(own) || buses.secondary == own {
            faults.push(TopologyFault::ContainsItself { bridge: id });
            continue;
        }
        if buses.subordinate < buses.secondary {
            faults.push(TopologyFault::RangeReversed { bridge: id });
        }
        // The register only matters to conventional type 1 accesses; some ports leave it 0.
        if buses
            .primary
            .is_some_and(|primary| primary != own && primary != 0)
        {
            faults.push(TopologyFault::PrimaryDiffers { bridge: id });
        }
        let key = (function.at.segment, buses.secondary);
        if let Some(&other) = bridges.get(&key) {
            faults.push(TopologyFault::DuplicateSecondary { bridge: id, other });
        } else {
            bridges.insert(key, id);
        }
    }
    for (&(segment, _), &id) in &bridges {
        let function = host.function(id);
        let above = bridges.get(&(segment, function.at.bus()));
        if let (Some(&parent), Some(own)) = (above, bus_numbers(function))
            && let Some(range) = bus_numbers(host.function(parent))
            && !(range.contains(own.secondary)
                && range.contains(own.subordinate.max(own.secondary)))
        {
            faults.push(TopologyFault::OutsideParent { bridge: id, parent });
        }
    }
    bridges
}

/// Bus numbers of a bridge as captured.
pub(super) fn bus_numbers(function: &Function<'_>) -> Option<BusNumbers> {
    match function.layout()? {
        HeaderType::BRIDGE | HeaderType::CARDBUS => BusNumbers::decode(function.config),
        _ => None,
    }
}

fn parent_of(
    host: &Host<'_>,
    key: BusKey,
    on_bus: &[Function<'_>],
    bridges: &BTreeMap<BusKey, FunctionId>,
    open: &BTreeMap<Segment, u8>,
) -> BusParent {
    if let Some(parent) = on_bus
        .iter()
        .find_map(|function| reported_parent(host, function))
    {
        return parent;
    }
    if let Some(&bridge) = bridges.get(&key) {
        return BusParent::Bridge(bridge);
    }
    if key.0 == Segment::UNPLACED {
        return BusParent::Orphan;
    }
    if key.1 == 0 || on_bus.iter().any(proves_root_bus) {
        return BusParent::Root;
    }
    if on_bus.iter().any(needs_bridge)
        || inside_a_bridge(host, key, bridges)
        || open.get(&key.0).is_some_and(|&bus| bus < key.1)
        || may_lie_below_a_link(on_bus)
    {
        return BusParent::Orphan;
    }
    BusParent::Root
}

/// Whether nothing tells the bus from one below an Express link: device 0 alone is on it
/// (PCIe 6.0, 7.3.1), and it may be an Express endpoint. Root buses other than 0 hold devices
/// of several numbers, or one that proves them.
fn may_lie_below_a_link(on_bus: &[Function<'_>]) -> bool {
    let alone = on_bus
        .iter()
        .all(|function| function.at.bdf.device() == 0 && !function.is_virtual());
    let open = |function: &Function<'_>| {
        let conventional = matches!(function.windows.device_type, Some(0 | 1 | 6 | 7));
        function.port_type() == Observed::NotCaptured && !conventional
    };
    alone && on_bus.iter().any(open)
}

/// Whether it is a PCI bridge whose bus numbers are not captured.
pub(crate) fn has_open_bus_numbers(function: &Function<'_>) -> bool {
    let class = function.identity.class;
    let bridge = class.is_some_and(|class| class.base_and_sub() == 0x0604);
    bridge && !function.is_virtual() && bus_numbers(function).is_none()
}

/// For each segment, the lowest bus with a bridge whose bus numbers are not captured, as in
/// listings that print none: any later bus may be its secondary bus.
fn open_bridges(host: &Host<'_>) -> BTreeMap<Segment, u8> {
    let mut lowest = BTreeMap::new();
    let open = |_, function: &Function<'_>| {
        has_open_bus_numbers(function).then_some((function.at.segment, function.at.bus()))
    };
    for (segment, bus) in parallel::filter_map(host.functions(), open) {
        // Functions come in order of address.
        lowest.entry(segment).or_insert(bus);
    }
    lowest
}

/// The place that the operating system reported, where the capture holds that bridge.
fn reported_parent(host: &Host<'_>, function: &Function<'_>) -> Option<BusParent> {
    if function.physical.is_some() {
        return None;
    }
    let parent = &function.reported.parent.as_ref()?.value;
    if parent.is_empty() {
        return Some(BusParent::Root);
    }
    let at: Sbdf = parent.parse().ok()?;
    // A VMD endpoint is above its domain's root bus in sysfs, but is no bridge.
    if at.segment != function.at.segment {
        return Some(BusParent::Root);
    }
    host.find(at)
        .filter(|&bridge| !host.function(bridge).is_virtual())
        .map(BusParent::Bridge)
}

fn proves_root_bus(function: &Function<'_>) -> bool {
    let integrated = matches!(
        function.port_type(),
        Observed::Present(
            PortType::ROOT_PORT | PortType::RC_ENDPOINT | PortType::RC_EVENT_COLLECTOR
        )
    );
    integrated
        || function
            .identity
            .class
            .is_some_and(|class| class.is_host_bridge())
}

fn needs_bridge(function: &Function<'_>) -> bool {
    matches!(
        function.port_type(),
        Observed::Present(
            PortType::ENDPOINT
                | PortType::LEGACY_ENDPOINT
                | PortType::UPSTREAM_PORT
                | PortType::DOWNSTREAM_PORT
                | PortType::PCIE_TO_PCI
        )
    )
}

fn inside_a_bridge(
    host: &Host<'_>,
    (segment, bus): BusKey,
    bridges: &BTreeMap<BusKey, FunctionId>,
) -> bool {
    bridges
        .range((segment, 0)..(segment, bus))
        .any(|(_, &id)| bus_numbers(host.function(id)).is_some_and(|range| range.contains(bus)))
}

/// Cuts every cycle of bridges at the first bus that is met again.
fn break_loops(
    host: &Host<'_>,
    parents: &mut BTreeMap<BusKey, BusParent>,
    faults: &mut Vec<TopologyFault>,
) {
    let mut settled: BTreeMap<BusKey, u32> = BTreeMap::new();
    let keys: Vec<BusKey> = parents.keys().copied().collect();
    for (walk, start) in (1_u32..).zip(keys) {
        let mut key = start;
        loop {
            if let Some(&earlier) = settled.get(&key) {
                if earlier == walk {
                    parents.insert(key, BusParent::Orphan);
                    if let Some(function) = host.ids_on_bus(key.0, key.1).next() {
                        faults.push(TopologyFault::Loop { function });
                    }
                }
                break;
            }
            settled.insert(key, walk);
            match parents.get(&key) {
                Some(BusParent::Bridge(id)) => {
                    let at = host.function(*id).at;
                    key = (at.segment, at.bus());
                }
                _ => break,
            }
        }
    }
}
