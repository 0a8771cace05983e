//! Cards, and the slots that they sit in.

use std::collections::{BTreeMap, BTreeSet};

use super::buses::{self, Numbering};
use super::{ChangeError, fact, registers, with_tree};
use crate::addr::{Bdf, Sbdf};
use crate::capture::{Capture, DeviceNodes, FunctionProperties};
use crate::host::{FunctionId, Host};
use crate::spec::pci;
use crate::spec::windows;
use crate::topology::Topology;

/// A card in its new slot.
pub(super) struct Moved {
    /// Where each function went, virtual ones among them.
    pub(super) places: BTreeMap<Sbdf, Sbdf>,
    /// What is taken for granted.
    pub(super) notes: Vec<&'static str>,
}

/// What is to move, and where.
struct Plan {
    /// The port above the card.
    above: Sbdf,
    /// Everything of the card, and its bridges.
    card: Vec<Sbdf>,
    bridges: BTreeSet<Sbdf>,
    /// Both ports are on one bus.
    neighbours: bool,
    has_vfs: bool,
    numbering: Numbering,
}

const MEMORY: &str = "the firmware is taken to give the card memory below its new port: addresses \
                      and windows are those of the old one";
const NUMBERS: &str = "the buses of the card are numbered anew, and those of the ports above it; all \
                       others keep their numbers";
const VIRTUAL: &str = "virtual functions are taken to be switched on again where the card is now";

/// Moves everything below the port above a device to another, empty port: bridges with all that
/// is below them, and virtual functions. The port is the first one above the device that can
/// have a slot, so that a bridge on the card moves with it.
pub(super) fn move_card(
    capture: &mut Capture,
    device: Sbdf,
    port: Sbdf,
) -> Result<Moved, ChangeError> {
    let plan = with_tree(capture, |host, topology| plan(host, topology, device, port))?;
    let target = capture
        .functions
        .get(&port)
        .map(|record| &record.properties);
    let (root, numa) = target.map_or((None, None), |own| {
        (own.root_bus.clone(), own.numa_node.clone())
    });
    let mut places = BTreeMap::new();
    for &at in &plan.card {
        let bus = plan.numbering.of_card(at.bus());
        let bdf = bus.and_then(|bus| Bdf::new(bus, at.bdf.device(), at.bdf.function()));
        let bdf = bdf.ok_or(ChangeError::NoBus(port))?;
        places.insert(at, Sbdf::new(port.segment, bdf));
    }
    let renamed = |text: &str| {
        let at: Sbdf = text.parse().ok()?;
        let now = if at == plan.above {
            Some(&port)
        } else {
            places.get(&at)
        };
        now.map(ToString::to_string)
    };
    let records: Vec<_> = plan
        .card
        .iter()
        .filter_map(|at| Some((*at, capture.functions.remove(at)?)))
        .collect();
    for (at, mut record) in records {
        let properties = &mut record.properties;
        withdraw_place(properties);
        for name in [&mut properties.parent, &mut properties.physical_function] {
            if let Some(now) = name.as_ref().and_then(|old| renamed(&old.value)) {
                *name = Some(fact(now));
            }
        }
        if properties.parent.is_none() && at.bus() == plan.numbering.old.0 {
            properties.parent = Some(fact(port.to_string()));
        }
        properties.root_bus.clone_from(&root);
        properties.numa_node.clone_from(&numa);
        if plan.bridges.contains(&at) {
            let primary = registers::get(&record, pci::PRIMARY_BUS.offset, 3);
            let now: Option<Vec<u8>> = primary.map(|numbers| {
                let of_card = |&old: &u8| plan.numbering.of_card(old).unwrap_or(old);
                numbers.iter().map(of_card).collect()
            });
            // Without numbers it routes nothing, here as there.
            if let Some(now) = now.filter(|now| now.iter().any(|&number| number != 0)) {
                registers::put(&mut record, pci::PRIMARY_BUS.offset, &now);
            }
        }
        if let Some(&to) = places.get(&at) {
            capture.functions.insert(to, record);
        }
    }
    for (&at, &(secondary, subordinate)) in &plan.numbering.above {
        if let Some(record) = capture.functions.get_mut(&at) {
            registers::put(record, pci::SECONDARY_BUS.offset, &[secondary, subordinate]);
        }
    }
    capture.vpd = std::mem::take(&mut capture.vpd)
        .into_iter()
        .map(|(at, vpd)| (places.get(&at).copied().unwrap_or(at), vpd))
        .collect();
    move_nodes(capture, &places);
    let mut notes = Vec::new();
    if !(plan.neighbours && exchange_windows(capture, plan.above, port)) {
        notes.push(MEMORY);
    }
    if plan.numbering.changes_numbers() {
        notes.push(NUMBERS);
    }
    if plan.has_vfs {
        notes.push(VIRTUAL);
    }
    Ok(Moved { places, notes })
}

