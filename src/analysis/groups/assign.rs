//! The assignment itself (Linux drivers/iommu/iommu.c, `pci_device_group`).

use std::collections::BTreeMap;

use super::alias::Aliases;
use super::assume::Assume;
use super::coverage::Coverage;
use super::standing::Standings;
use super::{GroupId, Join, Model, Partition, rework};
use crate::addr::Segment;
use crate::host::{FunctionId, Host};
use crate::topology::{Node, Topology};

/// What every run of the assignment shares.
pub(super) struct Ground<'a, 'c> {
    pub(super) host: &'a Host<'c>,
    pub(super) topology: &'a Topology,
    pub(super) aliases: &'a Aliases<'a, 'c>,
    pub(super) standings: &'a Standings,
    pub(super) coverage: &'a Coverage,
    pub(super) model: Model,
}

/// Groups under one way to take what is not known.
pub(super) fn assign(ground: &Ground<'_, '_>, assume: Assume) -> Partition {
    if ground.model == Model::Rework2025 {
        return rework::assign(ground, assume);
    }
    let Ground { host, topology, .. } = *ground;
    let isolated: Vec<bool> = host
        .iter()
        .map(|(id, _)| {
            let bridge = topology.kind(id).is_bridge();
            assume.decide(ground.standings.get(id).isolated, bridge)
        })
        .collect();
    let mut path_isolated = vec![false; isolated.len()];
    for &id in topology.top_down() {
        let above = match topology.parent(id) {
            Some(parent) => path_isolated[parent.index()],
            // Above an orphan a bridge is missing.
            None => topology.is_rooted(id) || assume.of(true),
        };
        path_isolated[id.index()] = above && isolated[id.index()];
    }
    let mut run = Assignment {
        ground,
        assume,
        isolated,
        path_isolated,
        partition: Partition {
            of: vec![None; host.functions().len()],
            members: Vec::new(),
            joins: vec![None; host.functions().len()],
        },
        missing_bridges: BTreeMap::new(),
    };
    for &id in &ground.coverage.order {
        run.place(id);
    }
    for members in &mut run.partition.members {
        members.sort_unstable();
    }
    run.partition
}

struct Assignment<'a, 'g, 'c> {
    ground: &'g Ground<'a, 'c>,
    assume: Assume,
    isolated: Vec<bool>,
    /// The function and every bridge above it.
    path_isolated: Vec<bool>,
    partition: Partition,
    /// Groups below bridges that the capture lacks, taken not to be isolated.
    missing_bridges: BTreeMap<(Segment, u8), GroupId>,
}

impl Assignment<'_, '_, '_> {
    fn place(&mut self, id: FunctionId) {
        let (group, join) = match self.find(id) {
            Some(found) => found,
            None => {
                let group = self.partition.found();
                if let Some(bus) = self.missing_bridge(id) {
                    self.missing_bridges.insert(bus, group);
                }
                (group, Join::Founder)
            }
        };
        self.partition.add(id, group, join);
    }

    /// The existing group that the function must join.
    fn find(&self, id: FunctionId) -> Option<(GroupId, Join)> {
        let topology = self.ground.topology;
        let mut point = id;
        for requester in self.ground.aliases.requesters(self.assume, id) {
            point = requester;
            if let Some(group) = self.partition.group(requester) {
                return Some((group, Join::Alias(requester)));
            }
        }
        // Upwards past every bridge that cannot keep what is below it apart.
        let mut below_isolated = false;
        for bridge in topology.upstream(point).skip(1) {
            if self.path_isolated[bridge.index()] {
                below_isolated = true;
                break;
            }
            point = bridge;
            if let Some(group) = self.partition.group(bridge) {
                return Some((group, Join::Bridge(bridge)));
            }
        }
        if !below_isolated
            && let Some(bus) = self.missing_bridge(point)
            && let Some(&group) = self.missing_bridges.get(&bus)
        {
            return Some((group, Join::MissingBridge));
        }
        let mut seen = [false; 256];
        if let Some((group, with)) = self.by_alias(point, &mut seen) {
            return Some((group, Join::Alias(with)));
        }
        let (group, with) = self.by_sibling(point, &mut seen)?;
        Some((group, Join::Sibling(with)))
    }

    /// The bus of a bridge that the capture lacks and that is taken not to be isolated.
    fn missing_bridge(&self, id: FunctionId) -> Option<(Segment, u8)> {
        match self.ground.topology.top(id) {
            Node::OrphanBus { segment, bus } if !self.assume.of(true) => Some((segment, bus)),
            _ => None,
        }
    }

    /// The group of the function, or of one on its bus that shares an id with it.
    fn by_alias(&self, id: FunctionId, seen: &mut [bool; 256]) -> Option<(GroupId, FunctionId)> {
        let function = self.ground.host.function(id);
        let mark = seen.get_mut(usize::from(function.at.bdf.devfn()))?;
        if std::mem::replace(mark, true) {
            return None;
        }
        if let Some(group) = self.partition.group(id) {
            return Some((group, id));
        }
        for other in self.ground.aliases.partners(self.assume, id) {
            let found = self
                .by_alias(other, seen)
                .or_else(|| self.by_sibling(other, seen));
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// The group of another function of the slot that cannot be kept apart.
    fn by_sibling(&self, id: FunctionId, seen: &mut [bool; 256]) -> Option<(GroupId, FunctionId)> {
        let Ground { host, topology, .. } = *self.ground;
        if topology.is_multi_function(id) == Some(false) || self.isolated[id.index()] {
            return None;
        }
        same_slot(host, id)
            .filter(|other| !self.isolated[other.index()])
            .find_map(|other| self.by_alias(other, seen))
    }
}

/// The other functions with the same bus and device number, virtual ones included.
pub(super) fn same_slot<'h>(
    host: &'h Host<'_>,
    id: FunctionId,
) -> impl Iterator<Item = FunctionId> + use<'h> {
    let functions = host.functions();
    let slot = |index: usize| {
        let at = functions.get(index)?.at;
        Some((at.segment, at.bus(), at.bdf.device()))
    };
    let own = slot(id.index());
    // Functions are ordered by address, so that those of a slot are neighbours.
    let before = (0..id.index())
        .rev()
        .take_while(|&at| slot(at) == own)
        .count();
    (id.index() - before..functions.len())
        .take_while(move |&at| slot(at) == own)
        .map(FunctionId::new)
        .filter(move |&other| other != id)
}
