//! Asks every rule about every subject.

use crate::analysis::{Facts, Missing};
use crate::host::FunctionId;
use crate::parallel::{self, PER_THREAD};

use super::{Check, Finding, Outcome, Part, RULES, Rule, Subject};

/// All answers.
#[derive(Debug)]
pub struct RuleRun {
    host: Answers,
    /// About [`PER_THREAD`] functions each, in order of address.
    functions: Vec<Answers>,
    /// In the order of [`RULES`].
    tallies: Vec<Tally>,
}

/// What the rules found about neighbouring functions, or about the host. Kept as the thread
/// that asked made it: joining the parts would copy every finding of a large machine.
#[derive(Debug)]
struct Answers {
    findings: Vec<Finding>,
    gaps: Vec<Gap>,
    /// Where each function's findings and gaps end.
    ends: Vec<(u32, u32)>,
    tallies: Vec<Tally>,
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
    ask(facts, Rule::concerns_assignment, None)
}

/// Asks every rule there is.
pub fn run_all(facts: &Facts<'_, '_>) -> RuleRun {
    ask(facts, |_| true, None)
}

/// Asks the rules that belong to parts of a lint report, about the host and about some
/// functions (in order), or all of them.
pub fn lint(facts: &Facts<'_, '_>, parts: &[Part], of: Option<&[FunctionId]>) -> RuleRun {
    ask(
        facts,
        |rule| rule.lint.is_some_and(|part| parts.contains(&part)),
        of,
    )
}

fn ask(
    facts: &Facts<'_, '_>,
    wanted: impl Fn(&Rule) -> bool,
    of: Option<&[FunctionId]>,
) -> RuleRun {
    let questions = Questions::of(wanted);
    let ids: Vec<FunctionId> = facts.host.iter().map(|(id, _)| id).collect();
    let functions = parallel::map_chunks(&ids, |ids| {
        Answers::about_functions(facts, &questions, ids, of)
    });
    let host = Answers::about_host(facts, &questions);
    let mut tallies = host.tallies.clone();
    for part in &functions {
        for (tally, more) in tallies.iter_mut().zip(&part.tallies) {
            tally.add(*more);
        }
    }
    RuleRun {
        host,
        functions,
        tallies,
    }
}

/// The rules of a run by what they are asked about, so that nothing is decided anew for every
/// function. All in order of code.
#[derive(Default)]
struct Questions {
    host: Vec<Question<HostCheck>>,
    device: Vec<Question<FunctionCheck>>,
    bridge: Vec<Question<FunctionCheck>>,
    /// Places in [`RULES`] of those that have nothing to say about ports and bridges.
    not_of_bridges: Vec<usize>,
}

type HostCheck = fn(&Facts<'_, '_>) -> Outcome;
type FunctionCheck = fn(&Facts<'_, '_>, FunctionId) -> Outcome;

/// A rule, its place in [`RULES`], and its check.
#[derive(Clone, Copy)]
struct Question<C> {
    index: usize,
    rule: &'static Rule,
    check: C,
}

impl Questions {
    fn of(wanted: impl Fn(&Rule) -> bool) -> Self {
        let mut questions = Self::default();
        let asked = RULES.iter().copied().enumerate();
        for (index, rule) in asked.filter(|(_, rule)| wanted(rule)) {
            match rule.check {
                Check::Host(check) => questions.host.push(Question { index, rule, check }),
                Check::Function(check) => {
                    let question = Question { index, rule, check };
                    questions.device.push(question);
                    questions.bridge.push(question);
                }
                Check::Device(check) => {
                    questions.device.push(Question { index, rule, check });
                    questions.not_of_bridges.push(index);
                }
                Check::Step(_) => {}
            }
        }
        questions
    }
}

impl RuleRun {
    /// Every finding: about the host first, then by address, then by code.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.parts().flat_map(|part| &part.findings)
    }

    /// Every gap, in the same order.
    pub fn gaps(&self) -> impl Iterator<Item = &Gap> {
        self.parts().flat_map(|part| &part.gaps)
    }

    /// How often each rule of [`RULES`] answered what.
    pub fn tallies(&self) -> impl Iterator<Item = (&'static Rule, Tally)> {
        RULES.iter().copied().zip(self.tallies.iter().copied())
    }

    /// Findings about one function.
    pub fn findings_of(&self, id: FunctionId) -> &[Finding] {
        self.part_of(id).map_or(&[], |(part, index)| {
            let (from, to) = part.bounds(index);
            part.findings
                .get(from.0 as usize..to.0 as usize)
                .unwrap_or_default()
        })
    }

    /// Gaps about one function.
    pub fn gaps_of(&self, id: FunctionId) -> &[Gap] {
        self.part_of(id).map_or(&[], |(part, index)| {
            let (from, to) = part.bounds(index);
            part.gaps
                .get(from.1 as usize..to.1 as usize)
                .unwrap_or_default()
        })
    }

    /// Findings about the host.
    pub fn host_findings(&self) -> &[Finding] {
        &self.host.findings
    }

    /// Gaps about the host.
    pub fn host_gaps(&self) -> &[Gap] {
        &self.host.gaps
    }

    fn parts(&self) -> impl Iterator<Item = &Answers> {
        std::iter::once(&self.host).chain(&self.functions)
    }

    fn part_of(&self, id: FunctionId) -> Option<(&Answers, usize)> {
        let part = self.functions.get(id.index() / PER_THREAD)?;
        Some((part, id.index() % PER_THREAD))
    }
}

impl Answers {
    fn for_functions(functions: usize) -> Self {
        Self {
            // About what a server without gaps gives; growing would copy everything.
            findings: Vec::with_capacity(3 * functions),
            gaps: Vec::with_capacity(5 * functions),
            ends: Vec::with_capacity(functions),
            tallies: vec![Tally::default(); RULES.len()],
        }
    }

    fn about_host(facts: &Facts<'_, '_>, questions: &Questions) -> Self {
        let mut answers = Self::for_functions(0);
        for &Question { index, rule, check } in &questions.host {
            answers.record(index, rule, Subject::Host, check(facts));
        }
        answers
    }

    fn about_functions(
        facts: &Facts<'_, '_>,
        questions: &Questions,
        ids: &[FunctionId],
        of: Option<&[FunctionId]>,
    ) -> Self {
        let mut answers = Self::for_functions(ids.len());
        let mut bridges = 0;
        for &id in ids {
            let wanted = of.is_none_or(|some| some.binary_search(&id).is_ok());
            let asked: &[Question<FunctionCheck>] = match facts.topology.kind(id).is_bridge() {
                _ if !wanted => &[],
                true => {
                    bridges += 1;
                    &questions.bridge
                }
                false => &questions.device,
            };
            for &Question { index, rule, check } in asked {
                answers.record(index, rule, Subject::Function(id), check(facts, id));
            }
            let end = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
            let ends = (end(answers.findings.len()), end(answers.gaps.len()));
            answers.ends.push(ends);
        }
        for &index in &questions.not_of_bridges {
            if let Some(tally) = answers.tallies.get_mut(index) {
                tally.not_applicable += bridges;
            }
        }
        answers
    }

    /// Where the findings and gaps of a function begin and end.
    fn bounds(&self, index: usize) -> ((u32, u32), (u32, u32)) {
        let end = |index: usize| self.ends.get(index).copied().unwrap_or_default();
        (index.checked_sub(1).map_or((0, 0), end), end(index))
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

    const fn add(&mut self, more: Self) {
        self.fired += more.fired;
        self.clean += more.clean;
        self.not_applicable += more.not_applicable;
        self.cannot_tell += more.cannot_tell;
    }
}