fn plan(
    host: &Host<'_>,
    topology: &Topology,
    device: Sbdf,
    port: Sbdf,
) -> Result<Plan, ChangeError> {
    let id = host.find(device).ok_or(ChangeError::NoCard(device))?;
    let above = topology
        .upstream(id)
        .skip(1)
        .find(|&hop| topology.kind(hop).is_downstream_port())
        .ok_or(ChangeError::NoCard(device))?;
    let port_id = host.find(port).ok_or(ChangeError::NoPort(port))?;
    if !topology.kind(port_id).is_downstream_port() {
        return Err(ChangeError::NoPort(port));
    }
    if !topology.children(port_id).is_empty() {
        return Err(ChangeError::SlotTaken(port));
    }
    let card = below(topology, above);
    if card.contains(&port_id) {
        return Err(ChangeError::PortOfCard(port));
    }
    let numbering = buses::number(host, topology, &card, above, port_id)?;
    let at = |id: FunctionId| host.function(id).at;
    let is_bridge = |&id: &FunctionId| buses::numbers(host, id).is_some();
    Ok(Plan {
        above: at(above),
        bridges: card.iter().copied().filter(is_bridge).map(at).collect(),
        neighbours: topology.parent(above) == topology.parent(port_id)
            && topology.top(above) == topology.top(port_id),
        has_vfs: card.iter().any(|&id| host.function(id).is_virtual()),
        card: card.iter().copied().map(at).collect(),
        numbering,
    })
}

/// Everything below a port, by address.
fn below(topology: &Topology, port: FunctionId) -> BTreeSet<FunctionId> {
    let mut found = BTreeSet::new();
    let mut open = topology.children(port);
    while let Some(id) = open.pop() {
        if found.insert(id) {
            open.extend(topology.children(id));
        }
    }
    found
}

/// The card's windows go with it where both ports are on one bus, so that what is above them
/// forwards the same addresses as before. Returns whether that was possible.
fn exchange_windows(capture: &mut Capture, old: Sbdf, new: Sbdf) -> bool {
    const REGISTERS: [(u16, u16); 2] = [(0x1c, 2), (0x20, 20)];
    let of = |at: Sbdf| -> Option<Vec<Vec<u8>>> {
        let record = capture.functions.get(&at)?;
        let mut windows = REGISTERS.iter();
        windows.try_fold(Vec::new(), |mut windows, &(offset, count)| {
            windows.push(registers::get(record, offset, count)?);
            Some(windows)
        })
    };
    let (Some(windows), Some(others)) = (of(old), of(new)) else {
        return false;
    };
    // What a window can hold is wired: 16 or 32 bits of ports, 32 or 64 of memory.
    let wired = |windows: &[Vec<u8>]| -> Vec<u8> {
        let low = |group: usize, byte: usize| windows.get(group)?.get(byte).map(|low| low & 0xf);
        [low(0, 0), low(0, 1), low(1, 4), low(1, 6)]
            .into_iter()
            .flatten()
            .collect()
    };
    if wired(&windows) != wired(&others) {
        return false;
    }
    for (at, windows) in [(old, others), (new, windows)] {
        if let Some(record) = capture.functions.get_mut(&at) {
            for ((offset, _), bytes) in REGISTERS.into_iter().zip(windows) {
                registers::put(record, offset, &bytes);
            }
        }
    }
    let windows_of = |capture: &mut Capture, at: Sbdf| {
        let resources = &mut capture.function(at).properties.resources;
        let (windows, own) = std::mem::take(resources)
            .into_iter()
            .partition(|resource| (13..=16).contains(&resource.value.index));
        *resources = own;
        let windows: Vec<_> = windows;
        windows
    };
    let (first, second) = (windows_of(capture, old), windows_of(capture, new));
    capture.function(old).properties.resources.extend(second);
    capture.function(new).properties.resources.extend(first);
    true
}

/// Windows' nodes follow their functions; paths that name the old place are withdrawn.
fn move_nodes(capture: &mut Capture, places: &BTreeMap<Sbdf, Sbdf>) {
    let Some(bytes) = &mut capture.devnodes else {
        return;
    };
    let Ok(mut nodes) = serde_json::from_slice::<DeviceNodes>(bytes) else {
        return;
    };
    for node in &mut nodes.nodes {
        let at: Option<Sbdf> = node.function.as_ref().and_then(|at| at.parse().ok());
        if let Some(to) = at.and_then(|at| places.get(&at)) {
            node.function = Some(to.to_string());
            node.properties
                .retain(|_, property| !names_a_place(&property.value));
        }
    }
    if let Ok(text) = serde_json::to_vec(&nodes) {
        *bytes = text;
    }
}

/// Facts that belong to the place and not to the card.
fn withdraw_place(properties: &mut FunctionProperties) {
    properties.iommu_unit = None;
    properties.reserved_regions = None;
    properties.slot = None;
    properties.acpi_path = None;
    properties.config_lines.clear();
    properties.windows.remove(windows::ACS_UP_HIERARCHY.key);
    properties.windows.remove(windows::RESERVED_MEMORY.key);
    // Location paths and instance ids name the old place.
    properties
        .windows
        .retain(|_, property| !names_a_place(&property.value));
}

fn names_a_place(value: &serde_json::Value) -> bool {
    let texts: Vec<&str> = match value {
        serde_json::Value::String(text) => vec![text],
        serde_json::Value::Array(list) => list.iter().filter_map(|item| item.as_str()).collect(),
        _ => Vec::new(),
    };
    texts
        .iter()
        .any(|text| text.starts_with("PCIROOT(") || text.starts_with("PCI\\"))
}
