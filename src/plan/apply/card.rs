//! Cards: where they sit, and their virtual functions.

use std::collections::BTreeMap;

use super::{ChangeError, fact, with_tree};
use crate::addr::{Bdf, Sbdf};
use crate::bytes::{ConfigImage, Observed};
use crate::capture::{Capture, FunctionProperties};
use crate::decode::config::bridge::BusNumbers;
use crate::spec::windows;

/// Moves everything below the port above a device to another, empty port. Virtual functions
/// are gone afterwards, because a card starts without. Returns where each function went.
pub(super) fn move_card(
    capture: &mut Capture,
    device: Sbdf,
    port: Sbdf,
) -> Result<BTreeMap<Sbdf, Sbdf>, ChangeError> {
    let (card, bus, numa) = with_tree(capture, |host, topology| {
        let id = host.find(device).ok_or(ChangeError::NoCard(device))?;
        let above = topology.parent(id).ok_or(ChangeError::NoCard(device))?;
        let port_id = host.find(port).ok_or(ChangeError::NoPort(port))?;
        if !topology.kind(port_id).is_downstream_port() {
            return Err(ChangeError::NoPort(port));
        }
        if !topology.children(port_id).is_empty() {
            return Err(ChangeError::SlotTaken(port));
        }
        let buses = BusNumbers::decode(host.function(port_id).config);
        let bus = buses.map(|buses| buses.secondary).filter(|&bus| bus != 0);
        let bus = bus.ok_or(ChangeError::NoBus(port))?;
        let card: Vec<(Sbdf, bool)> = topology
            .children(above)
            .into_iter()
            .map(|child| (host.function(child).at, host.function(child).is_virtual()))
            .collect();
        if topology
            .children(above)
            .into_iter()
            .any(|id| topology.kind(id).is_bridge())
        {
            return Err(ChangeError::CardWithBridges(device));
        }
        let numa = host.function(port_id).reported.numa_node.clone();
        Ok((card, bus, numa))
    })?;
    let root = capture
        .functions
        .get(&port)
        .and_then(|record| record.properties.root_bus.clone());
    let mut moved = BTreeMap::new();
    let mut gone = Vec::new();
    for (at, is_virtual) in card {
        let Some(mut record) = capture.functions.remove(&at) else {
            continue;
        };
        if is_virtual {
            gone.push(at);
            continue;
        }
        let bdf = Bdf::new(bus, at.bdf.device(), at.bdf.function());
        let Some(bdf) = bdf else {
            continue;
        };
        let to = Sbdf::new(port.segment, bdf);
        let properties = &mut record.properties;
        withdraw_place(properties);
        properties.parent = Some(fact(port.to_string()));
        properties.root_bus.clone_from(&root);
        properties.numa_node.clone_from(&numa);
        capture.functions.insert(to, record);
        moved.insert(at, to);
    }
    for &to in moved.values() {
        switch_vfs(capture, to, 0);
    }
    Ok(moved)
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
    properties.windows.retain(|_, property| {
        let texts: Vec<&str> = match &property.value {
            serde_json::Value::String(text) => vec![text],
            serde_json::Value::Array(list) => {
                list.iter().filter_map(|item| item.as_str()).collect()
            }
            _ => Vec::new(),
        };
        !texts
            .iter()
            .any(|text| text.starts_with("PCIROOT(") || text.starts_with("PCI\\"))
    });
}

/// Switches virtual functions on or off. They appear where the capability puts them, as
/// functions of which nothing but their place is known.
pub(super) fn set_virtual_functions(
    capture: &mut Capture,
    at: Sbdf,
    count: u16,
) -> Result<(), ChangeError> {
    let wrong = ChangeError::TooManyVirtualFunctions(at);
    let (addresses, present) = with_tree(capture, |host, _| {
        let id = host.find(at).ok_or(wrong.clone())?;
        let function = host.function(id);
        let present: Vec<Sbdf> = host
            .iter()
            .filter(|(_, other)| other.physical == Some(id))
            .map(|(_, other)| other.at)
            .collect();
        let sriov = match function.sriov() {
            Observed::Present(sriov) => sriov,
            // What was reported can be switched off without the registers.
            Observed::NotCaptured if count == 0 => return Ok((Vec::new(), present)),
            _ => return Err(wrong.clone()),
        };
        let total = function
            .reported
            .sriov_total_vfs
            .as_ref()
            .map(|total| total.value);
        let total = total.or_else(|| sriov.total_vfs());
        if count > 0 && total.is_none_or(|total| count > total) {
            return Err(wrong.clone());
        }
        let addresses: Option<Vec<Sbdf>> = (0..count)
            .map(|number| sriov.vf_address(at, number))
            .collect();
        Ok((addresses.ok_or(wrong.clone())?, present))
    })?;
    for vf in present {
        capture.functions.remove(&vf);
    }
    for vf in addresses {
        let record = capture.function(vf);
        record.properties.physical_function = Some(fact(at.to_string()));
    }
    switch_vfs(capture, at, count);
    Ok(())
}

/// VF Enable and NumVFs in the capability, and the reported number.
fn switch_vfs(capture: &mut Capture, at: Sbdf, count: u16) {
    let base = with_tree(capture, |host, _| {
        let sriov = host.function(host.find(at)?).sriov().present()?;
        Some(sriov.window().base())
    });
    let record = capture.function(at);
    if record.properties.sriov_num_vfs.is_some() {
        record.properties.sriov_num_vfs = Some(fact(count));
    }
    let Some(base) = base else {
        return;
    };
    let control = record.config.u16(base + 8).unwrap_or(0) & !1 | u16::from(count > 0);
    let mut bytes = record.config.bytes().to_vec();
    let mut known = match record.config.known_mask() {
        Some(mask) => mask.to_vec(),
        None => vec![0xff; bytes.len()],
    };
    for (offset, value) in [(base + 8, control), (base + 0x10, count)] {
        for (index, byte) in (usize::from(offset)..).zip(value.to_le_bytes()) {
            if let (Some(place), Some(mask)) = (bytes.get_mut(index), known.get_mut(index)) {
                (*place, *mask) = (byte, 0xff);
            }
        }
    }
    let size = record.config.size();
    record.config = ConfigImage::from_masked(bytes, known).with_size(size);
}
