//! IOMMU groups as the kernel reported them. Never mixed with predicted ones.

use crate::host::{FunctionId, Host};

/// The members of every reported group.
#[derive(Debug)]
pub struct ReportedGroups {
    /// Group and member, in that order.
    members: Vec<(u32, FunctionId)>,
}

impl ReportedGroups {
    pub(super) fn of(host: &Host<'_>) -> Self {
        let mut members: Vec<_> = host
            .iter()
            .filter_map(|(id, function)| {
                let group = function.reported.iommu_group.as_ref()?;
                Some((group.value, id))
            })
            .collect();
        members.sort_unstable();
        Self { members }
    }

    /// Whether no function has a reported group.
    pub const fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Number of groups.
    pub fn len(&self) -> usize {
        let mut groups: Vec<u32> = self.members.iter().map(|member| member.0).collect();
        groups.dedup();
        groups.len()
    }

    /// Every function of a group, by address.
    pub fn members(&self, group: u32) -> impl ExactSizeIterator<Item = FunctionId> {
        let from = self.members.partition_point(|member| member.0 < group);
        let to = self.members.partition_point(|member| member.0 <= group);
        let members = self.members.get(from..to).unwrap_or_default();
        members.iter().map(|member| member.1)
    }
}
