//! Markdown for pasting into a ticket (CommonMark with GitHub's tables).
//!
//! Text from a dump stands in code spans and code blocks alone: nothing in it is a link, a
//! mention, markup, or the end of a table's cell.

mod opening;

use std::fmt::Write as _;

use crate::analysis::groups::Groups;
use crate::diff::{Consequence, Subject};
use crate::host::FunctionId;
use crate::policy::{Effect, Policy};
use crate::report::changes::{Comparison, heading};
use crate::report::reasons::{Reason, reasons, strongest};
use crate::report::text::explain::{advice, facts_of};
use crate::report::text::groups::reason;
use crate::report::text::survey::{device_name, mmio};
use crate::report::wording::{safe, verdict_words};
use crate::report::{Layout, Palette, Report, evidence};
use crate::rules::{Finding, Rule};
use crate::verdict::{Decision, Verdict};

/// The survey as Markdown.
pub fn survey(report: &Report<'_>) -> String {
    let mut out = String::from("## Device assignment\n\n");
    let devices: Vec<FunctionId> = report.candidates().collect();
    opening::opening(&mut out, report, &devices);
    let _ = write!(out, "\n### Devices\n\n| Address | Device | MMIO |");
    for policy in report.policies {
        let _ = write!(out, " {policy} |");
    }
    let _ = write!(out, "\n|---|---|--:|");
    out.push_str(&"---|".repeat(report.policies.len()));
    out.push('\n');
    for &id in &devices {
        let _ = write!(
            out,
            "| {} | {} | {} |",
            code(&report.facts.host.function(id).at.to_string()),
            cell(&device_name(report, id)),
            mmio(report, id)
        );
        for &policy in report.policies {
            let _ = write!(out, " {} |", verdict(report, policy, id));
        }
        out.push('\n');
    }
    let list = reasons(report, &devices, Effect::Condition);
    if !list.is_empty() {
        out.push_str("\n### Reasons\n\n");
    }
    for item in &list {
        let _ = writeln!(out, "- {}", decider(report, item, 8));
    }
    missing(&mut out, report, &devices);
    foot(&mut out, report);
    out
}

/// A rule, what it means, and the first few devices that it concerns.
fn decider(report: &Report<'_>, reason: &Reason<'_>, few: usize) -> String {
    let mut text = format!(
        "**{}** {} ({})",
        reason.rule.code,
        reason.rule.summary,
        effects(report, reason.rule)
    );
    if reason.host {
        text.push_str(": the whole host");
        return text;
    }
    let at = |id: &FunctionId| code(&report.facts.host.function(*id).at.to_string());
    let list: Vec<String> = reason.devices.iter().take(few).map(at).collect();
    let _ = write!(text, ": {}", list.join(" "));
    if reason.devices.len() > few {
        let _ = write!(text, " and {} more", reason.devices.len() - few);
    }
    text
}

fn tallies(out: &mut String, report: &Report<'_>, devices: &[FunctionId]) {
    const VERDICTS: [Verdict; 4] = [
        Verdict::Assignable,
        Verdict::AssignableWithConditions,
        Verdict::Undetermined,
        Verdict::NotAssignable,
    ];
    out.push_str("| Platform |");
    for verdict in VERDICTS {
        let _ = write!(out, " {} |", verdict_words(verdict));
    }
    out.push_str("\n|---|--:|--:|--:|--:|\n");
    for &policy in report.policies {
        let _ = write!(out, "| {policy} |");
        for wanted in VERDICTS {
            let verdicts = devices
                .iter()
                .map(|&id| Verdict::of(report.run, policy, id));
            let _ = write!(
                out,
                " {} |",
                verdicts.filter(|&verdict| verdict == wanted).count()
            );
        }
        out.push('\n');
    }
}

