//! Asks every rule about every subject.

use crate::analysis::{Facts, Missing};
use crate::host::FunctionId;

use super::{Check, Finding, Outcome, RULES, Rule, Subject};

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

/// Asks every rule: about the host first, then about each function in order of address.
pub fn run(facts: &Facts<'_, '_>) -> RuleRun {
    let functions = facts.host.functions().len();
    let mut run = RuleRun {
        // About what a server without gaps gives; growing would copy everything.
        findings: Vec::with_capacity(3 * functions),
        gaps: Vec::with_capacity(5 * functions),
        tallies: vec![Tally::default(); RULES.len()],
        starts: Vec::with_capacity(functions + 1),
    };
    for (index, rule) in RULES.iter().enumerate() {
        if let Check::Host(check) = rule.check {
            run.record(index, rule, Subject::Host, check(facts));
        }
    }
    for (id, _) in facts.host.iter() {
        run.mark();
        for (index, rule) in RULES.iter().enumerate() {
            if let Check::Function(check) = rule.check {
                run.record(index, rule, Subject::Function(id), check(facts, id));
            }
        }
    }
    run.mark();
    run
}

impl RuleRun {
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
        let count = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
        self.starts
            .push((count(self.findings.len()), count(self.gaps.len())));
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
