//! What a change would do, which change would help, and how devices spread over guests.
//!
//! A change is made on the capture: a bit of a register, an entry of a table, a line of the
//! kernel's log, the place of a card. Then the same pipeline runs again. Results are compared,
//! never patched.

mod apply;
mod change;
mod fix;
mod place;

#[cfg(test)]
mod tests;

pub use apply::{ChangeError, Changed, apply};
pub use change::{Change, ChangeSyntax};
pub use fix::{Fix, Search, Why, fix};
pub use place::{
    Limit, LimitCount, Obstacle, Placement, PlacementOf, Refused, Shape, Supply, Want, place,
};

use std::collections::BTreeMap;

use crate::addr::Sbdf;
use crate::analysis::Facts;
use crate::analysis::groups::{Groups, Settings};
use crate::capture::Capture;
use crate::host::Host;
use crate::policy::Policy;
use crate::rules;
use crate::topology::Topology;
use crate::verdict::{Decision, Verdict};

/// What the pipeline says about one capture, as plain data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// For each policy asked for, each device's verdict.
    pub verdicts: Vec<(Policy, BTreeMap<Sbdf, Judged>)>,
    /// The IOMMU groups: as reported, or else as predicted; each by address, sorted.
    pub groups: Vec<Vec<Sbdf>>,
}

/// A verdict with the codes behind it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// Codes of findings that block, or, where none does, of rules that lack evidence.
    pub codes: Vec<&'static str>,
}

/// Verdicts and groups before and after some changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WhatIf {
    /// As captured.
    pub before: Outcome,
    /// With the changes.
    pub after: Outcome,
    /// Devices that the changes put elsewhere: before and after.
    pub moved: BTreeMap<Sbdf, Sbdf>,
    /// What the changes take for granted.
    pub notes: Vec<&'static str>,
}

/// Runs the pipeline on a capture and on the changed one.
///
/// # Errors
/// A change names what does not exist, or cannot be made.
pub fn what_if(
    capture: &Capture,
    changes: &[Change],
    policies: &[Policy],
) -> Result<WhatIf, ChangeError> {
    let changed = apply(capture, changes)?;
    Ok(WhatIf {
        before: outcome(capture, policies),
        after: outcome(&changed.capture, policies),
        moved: changed.moved,
        notes: changed.notes,
    })
}

/// What the pipeline says about a capture. Ports and bridges are left out.
pub fn outcome(capture: &Capture, policies: &[Policy]) -> Outcome {
    let host = Host::from_capture(capture);
    let topology = Topology::of(&host);
    let facts = Facts::of(&host, &topology);
    let run = rules::run(&facts);
    let verdicts = policies
        .iter()
        .map(|&policy| {
            let judged = host
                .iter()
                .filter(|&(id, function)| {
                    let class = function.identity.class;
                    !topology.kind(id).is_bridge() && !class.is_some_and(|class| class.is_bridge())
                })
                .map(|(id, function)| (function.at, Judged::of(&Decision::of(&run, policy, id))))
                .collect();
            (policy, judged)
        })
        .collect();
    Outcome {
        verdicts,
        groups: groups(&facts),
    }
}

fn groups(facts: &Facts<'_, '_>) -> Vec<Vec<Sbdf>> {
    let host = facts.host;
    let mut reported: BTreeMap<u32, Vec<Sbdf>> = BTreeMap::new();
    for function in host.functions() {
        if let Some(group) = &function.reported.iommu_group {
            reported.entry(group.value).or_default().push(function.at);
        }
    }
    let mut groups: Vec<Vec<Sbdf>> = if reported.is_empty() {
        let settings = Settings::for_host(host);
        let groups = Groups::predict(host, facts.topology, &facts.iommu, &settings);
        let at = |members: &[crate::host::FunctionId]| {
            let mut at: Vec<_> = members.iter().map(|&id| host.function(id).at).collect();
            at.sort_unstable();
            at
        };
        groups.iter().map(|(_, members)| at(members)).collect()
    } else {
        reported.into_values().collect()
    };
    groups.sort_unstable();
    groups
}

impl Judged {
    fn of(decision: &Decision<'_>) -> Self {
        let mut codes: Vec<&'static str> = match decision.verdict {
            Verdict::NotAssignable => decision.blockers.iter().map(|f| f.rule().code).collect(),
            _ => decision.gaps.iter().map(|gap| gap.rule.code).collect(),
        };
        codes.dedup();
        Self {
            verdict: decision.verdict,
            codes,
        }
    }

    /// Whether a guest can have the device, with conditions or without.
    pub const fn is_assignable(&self) -> bool {
        matches!(
            self.verdict,
            Verdict::Assignable | Verdict::AssignableWithConditions
        )
    }
}

impl Outcome {
    /// The verdict on a device under a policy.
    pub fn judged(&self, policy: Policy, at: Sbdf) -> Option<&Judged> {
        let of_policy = self.verdicts.iter().find(|(other, _)| *other == policy);
        of_policy?.1.get(&at)
    }
}
