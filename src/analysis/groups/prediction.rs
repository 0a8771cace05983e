//! A prediction with everything that is worth saying about it.

use super::compare::Comparison;
use super::formal::{Exposure, exposures};
use super::virtual_functions::{FutureFunctions, future_functions};
use super::{Groups, Settings, Standing, Why};
use crate::analysis::reported_groups::ReportedGroups;
use crate::host::{FunctionId, Host};
use crate::iommu::Iommu;
use crate::spec::quirks::acs::AcsQuirk;
use crate::topology::Topology;

/// Groups for one set of settings, what they rest on, and how they compare.
#[derive(Debug)]
pub struct Prediction {
    /// What it is made for.
    pub settings: Settings,
    /// The groups.
    pub groups: Groups,
    /// Entries of the kernel's table of exceptions that changed a group.
    pub quirks: Vec<UsedQuirk>,
    /// Who reaches whom although their groups differ.
    pub exposures: Vec<Exposure>,
    /// Virtual functions that are not enabled yet.
    pub future: Vec<FutureFunctions>,
    /// Against the reported groups.
    pub comparison: Comparison,
}

/// An entry of the kernel's table of exceptions that changed a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UsedQuirk {
    /// The function that is in the table.
    pub at: FunctionId,
    /// The entry.
    pub quirk: AcsQuirk,
    /// How the function would stand without it.
    pub without: Standing,
}

impl Prediction {
    /// Predicts and compares.
    pub fn of(
        host: &Host<'_>,
        topology: &Topology,
        iommu: &Iommu,
        reported: &ReportedGroups,
        settings: Settings,
    ) -> Self {
        let groups = Groups::predict(host, topology, iommu, &settings);
        Self {
            quirks: used_quirks(host, topology, iommu, &settings, &groups),
            exposures: exposures(host, topology, &settings, &groups),
            future: future_functions(host, topology, &groups),
            comparison: groups.compare(host, topology, iommu, &settings, reported),
            groups,
            settings,
        }
    }
}

/// Entries without which the group of the function, of one in its slot or of one below it would
/// be another one.
fn used_quirks(
    host: &Host<'_>,
    topology: &Topology,
    iommu: &Iommu,
    settings: &Settings,
    groups: &Groups,
) -> Vec<UsedQuirk> {
    let listed = |id: FunctionId| match groups.standing(id).why {
        Why::Quirk(quirk) => Some(quirk),
        _ => None,
    };
    if !host.iter().any(|(id, _)| listed(id).is_some()) {
        return Vec::new();
    }
    let plain = Settings {
        quirks: false,
        ..settings.clone()
    };
    let without = Groups::predict(host, topology, iommu, &plain);
    let changed = |id: FunctionId| {
        groups.companions(id) != without.companions(id)
            || groups.is_definite(id) != without.is_definite(id)
    };
    host.iter()
        .filter_map(|(at, _)| {
            let quirk = listed(at)?;
            let standing = without.standing(at);
            let differs = standing.isolated != groups.standing(at).isolated;
            let touched = changed(at)
                || topology.children(at).into_iter().any(changed)
                || super::assign::same_slot(host, at).any(changed);
            (differs && touched).then_some(UsedQuirk {
                at,
                quirk,
                without: standing,
            })
        })
        .collect()
}
