//! Which groups VFIO refuses because the firmware reserves memory for one of their members.

use crate::analysis::groups::Groups;
use crate::analysis::reported_groups::ReportedGroups;
use crate::host::{FunctionId, Host};
use crate::iommu::{Iommu, ReservedRegion, TableKind};
use crate::topology::Topology;

/// Functions with memory that must stay mapped one to one, by their group: the reported one
/// where the kernel reported any, else the predicted one.
#[derive(Debug, Default)]
pub struct DirectMemory {
    members: Vec<(u32, FunctionId)>,
}

impl DirectMemory {
    pub(super) fn of(
        host: &Host<'_>,
        topology: &Topology,
        iommu: &Iommu,
        reported: &ReportedGroups,
        predicted: &Groups,
    ) -> Self {
        if iommu.tables().is_empty() {
            return Self::default();
        }
        let by_prediction = reported.is_empty();
        let mut members: Vec<(u32, FunctionId)> = host
            .iter()
            .filter(|&(id, _)| direct_region(host, topology, iommu, id).is_some())
            .filter_map(|(id, _)| Some((group(host, predicted, by_prediction, id)?, id)))
            .collect();
        members.sort_unstable();
        Self { members }
    }

    /// Another member of the function's group with such memory.
    pub fn companion(
        &self,
        host: &Host<'_>,
        reported: &ReportedGroups,
        predicted: &Groups,
        id: FunctionId,
    ) -> Option<FunctionId> {
        let group = group(host, predicted, reported.is_empty(), id)?;
        let from = self.members.partition_point(|member| member.0 < group);
        let members = self.members.get(from..).unwrap_or_default().iter();
        let mut group = members.take_while(|member| member.0 == group);
        // The function itself is one of them at most.
        group.find(|member| member.1 != id).map(|member| member.1)
    }

    /// Whether no group has such a member.
    pub const fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}

fn group(host: &Host<'_>, predicted: &Groups, by_prediction: bool, id: FunctionId) -> Option<u32> {
    match by_prediction {
        true => u32::try_from(predicted.group(id)?.index()).ok(),
        false => Some(host.function(id).reported.iommu_group.as_ref()?.value),
    }
}

/// Memory that the tables reserve for a function and that Linux keeps mapped one to one. Intel's
/// regions of USB and display functions are relaxable (drivers/iommu/intel/iommu.c,
/// `device_rmrr_is_relaxable`), AMD's never are.
pub fn direct_region(
    host: &Host<'_>,
    topology: &Topology,
    iommu: &Iommu,
    id: FunctionId,
) -> Option<ReservedRegion> {
    let class = host.function(id).identity.class;
    let relaxed = class.is_some_and(|class| class.is_usb() || class.is_display());
    let mut regions = iommu.reserved(host, topology, id);
    regions.find(|region| !(region.table == TableKind::Dmar && relaxed))
}
