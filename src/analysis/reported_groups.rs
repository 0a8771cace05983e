//! IOMMU groups as the kernel reported them. Never mixed with predicted ones.

use crate::capture::Method;
use crate::host::{Function, FunctionId, Host};
use crate::spec::pci;

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

    /// Whether the capture shows that the kernel put a function into no group, while it put
    /// others into groups. A listing by groups shows nothing of the kind: it names members alone,
    /// and a function that stands in it below no group was below one that was not read.
    pub fn show_none_for(&self, function: &Function<'_>) -> bool {
        !self.is_empty() && function.reported.iommu_group.is_none() && is_described(function)
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

/// Whether more is known of a function than the one line that a listing has for it, with the
/// lines about subsystem and driver that `lspci -k` adds: registers, or files of the kernel.
pub(in crate::analysis) fn is_described(function: &Function<'_>) -> bool {
    let listed = |method: Method| matches!(method, Method::Lspci | Method::Name);
    let reported = function.reported;
    let methods = [
        reported.vendor.as_ref().map(|fact| fact.origin.method),
        reported.class.as_ref().map(|fact| fact.origin.method),
        reported.driver.as_ref().map(|fact| fact.origin.method),
        reported.numa_node.as_ref().map(|fact| fact.origin.method),
        reported.attributes.as_ref().map(|fact| fact.origin.method),
    ];
    let known = |bit| function.config.bits(pci::COMMAND.offset, bit, 1).is_some();
    (0..32).any(known)
        || methods.into_iter().flatten().any(|method| !listed(method))
        || reported
            .resources
            .iter()
            .any(|fact| !listed(fact.origin.method))
}
