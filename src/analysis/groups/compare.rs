//! Predicted groups against those that the kernel reported, as partitions: numbers mean nothing.

use std::collections::BTreeMap;

use super::{AcsControl, Groups, Model, Settings, Why};
use crate::analysis::reported_groups::ReportedGroups;
use crate::host::{FunctionId, Host};
use crate::iommu::Iommu;
use crate::spec::linux::Series;
use crate::spec::quirks::acs::AcsQuirk;
use crate::topology::Topology;

/// How a prediction compares with what the kernel reported.
#[derive(Debug, Default)]
pub struct Comparison {
    /// Functions that are in the groups that the kernel reported.
    pub agreeing: usize,
    /// Functions of which the capture leaves the group open, while the kernel reported it.
    pub open: usize,
    /// Functions that the capture settles otherwise, by the group predicted and reported.
    pub differences: Vec<Difference>,
}

/// Functions for which the kernel reported another group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The functions.
    pub of: Vec<FunctionId>,
    /// The predicted group; empty where none is predicted.
    pub predicted: Vec<FunctionId>,
    /// The reported group, as far as the capture holds it; empty where none was reported.
    pub reported: Vec<FunctionId>,
    /// What would explain it; `None` where nothing known does.
    pub cause: Option<Cause>,
}

/// What explains a difference: with it the prediction is what the kernel reported.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Cause {
    /// The kernel behaves like another series.
    Series(Series),
    /// The other ACS control register counted.
    Control(AcsControl),
    /// The kernel's table of exceptions lacks this entry, which it got later.
    QuirkMissing(FunctionId, AcsQuirk),
    /// `pcie_acs_override` with these options.
    Override {
        /// `downstream`.
        downstream: bool,
        /// `multifunction`.
        multi_function: bool,
    },
    /// The kernel carries the unmerged rules of 2025.
    Rework2025,
    /// The kernel gave it a group although the captured tables cover it with no unit, or the
    /// reverse: the tables are of another boot or machine, or a driver had not asked yet.
    Coverage,
    /// A virtio-iommu gives a function its group when a driver binds to it, and none had.
    NoDriverYet,
    /// It sits below a port that takes cards while running: it may have come later.
    HotPlug(FunctionId),
}

impl Groups {
    /// Compares with the reported groups. Where the capture reports none, nothing differs.
    pub fn compare(
        &self,
        host: &Host<'_>,
        topology: &Topology,
        iommu: &Iommu,
        settings: &Settings,
        reported: &ReportedGroups,
    ) -> Comparison {
        let mut comparison = Comparison::default();
        if reported.is_empty() {
            return comparison;
        }
        let mut differing: BTreeMap<(Vec<FunctionId>, Vec<FunctionId>), Vec<FunctionId>> =
            BTreeMap::new();
        for (id, function) in host.iter() {
            let predicted = self.companions(id);
            let real = members(host, reported, id);
            if real.is_empty() && !reported.show_none_for(function) {
                continue;
            }
            if predicted == real {
                comparison.agreeing += usize::from(!real.is_empty());
            } else if !self.is_definite(id) {
                comparison.open += 1;
            } else {
                let key = (predicted.to_vec(), real);
                differing.entry(key).or_default().push(id);
            }
        }
        if differing.is_empty() {
            return comparison;
        }
        let hypotheses = self.hypotheses(host, topology, iommu, settings);
        for ((predicted, real), of) in differing {
            let first = of.first().copied();
            let cause = first.and_then(|id| {
                hypotheses
                    .iter()
                    .find(|(_, groups)| groups.companions(id) == real)
                    .map(|&(cause, _)| cause)
                    .or_else(|| self.other_cause(host, topology, id, &predicted, &real))
            });
            comparison.differences.push(Difference {
                of,
                predicted,
                reported: real,
                cause,
            });
        }
        comparison
    }

    /// Predictions for other settings, the likelier first.
    fn hypotheses(
        &self,
        host: &Host<'_>,
        topology: &Topology,
        iommu: &Iommu,
        settings: &Settings,
    ) -> Vec<(Cause, Self)> {
        let predict = |settings: &Settings| Self::predict(host, topology, iommu, settings);
        let mut found = Vec::new();
        for series in Series::ALL.into_iter().filter(|&s| s != settings.kernel) {
            let mut other = settings.clone();
            other.kernel = series;
            found.push((Cause::Series(series), predict(&other)));
        }
        for control in [AcsControl::AsCaptured, AcsControl::AsEnabled] {
            if control != settings.control {
                let mut other = settings.clone();
                other.control = control;
                found.push((Cause::Control(control), predict(&other)));
            }
        }
        let used = host.iter().find_map(|(id, _)| match self.standing(id).why {
            Why::Quirk(quirk) => Some((id, quirk)),
            _ => None,
        });
        if let Some((id, quirk)) = used {
            let mut other = settings.clone();
            other.quirks = false;
            found.push((Cause::QuirkMissing(id, quirk), predict(&other)));
        }
        for (downstream, multi_function) in [(true, false), (false, true), (true, true)] {
            let mut other = settings.clone();
            other.parameters.overrides.downstream = downstream;
            other.parameters.overrides.multi_function = multi_function;
            let cause = Cause::Override {
                downstream,
                multi_function,
            };
            found.push((cause, predict(&other)));
        }
        let mut other = settings.clone();
        other.model = Model::Rework2025;
        found.push((Cause::Rework2025, predict(&other)));
        found
    }

    fn other_cause(
        &self,
        host: &Host<'_>,
        topology: &Topology,
        id: FunctionId,
        predicted: &[FunctionId],
        real: &[FunctionId],
    ) -> Option<Cause> {
        let waiting = |id: FunctionId| {
            let reported = host.function(id).reported;
            reported.iommu_group.is_none() && reported.driver.is_none()
        };
        if real.is_empty() && waiting(id) && host.acpi().viot().next().is_some() {
            return Some(Cause::NoDriverYet);
        }
        let ungrouped = |id: &FunctionId| host.function(*id).reported.iommu_group.is_none();
        if predicted.is_empty() || real.is_empty() || predicted.iter().any(ungrouped) {
            return Some(Cause::Coverage);
        }
        let slot = |&hop: &FunctionId| {
            let express = host.function(hop).express().present();
            express.is_some_and(|express| express.hot_plug_capable() == Some(true))
        };
        let hot = |id: FunctionId| topology.upstream(id).skip(1).find(slot);
        let concerned = predicted.iter().chain(real).copied();
        hot(id)
            .or_else(|| concerned.into_iter().find_map(hot))
            .map(Cause::HotPlug)
    }
}

/// The function's reported group as far as the capture holds it, itself included.
fn members(host: &Host<'_>, reported: &ReportedGroups, id: FunctionId) -> Vec<FunctionId> {
    let group = host.function(id).reported.iommu_group.as_ref();
    group.map_or_else(Vec::new, |group| reported.members(group.value).collect())
}