/// A verdict with the codes behind it.
fn verdict(report: &Report<'_>, policy: Policy, id: FunctionId) -> String {
    let decision = Decision::of(report.run, policy, id);
    let findings = |list: &[&Finding]| -> Vec<&'static str> {
        list.iter().map(|finding| finding.rule().code).collect()
    };
    let mut codes = match decision.verdict {
        Verdict::Assignable => Vec::new(),
        Verdict::AssignableWithConditions => findings(&decision.conditions),
        Verdict::Undetermined => decision.gaps.iter().map(|gap| gap.rule.code).collect(),
        Verdict::NotAssignable => findings(&decision.blockers),
    };
    codes.dedup();
    let words = verdict_words(decision.verdict);
    let mut text = match decision.verdict {
        Verdict::NotAssignable => format!("**{words}**"),
        _ => words.to_owned(),
    };
    if !codes.is_empty() {
        let _ = write!(text, " {}", codes.join(" "));
    }
    text
}

fn effects(report: &Report<'_>, rule: &Rule) -> String {
    let words: Vec<String> = report
        .policies
        .iter()
        .filter_map(|&policy| match rule.effects.on(policy) {
            Effect::None => None,
            Effect::Note => Some(format!("worth knowing for {policy}")),
            Effect::Condition => Some(format!("a condition for {policy}")),
            Effect::Blocks => Some(format!("blocks {policy}")),
        })
        .collect();
    words.join(", ")
}

/// What the capture lacks, each fact once, with the command that gets it.
fn missing(out: &mut String, report: &Report<'_>, devices: &[FunctionId]) {
    let about_devices = devices.iter().flat_map(|&id| report.run.gaps_of(id));
    let mut facts: Vec<_> = report
        .run
        .host_gaps()
        .iter()
        .chain(about_devices)
        .filter(|gap| strongest(report, gap.rule) >= Effect::Condition)
        .map(|gap| gap.missing.fact)
        .collect();
    facts.sort_unstable();
    facts.dedup();
    if facts.is_empty() {
        return;
    }
    out.push_str("\n### Missing from the capture\n\n");
    for fact in facts {
        let _ = write!(out, "- {}: {}", fact.describe(), code(fact.linux_command()));
        if let Some(command) = fact.windows_command() {
            let _ = write!(out, " (Windows: {})", code(command));
        }
        out.push('\n');
    }
}

fn foot(out: &mut String, report: &Report<'_>) {
    let _ = writeln!(
        out,
        "\n<sub>assignable {}, names from pci.ids {}; `assignable rules CODE` explains a code</sub>",
        env!("CARGO_PKG_VERSION"),
        code_free(report.names.version())
    );
}

/// Everything about some devices as Markdown.
pub fn explain(report: &Report<'_>, devices: &[FunctionId]) -> String {
    let mut out = String::new();
    for &id in devices {
        one(&mut out, report, id);
    }
    foot(&mut out, report);
    out
}

fn one(out: &mut String, report: &Report<'_>, id: FunctionId) {
    let host = report.facts.host;
    let at = host.function(id).at;
    let _ = writeln!(
        out,
        "## {} {}\n",
        code(&at.to_string()),
        code(&device_name(report, id))
    );
    for &policy in report.policies {
        let _ = writeln!(out, "- {policy}: {}", verdict(report, policy, id));
    }
    let layout = Layout {
        width: 100,
        palette: Palette::plain(),
        all: true,
    };
    let _ = writeln!(out, "\n{}", block(facts_of(report, layout, id).trim_end()));
    for reason in reasons(report, &[id], Effect::Note) {
        let rule = reason.rule;
        let _ = writeln!(out, "### {} {}\n", rule.code, rule.summary);
        let _ = writeln!(
            out,
            "{} severity; {}.\n",
            rule.severity.name(),
            effects(report, rule)
        );
        for finding in &reason.findings {
            let _ = writeln!(out, "- {}", code(&finding.message()));
            for item in finding.evidence() {
                let _ = writeln!(out, "  - {}", code(&evidence::line(host, item)));
            }
        }
        for paragraph in advice(rule.explanation) {
            let _ = writeln!(out, "\n{paragraph}");
        }
        let cites: Vec<String> = rule.cites.iter().map(ToString::to_string).collect();
        let _ = writeln!(out, "\n<sub>{}</sub>\n", cites.join("; "));
    }
    missing(out, report, &[id]);
}

