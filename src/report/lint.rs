//! What all forms of a lint report share: subjects, places, and the suites for JUnit.

use super::junit::{Case, Outcome, Suite};
use super::{Report, evidence};
use crate::host::Host;
use crate::rules::{Part, Severity, Subject, Sum};

/// The parts of a lint report, in order.
pub(super) const PARTS: [Part; 2] = [Part::Firmware, Part::Device];

/// A lint report as test suites: one for each part, with a case for each rule. Hits below
/// `least` do not fail their case.
pub fn suites(report: &Report<'_>, least: Severity) -> Vec<Suite> {
    PARTS
        .into_iter()
        .map(|part| suite(report, part, least))
        .filter(|suite| !suite.cases.is_empty())
        .collect()
}

fn suite(report: &Report<'_>, part: Part, least: Severity) -> Suite {
    let cases = report.run.tallies().filter_map(|(rule, tally)| {
        if rule.lint != Some(part) {
            return None;
        }
        let mut output = None;
        let outcome = match tally.sum()? {
            Sum::Clean => Outcome::Passed,
            Sum::NotApplicable => Outcome::Skipped("does not apply to this machine".to_owned()),
            Sum::CannotTell => {
                let gap = report.run.gaps().find(|gap| gap.rule.code == rule.code)?;
                Outcome::Skipped(format!("needs {}", gap.missing.fact.describe()))
            }
            Sum::Fired => {
                let details = details(report, rule.code);
                if rule.severity < least {
                    output = Some(details);
                    Outcome::Passed
                } else {
                    Outcome::Failed {
                        message: rule.summary.to_owned(),
                        kind: rule.severity.name().to_owned(),
                        details,
                    }
                }
            }
        };
        Some(Case {
            name: format!("{} {}", rule.code, rule.name),
            class_name: format!("assignable.{}", part.name()),
            outcome,
            output,
        })
    });
    Suite {
        name: part.name().to_owned(),
        cases: cases.collect(),
    }
}

/// Every hit of a rule with its evidence.
fn details(report: &Report<'_>, code: &str) -> String {
    let mut lines = Vec::new();
    for finding in report.run.findings() {
        if finding.rule().code != code {
            continue;
        }
        let subject = subject(report.facts.host, finding.subject());
        lines.push(format!("{subject}: {}", finding.message()));
        for item in finding.evidence() {
            let line = evidence::line(report.facts.host, item);
            lines.push(format!("  evidence: {line}"));
        }
    }
    lines.join("\n")
}

/// What a finding is about, in words.
pub(super) fn subject(host: &Host<'_>, subject: Subject) -> String {
    match subject {
        Subject::Host => "host".to_owned(),
        Subject::Function(id) => host.function(id).at.to_string(),
    }
}
