//! Verdicts: the fold of all answers under one policy. No new reasons.

use crate::host::FunctionId;
use crate::policy::{Effect, Policy};
use crate::rules::{Finding, Gap, RuleRun};

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

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}
