//! Verdicts: the fold of all answers under one policy. No new reasons.

pub mod host;

use crate::analysis::Facts;
use crate::host::FunctionId;
use crate::policy::{Effect, Policy};
use crate::rules::{Finding, Gap, RuleRun};
use crate::topology::FunctionKind;

/// Whether a function can be given to a virtual machine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Verdict {
    /// Nothing stands against it.
    Assignable,
    /// It works if the conditions are met or accepted.
    AssignableWithConditions,
    /// The capture lacks what would settle it.
    Undetermined,
    /// Something stands against it.
    NotAssignable,
}

/// A verdict with what decided it.
#[derive(Debug)]
pub struct Decision<'r> {
    /// The verdict.
    pub verdict: Verdict,
    /// Findings that block.
    pub blockers: Vec<&'r Finding>,
    /// What is missing and could block.
    pub gaps: Vec<&'r Gap>,
    /// Findings that are conditions.
    pub conditions: Vec<&'r Finding>,
    /// What is missing and could be a condition.
    pub open_conditions: Vec<&'r Gap>,
    /// Findings worth knowing.
    pub notes: Vec<&'r Finding>,
}

impl Verdict {
    /// The verdict on one function under one policy.
    pub fn of(run: &RuleRun, policy: Policy, id: FunctionId) -> Self {
        let strongest = run
            .host_findings()
            .iter()
            .chain(run.findings_of(id))
            .map(|finding| finding.rule().effects.on(policy))
            .max()
            .unwrap_or(Effect::None);
        let open = || {
            run.host_gaps()
                .iter()
                .chain(run.gaps_of(id))
                .any(|gap| gap.rule.effects.on(policy) == Effect::Blocks)
        };
        match strongest {
            Effect::Blocks => Self::NotAssignable,
            _ if open() => Self::Undetermined,
            Effect::Condition => Self::AssignableWithConditions,
            Effect::None | Effect::Note => Self::Assignable,
        }
    }

    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Assignable => "assignable",
            Self::AssignableWithConditions => "assignable-with-conditions",
            Self::Undetermined => "undetermined",
            Self::NotAssignable => "not-assignable",
        }
    }
}

impl<'r> Decision<'r> {
    /// The verdict on one function with everything that decided it, the host's part first.
    pub fn of(run: &'r RuleRun, policy: Policy, id: FunctionId) -> Self {
        let findings = |effect: Effect| {
            run.host_findings()
                .iter()
                .chain(run.findings_of(id))
                .filter(|finding| finding.rule().effects.on(policy) == effect)
                .collect()
        };
        let gaps = |effect: Effect| {
            run.host_gaps()
                .iter()
                .chain(run.gaps_of(id))
                .filter(|gap| gap.rule.effects.on(policy) == effect)
                .collect()
        };
        Self {
            verdict: Verdict::of(run, policy, id),
            blockers: findings(Effect::Blocks),
            gaps: gaps(Effect::Blocks),
            conditions: findings(Effect::Condition),
            open_conditions: gaps(Effect::Condition),
            notes: findings(Effect::Note),
        }
    }
}

/// Whether somebody might want to assign a function: everything but ports, bridges of every
/// class, and event collectors.
pub fn is_candidate(facts: &Facts<'_, '_>, id: FunctionId) -> bool {
    let kind = facts.topology.kind(id);
    let class = facts.host.function(id).identity.class;
    !kind.is_bridge()
        && kind != FunctionKind::RcEventCollector
        && !class.is_some_and(|class| class.is_bridge())
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules;
    use crate::spec::windows;
    use crate::testing::{Dev, Machine, at, reported};

    /// A device for which every platform reported what it decides by.
    fn settled() -> Dev {
        Dev::endpoint()
            .group(3)
            .report(|p| p.reserved_regions = Some(reported(Vec::new())))
            .windows(windows::DEVICE_TYPE, 2)
            .windows(windows::ACS_UP_HIERARCHY, 1)
            .windows(windows::RESERVED_MEMORY, false)
    }

    fn verdict(device: Dev, policy: Policy) -> Verdict {
        Machine::with_device(device).facts(|facts| {
            let id = facts.host.find(at("01:00.0")).unwrap();
            let run = rules::run(facts);
            let decision = Decision::of(&run, policy, id);
            assert_eq!(decision.verdict, Verdict::of(&run, policy, id));
            let blocked = !decision.blockers.is_empty();
            assert_eq!(blocked, decision.verdict == Verdict::NotAssignable);
            decision.verdict
        })
    }

    #[test]
    fn a_device_that_nothing_stands_against_is_assignable_everywhere() {
        for policy in Policy::ALL {
            assert_eq!(verdict(settled(), policy), Verdict::Assignable, "{policy}");
        }
    }

    #[test]
    fn a_condition_does_not_block() {
        let network = || settled().class(0x02_00_00);
        assert_eq!(
            verdict(network(), Policy::HyperV2022),
            Verdict::AssignableWithConditions
        );
        assert_eq!(verdict(network(), Policy::Vfio), Verdict::Assignable);
    }

    #[test]
    fn a_blocker_outweighs_what_is_missing() {
        let device = || settled().report(|p| p.reserved_regions = None);
        assert_eq!(verdict(device(), Policy::Vfio), Verdict::Undetermined);
        let with_vfs = device().sriov(true, 2, 0x80, 1);
        assert_eq!(verdict(with_vfs, Policy::Vfio), Verdict::NotAssignable);
    }

    #[test]
    fn what_is_missing_matters_to_the_platform_that_asks_for_it() {
        let without_windows = || settled().report(|p| p.windows.clear());
        assert_eq!(
            verdict(without_windows(), Policy::Vfio),
            Verdict::Assignable
        );
        assert_eq!(
            verdict(without_windows(), Policy::HyperV2025),
            Verdict::Undetermined
        );
    }

    #[test]
    fn the_host_concerns_every_device() {
        let device = settled().report(|p| p.iommu_group = None);
        let machine = Machine::with_device(device).with_table("DSDT");
        machine.facts(|facts| {
            let run = rules::run(facts);
            for (id, _) in facts.host.iter() {
                let decision = Decision::of(&run, Policy::HyperV2019, id);
                assert_eq!(decision.blockers[0].rule().code, "IOM001");
            }
        });
    }
}
