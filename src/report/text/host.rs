//! Whether the machine as a whole can assign devices, what stands against it, and the evidence.

use std::fmt::Write as _;

use crate::report::wording::{count, wrap};
use crate::report::{Layout, Report, evidence, opening};
use crate::verdict::host::{HostVerdict, Requirement};

/// One paragraph for each policy.
pub(super) fn section(out: &mut String, report: &Report<'_>, layout: Layout) {
    let _ = writeln!(out, "\n{}", layout.palette.heading("HOST"));
    for &policy in report.policies {
        let host = HostVerdict::of(report.facts, report.run, policy);
        let (words, reported) = opening::answer(&host);
        let words = layout.palette.verdict(host.verdict, words);
        let name = layout.palette.heading(policy.name());
        let _ = writeln!(out, "{name}: {words}{reported}");
        for item in &host.requirements {
            requirement(out, report, layout, item);
        }
    }
}

fn requirement(out: &mut String, report: &Report<'_>, layout: Layout, item: &Requirement) {
    let Some(reason) = opening::against(item) else {
        return;
    };
    let codes = match item.rules.as_slice() {
        [] => String::new(),
        codes => format!(" ({})", codes.join(" ")),
    };
    let _ = writeln!(out, "  {reason}{codes}");
    for (finding, functions) in item.findings(report.run) {
        let mut text = match finding.evidence().next() {
            Some(first) => evidence::line(report.facts.host, first),
            None => continue,
        };
        if functions > 1 {
            let others = count(functions as usize - 1, "function", "functions");
            let _ = write!(text, "; {others} more");
        }
        let text = format!("{}: {text}", finding.rule().code);
        for (index, line) in wrap(&text, layout.width.saturating_sub(6))
            .iter()
            .enumerate()
        {
            let indent = if index == 0 { 4 } else { 6 };
            let _ = writeln!(out, "{:indent$}{line}", "");
        }
    }
}
