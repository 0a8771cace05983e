//! What the script reads of a device: as Windows reported it, else as it would report it.

use super::{Profile, Quirk};
use crate::analysis::device_type::DeviceType;
use crate::analysis::native_control::Control;
use crate::analysis::reserved::reserved_regions;
use crate::analysis::{Facts, resources};
use crate::capture::{DeviceNode, NodeResource, property_number};
use crate::host::{Function, FunctionId};
use crate::spec::windows::{self, DeviceProperty};
use crate::topology::{FunctionKind, LocationPath};

/// A value as the script would read it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reading<T> {
    /// Reported by Windows.
    Value(T),
    /// Computed from other evidence.
    Computed(T),
    /// Windows has no such property of the device: `$null` to the script.
    Null,
    /// Not captured.
    Unknown,
}

impl<T> Reading<T> {
    fn or_computed(self, compute: impl FnOnce() -> Option<T>) -> Self {
        match self {
            Self::Unknown => compute().map_or(Self::Unknown, Self::Computed),
            reading => reading,
        }
    }
}

/// Interrupts by the script's distinction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Interrupts {
    None,
    Messages,
    Lines,
}

/// The script's sum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Megabytes {
    Sum(u64),
    /// The script stops with an error.
    Fails,
}

/// A reading with the quirks that took part in it.
pub(super) struct Found<T> {
    pub(super) reading: Reading<T>,
    pub(super) quirks: Vec<Quirk>,
}

/// Properties that a node has where an export asked for all of them.
const MANY: usize = 15;

/// A property as the export has it. Where it is missing, an export of all properties means
/// that there is none.
fn property(
    facts: &Facts<'_, '_>,
    function: &Function<'_>,
    node: Option<&DeviceNode>,
    property: DeviceProperty,
) -> Reading<u32> {
    match function.reported.windows.get(property.key) {
        Some(reported) if reported.value.is_null() => Reading::Null,
        Some(reported) => property_number(&reported.value).map_or(Reading::Unknown, Reading::Value),
        None => {
            let all = facts.host.nodes().properties_complete();
            match node {
                Some(node) if all || node.properties.len() >= MANY => Reading::Null,
                _ => Reading::Unknown,
            }
        }
    }
}

pub(super) fn reserved_memory(
    facts: &Facts<'_, '_>,
    id: FunctionId,
    node: Option<&DeviceNode>,
) -> Reading<bool> {
    let function = facts.host.function(id);
    let reading = match property(facts, function, node, windows::RESERVED_MEMORY) {
        Reading::Value(number) => Reading::Value(number != 0),
        Reading::Null => Reading::Null,
        _ => Reading::Unknown,
    };
    reading.or_computed(|| {
        if let Some(mut regions) = reserved_regions(function) {
            return Some(regions.next().is_some());
        }
        let tables = !facts.iommu.tables().is_empty();
        tables.then(|| {
            let mut regions = facts.iommu.reserved(facts.host, facts.topology, id);
            regions.next().is_some()
        })
    })
}

pub(super) fn up_hierarchy(
    facts: &Facts<'_, '_>,
    id: FunctionId,
    node: Option<&DeviceNode>,
) -> Reading<u32> {
    let function = facts.host.function(id);
    property(facts, function, node, windows::ACS_UP_HIERARCHY)
        .or_computed(|| facts.acs.up_hierarchy(facts.topology, id).value())
}

/// Without a report the type of the registers, or, where the firmware refused what Windows
/// needs, that of an Express function treated as PCI.
pub(super) fn device_type(
    facts: &Facts<'_, '_>,
    id: FunctionId,
    node: Option<&DeviceNode>,
) -> Reading<u32> {
    let function = facts.host.function(id);
    property(facts, function, node, windows::DEVICE_TYPE).or_computed(|| {
        let kind = facts.topology.kind(id);
        let own = DeviceType::of(kind)?;
        let control = facts.native_control.above(facts.topology, id);
        let refused = control.is_some_and(|outcome| outcome.refused.intersects(Control::WINDOWS));
        let conventional = matches!(
            kind,
            FunctionKind::Conventional
                | FunctionKind::HostBridge
                | FunctionKind::PciBridge
                | FunctionKind::CardBusBridge
        );
        Some(match (refused && !conventional, own.is_bridge()) {
            (true, true) => DeviceType::BRIDGE_TREATED_AS_PCI.0,
            (true, false) => DeviceType::TREATED_AS_PCI.0,
            (false, _) => own.0,
        })
    })
}

/// The first path of the list as reported, else the one that the tree gives.
pub(super) fn location_path(facts: &Facts<'_, '_>, id: FunctionId) -> Option<String> {
    let function = facts.host.function(id);
    let first = function.windows_list(windows::LOCATION_PATHS).next();
    first
        .map(str::to_owned)
        .or_else(|| LocationPath::of(facts.host, facts.topology, id).map(|path| path.to_string()))
}

/// Message interrupts have negative numbers, which WMI prints as unsigned ones; the script
/// looks for `42949` at their start.
fn matches_pattern(number: u32) -> bool {
    number.to_string().starts_with("42949")
}

/// Numbers from here on are negative.
const NEGATIVE: u32 = 1 << 31;

