//! VFI: VFIO on Linux.

mod vfi001_not_type_0_header;
mod vfi002_shared_iommu_group;
mod vfi003_pf_with_vfs_enabled;
mod vfi004_deny_listed;
mod vfi005_no_iommu_group;
mod vfi006_chipset_function;
mod vfi007_group_with_reserved_memory;
mod vfi020_device_not_bound;
mod vfi021_group_in_use;
mod vfi022_group_split_between_guests;
mod vfi023_no_reset_of_the_function;
mod vfi024_acs_override;
mod vfi025_bind_of_blocked_device;
mod vfi026_device_already_attached;
mod vfi027_devices_left_bound;

pub(in crate::rules) use vfi001_not_type_0_header::VFI001;
pub(in crate::rules) use vfi002_shared_iommu_group::VFI002;
pub(in crate::rules) use vfi003_pf_with_vfs_enabled::VFI003;
pub(in crate::rules) use vfi004_deny_listed::VFI004;
pub(in crate::rules) use vfi005_no_iommu_group::VFI005;
pub(in crate::rules) use vfi006_chipset_function::VFI006;
pub(in crate::rules) use vfi007_group_with_reserved_memory::VFI007;
pub(in crate::rules) use vfi020_device_not_bound::VFI020;
pub(in crate::rules) use vfi021_group_in_use::VFI021;
pub(in crate::rules) use vfi022_group_split_between_guests::VFI022;
pub(in crate::rules) use vfi023_no_reset_of_the_function::VFI023;
pub(in crate::rules) use vfi024_acs_override::VFI024;
pub(in crate::rules) use vfi025_bind_of_blocked_device::VFI025;
pub(in crate::rules) use vfi026_device_already_attached::VFI026;
pub(in crate::rules) use vfi027_devices_left_bound::VFI027;

use std::fmt;

use crate::analysis::sriov::enabled_vfs;
use crate::analysis::{Facts, Missing};
use crate::bytes::Observed;
use crate::decode::config::ext::sriov;
use crate::host::{Function, FunctionId};
use crate::rules::{Confidence, Evidence, Finding, Locus, Outcome, Rule, Subject, Value};

/// Whether a function has virtual functions switched on, for a rule that this is a hit of.
pub(in crate::rules) fn check_enabled_vfs(
    rule: &'static Rule,
    facts: &Facts<'_, '_>,
    id: FunctionId,
) -> Outcome {
    let function = facts.host.function(id);
    match enabled_vfs(function) {
        Observed::Absent => Outcome::NotApplicable("no SR-IOV"),
        Observed::Present(0) => Outcome::Clean,
        Observed::Present(count) => Outcome::Fired(Finding::new(
            rule,
            Subject::Function(id),
            Confidence::High,
            VfsEnabled(count),
            vf_evidence(id, function),
        )),
        _ => Outcome::CannotTell(Missing::extended(id, function)),
    }
}

/// How many.
#[derive(Debug)]
struct VfsEnabled(u16);

impl fmt::Display for VfsEnabled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 virtual function is on"),
            count => write!(f, "{count} virtual functions are on"),
        }
    }
}

/// What shows that virtual functions are on: the reported number, else VF Enable.
fn vf_evidence(id: FunctionId, function: &Function<'_>) -> Evidence {
    match (&function.reported.sriov_num_vfs, function.sriov()) {
        (None, Observed::Present(capability)) => Evidence::new(
            Locus::Config(id, capability.window().field_span(sriov::VF_ENABLE)),
            sriov::VF_ENABLE.name,
            Value::Number(1),
        ),
        (Some(reported), _) => Evidence::new(
            Locus::Reported(id, "sriov_num_vfs"),
            "enabled virtual functions",
            Value::Number(reported.value.into()),
        ),
        (None, _) => Evidence::new(
            Locus::Lists(id),
            "SR-IOV Extended Capability",
            Value::Absent,
        ),
    }
}
