//! Asks every rule about every subject.

use rayon::prelude::*;

use crate::analysis::{Facts, Missing};
use crate::host::{FunctionId, PARALLEL_FROM};

use super::{Check, Finding, Outcome, Part, RULES, Rule, Subject};

/// All answers.
#[derive(Debug)]
pub struct RuleRun {
    findings: Vec<Finding>,
    gaps: Vec<Gap>,
    tallies: Vec<Tally>,
    /// Where each function's findings and gaps begin; those about the host come first.
    starts: Vec<(u32, u32)>,
}

/// A rule that could not answer, and why.
#[derive(Clone, Copy, Debug)]
pub struct Gap {
    /// The rule.
    pub rule: &'static Rule,
    /// What it was asked about.
    pub subject: Subject,
    /// What the capture lacks.
    pub missing: Missing,
}

/// What a rule's answers come to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Sum {
    /// It fired once at least.
    Fired,
    /// It did not fire, and lacked something once at least.
    CannotTell,
    /// It applied and found nothing.
    Clean,
    /// It had nothing to say.
    NotApplicable,
}

/// How often a rule answered what.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Tally {
    /// The problem was there.
    pub fired: u32,
    /// The problem was not there.
    pub clean: u32,
    /// Nothing to say.
    pub not_applicable: u32,
    /// The capture lacked something.
    pub cannot_tell: u32,
}

/// Asks every rule that concerns a platform: about the host first, then about each function
/// in order of address. Rules that are for lint reports alone are not asked.
///
/// Rules are pure, so that threads may share the functions; the answers stay in order.
pub fn run(facts: &Facts<'_, '_>) -> RuleRun {
    ask(facts, Rule::concerns_assignment, |_| true)
}

/// Asks every rule there is.
pub fn run_all(facts: &Facts<'_, '_>) -> RuleRun {
    ask(facts, |_| true, |_| true)
}

/// Asks the rules that belong to parts of a lint report, about the host and about some
/// functions, or all of them.
pub fn lint(facts: &Facts<'_, '_>, parts: &[Part], of: Option<&[FunctionId]>) -> RuleRun {
    ask(
        facts,
        |rule| rule.lint.is_some_and(|part| parts.contains(&part)),
        |id| of.is_none_or(|some| some.contains(&id)),
    )
}

fn ask(
    facts: &Facts<'_, '_>,
    wanted: impl Fn(&Rule) -> bool,
    about: impl Fn(FunctionId) -> bool + Sync,
) -> RuleRun {
    let mut run = RuleRun::for_functions(0);
    let asked: Vec<(usize, &'static Rule)> = RULES
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, rule)| wanted(rule))
        .collect();
    for &(index, rule) in &asked {
        if let Check::Host(check) = rule.check {
            run.record(index, rule, Subject::Host, check(facts));
        }
    }
    let ids: Vec<FunctionId> = facts.host.iter().map(|(id, _)| id).collect();
    let parts: Vec<RuleRun> = ids
        .par_chunks(PARALLEL_FROM)
        .map(|ids| RuleRun::about(facts, &asked, ids, &about))
        .collect();
    run.reserve(&parts);
    parts.into_iter().for_each(|part| run.append(part));
    run.mark();
    run
}

impl Tally {
    /// What the answers come to; `None` where the rule was not asked.
    pub const fn sum(self) -> Option<Sum> {
        Some(match self {
            Self { fired: 1.., .. } => Sum::Fired,
            Self {
                cannot_tell: 1.., ..
            } => Sum::CannotTell,
            Self { clean: 1.., .. } => Sum::Clean,
            Self {
                not_applicable: 1..,
                ..
            } => Sum::NotApplicable,
            _ => return None,
        })
    }
}

impl RuleRun {
    fn for_functions(functions: usize) -> Self {
        Self {
            // About what a server without gaps gives; growing would copy everything.
            findings: Vec::with_capacity(3 * functions),
            gaps: Vec::with_capacity(5 * functions),
            tallies: vec![Tally::default(); RULES.len()],
            starts: Vec::with_capacity(functions + 1),
        }
    }

