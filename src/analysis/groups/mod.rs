//! IOMMU groups as Linux makes them (drivers/iommu/iommu.c, `pci_device_group`).
//!
//! A group is the smallest set of functions that the kernel believes to be isolated from all
//! others. It is not the same as real isolation: the rules have known holes, and the predictor
//! copies them.

mod alias;
mod assign;
mod assume;
mod compare;
mod control;
mod coverage;
mod device_match;
mod doubt;
mod formal;
mod parameters;
mod prediction;
mod rework;
mod settings;
mod standing;
#[cfg(test)]
mod tests;
mod virtual_functions;

pub use compare::{Cause, Comparison, Difference};
pub use control::{Control, Services};
pub use coverage::Outside;
pub use device_match::DeviceMatch;
pub use formal::{Exposure, Hole, exposures};
pub use parameters::{Configure, Overrides, Parameters};
pub use prediction::{Prediction, UsedQuirk};
pub use settings::{AcsControl, Model, Settings};
pub use standing::{Standing, Why};
pub use virtual_functions::{FutureFunctions, FuturePlace};

use alias::Aliases;
use assign::{Ground, assign};
use assume::Assume;
use coverage::Coverage;
use doubt::Doubts;
use standing::Standings;

use crate::analysis::{Missing, Tri};
use crate::host::{FunctionId, Host};
use crate::iommu::Iommu;
use crate::topology::Topology;

/// The predicted partition of a host's functions.
#[derive(Debug)]
pub struct Groups {
    partition: Partition,
    standings: Standings,
    outside: Vec<Option<Outside>>,
    doubts: Doubts,
}

/// Functions by group.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Partition {
    of: Vec<Option<GroupId>>,
    members: Vec<Vec<FunctionId>>,
    joins: Vec<Option<Join>>,
}

/// Index of a group, in the order of founding. The kernel's own numbers are an accident of
/// probe order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct GroupId(u32);

impl GroupId {
    /// Its place in the order of founding, from 0: the number that reports print.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Why a function is in the group of another one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Join {
    /// It founded the group.
    Founder,
    /// Its requests carry, or pass through, the other function's id.
    Alias(FunctionId),
    /// The bridge above it, or one further up, cannot keep it apart from it.
    Bridge(FunctionId),
    /// The other function of its device cannot be kept apart from it.
    Sibling(FunctionId),
    /// The bridge above it is not in the capture.
    MissingBridge,
}

impl Groups {
    /// Predicts the groups of a host.
    ///
    /// Functions that no remapping unit covers get none. Without a captured table those count
    /// as covered that the kernel put into a group, or all where it reported none.
    ///
    /// Where the capture lacks facts, the prediction is made with them taken either way, and
    /// functions whose group differs are undetermined; what is shown of them is the finest
    /// partition.
    pub fn predict(
        host: &Host<'_>,
        topology: &Topology,
        iommu: &Iommu,
        settings: &Settings,
    ) -> Self {
        let aliases = Aliases::of(host, topology, settings.kernel);
        let standings = Standings::of(host, topology, settings);
        let coverage = Coverage::of(host, topology, iommu, settings, &aliases);
        let ground = Ground {
            host,
            topology,
            aliases: &aliases,
            standings: &standings,
            coverage: &coverage,
            model: settings.model,
        };
        let partition = assign(&ground, Assume::ISOLATED);
        let doubts = Doubts::of(&ground, &partition);
        Self {
            partition,
            doubts,
            outside: coverage.outside,
            standings,
        }
    }

    /// The group of a function; `None` where it gets none.
    pub fn group(&self, id: FunctionId) -> Option<GroupId> {
        self.partition.group(id)
    }

    /// Every group, in the order of founding.
    pub fn iter(&self) -> impl Iterator<Item = (GroupId, &[FunctionId])> {
        (0..)
            .map(GroupId)
            .zip(self.partition.members.iter().map(Vec::as_slice))
    }

    /// All functions in the group of a function, itself included, by address; empty where it
    /// has no group.
    pub fn companions(&self, id: FunctionId) -> &[FunctionId] {
        self.partition.companions(id)
    }

    /// Why a function is in its group; `None` where it has none.
    pub fn join(&self, id: FunctionId) -> Option<Join> {
        self.partition.joins.get(id.index()).copied().flatten()
    }

    /// Why a function is in no group; `None` where it has one.
    pub fn outside(&self, id: FunctionId) -> Option<Outside> {
        self.outside.get(id.index()).copied().flatten()
    }

    /// Whether the kernel takes a function to be isolated from its peers.
    pub fn standing(&self, id: FunctionId) -> Standing {
        self.standings.get(id)
    }

    /// The lowest hop, from a bridge upwards, that keeps nothing apart: the one that forces
    /// what is below the bridge together.
    pub fn obstacle(&self, topology: &Topology, bridge: FunctionId) -> Option<FunctionId> {
        let mut hops = topology.upstream(bridge);
        hops.find(|&hop| self.standing(hop).isolated == Tri::No)
    }

    /// Whether the capture settles the function's group.
    pub fn is_definite(&self, id: FunctionId) -> bool {
        self.doubts.is_settled(id)
    }

    /// What the function's group depends on and the capture lacks; empty where it is settled.
    pub fn missing(&self, id: FunctionId) -> &[Missing] {
        self.doubts.about(id)
    }
}

impl Partition {
    fn group(&self, id: FunctionId) -> Option<GroupId> {
        self.of.get(id.index()).copied().flatten()
    }

    fn companions(&self, id: FunctionId) -> &[FunctionId] {
        self.group(id)
            .and_then(|group| self.members.get(group.0 as usize))
            .map_or(&[], Vec::as_slice)
    }

    /// A new group.
    fn found(&mut self) -> GroupId {
        let group = GroupId(u32::try_from(self.members.len()).unwrap_or(u32::MAX));
        self.members.push(Vec::new());
        group
    }

    fn add(&mut self, id: FunctionId, group: GroupId, join: Join) {
        self.of[id.index()] = Some(group);
        self.joins[id.index()] = Some(join);
        if let Some(members) = self.members.get_mut(group.0 as usize) {
            members.push(id);
        }
    }
}
