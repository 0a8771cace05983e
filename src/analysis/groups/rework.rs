//! The rules of the series "Fix incorrect iommu_groups with PCIe ACS" (2025, third version):
//! not merged into Linux, but carried by some vendors' kernels.
//!
//! Buses are isolated or not, instead of paths. Ports and functions without ACS count as having
//! no way around the root complex; the inside of a switch is one group unless each of its
//! downstream ports isolates.

use super::assign::{Ground, same_slot};
use super::assume::Assume;
use super::standing::Why;
use super::{GroupId, Join, Partition};
use crate::bytes::Observed;
use crate::host::FunctionId;
use crate::spec::pci::HeaderType;
use crate::topology::FunctionKind;

/// What a bus does to the functions on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Bus {
    /// Each may have a group of its own.
    Isolated,
    /// All are in the group of the bridge above.
    WithBridge,
    /// All are in one group, and the bridge is not.
    Together,
}

pub(super) fn assign(ground: &Ground<'_, '_>, assume: Assume) -> Partition {
    let count = ground.host.functions().len();
    let mut run = Run {
        ground,
        assume,
        partition: Partition {
            of: vec![None; count],
            members: Vec::new(),
            joins: vec![None; count],
        },
        below: vec![None; count],
        together: vec![None; count],
    };
    // Above before below: the order of probing does not matter to these rules.
    let mut order = ground.coverage.order.clone();
    order.sort_by_key(|&id| {
        let own = ground.aliases.dma_device(id) == Some(id);
        let host = ground.host.function(id);
        (!own, host.is_virtual(), ground.topology.depth(id))
    });
    for id in order {
        run.place(id);
    }
    for members in &mut run.partition.members {
        members.sort_unstable();
    }
    run.partition
}

struct Run<'a, 'g, 'c> {
    ground: &'g Ground<'a, 'c>,
    assume: Assume,
    partition: Partition,
    /// The group that everything below a bridge belongs to, because a bus above is not isolated.
    below: Vec<Option<GroupId>>,
    /// The group of the functions on the bus below a bridge, where they are kept together.
    together: Vec<Option<GroupId>>,
}

impl Run<'_, '_, '_> {
    fn place(&mut self, id: FunctionId) {
        let (group, join, spreads) = self
            .find(id)
            .unwrap_or_else(|| (self.partition.found(), Join::Founder, false));
        self.partition.add(id, group, join);
        let parent = self.ground.topology.parent(id);
        if spreads {
            self.below[id.index()] = Some(group);
        } else if let Some(bridge) = parent
            && self.bus_below(bridge) == Bus::Together
        {
            self.together[bridge.index()] = Some(group);
            self.below[id.index()] = Some(group);
        }
    }

    /// The group to join, and whether everything below the function joins it too.
    fn find(&self, id: FunctionId) -> Option<(GroupId, Join, bool)> {
        let ground = self.ground;
        if let Some(device) = ground.aliases.dma_device(id)
            && device != id
        {
            let group = self.partition.group(device)?;
            return Some((group, Join::Alias(device), true));
        }
        if let Some(bridge) = ground.topology.parent(id) {
            if let Some(group) = self.below[bridge.index()] {
                return Some((group, Join::Bridge(bridge), true));
            }
            match self.bus_below(bridge) {
                Bus::WithBridge => {
                    let group = self.partition.group(bridge)?;
                    return Some((group, Join::Bridge(bridge), true));
                }
                Bus::Together => {
                    let group = self.together[bridge.index()]?;
                    return Some((group, Join::Bridge(bridge), true));
                }
                Bus::Isolated => {}
            }
        }
        let mut partners = ground.aliases.partners(self.assume, id);
        let partner = partners.find_map(|other| {
            let group = self.partition.group(other)?;
            Some((group, Join::Alias(other), false))
        });
        partner.or_else(|| self.by_sibling(id))
    }

    /// Functions of a slot are together where one of them has ACS and does not isolate.
    fn by_sibling(&self, id: FunctionId) -> Option<(GroupId, Join, bool)> {
        let ground = self.ground;
        if ground.host.function(id).is_virtual() {
            return None;
        }
        let slot: Vec<_> = same_slot(ground.host, id)
            .filter(|&other| !ground.host.function(other).is_virtual())
            .collect();
        let loops = self.loops_back(id) || slot.iter().any(|&other| self.loops_back(other));
        if !loops {
            return None;
        }
        slot.into_iter()
            .find_map(|other| Some((self.partition.group(other)?, Join::Sibling(other), false)))
    }

    /// The function has ACS and does not isolate. Without ACS it is taken to do no peer-to-peer.
    fn loops_back(&self, id: FunctionId) -> bool {
        let standing = self.ground.standings.get(id);
        match standing.why {
            Why::NoCapability
            | Why::OutOfReach
            | Why::Conventional
            | Why::ConventionalBridge
            | Why::EventCollector => false,
            _ => !self.isolates(id),
        }
    }

    fn isolates(&self, id: FunctionId) -> bool {
        let bridge = self.ground.topology.kind(id).is_bridge();
        let isolated = self.ground.standings.get(id).isolated;
        self.assume.decide(isolated, bridge)
    }

    fn bus_below(&self, bridge: FunctionId) -> Bus {
        match self.ground.topology.kind(bridge) {
            FunctionKind::RootPort if self.loops_back(bridge) => Bus::WithBridge,
            FunctionKind::RootPort | FunctionKind::DownstreamPort => Bus::Isolated,
            FunctionKind::UpstreamPort => self.inside_switch(bridge),
            FunctionKind::PcieToPci if !self.has_memory(bridge) => Bus::Together,
            FunctionKind::UnknownBridge if self.assume.of(true) => Bus::Isolated,
            _ => Bus::WithBridge,
        }
    }

    fn inside_switch(&self, upstream: FunctionId) -> Bus {
        let ground = self.ground;
        let ports = ground.topology.children(upstream);
        let plain = |&id: &FunctionId| {
            ground.topology.kind(id) == FunctionKind::DownstreamPort
                && ground.aliases.partners(self.assume, id).next().is_none()
        };
        if !ports.iter().all(plain) {
            return Bus::WithBridge;
        }
        match ports.iter().all(|&id| self.isolates(id)) {
            true => Bus::Isolated,
            false => Bus::Together,
        }
    }

    /// Whether a bridge has memory of its own that what is below could reach.
    fn has_memory(&self, bridge: FunctionId) -> bool {
        let function = self.ground.host.function(bridge);
        debug_assert!(matches!(function.port_type(), Observed::Present(_)));
        if function.layout() != Some(HeaderType::BRIDGE) {
            return false;
        }
        let memory = |offset| {
            function
                .config
                .u32(offset)
                .map(|bar| bar & 1 == 0 && bar & !0xf != 0)
        };
        match (memory(0x10), memory(0x14)) {
            (Some(true), _) | (_, Some(true)) => true,
            (Some(false), Some(false)) => false,
            _ => !self.assume.of(true),
        }
    }
}
