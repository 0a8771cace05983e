//! How many guests of one shape a host can serve at once.

use std::collections::BTreeMap;

use crate::addr::Sbdf;
use crate::analysis::Facts;
use crate::analysis::groups::{Groups, Options};
use crate::host::FunctionId;
use crate::policy::Policy;
use crate::rules::RuleRun;
use crate::select::Selector;
use crate::sim::bars::DeviceBars;
use crate::sim::guest::{GuestOptions, GuestStudy};
use crate::sim::policy::hyperv;
use crate::verdict::Verdict;

/// Steps of the search.
const BUDGET: u32 = 200_000;

/// A number of devices of one kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Want {
    /// Which.
    pub device: Selector,
    /// How many for each guest.
    pub count: usize,
}

/// What each guest gets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shape {
    /// Devices.
    pub wants: Vec<Want>,
    /// Its address space.
    pub options: GuestOptions,
}

/// The devices of one guest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlacementOf {
    /// Devices that were asked for, by address.
    pub devices: Vec<Sbdf>,
    /// Devices that come along because they share an IOMMU group.
    pub along: Vec<Sbdf>,
    /// NUMA nodes of the devices; empty where none is reported.
    pub nodes: Vec<u32>,
    /// The smallest MMIO gaps under Hyper-V, in bytes: low and high.
    pub gaps: Option<(u64, u64)>,
    /// OVMF has room under the options given.
    pub fits_ovmf: bool,
}

/// The best distribution that was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Placement {
    /// One entry for each guest.
    pub guests: Vec<PlacementOf>,
    /// No more guests are possible by the number of devices alone.
    pub upper_bound: usize,
    /// More guests than were found are ruled out.
    pub proven: bool,
    /// For each want: assignable devices, and those that are not assignable or undetermined.
    pub supply: Vec<(usize, usize)>,
}

/// Devices that go to a guest together.
#[derive(Clone, Debug)]
struct Unit {
    /// How many of each want.
    gives: Vec<usize>,
    devices: Vec<FunctionId>,
    along: Vec<FunctionId>,
    node: Option<u32>,
}

/// Distributes devices over at most `most` guests of one shape.
///
/// Only devices that are assignable under the policy count. Under VFIO all functions of an
/// IOMMU group go to one guest. Devices of one NUMA node are kept together where that costs no
/// guest. Address space never limits Hyper-V, whose gaps can be set; for VFIO the placement
/// says whether OVMF has room.
pub fn place(
    facts: &Facts<'_, '_>,
    run: &RuleRun,
    policy: Policy,
    shape: &Shape,
    most: usize,
) -> Placement {
    let (units, supply) = units(facts, run, policy, shape);
    let bound = shape
        .wants
        .iter()
        .zip(&supply)
        .filter_map(|(want, (there, _))| there.checked_div(want.count))
        .min()
        .unwrap_or(0);
    let aim = bound.min(most);
    let mut proven = true;
    let mut guests = Vec::new();
    for count in (1..=aim).rev() {
        let mut search = Search {
            units: &units,
            wants: shape.wants.iter().map(|want| want.count).collect(),
            used: vec![false; units.len()],
            budget: BUDGET,
        };
        let mut found = Vec::new();
        match search.guests(count, &mut found) {
            Some(true) => {
                guests = found;
                break;
            }
            Some(false) => {}
            None => proven = false,
        }
    }
    let proven = proven || guests.len() == aim;
    Placement {
        guests: guests
            .iter()
            .map(|members| guest(facts, policy, shape, &units, members))
            .collect(),
        upper_bound: bound,
        proven,
        supply,
    }
}

fn units(
    facts: &Facts<'_, '_>,
    run: &RuleRun,
    policy: Policy,
    shape: &Shape,
) -> (Vec<Unit>, Vec<(usize, usize)>) {
    let (host, topology) = (facts.host, facts.topology);
    let usable = |id: FunctionId| {
        matches!(
            Verdict::of(run, policy, id),
            Verdict::Assignable | Verdict::AssignableWithConditions
        )
    };
    let mut supply = Vec::new();
    // A device that several wants name serves the first of them.
    let mut wanted: BTreeMap<FunctionId, usize> = BTreeMap::new();
    for (index, want) in shape.wants.iter().enumerate() {
        let (mut there, mut unusable) = (0, 0);
        for id in want.device.matches(host, topology) {
            if topology.kind(id).is_bridge() || wanted.contains_key(&id) {
                continue;
            }
            if usable(id) {
                wanted.insert(id, index);
                there += 1;
            } else {
                unusable += 1;
            }
        }
        supply.push((there, unusable));
    }
    let groups = Groups::predict(host, topology, &facts.iommu, Options::for_host(host));
    let key = |id: FunctionId| -> (bool, usize) {
        if policy.is_hyperv() {
            return (false, id.index());
        }
        match &host.function(id).reported.iommu_group {
            Some(group) => (true, group.value as usize),
            None => match groups.companions(id).first() {
                Some(first) => (false, first.index()),
                None => (false, id.index()),
            },
        }
    };
    let mut units: BTreeMap<(bool, usize), Unit> = BTreeMap::new();
    for (&id, &want) in &wanted {
        let unit = units.entry(key(id)).or_insert_with(|| Unit {
            gives: vec![0; shape.wants.len()],
            devices: Vec::new(),
            along: Vec::new(),
            node: None,
        });
        if let Some(count) = unit.gives.get_mut(want) {
            *count += 1;
        }
        unit.devices.push(id);
        let node = host.function(id).reported.numa_node.as_ref();
        unit.node = unit.node.or(node.map(|node| node.value));
    }
    if !policy.is_hyperv() {
        for (id, _) in host.iter() {
            if !wanted.contains_key(&id)
                && !topology.kind(id).is_bridge()
                && let Some(unit) = units.get_mut(&key(id))
            {
                unit.along.push(id);
            }
        }
    }
    (units.into_values().collect(), supply)
}

