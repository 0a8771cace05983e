//! Devices that go to a guest together.

use std::collections::{BTreeMap, BTreeSet};

use super::{Shape, Supply};
use crate::analysis::Facts;
use crate::analysis::groups::{Groups, Settings};
use crate::host::FunctionId;
use crate::plan::Judged;
use crate::policy::Policy;
use crate::rules::RuleRun;
use crate::sim::bars::DeviceBars;
use crate::verdict::Decision;

/// Devices that go to a guest together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Unit {
    /// How many of each want.
    pub(super) gives: Vec<usize>,
    pub(super) devices: Vec<FunctionId>,
    /// Others of the same group.
    pub(super) along: Vec<FunctionId>,
    /// NUMA nodes that are known.
    pub(super) nodes: BTreeSet<u32>,
    /// Units with equal numbers ask for the same address space.
    pub(super) bars: usize,
}

/// All units of a host for one shape.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Units {
    pub(super) list: Vec<Unit>,
    pub(super) supply: Vec<Supply>,
}

impl Units {
    /// Assignable devices; under VFIO with the rest of their groups.
    pub(super) fn isolated(
        facts: &Facts<'_, '_>,
        run: &RuleRun,
        policy: Policy,
        shape: &Shape,
    ) -> Self {
        let (wanted, supply) = wanted(facts, shape, |id| {
            let judged = Judged::of(&Decision::of(run, policy, id));
            match judged.is_assignable() {
                true => Ok(()),
                false => Err(judged.codes),
            }
        });
        if policy.is_hyperv() {
            return Self::one_by_one(facts, shape, &wanted, supply);
        }
        let host = facts.host;
        let groups = Groups::predict(
            host,
            facts.topology,
            &facts.iommu,
            &Settings::for_host(host),
        );
        let key = |id: FunctionId| -> (bool, usize) {
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
            let unit = units.entry(key(id)).or_insert_with(|| Unit::empty(shape));
            unit.add(facts, id, want);
        }
        for (id, _) in host.iter() {
            if !wanted.contains_key(&id)
                && !facts.topology.kind(id).is_bridge()
                && let Some(unit) = units.get_mut(&key(id))
            {
                unit.along.push(id);
            }
        }
        Self::numbered(facts, units.into_values().collect(), supply)
    }

    /// Every device, whatever stands against it.
    pub(super) fn any(facts: &Facts<'_, '_>, shape: &Shape) -> Self {
        let (wanted, supply) = wanted(facts, shape, |_| Ok(()));
        Self::one_by_one(facts, shape, &wanted, supply)
    }

    fn one_by_one(
        facts: &Facts<'_, '_>,
        shape: &Shape,
        wanted: &BTreeMap<FunctionId, usize>,
        supply: Vec<Supply>,
    ) -> Self {
        let units = wanted.iter().map(|(&id, &want)| {
            let mut unit = Unit::empty(shape);
            unit.add(facts, id, want);
            unit
        });
        Self::numbered(facts, units.collect(), supply)
    }

    fn numbered(facts: &Facts<'_, '_>, mut list: Vec<Unit>, supply: Vec<Supply>) -> Self {
        let mut seen: BTreeMap<Vec<DeviceBars>, usize> = BTreeMap::new();
        for unit in &mut list {
            let members = unit.devices.iter().chain(&unit.along);
            let bars = members.map(|&id| DeviceBars::of(facts.host, id, &[]));
            let next = seen.len();
            unit.bars = *seen.entry(bars.collect()).or_insert(next);
        }
        Self { list, supply }
    }

    /// Guests that the number of devices allows.
    pub(super) fn bound(&self, shape: &Shape) -> usize {
        let wants = shape.wants.iter().zip(&self.supply);
        wants
            .filter_map(|(want, supply)| supply.assignable.checked_div(want.count))
            .min()
            .unwrap_or(0)
    }
}

impl Unit {
    fn empty(shape: &Shape) -> Self {
        Self {
            gives: vec![0; shape.wants.len()],
            devices: Vec::new(),
            along: Vec::new(),
            nodes: BTreeSet::new(),
            bars: 0,
        }
    }

    fn add(&mut self, facts: &Facts<'_, '_>, id: FunctionId, want: usize) {
        if let Some(count) = self.gives.get_mut(want) {
            *count += 1;
        }
        self.devices.push(id);
        let node = facts.host.function(id).reported.numa_node.as_ref();
        self.nodes.extend(node.map(|node| node.value));
    }
}

/// The devices that the wants name, each with its want, and what is not usable. A device that
/// several wants name serves the first of them.
fn wanted(
    facts: &Facts<'_, '_>,
    shape: &Shape,
    usable: impl Fn(FunctionId) -> Result<(), Vec<&'static str>>,
) -> (BTreeMap<FunctionId, usize>, Vec<Supply>) {
    let (host, topology) = (facts.host, facts.topology);
    let mut wanted: BTreeMap<FunctionId, usize> = BTreeMap::new();
    let mut supplies = Vec::new();
    for (index, want) in shape.wants.iter().enumerate() {
        let mut supply = Supply::default();
        let mut codes = BTreeSet::new();
        for id in want.device.matches(host, topology) {
            if topology.kind(id).is_bridge() || wanted.contains_key(&id) {
                continue;
            }
            match usable(id) {
                Ok(()) => {
                    wanted.insert(id, index);
                    supply.assignable += 1;
                }
                Err(why) => {
                    supply.unusable += 1;
                    codes.extend(why);
                }
            }
        }
        supply.codes = codes.into_iter().collect();
        supplies.push(supply);
    }
    (wanted, supplies)
}
