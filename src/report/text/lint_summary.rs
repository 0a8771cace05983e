//! The lint report over many machines: a table with a line for each rule.

use std::fmt::Write as _;

use crate::batch::{LintSummary, RuleSummary};
use crate::report::Layout;
use crate::report::lint::PARTS;
use crate::report::wording::{count, safe};

/// Machines named of each rule that fired, without `--all`.
const NAMED: usize = 1;

/// The summary as text.
pub fn lint_summary(summary: &LintSummary, layout: Layout) -> String {
    let mut out = count(summary.machines, "machine", "machines");
    if !summary.unreadable.is_empty() {
        let _ = write!(
            out,
            ", {} more that cannot be read",
            summary.unreadable.len()
        );
    }
    out.push('\n');
    for (machine, error) in &summary.unreadable {
        let _ = writeln!(out, "{}: {}", safe(machine), safe(error));
    }
    for part in PARTS {
        let rules: Vec<_> = summary
            .rules
            .iter()
            .filter(|rule| rule.rule.lint == Some(part))
            .collect();
        if rules.is_empty() {
            continue;
        }
        let title = layout.palette.heading(part.name().to_uppercase());
        let _ = writeln!(out, "\n{title}");
        let _ = writeln!(
            out,
            "{:6}  {:>5} {:>5} {:>5} {:>5}  {:>6}  problem",
            "rule", "fired", "clean", "n/a", "open", "share"
        );
        for rule in rules {
            line(&mut out, rule, layout);
        }
    }
    out
}

fn line(out: &mut String, summary: &RuleSummary, layout: Layout) {
    let (fired, judged) = (summary.fired.len(), summary.judged());
    // Of the machines that could be judged, in tenths of a percent.
    let share = match (fired * 1000).checked_div(judged) {
        None => "-".to_owned(),
        Some(share) => format!("{}.{} %", share / 10, share % 10),
    };
    let code = layout.palette.accent(summary.rule.code);
    let _ = writeln!(
        out,
        "{code}  {fired:>5} {:>5} {:>5} {:>5}  {share:>6}  {}",
        summary.clean, summary.not_applicable, summary.cannot_tell, summary.rule.summary
    );
    let named = if layout.all { usize::MAX } else { NAMED };
    for (machine, message) in summary.fired.iter().take(named) {
        let text = format!("{}: {}", safe(machine), safe(message));
        let _ = writeln!(out, "        {}", layout.palette.dim(text));
    }
}