/// Predicted IOMMU groups as Markdown.
pub fn groups(report: &Report<'_>, groups: &Groups) -> String {
    let host = report.facts.host;
    let mut out = String::from("## IOMMU groups, as Linux would make them\n\n");
    out.push_str(
        "| Group | Function | Device | Why it is there | Kernel |\n|--:|---|---|---|--:|\n",
    );
    for (group, members) in groups.iter() {
        for &id in members {
            let function = host.function(id);
            let unsure = if groups.is_definite(id) {
                ""
            } else {
                " (depends on missing bits)"
            };
            let reported = function.reported.iommu_group.as_ref();
            let _ = writeln!(
                out,
                "| {} | {} | {} | {}{unsure} | {} |",
                group.index(),
                code(&function.at.to_string()),
                cell(&safe(&report.names.call(function))),
                reason(report, groups, id)
                    .map(|text| cell(&text))
                    .unwrap_or_default(),
                reported
                    .map(|group| group.value.to_string())
                    .unwrap_or_default()
            );
        }
    }
    let none: Vec<String> = host
        .iter()
        .filter(|&(id, _)| groups.group(id).is_none())
        .map(|(_, function)| code(&function.at.to_string()))
        .collect();
    if !none.is_empty() {
        let _ = writeln!(
            out,
            "\nIn no group, because no unit covers them: {}",
            none.join(" ")
        );
    }
    foot(&mut out, report);
    out
}

/// What changed between two captures as Markdown.
pub fn diff(comparison: &Comparison<'_>) -> String {
    let mut out = format!("## What changed\n\n{}\n", comparison.summary());
    let mut section: Option<Consequence> = None;
    let mut subject: Option<Subject> = None;
    for change in &comparison.difference.changes {
        let consequence = change.what.consequence();
        if section != Some(consequence) {
            section = Some(consequence);
            subject = None;
            let _ = writeln!(out, "\n### {}\n", heading(consequence));
        }
        let host = change.subject == Subject::Host;
        if subject != Some(change.subject) {
            subject = Some(change.subject);
            if !host {
                let _ = writeln!(out, "- {}", code(&comparison.subject(change.subject)));
            }
        }
        let indent = if host { "" } else { "  " };
        for line in comparison.lines(change) {
            let _ = writeln!(out, "{indent}- {}", code(&line));
        }
    }
    if let Some(text) = comparison.not_compared() {
        let _ = writeln!(out, "\n{text}");
    }
    foot(&mut out, comparison.after);
    out
}

/// Text as a code span, whatever it holds (CommonMark 0.31, 6.1): the fence is longer than any
/// run of backticks inside.
fn code(text: &str) -> String {
    let text = safe(text);
    let text = text.trim();
    if text.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(text) + 1);
    // A blank on both sides is taken off again, and keeps backticks away from the fence.
    let pad = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A code span inside a table, where a bar would end the cell even in code.
fn cell(text: &str) -> String {
    // A backslash before the bar would escape the backslash that escapes the bar.
    code(&text.replace('|', "¦"))
}

/// Lines as a code block.
fn block(text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}text\n{text}\n{fence}\n")
}

fn longest_run(text: &str) -> usize {
    text.split(|ch| ch != '`').map(str::len).max().unwrap_or(0)
}

/// A version: what is no letter, digit or dot is left out.
fn code_free(text: &str) -> String {
    text.chars()
        .filter(|ch| ch.is_ascii_alphanumeric() || *ch == '.' || *ch == '-')
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_span_ends_where_its_text_ends() {
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`a``"), "``` `a`` ```");
        assert_eq!(code("plain"), "`plain`");
        assert_eq!(cell("a|b"), "`a¦b`");
    }

    #[test]
    fn a_code_block_ends_where_its_text_ends() {
        assert_eq!(block("x\n```\ny"), "````text\nx\n```\ny\n````\n");
    }
}
