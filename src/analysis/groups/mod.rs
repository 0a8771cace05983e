//! IOMMU groups as Linux makes them (drivers/iommu/iommu.c, `pci_device_group`).
//!
//! A group is the smallest set of functions that the kernel believes to be isolated from all
//! others. It is not the same as real isolation: the rules have known holes, and the predictor
//! copies them.

mod acs;
mod alias;
mod assign;
mod order;

use crate::host::{FunctionId, Host};
use crate::iommu::Iommu;
use crate::topology::Topology;

/// The predicted partition of a host's functions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Groups {
    of: Vec<Option<GroupId>>,
    members: Vec<Vec<FunctionId>>,
    joins: Vec<Option<Join>>,
    /// Functions for which the answer hangs on bits that the capture lacks.
    undetermined: Vec<FunctionId>,
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
    /// The bridge above it, or one further up, cannot keep it apart.
    Bridge(FunctionId),
    /// The other function of its device cannot be kept apart from it.
    Sibling(FunctionId),
}

/// What the prediction assumes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Judge ACS control as captured; otherwise as the kernel sets it when an IOMMU is active.
    pub as_captured: bool,
    /// Remapping units register one after the other and each probes its own functions, as
    /// since Linux 6.1; before, all functions are probed in one pass.
    pub probe_by_unit: bool,
}

/// How bits that the capture lacks are taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Assume {
    Isolated,
    NotIsolated,
}

impl Options {
    /// What suits a capture: where its kernel had made groups, it had also set ACS control as
    /// it wanted it, command line included; elsewhere control is as the firmware left it.
    pub fn for_host(host: &Host<'_>) -> Self {
        let mut functions = host.functions().iter();
        Self {
            as_captured: functions.any(|function| function.reported.iommu_group.is_some()),
            probe_by_unit: true,
        }
    }
}

impl Groups {
    /// Predicts the groups of a host.
    ///
    /// Functions that no remapping unit covers get none. Without a captured table those count as
    /// covered that the kernel put into a group, or all where it reported none. Where the capture lacks bits, the prediction is made with
    /// them taken both ways, and functions whose group differs are undetermined.
    pub fn predict(host: &Host<'_>, topology: &Topology, iommu: &Iommu, options: Options) -> Self {
        let mut prediction = assign::assign(host, topology, iommu, options, Assume::Isolated);
        let other = assign::assign(host, topology, iommu, options, Assume::NotIsolated);
        prediction.undetermined = host
            .iter()
            .map(|(id, _)| id)
            .filter(|&id| prediction.companions(id) != other.companions(id))
            .collect();
        prediction
    }

    /// The group of a function; `None` where it gets none.
    pub fn group(&self, id: FunctionId) -> Option<GroupId> {
        self.of.get(id.index()).copied().flatten()
    }

    /// Every group, in the order of founding.
    pub fn iter(&self) -> impl Iterator<Item = (GroupId, &[FunctionId])> {
        (0..)
            .map(GroupId)
            .zip(self.members.iter().map(Vec::as_slice))
    }

    /// All functions in the group of a function, itself included, by address; empty where it
    /// has no group.
    pub fn companions(&self, id: FunctionId) -> &[FunctionId] {
        self.group(id)
            .and_then(|group| self.members.get(group.0 as usize))
            .map_or(&[], Vec::as_slice)
    }

    /// Why a function is in its group; `None` where it has none.
    pub fn join(&self, id: FunctionId) -> Option<Join> {
        self.joins.get(id.index()).copied().flatten()
    }

    /// Whether the capture settles the function's group.
    pub fn is_definite(&self, id: FunctionId) -> bool {
        self.undetermined.binary_search(&id).is_err()
    }
}
