//! `assignable.lint-summary/1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::batch::{LintSummary, RuleSummary};

/// What each lint rule says of many machines.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LintSummaryDocument {
    /// Always `assignable.lint-summary/1`.
    pub schema: String,
    /// Machines that were read.
    pub machines: usize,
    /// Machines that could not be read, in the order given.
    pub unreadable: Vec<UnreadableMachine>,
    /// Every rule that was asked, by code.
    pub rules: Vec<LintSummaryRule>,
}

/// A machine that could not be read.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct UnreadableMachine {
    /// Its path as given.
    pub machine: String,
    /// Why.
    pub error: String,
}

/// A rule and how many machines it answers what about.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LintSummaryRule {
    /// Family and three digits.
    pub code: String,
    /// The problem, in kebab case.
    pub name: String,
    /// `firmware` or `device`.
    pub part: String,
    /// `info`, `low`, `medium`, `high`.
    pub severity: String,
    /// Machines with a finding.
    pub fired: usize,
    /// Machines that it found in order.
    pub clean: usize,
    /// Machines that it has nothing to say about.
    pub not_applicable: usize,
    /// Machines that lack what would settle it.
    pub cannot_tell: usize,
    /// The machines with a finding, in the order given.
    pub machines: Vec<LintSummaryHit>,
}

/// A machine with a finding.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LintSummaryHit {
    /// Its path as given.
    pub machine: String,
    /// The first finding.
    pub message: String,
}

/// The summary as a document.
pub fn lint_summary(summary: &LintSummary) -> LintSummaryDocument {
    LintSummaryDocument {
        schema: "assignable.lint-summary/1".to_owned(),
        machines: summary.machines,
        unreadable: summary
            .unreadable
            .iter()
            .map(|(machine, error)| UnreadableMachine {
                machine: machine.clone(),
                error: error.clone(),
            })
            .collect(),
        rules: summary.rules.iter().map(LintSummaryRule::of).collect(),
    }
}

impl LintSummaryRule {
    fn of(summary: &RuleSummary) -> Self {
        let rule = summary.rule;
        Self {
            code: rule.code.to_owned(),
            name: rule.name.to_owned(),
            part: rule.lint.map_or("", |part| part.name()).to_owned(),
            severity: rule.severity.name().to_owned(),
            fired: summary.fired.len(),
            clean: summary.clean,
            not_applicable: summary.not_applicable,
            cannot_tell: summary.cannot_tell,
            machines: summary
                .fired
                .iter()
                .map(|(machine, message)| LintSummaryHit {
                    machine: machine.clone(),
                    message: message.clone(),
                })
                .collect(),
        }
    }
}
