//! Where virtual functions would go that are not enabled yet.

use super::{GroupId, Groups};
use crate::analysis::{Missing, Tri};
use crate::host::{FunctionId, Host};
use crate::topology::{FunctionKind, Topology};

/// The virtual functions that a physical function could still enable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FutureFunctions {
    /// The physical function.
    pub physical: FunctionId,
    /// How many it could have in all.
    pub total: u16,
    /// Where each of them would go.
    pub place: FuturePlace,
}

/// Where a virtual function would go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FuturePlace {
    /// Into a group of its own.
    Alone,
    /// Into this group, that of the bridge, which keeps nothing apart.
    With(GroupId, FunctionId),
    /// The capture lacks what decides.
    Open(Missing),
}

/// For every physical function with a group that could have more virtual functions than the
/// capture holds. The kernel takes a virtual function for the only one of its device, so that
/// only the bridges above decide.
pub(super) fn future_functions(
    host: &Host<'_>,
    topology: &Topology,
    groups: &Groups,
) -> Vec<FutureFunctions> {
    host.iter()
        .filter_map(|(id, function)| {
            let sriov = function.sriov().present()?;
            let total = sriov.total_vfs()?;
            let enabled = sriov.enabled() == Some(true) && sriov.num_vfs() == Some(total);
            if total == 0 || enabled || groups.group(id).is_none() {
                return None;
            }
            Some(FutureFunctions {
                physical: id,
                total,
                place: place(topology, groups, id),
            })
        })
        .collect()
}

fn place(topology: &Topology, groups: &Groups, physical: FunctionId) -> FuturePlace {
    for bridge in topology.upstream(physical).skip(1) {
        let ours = groups.group(bridge);
        let renames = matches!(
            topology.kind(bridge),
            FunctionKind::PcieToPci | FunctionKind::PciToPcie | FunctionKind::PciBridge
        );
        let path = topology.upstream(bridge).fold(Tri::Yes, |path, hop| {
            path.and(groups.standing(hop).isolated)
        });
        match (path, ours) {
            (Tri::Yes, _) if !renames => return FuturePlace::Alone,
            (Tri::Unknown(missing), _) => return FuturePlace::Open(missing),
            (_, Some(group)) => return FuturePlace::With(group, bridge),
            _ => {}
        }
    }
    FuturePlace::Alone
}
