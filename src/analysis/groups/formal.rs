//! Where groups are formally apart and the hardware does not keep their members apart.
//!
//! The kernel's rules have holes; each of these says who reaches whom through one.

use super::assign::same_slot;
use super::{Control, Groups, Settings, Why};
use crate::analysis::{Tri, resources};
use crate::bytes::Observed;
use crate::decode::config::ext::acs::AcsFlags;
use crate::decode::config::ext::ats::Ats;
use crate::host::{FunctionId, Host};
use crate::spec::pcie::ExtCapId;
use crate::topology::{FunctionKind, Topology};

/// Which hole.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Hole {
    /// Inside a switch: what is below this downstream port reaches what is below its siblings.
    Switch,
    /// A function without ACS reaches another function of its device that has a group of its
    /// own.
    Device,
    /// The kernel looks at functions of a device in blocks of 8 only (ARI).
    WideDevice,
    /// Root ports in different slots: that the root complex keeps their traffic apart is taken
    /// for granted.
    RootPorts,
    /// An egress control vector lets requests through to some ports; the kernel does not look.
    EgressControl,
    /// The command line made the kernel believe in isolation.
    Override,
    /// The memory of the switch's own ports can be reached from below: the kernel leaves the
    /// enhanced services of ACS alone.
    PortMemory,
    /// The device translates addresses itself (ATS), and ports above it do not block requests
    /// that it declares translated; the IOMMU does not check these.
    Translated,
}

/// One function that reaches others outside its group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exposure {
    /// Which hole.
    pub hole: Hole,
    /// The port or function that does not hold traffic back.
    pub at: FunctionId,
    /// Whom its traffic may reach, outside its group: ports stand for what is below them. With
    /// [`Hole::PortMemory`] the ports themselves; with [`Hole::Translated`] the ports that let
    /// its requests through.
    pub reaches: Vec<FunctionId>,
}

/// How many of those reached are kept: enough to name.
const KEPT: usize = 16;

/// Every hole between predicted groups, by address.
pub fn exposures(
    host: &Host<'_>,
    topology: &Topology,
    settings: &Settings,
    groups: &Groups,
) -> Vec<Exposure> {
    let control = Control::new(host, topology, settings);
    let scan = Scan {
        host,
        topology,
        groups,
        control,
    };
    let mut found = Vec::new();
    for (id, function) in host.iter() {
        if function.is_virtual() || groups.group(id).is_none() {
            continue;
        }
        found.extend(scan.between_groups(id));
        found.extend(scan.hole(Hole::PortMemory, id, scan.port_memory(id)));
        found.extend(scan.hole(Hole::Translated, id, scan.unblocked(id)));
    }
    found
}

struct Scan<'a, 'c> {
    host: &'a Host<'c>,
    topology: &'a Topology,
    groups: &'a Groups,
    control: Control<'a, 'c>,
}

impl Scan<'_, '_> {
    fn hole(&self, hole: Hole, at: FunctionId, reaches: Vec<FunctionId>) -> Option<Exposure> {
        (!reaches.is_empty()).then_some(Exposure { hole, at, reaches })
    }

    fn between_groups(&self, id: FunctionId) -> Option<Exposure> {
        let standing = self.groups.standing(id);
        let hole = |hole, reaches| self.hole(hole, id, reaches);
        if let Why::Override(_) = standing.why {
            return hole(Hole::Override, self.neighbours(id));
        }
        match (self.topology.kind(id), standing.isolated) {
            (FunctionKind::DownstreamPort, Tri::No) => hole(Hole::Switch, self.other_ports(id)),
            (FunctionKind::DownstreamPort, Tri::Yes) => {
                hole(Hole::EgressControl, self.let_through(id))
            }
            (FunctionKind::RootPort, Tri::No) => hole(Hole::RootPorts, self.other_ports(id)),
            (kind, Tri::No) if !kind.is_bridge() => {
                let wide = hole(Hole::WideDevice, self.other_blocks(id));
                wide.or_else(|| hole(Hole::Device, self.isolated_siblings(id)))
            }
            _ => None,
        }
    }

    /// Whether two functions are in different groups, both of them in one.
    fn apart(&self, one: FunctionId, other: FunctionId) -> bool {
        let (one, other) = (self.groups.group(one), self.groups.group(other));
        one.is_some() && other.is_some() && one != other
    }

    /// What is behind a port, for comparing groups: its first child, or the port itself.
    fn behind(&self, port: FunctionId) -> FunctionId {
        self.topology
            .children(port)
            .first()
            .copied()
            .unwrap_or(port)
    }