    /// The answers about some functions.
    fn about(
        facts: &Facts<'_, '_>,
        asked: &[(usize, &'static Rule)],
        ids: &[FunctionId],
        about: impl Fn(FunctionId) -> bool,
    ) -> Self {
        let mut run = Self::for_functions(ids.len());
        for &id in ids {
            run.mark();
            if !about(id) {
                continue;
            }
            for &(index, rule) in asked {
                if let Some(outcome) = rule.check.ask(facts, id) {
                    run.record(index, rule, Subject::Function(id), outcome);
                }
            }
        }
        run
    }

    fn reserve(&mut self, parts: &[Self]) {
        let total = |len: fn(&Self) -> usize| parts.iter().map(len).sum();
        self.findings.reserve(total(|part| part.findings.len()));
        self.gaps.reserve(total(|part| part.gaps.len()));
        self.starts.reserve(total(|part| part.starts.len()) + 1);
    }

    /// Takes over the answers about the functions that follow.
    fn append(&mut self, mut part: Self) {
        let (findings, gaps) = self.counts();
        let moved = part
            .starts
            .iter()
            .map(|start| (start.0 + findings, start.1 + gaps));
        self.starts.extend(moved);
        self.findings.append(&mut part.findings);
        self.gaps.append(&mut part.gaps);
        for (tally, more) in self.tallies.iter_mut().zip(part.tallies) {
            tally.fired += more.fired;
            tally.clean += more.clean;
            tally.not_applicable += more.not_applicable;
            tally.cannot_tell += more.cannot_tell;
        }
    }

    fn counts(&self) -> (u32, u32) {
        let count = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
        (count(self.findings.len()), count(self.gaps.len()))
    }

    /// Every finding: about the host first, then by address, then by code.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Every gap, in the same order.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// How often each rule of [`RULES`] answered what.
    pub fn tallies(&self) -> impl Iterator<Item = (&'static Rule, Tally)> {
        RULES.iter().copied().zip(self.tallies.iter().copied())
    }

    /// Findings about one function.
    pub fn findings_of(&self, id: FunctionId) -> &[Finding] {
        let (from, to) = self.bounds(id);
        self.findings
            .get(from.0 as usize..to.0 as usize)
            .unwrap_or_default()
    }

    /// Gaps about one function.
    pub fn gaps_of(&self, id: FunctionId) -> &[Gap] {
        let (from, to) = self.bounds(id);
        self.gaps
            .get(from.1 as usize..to.1 as usize)
            .unwrap_or_default()
    }

    /// Findings about the host.
    pub fn host_findings(&self) -> &[Finding] {
        let to = self.starts.first().map_or(0, |start| start.0);
        self.findings.get(..to as usize).unwrap_or_default()
    }

    /// Gaps about the host.
    pub fn host_gaps(&self) -> &[Gap] {
        let to = self.starts.first().map_or(0, |start| start.1);
        self.gaps.get(..to as usize).unwrap_or_default()
    }

    fn bounds(&self, id: FunctionId) -> ((u32, u32), (u32, u32)) {
        let at = |index: usize| self.starts.get(index).copied().unwrap_or_default();
        (at(id.index()), at(id.index() + 1))
    }

    fn mark(&mut self) {
        self.starts.push(self.counts());
    }

    #[inline]
    fn record(&mut self, index: usize, rule: &'static Rule, subject: Subject, outcome: Outcome) {
        let Some(tally) = self.tallies.get_mut(index) else {
            return;
        };
        match outcome {
            Outcome::Fired(finding) => {
                tally.fired += 1;
                self.findings.push(finding);
            }
            Outcome::Clean => tally.clean += 1,
            Outcome::NotApplicable(_) => tally.not_applicable += 1,
            Outcome::CannotTell(missing) => {
                tally.cannot_tell += 1;
                self.gaps.push(Gap {
                    rule,
                    subject,
                    missing,
                });
            }
        }
    }
}
