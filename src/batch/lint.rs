//! The lint report over many machines: how often each rule answers what.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::items::Item;
use crate::analysis::Facts;
use crate::host::Host;
use crate::rules::{self, Part, RULES, Rule, Sum};
use crate::topology::Topology;

/// What the rules say of many machines.
#[derive(Clone, Debug, Default)]
pub struct LintSummary {
    /// Machines that were read.
    pub machines: usize,
    /// Machines that could not be read, and why, in the order given.
    pub unreadable: Vec<(String, String)>,
    /// Every rule that was asked, by code.
    pub rules: Vec<RuleSummary>,
}

/// What one rule says of many machines.
#[derive(Clone, Debug)]
pub struct RuleSummary {
    /// The rule.
    pub rule: &'static Rule,
    /// Machines with a finding, in the order given, each with the first finding's sentence.
    pub fired: Vec<(String, String)>,
    /// Machines that it found in order.
    pub clean: usize,
    /// Machines that it has nothing to say about.
    pub not_applicable: usize,
    /// Machines that lack what would settle it.
    pub cannot_tell: usize,
}

impl RuleSummary {
    /// Machines that it could judge: those in which it fired or was clean.
    pub fn judged(&self) -> usize {
        self.fired.len() + self.clean
    }
}

/// Lints machines in parallel. Each path is one machine: a dump, a capture, a case of a corpus,
/// or a folder whose files are dumps of one machine.
pub fn lint(paths: &[PathBuf], parts: &[Part]) -> LintSummary {
    let asked = RULES.iter().copied();
    let asked = asked.filter(|rule| rule.lint.is_some_and(|part| parts.contains(&part)));
    let mut summary = LintSummary {
        rules: asked.map(RuleSummary::of).collect(),
        ..LintSummary::default()
    };
    let answers: Vec<Result<Vec<Answer>, String>> = paths
        .par_iter()
        .with_max_len(1)
        .map(|path| one(path, parts))
        .collect();
    for (path, answers) in paths.iter().zip(answers) {
        let name = path.display().to_string();
        match answers {
            Ok(answers) => {
                summary.machines += 1;
                for (rule, (sum, first)) in summary.rules.iter_mut().zip(answers) {
                    rule.add(&name, sum, first);
                }
            }
            Err(why) => summary.unreadable.push((name, why)),
        }
    }
    summary
}

/// What a rule's answers about a machine come to, and its first sentence.
type Answer = (Option<Sum>, String);

/// In the order of the rules that were asked.
fn one(path: &Path, parts: &[Part]) -> Result<Vec<Answer>, String> {
    let machine = Item::of(path).load()?;
    let host = Host::from_capture(&machine.capture);
    let topology = Topology::of(&host);
    let facts = Facts::of(&host, &topology);
    let run = rules::lint(&facts, parts, None);
    let asked = run
        .tallies()
        .filter(|(rule, _)| rule.lint.is_some_and(|part| parts.contains(&part)));
    let answers = asked.map(|(rule, tally)| {
        let mut findings = run.findings();
        let first = findings.find(|finding| finding.rule().code == rule.code);
        let first = first.map(rules::Finding::message).unwrap_or_default();
        (tally.sum(), first)
    });
    Ok(answers.collect())
}

impl RuleSummary {
    const fn of(rule: &'static Rule) -> Self {
        Self {
            rule,
            fired: Vec::new(),
            clean: 0,
            not_applicable: 0,
            cannot_tell: 0,
        }
    }

    fn add(&mut self, machine: &str, sum: Option<Sum>, first: String) {
        match sum {
            Some(Sum::Fired) => self.fired.push((machine.to_owned(), first)),
            Some(Sum::Clean) => self.clean += 1,
            Some(Sum::CannotTell) => self.cannot_tell += 1,
            // A rule about functions is not asked of a machine without any.
            Some(Sum::NotApplicable) | None => self.not_applicable += 1,
        }
    }
}