struct Search<'u> {
    units: &'u [Unit],
    wants: Vec<usize>,
    used: Vec<bool>,
    budget: u32,
}

impl Search<'_> {
    /// Whether so many guests can be served; `None` where the budget ran out.
    fn guests(&mut self, count: usize, found: &mut Vec<Vec<usize>>) -> Option<bool> {
        if count == 0 {
            return Some(true);
        }
        let nodes = self.nodes();
        // One node after the other, then any: nearness costs no guest, because every choice
        // is tried in the end.
        for node in nodes.into_iter().map(Some).chain([None]) {
            let mut members = Vec::new();
            let wants = self.wants.clone();
            if self.members(0, &wants, node, &mut members, count, found)? {
                return Some(true);
            }
        }
        Some(false)
    }

    fn nodes(&self) -> Vec<u32> {
        let free = self
            .units
            .iter()
            .zip(&self.used)
            .filter(|(_, used)| !**used);
        let mut nodes: Vec<u32> = free.filter_map(|(unit, _)| unit.node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    /// Chooses units for one guest from `from` on, then goes on with the other guests. A guest
    /// gets exactly what it asks for, so that nothing is wasted.
    fn members(
        &mut self,
        from: usize,
        missing: &[usize],
        node: Option<u32>,
        members: &mut Vec<usize>,
        count: usize,
        found: &mut Vec<Vec<usize>>,
    ) -> Option<bool> {
        self.budget = self.budget.checked_sub(1)?;
        if missing.iter().all(|&count| count == 0) {
            found.push(members.clone());
            if self.guests(count - 1, found)? {
                return Some(true);
            }
            found.pop();
            return Some(false);
        }
        let mut skipped: Option<(&[usize], Option<u32>, usize)> = None;
        for index in from..self.units.len() {
            let Some(unit) = self.units.get(index) else {
                break;
            };
            let taken = self.used.get(index).copied().unwrap_or(true);
            if taken || node.is_some() && unit.node != node {
                continue;
            }
            // An equal unit that failed in this place fails again.
            let kind = (unit.gives.as_slice(), unit.node, unit.along.len());
            if skipped == Some(kind) {
                continue;
            }
            let left: Option<Vec<usize>> = missing
                .iter()
                .zip(&unit.gives)
                .map(|(missing, gives)| missing.checked_sub(*gives))
                .collect();
            let Some(left) = left else {
                continue;
            };
            self.set_used(index, true);
            members.push(index);
            if self.members(index + 1, &left, node, members, count, found)? {
                return Some(true);
            }
            members.pop();
            self.set_used(index, false);
            skipped = Some(kind);
        }
        Some(false)
    }

    fn set_used(&mut self, index: usize, used: bool) {
        if let Some(place) = self.used.get_mut(index) {
            *place = used;
        }
    }
}

fn guest(
    facts: &Facts<'_, '_>,
    policy: Policy,
    shape: &Shape,
    units: &[Unit],
    members: &[usize],
) -> PlacementOf {
    let host = facts.host;
    let chosen = || members.iter().filter_map(|&index| units.get(index));
    let mut ids: Vec<FunctionId> = chosen().flat_map(|unit| unit.devices.clone()).collect();
    let mut along: Vec<FunctionId> = chosen().flat_map(|unit| unit.along.clone()).collect();
    ids.sort_unstable();
    along.sort_unstable();
    let mut nodes: Vec<u32> = chosen().filter_map(|unit| unit.node).collect();
    nodes.sort_unstable();
    nodes.dedup();
    let all: Vec<FunctionId> = ids.iter().chain(&along).copied().collect();
    let gaps = policy.is_hyperv().then(|| {
        let bars: Vec<DeviceBars> = all
            .iter()
            .map(|&id| DeviceBars::of(host, id, &[]))
            .collect();
        let sizes = hyperv::sizes(&bars, shape.options.gaps.high_base);
        Some((sizes.low?.size, sizes.high?.size))
    });
    let study = GuestStudy::of(host, &all, &[], shape.options);
    let at = |ids: &[FunctionId]| ids.iter().map(|&id| host.function(id).at).collect();
    PlacementOf {
        devices: at(&ids),
        along: at(&along),
        nodes,
        gaps: gaps.flatten(),
        fits_ovmf: study.ovmf.fits() && study.qemu.is_ok(),
    }
}