    /// The other ports of the same kind on the bus with something below them in another group.
    fn other_ports(&self, port: FunctionId) -> Vec<FunctionId> {
        if self.topology.children(port).is_empty() {
            return Vec::new();
        }
        let kind = self.topology.kind(port);
        let at = self.host.function(port).at;
        self.host
            .ids_on_bus(at.segment, at.bus())
            .filter(|&other| other != port && self.topology.kind(other) == kind)
            .filter(|&other| !self.topology.children(other).is_empty())
            .filter(|&other| self.apart(self.behind(port), self.behind(other)))
            .take(KEPT)
            .collect()
    }

    /// Ports to which the egress control vector lets requests through, redirect or not
    /// (PCIe 6.0, 6.12.3).
    fn let_through(&self, port: FunctionId) -> Vec<FunctionId> {
        let Observed::Present(services) = self.control.services(port) else {
            return Vec::new();
        };
        let egress = AcsFlags::EGRESS_CONTROL;
        if !(services.capability.set & services.control.set).contains(egress) {
            return Vec::new();
        }
        let Some(acs) = self.host.function(port).acs().present() else {
            return Vec::new();
        };
        let mut ports = self.other_ports(port);
        ports.retain(|&other| {
            let express = self.host.function(other).express().present();
            let number = express.and_then(|express| express.port_number());
            number.and_then(|number| acs.egress_blocked(number)) == Some(false)
        });
        ports
    }

    /// Ports of the switch with memory of their own that requests from below this port reach
    /// (PCIe 6.0, 6.12.1.1; the services are switched on in the port that requests come in by).
    fn port_memory(&self, port: FunctionId) -> Vec<FunctionId> {
        let occupied = || !self.topology.children(port).is_empty();
        if self.topology.kind(port) != FunctionKind::DownstreamPort || !occupied() {
            return Vec::new();
        }
        let Some(acs) = self.host.function(port).acs().present() else {
            return Vec::new();
        };
        let has_memory = |&port: &FunctionId| {
            resources::bars(self.host.function(port))
                .is_some_and(|bars| bars.iter().any(|bar| bar.kind.is_memory()))
        };
        let at = self.host.function(port).at;
        let ports = self.host.ids_on_bus(at.segment, at.bus());
        let downstream =
            ports.filter(|&other| self.topology.kind(other) == FunctionKind::DownstreamPort);
        let mut open = Vec::new();
        if acs.downstream_memory_open() == Some(true) {
            open.extend(downstream);
        }
        if acs.upstream_memory_open() == Some(true) {
            open.extend(self.topology.parent(port));
        }
        open.retain(has_memory);
        open.sort_unstable();
        open.truncate(KEPT);
        open
    }

    /// Ports above a device with ATS switched on that are able to block translated requests and
    /// do not (PCIe 6.0, 6.12.3).
    fn unblocked(&self, id: FunctionId) -> Vec<FunctionId> {
        let function = self.host.function(id);
        let ats = function.space.extended(function.config, ExtCapId::ATS);
        if ats.present().and_then(|ats| Ats::new(ats).enabled()) != Some(true) {
            return Vec::new();
        }
        let lets_through = |&port: &FunctionId| {
            self.topology.kind(port).is_downstream_port()
                && matches!(self.control.services(port), Observed::Present(services)
                    if services.control.clear().contains(AcsFlags::TRANSLATION_BLOCKING))
        };
        let above = self.topology.upstream(id).skip(1);
        above.filter(lets_through).take(KEPT).collect()
    }

    fn isolated_siblings(&self, id: FunctionId) -> Vec<FunctionId> {
        if self.topology.is_multi_function(id) != Some(true) {
            return Vec::new();
        }
        same_slot(self.host, id)
            .filter(|&other| !self.host.function(other).is_virtual() && self.apart(id, other))
            .collect()
    }

    /// Functions of the same device with another device number (ARI).
    fn other_blocks(&self, id: FunctionId) -> Vec<FunctionId> {
        if !self.topology.uses_ari(self.host, id) {
            return Vec::new();
        }
        let block = self.host.function(id).at.bdf.device();
        self.topology
            .siblings(self.host, id)
            .filter(|&other| self.host.function(other).at.bdf.device() != block)
            .filter(|&other| self.apart(id, other))
            .take(KEPT)
            .collect()
    }

    /// Functions that an overridden one would have been grouped with: of its slot and bus.
    fn neighbours(&self, id: FunctionId) -> Vec<FunctionId> {
        let below = self.topology.children(id);
        let slot = same_slot(self.host, id);
        let mut found: Vec<_> = below
            .into_iter()
            .chain(slot)
            .filter(|&other| self.apart(id, other))
            .take(KEPT)
            .collect();
        found.sort_unstable();
        found
    }
}