pub(super) fn interrupts(
    facts: &Facts<'_, '_>,
    id: FunctionId,
    node: Option<&DeviceNode>,
    profile: Profile,
) -> Found<Interrupts> {
    let mut quirks = Vec::new();
    let nodes = facts.host.nodes();
    let rows = match node.and_then(|node| node.instance_id.as_deref()) {
        Some(id) if nodes.resources_complete() => Some(nodes.like(id)),
        _ => None,
    };
    if let Some(like) = rows {
        let own = node.map_or(0, |node| numbers(node).count());
        let all: Vec<u32> = like.iter().flat_map(|node| numbers(node)).collect();
        if all.len() > own {
            quirks.push(Quirk::S6);
        }
        let message = all.iter().any(|&number| matches_pattern(number));
        let unmatched = all
            .iter()
            .any(|&number| number >= NEGATIVE && !matches_pattern(number));
        if unmatched && !message {
            quirks.push(Quirk::S2);
        }
        // LISA takes a device without any resource for one without interrupts.
        let none = match profile {
            Profile::SurveyDda => all.is_empty(),
            Profile::Lisa => like.iter().all(|node| node.resources.is_empty()),
        };
        let interrupts = match (none, message) {
            (true, _) => Interrupts::None,
            (false, true) => Interrupts::Messages,
            (false, false) => Interrupts::Lines,
        };
        let reading = Reading::Value(interrupts);
        return Found { reading, quirks };
    }
    let reading = Reading::Unknown.or_computed(|| computed_interrupts(facts, id));
    Found { reading, quirks }
}

/// A driver takes messages where the device offers them.
fn computed_interrupts(facts: &Facts<'_, '_>, id: FunctionId) -> Option<Interrupts> {
    let function = facts.host.function(id);
    let (interrupts, support) = (function.interrupts, function.windows.interrupt_support);
    match (interrupts.by_message(), interrupts.line, support) {
        (Some(true), ..) => Some(Interrupts::Messages),
        (Some(false), Some(0), _) => Some(Interrupts::None),
        (Some(false), Some(_), _) => Some(Interrupts::Lines),
        (.., Some(support)) if support & 6 != 0 => Some(Interrupts::Messages),
        (.., Some(0)) => Some(Interrupts::None),
        (.., Some(_)) => Some(Interrupts::Lines),
        _ => None,
    }
}

fn numbers(node: &DeviceNode) -> impl Iterator<Item = u32> {
    node.resources.iter().filter_map(|fact| match fact.value {
        NodeResource::Interrupt { number } => Some(number),
        _ => None,
    })
}

/// Bytes of a megabyte as the script counts them.
const MEGABYTE: u64 = 1 << 20;

pub(super) fn megabytes(
    facts: &Facts<'_, '_>,
    id: FunctionId,
    node: Option<&DeviceNode>,
    profile: Profile,
) -> Found<Megabytes> {
    let mut quirks = Vec::new();
    let nodes = facts.host.nodes();
    let function = facts.host.function(id);
    let Some(own_id) = node
        .and_then(|node| node.instance_id.as_deref())
        .filter(|_| nodes.resources_complete())
    else {
        let sum = || resources::survey_dda_megabytes(function).map(Megabytes::Sum);
        let reading = Reading::Unknown.or_computed(sum);
        return Found { reading, quirks };
    };
    let like = nodes.like(own_id);
    let own = node.map_or(0, |node| ranges(node).count());
    let all: Vec<(u64, Option<u64>)> = like.iter().flat_map(|node| ranges(node)).collect();
    if all.len() > own {
        quirks.push(Quirk::S6);
    }
    if all.iter().any(|&(start, _)| start == 0xa_0000) {
        quirks.push(Quirk::S8);
    }
    let mut starts: Vec<u64> = all.iter().map(|range| range.0).collect();
    starts.sort_unstable();
    if starts.windows(2).any(|pair| pair.first() == pair.last()) {
        quirks.push(Quirk::S7);
        let reading = Reading::Value(Megabytes::Fails);
        return Found { reading, quirks };
    }
    let (mut sum, mut exact) = (0_u64, 0_u64);
    for (start, end) in all {
        let Some(difference) = end.and_then(|end| end.checked_sub(start)) else {
            let reading = Reading::Unknown;
            return Found { reading, quirks };
        };
        sum = sum.saturating_add(difference);
        exact = exact.saturating_add(difference).saturating_add(1);
    }
    if sum.div_ceil(MEGABYTE) != exact.div_ceil(MEGABYTE) {
        quirks.push(Quirk::S1);
    }
    let printed = match profile {
        Profile::SurveyDda => sum.div_ceil(MEGABYTE),
        // Rounds to the nearest.
        Profile::Lisa => (sum + MEGABYTE / 2) / MEGABYTE,
    };
    let reading = Reading::Value(Megabytes::Sum(printed));
    Found { reading, quirks }
}

fn ranges(node: &DeviceNode) -> impl Iterator<Item = (u64, Option<u64>)> {
    node.resources.iter().filter_map(|fact| match fact.value {
        NodeResource::Memory { start, end } => Some((start, end)),
        _ => None,
    })
}
