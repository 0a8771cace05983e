//! Descriptions into configuration spaces, register by register.
//!
//! Where `decode` has the fields of a capability, they say where its bits lie; the tests here
//! have the bytes from the specifications, and lspci reads every machine that comes out.

mod chain;
mod express;
mod extended;
mod header;
mod sriov;
mod standard;
mod writer;

use crate::spec::pci;
use crate::spec::pcie::ExtCapId;

use super::description::{Ats, Ids};
use super::error::Problem;
use super::kind::Kind;
use super::place::Placement;
use super::profile::{BarFile, Profile};
use super::tree::{Node, Tree};

/// The whole configuration space of a function: 4096 bytes, 256 of a conventional one.
pub(super) fn function(
    tree: &Tree<'_>,
    node: &Node<'_>,
    placement: &Placement,
) -> Result<Vec<u8>, Problem> {
    let (device, profile) = (node.device, &*node.profile);
    let buses = bus_registers(node);
    let mut capabilities = Vec::new();
    capabilities.extend(profile.pm.map(standard::power_management));
    capabilities.extend(profile.msi.map(standard::messages));
    if let (pci::HeaderType::BRIDGE, Some(subsystem)) = (profile.layout(), profile.subsystem) {
        capabilities.push(standard::bridge_subsystem(
            subsystem.vendor,
            subsystem.device,
        ));
    }
    capabilities.extend(
        profile
            .express
            .map(|words| express::express(words, express_facts(node))),
    );
    capabilities.extend(profile.msix.map(standard::message_table));
    capabilities.extend(device.af.map(standard::advanced_features));
    capabilities.extend(device.vendor.iter().map(standard::vendor));
    if !device.ea.is_empty() {
        let bridge = device.kind.has_bus_below().then_some((buses.1, buses.2));
        capabilities.push(standard::enhanced_allocation(&device.ea, bridge));
    }
    capabilities.extend(device.capabilities.iter().map(standard::raw));

    let mut space = empty(profile);
    let facts = header::Facts {
        list: chain::standard(&mut space, list_start(profile), &capabilities)?,
        multi_function: device.multifunction.unwrap_or(node.multi_function),
        command: device.command,
        buses,
    };
    chain::put(&mut space, 0, &header::header(profile, placement, facts));
    chain::extended(&mut space, &extended_list(tree, node, placement))?;
    for patch in &device.raw {
        let at = usize::from(patch.offset);
        if at + patch.bytes.0.len() > space.len() {
            return Err(Problem::PatchOutside {
                offset: patch.offset,
            });
        }
        chain::put(&mut space, at, &patch.bytes.0);
    }
    Ok(space)
}

/// The configuration space of a virtual function: ids read as ones, BARs and interrupt pin as
/// zero (PCIe 6.0, 9.3.4.1).
pub(super) fn virtual_function(node: &Node<'_>) -> Result<Vec<u8>, Problem> {
    let (device, pf) = (node.device, &*node.profile);
    let Some(vf) = &pf.vf else {
        return Ok(Vec::new());
    };
    let profile = Profile {
        ids: Ids {
            vendor: 0xffff,
            device: 0xffff,
        },
        subsystem: Some(pf.subsystem.unwrap_or(pf.ids)),
        bars: BarFile::default(),
        rom: None,
        intx: false,
        msi: None,
        vf: None,
        ..pf.clone()
    };
    let mut capabilities = Vec::new();
    let facts = express::Facts {
        flr: true,
        ..express::Facts::default()
    };
    capabilities.extend(pf.express.map(|words| express::express(words, facts)));
    capabilities.extend(vf.msix.map(standard::message_table));
    let mut space = empty(pf);
    let facts = header::Facts {
        list: chain::standard(&mut space, list_start(&profile), &capabilities)?,
        command: Some(1 << 2),
        ..header::Facts::default()
    };
    chain::put(
        &mut space,
        0,
        &header::header(&profile, &Placement::default(), facts),
    );
    let mut list = Vec::new();
    list.extend(pf.aer.then(extended::aer));
    list.extend((device.ari == Some(true)).then(|| extended::alternative_routing(0)));
    list.extend(vf.acs.as_ref().map(extended::access_control));
    chain::extended(&mut space, &list)?;
    Ok(space)
}

