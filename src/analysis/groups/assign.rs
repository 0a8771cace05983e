//! The assignment itself (Linux drivers/iommu/iommu.c, `pci_device_group`).

use super::acs::Judge;
use super::{Assume, GroupId, Groups, Join, Options, alias, order};
use crate::host::{FunctionId, Host};
use crate::iommu::Iommu;
use crate::topology::Topology;

pub(super) fn assign(
    host: &Host<'_>,
    topology: &Topology,
    iommu: &Iommu,
    options: Options,
    assume: Assume,
) -> Groups {
    let amd = iommu
        .tables()
        .iter()
        .any(|table| table.name.starts_with("IVRS"));
    let count = host.functions().len();
    let mut run = Assignment {
        judge: Judge {
            host,
            topology,
            options,
            assume,
            amd,
        },
        groups: Groups {
            of: vec![None; count],
            members: Vec::new(),
            joins: vec![None; count],
            undetermined: Vec::new(),
        },
    };
    for id in order::probe_order(host, topology, iommu, options) {
        run.place(id);
    }
    for members in &mut run.groups.members {
        members.sort_unstable();
    }
    run.groups
}

struct Assignment<'a, 'c> {
    judge: Judge<'a, 'c>,
    groups: Groups,
}

impl Assignment<'_, '_> {
    fn place(&mut self, id: FunctionId) {
        let (group, join) = self.find(id).unwrap_or_else(|| {
            let group = GroupId(u32::try_from(self.groups.members.len()).unwrap_or(u32::MAX));
            self.groups.members.push(Vec::new());
            (group, Join::Founder)
        });
        self.groups.of[id.index()] = Some(group);
        self.groups.joins[id.index()] = Some(join);
        if let Some(members) = self.groups.members.get_mut(group.0 as usize) {
            members.push(id);
        }
    }

    /// The existing group that the function must join.
    fn find(&self, id: FunctionId) -> Option<(GroupId, Join)> {
        let (host, topology) = (self.judge.host, self.judge.topology);
        let mut point = id;
        for requester in alias::requesters(host, topology, self.judge.assume, id) {
            point = requester;
            if let Some(group) = self.groups.group(requester) {
                return Some((group, Join::Alias(requester)));
            }
        }
        // Upwards past every bridge that cannot keep what is below it apart.
        for bridge in topology.upstream(point).skip(1) {
            if self.judge.path_isolated(bridge) {
                break;
            }
            point = bridge;
            if let Some(group) = self.groups.group(bridge) {
                return Some((group, Join::Bridge(bridge)));
            }
        }
        let mut seen = [false; 256];
        if let Some((group, with)) = self.by_alias(point, &mut seen) {
            return Some((group, Join::Alias(with)));
        }
        let (group, with) = self.by_sibling(point, &mut seen)?;
        Some((group, Join::Sibling(with)))
    }

    /// The group of the function, or of one on its bus that shares an id with it.
    fn by_alias(&self, id: FunctionId, seen: &mut [bool; 256]) -> Option<(GroupId, FunctionId)> {
        let host = self.judge.host;
        let function = host.function(id);
        let mark = seen.get_mut(usize::from(function.at.bdf.devfn()))?;
        if std::mem::replace(mark, true) {
            return None;
        }
        if let Some(group) = self.groups.group(id) {
            return Some((group, id));
        }
        let on_bus = host.ids_on_bus(function.at.segment, function.at.bus());
        let own = alias::has_aliases(function);
        for other in on_bus {
            let involved = own || alias::has_aliases(host.function(other));
            if other == id || !involved || !alias::are_aliases(host, id, other) {
                continue;
            }
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
        let (host, topology) = (self.judge.host, self.judge.topology);
        if topology.is_multi_function(id) == Some(false) || self.judge.isolated(id) {
            return None;
        }
        let at = host.function(id).at;
        host.ids_on_bus(at.segment, at.bus())
            .filter(|&other| {
                let same_slot = host.function(other).at.bdf.devfn() >> 3 == at.bdf.devfn() >> 3;
                other != id && same_slot && !self.judge.isolated(other)
            })
            .find_map(|other| self.by_alias(other, seen))
    }
}
