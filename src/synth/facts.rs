//! What an operating system would report beside the configuration space.

use crate::addr::Sbdf;
use crate::capture::{FunctionProperties, Method, Origin, Reported, Resource};
use crate::decode::config::bar::BarKind;
use crate::range::AddrRange;
use crate::spec::pci::HeaderType;

use super::place::Placement;
use super::profile::BarFile;
use super::tree::{Node, Tree};

const IO: u64 = 0x100;
const MEMORY: u64 = 0x200;
const PREFETCH: u64 = 0x2000;
const READ_ONLY: u64 = 0x4000;
const SIZE_ALIGNED: u64 = 0x4_0000;
const WIDE: u64 = 0x10_0000;
const UNSET: u64 = 0x2000_0000;

/// What the description of a function states: reported in any case.
pub(super) fn stated(node: &Node<'_>) -> FunctionProperties {
    let device = node.device;
    FunctionProperties {
        driver: device.driver.clone().map(fact),
        iommu_group: device.iommu_group.map(fact),
        iommu_unit: device.iommu_unit.clone().map(fact),
        reserved_regions: device.reserved_regions.clone().map(fact),
        numa_node: node.numa.map(fact),
        reset_methods: device.reset_methods.clone().map(fact),
        power_state: device.power_state.clone().map(fact),
        boot_vga: device.boot_vga.map(fact),
        acpi_path: device.acpi_path.clone().map(fact),
        used_by: device.used_by.iter().cloned().map(fact).collect(),
        windows: device
            .windows
            .iter()
            .map(|(key, value)| (key.clone(), fact(value.clone())))
            .collect(),
        ..FunctionProperties::default()
    }
}

/// What a kernel reports of a function by itself.
pub(super) fn known_to_kernel(
    tree: &Tree<'_>,
    node: &Node<'_>,
    placement: &Placement,
) -> FunctionProperties {
    let profile = &node.profile;
    let subsystem = match profile.layout() {
        HeaderType::BRIDGE => profile.subsystem,
        _ => Some(profile.subsystem.unwrap_or(profile.ids)),
    };
    FunctionProperties {
        vendor: Some(fact(profile.ids.vendor)),
        device: Some(fact(profile.ids.device)),
        subsystem_vendor: subsystem.map(|ids| fact(ids.vendor)),
        subsystem_device: subsystem.map(|ids| fact(ids.device)),
        class: Some(fact(profile.class.0)),
        revision: Some(fact(profile.revision)),
        resources: resources(node, placement),
        parent: Some(fact(parent_address(tree, node))),
        root_bus: Some(fact(node.root_bus)),
        root_bus_parent: node.root_parent.map(|parent| fact(parent.to_string())),
        slot: node.device.slot.map(|slot| fact(slot.to_string())),
        sriov_total_vfs: node.device.sriov.as_ref().map(|sriov| fact(sriov.total)),
        sriov_num_vfs: node.device.sriov.as_ref().map(|sriov| fact(sriov.enabled)),
        ..stated(node)
    }
}

/// What is stated of a virtual function.
pub(super) fn stated_of_vf(node: &Node<'_>, index: u16) -> FunctionProperties {
    let Some(sriov) = &node.device.sriov else {
        return FunctionProperties::default();
    };
    let group = sriov
        .iommu_group
        .map(|first| first.saturating_add(u32::from(index)));
    FunctionProperties {
        driver: sriov.driver.clone().map(fact),
        iommu_group: group.map(fact),
        numa_node: node.numa.map(fact),
        ..FunctionProperties::default()
    }
}