fn extended_list(tree: &Tree<'_>, node: &Node<'_>, placement: &Placement) -> Vec<Vec<u8>> {
    let (device, profile) = (node.device, &*node.profile);
    let mut list = Vec::new();
    if profile.express.is_none() {
        list.extend(device.extended.iter().map(extended::raw));
        return list;
    }
    list.extend(profile.aer.then(extended::aer));
    list.extend(
        device
            .serial
            .map(|number| extended::serial_number(number.0)),
    );
    list.extend(profile.acs.as_ref().map(extended::access_control));
    if device.ari == Some(true) && !device.kind.has_bus_below() {
        list.push(extended::alternative_routing(node.next_function));
    }
    if let (Some(wish), Some(numbers), Some(vf)) = (&device.sriov, node.vfs, &profile.vf) {
        let bars = header::bar_registers(&vf.bars, &placement.vf_bars);
        let above = node.parent.and_then(|parent| tree.nodes.get(parent));
        let ari_hierarchy = above.is_some_and(forwards_ari);
        let link = (node.at.bdf.devfn(), ari_hierarchy);
        list.push(sriov::sriov(wish, numbers, vf.device_id, bars, link));
    }
    list.extend(device.ats.and_then(Ats::enabled).map(extended::translation));
    list.extend(device.pri.then(extended::pri));
    list.extend(device.pasid.map(extended::address_spaces));
    if !device.rebar.is_empty() {
        list.push(extended::resizable_bars(
            ExtCapId::RESIZABLE_BAR,
            &device.rebar,
        ));
    }
    if !device.vf_rebar.is_empty() {
        list.push(extended::resizable_bars(
            ExtCapId::VF_RESIZABLE_BAR,
            &device.vf_rebar,
        ));
    }
    if device.kind == Kind::EventCollector {
        let bus = (node.at.segment, node.at.bus());
        let devices = tree.integrated.get(&bus).copied().unwrap_or(0);
        list.push(extended::event_collector(devices));
    }
    list.extend(device.extended.iter().map(extended::raw));
    list
}

fn express_facts(node: &Node<'_>) -> express::Facts {
    let device = node.device;
    let port = device.kind.has_link_below();
    express::Facts {
        flr: device.flr == Some(true),
        slot: device.slot,
        hotplug: device.hotplug,
        ari_supported: port && device.ari != Some(false),
        ari_enabled: forwards_ari(node),
        port: node.at.bdf.devfn(),
    }
}

/// Whether the port has ARI forwarding on: as stated, else where an ARI device is below, as
/// Linux does (drivers/pci/pci.c, `pci_configure_ari`).
fn forwards_ari(node: &Node<'_>) -> bool {
    node.device.kind.has_link_below() && node.device.ari.unwrap_or(node.leads_to_ari)
}

fn bus_registers(node: &Node<'_>) -> (u8, u8, u8) {
    let (device, buses) = (node.device, node.buses);
    (
        device.primary.unwrap_or(node.at.bus()),
        device
            .secondary
            .unwrap_or(buses.map_or(0, |buses| buses.secondary)),
        device
            .subordinate
            .unwrap_or(buses.map_or(0, |buses| buses.subordinate)),
    )
}

fn empty(profile: &Profile) -> Vec<u8> {
    let size = if profile.express.is_some() {
        pci::EXPRESS_SIZE
    } else {
        pci::CONVENTIONAL_SIZE
    };
    vec![0; usize::from(size)]
}

const fn list_start(profile: &Profile) -> u16 {
    match profile.layout() {
        pci::HeaderType::CARDBUS => 0x48,
        _ => pci::HEADER_SIZE,
    }
}
