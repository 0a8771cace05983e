//! The lint report: for each part what was found, by rule, the worst first; then what could
//! not be checked.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::explain::advice;
use super::missing;
use crate::host::FunctionId;
use crate::report::lint::{PARTS, subject};
use crate::report::wording::{count, safe, wrap};
use crate::report::{Layout, Report, evidence};
use crate::rules::{Finding, Part, Rule, Severity, Subject, Sum};

/// Hits of one rule, and pieces of evidence of one hit, that are shown without `--all`.
const SHOWN: usize = 8;

/// A lint report as text.
pub fn lint(report: &Report<'_>, layout: Layout) -> String {
    let mut out = String::new();
    head(&mut out, report, layout);
    for part in PARTS {
        section(&mut out, report, layout, part);
    }
    let all: Vec<FunctionId> = report.facts.host.iter().map(|(id, _)| id).collect();
    missing::section(&mut out, report, layout, "NOT CHECKED", &all, |_| true);
    out
}

/// What was looked at.
fn head(out: &mut String, report: &Report<'_>, layout: Layout) {
    let capture = report.facts.host.capture();
    let functions = capture.functions.len();
    let mut text = count(functions, "function", "functions");
    if capture.tables.is_empty() {
        text.push_str(", no ACPI tables");
    } else {
        let tables: Vec<String> = capture.tables.keys().map(|name| safe(name)).collect();
        let _ = write!(text, "; ACPI tables {}", tables.join(" "));
    }
    for line in wrap(&text, layout.width) {
        let _ = writeln!(out, "{}", layout.palette.dim(line));
    }
}

fn section(out: &mut String, report: &Report<'_>, layout: Layout, part: Part) {
    let mut sums: BTreeMap<Sum, usize> = BTreeMap::new();
    for (rule, tally) in report.run.tallies() {
        if let Some(sum) = tally.sum().filter(|_| rule.lint == Some(part)) {
            *sums.entry(sum).or_default() += 1;
        }
    }
    let asked: usize = sums.values().sum();
    if asked == 0 {
        return;
    }
    let of = |sum| sums.get(&sum).copied().unwrap_or(0);
    let title = match part {
        Part::Firmware => "FIRMWARE",
        Part::Device => "DEVICES",
    };
    let _ = writeln!(
        out,
        "\n{}  {}: {} with findings, {} clean, {} not applicable, {} open",
        layout.palette.heading(title),
        count(asked, "check", "checks"),
        of(Sum::Fired),
        of(Sum::Clean),
        of(Sum::NotApplicable),
        of(Sum::CannotTell),
    );
    let mut hits: BTreeMap<(Reverse<Severity>, &str), Vec<&Finding>> = BTreeMap::new();
    for finding in report.run.findings() {
        let rule = finding.rule();
        if rule.lint == Some(part) {
            let key = (Reverse(rule.severity), rule.code);
            hits.entry(key).or_default().push(finding);
        }
    }
    for findings in hits.values() {
        rule_hits(out, report, layout, findings);
    }
}

/// One rule with its hits and its advice.
fn rule_hits(out: &mut String, report: &Report<'_>, layout: Layout, findings: &[&Finding]) {
    let Some(rule) = findings.first().map(|finding| finding.rule()) else {
        return;
    };
    title(out, layout, rule);
    let shown = if layout.all { usize::MAX } else { SHOWN };
    for finding in findings.iter().take(shown) {
        hit(out, report, layout, finding, shown);
    }
    if let Some(more) = findings.len().checked_sub(shown).filter(|&more| more > 0) {
        line(
            out,
            layout,
            4,
            &format!("and {more} more (--all lists them)"),
        );
    }
    for paragraph in advice(rule.explanation) {
        line(out, layout, 6, &paragraph);
    }
}

fn title(out: &mut String, layout: Layout, rule: &Rule) {
    let severity = match rule.severity {
        Severity::High => layout.palette.bad("high"),
        Severity::Medium => layout.palette.open("medium"),
        Severity::Low | Severity::Info => rule.severity.name().to_owned(),
    };
    let indent = rule.code.len() + 2;
    let room = layout
        .width
        .saturating_sub(indent + rule.severity.name().len() + 2);
    let mut lines = wrap(rule.summary, room).into_iter();
    let first = lines.next().unwrap_or_default();
    let code = layout.palette.accent(rule.code);
    let _ = writeln!(out, "{code}  {severity}  {first}");
    for line in lines {
        let _ = writeln!(out, "{:indent$}{line}", "");
    }
}

fn hit(out: &mut String, report: &Report<'_>, layout: Layout, finding: &Finding, shown: usize) {
    let host = report.facts.host;
    let message = safe(&finding.message());
    let text = match finding.subject() {
        Subject::Host => message,
        of @ Subject::Function(_) => format!("{}: {message}", subject(host, of)),
    };
    line(out, layout, 4, &text);
    for item in finding.evidence().take(shown) {
        let text = format!("evidence: {}", evidence::line(host, item));
        line(out, layout, 6, &layout.palette.dim(text));
    }
    let more = finding.evidence().count().saturating_sub(shown);
    if more > 0 {
        line(
            out,
            layout,
            6,
            &format!("and {more} more places (--all lists them)"),
        );
    }
}

/// Text at an indent, hanging by two.
fn line(out: &mut String, layout: Layout, indent: usize, text: &str) {
    for (index, line) in wrap(text, layout.width.saturating_sub(indent + 2))
        .iter()
        .enumerate()
    {
        let hang = if index == 0 { indent } else { indent + 2 };
        let _ = writeln!(out, "{:hang$}{line}", "");
    }
}