/// What a kernel reports of a virtual function by itself.
pub(super) fn vf_known_to_kernel(
    tree: &Tree<'_>,
    node: &Node<'_>,
    placement: &Placement,
    index: u16,
) -> FunctionProperties {
    let profile = &node.profile;
    let Some(vf) = &profile.vf else {
        return stated_of_vf(node, index);
    };
    let subsystem = profile.subsystem.unwrap_or(profile.ids);
    let addresses = (0_usize..6)
        .zip(placement.vf_bars)
        .map(|(register, address)| {
            let size = vf
                .bars
                .get(register)
                .copied()
                .flatten()
                .map_or(0, |bar| bar.size);
            address.map(|first| first.saturating_add(size.saturating_mul(u64::from(index))))
        });
    let mut bars = [None; 6];
    bars.iter_mut()
        .zip(addresses)
        .for_each(|(bar, address)| *bar = address);
    FunctionProperties {
        vendor: Some(fact(profile.ids.vendor)),
        device: Some(fact(vf.device_id)),
        subsystem_vendor: Some(fact(subsystem.vendor)),
        subsystem_device: Some(fact(subsystem.device)),
        class: Some(fact(profile.class.0)),
        revision: Some(fact(profile.revision)),
        resources: bar_resources(&vf.bars, &bars, 0, 1),
        parent: Some(fact(parent_address(tree, node))),
        root_bus: Some(fact(node.root_bus)),
        root_bus_parent: node.root_parent.map(|parent| fact(parent.to_string())),
        physical_function: Some(fact(node.at.to_string())),
        ..stated_of_vf(node, index)
    }
}

/// The kernel's `resource` file: BARs, ROM, VF BARs, windows.
fn resources(node: &Node<'_>, placement: &Placement) -> Vec<Reported<Resource>> {
    let profile = &node.profile;
    let mut list = bar_resources(&profile.bars, &placement.bars, 0, 1);
    if let Some(size) = profile.rom {
        let flags = SIZE_ALIGNED | MEMORY | PREFETCH | READ_ONLY;
        list.push(resource(6, placement.rom, size, flags));
    }
    if let (Some(vf), Some(sriov)) = (&profile.vf, &node.device.sriov) {
        list.extend(bar_resources(
            &vf.bars,
            &placement.vf_bars,
            7,
            u64::from(sriov.total),
        ));
    }
    // As the kernel prints them, with the low bits of the base registers.
    let windows = [IO | 1, MEMORY, WIDE | PREFETCH | MEMORY | 1];
    let open = placement.windows.iter().zip(windows).zip(13..);
    list.extend(open.filter_map(|((window, flags), index)| {
        window.map(|range: AddrRange| resource(index, Some(range.start()), range.len(), flags))
    }));
    list
}

fn bar_resources(
    bars: &BarFile,
    addresses: &[Option<u64>; 6],
    first: u8,
    count: u64,
) -> Vec<Reported<Resource>> {
    let mut list = Vec::new();
    for ((bar, &address), index) in bars.iter().zip(addresses).zip(first..) {
        if let Some(bar) = bar {
            let len = bar.size.saturating_mul(count);
            if len > 0 {
                list.push(resource(index, address, len, flags(bar.kind)));
            }
        }
    }
    list
}

fn resource(index: u8, address: Option<u64>, len: u64, flags: u64) -> Reported<Resource> {
    let unassigned = address.is_none();
    fact(Resource {
        index,
        start: address.unwrap_or(0),
        len: Some(len),
        flags: Some(if unassigned { flags | UNSET } else { flags }),
        unassigned,
    })
}

/// Resource flags of a BAR (Linux include/linux/ioport.h); the low bits are the register's.
const fn flags(kind: BarKind) -> u64 {
    SIZE_ALIGNED
        | match kind {
            BarKind::Io => IO | 1,
            BarKind::Memory32 {
                prefetchable: false,
            } => MEMORY,
            BarKind::Memory32 { prefetchable: true } => MEMORY | PREFETCH | 8,
            BarKind::Memory64 {
                prefetchable: false,
            } => WIDE | MEMORY | 4,
            BarKind::Memory64 { prefetchable: true } => WIDE | MEMORY | PREFETCH | 0xc,
        }
}

/// Address of the bridge above; empty on a root bus.
fn parent_address(tree: &Tree<'_>, node: &Node<'_>) -> String {
    let above = node.parent.and_then(|parent| tree.nodes.get(parent));
    above.map_or_else(String::new, |bridge: &Node<'_>| Sbdf::to_string(&bridge.at))
}

fn fact<T>(value: T) -> Reported<T> {
    Reported::new(value, Origin::of(Method::Synthetic))
}
