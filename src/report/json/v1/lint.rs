//! `assignable.lint/1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::device::{FindingItem, GapItem};
use super::survey::CaptureSummary;
use crate::report::Report;
use crate::report::lint::subject;
use crate::rules::{Rule, Sum, Tally};

/// What does not conform, in the firmware's tables and in devices.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LintDocument {
    /// Always `assignable.lint/1`.
    pub schema: String,
    /// What was analysed.
    pub capture: CaptureSummary,
    /// Every rule that was asked, by code.
    pub rules: Vec<LintRule>,
    /// What was found: about the host first, then by address, then by code.
    pub findings: Vec<LintFinding>,
    /// What could not be checked, in the same order.
    pub gaps: Vec<LintGap>,
}

/// A rule and how often it answered what.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LintRule {
    /// Family and three digits.
    pub code: String,
    /// The problem, in kebab case.
    pub name: String,
    /// `firmware` or `device`.
    pub part: String,
    /// `info`, `low`, `medium`, `high`.
    pub severity: String,
    /// What the answers come to: `fired`, `clean`, `not-applicable`, `cannot-tell`.
    pub result: String,
    /// Subjects on which it fired.
    pub fired: u32,
    /// Subjects that it found in order.
    pub clean: u32,
    /// Subjects that it has nothing to say about.
    pub not_applicable: u32,
    /// Subjects for which the capture lacks something.
    pub cannot_tell: u32,
}

/// A finding and what it is about.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LintFinding {
    /// `host`, or the address of a function.
    pub subject: String,
    /// The finding.
    #[serde(flatten)]
    pub finding: FindingItem,
}

/// A gap and what it is about.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LintGap {
    /// `host`, or the address of a function.
    pub subject: String,
    /// The gap.
    #[serde(flatten)]
    pub gap: GapItem,
}

/// The lint report as a document.
pub fn lint(report: &Report<'_>) -> LintDocument {
    let host = report.facts.host;
    let rules = report.run.tallies();
    LintDocument {
        schema: "assignable.lint/1".to_owned(),
        capture: CaptureSummary::of(report),
        rules: rules
            .filter_map(|(rule, tally)| LintRule::of(rule, tally))
            .collect(),
        findings: report
            .run
            .findings()
            .map(|finding| LintFinding {
                subject: subject(host, finding.subject()),
                finding: FindingItem::of(report, finding),
            })
            .collect(),
        gaps: report
            .run
            .gaps()
            .map(|gap| LintGap {
                subject: subject(host, gap.subject),
                gap: GapItem::of(report, gap),
            })
            .collect(),
    }
}

impl LintRule {
    fn of(rule: &Rule, tally: Tally) -> Option<Self> {
        let result = match tally.sum()? {
            Sum::Fired => "fired",
            Sum::Clean => "clean",
            Sum::NotApplicable => "not-applicable",
            Sum::CannotTell => "cannot-tell",
        };
        Some(Self {
            code: rule.code.to_owned(),
            name: rule.name.to_owned(),
            part: rule.lint?.name().to_owned(),
            severity: rule.severity.name().to_owned(),
            result: result.to_owned(),
            fired: tally.fired,
            clean: tally.clean,
            not_applicable: tally.not_applicable,
            cannot_tell: tally.cannot_tell,
        })
    }
}
