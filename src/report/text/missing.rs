//! What a capture lacks, what hangs on it, and how to get it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::analysis::Fact;
use crate::host::FunctionId;
use crate::report::wording::{count, wrap};
use crate::report::{Layout, Report};
use crate::rules::Rule;

/// One fact that is missing.
#[derive(Default)]
struct Lack {
    codes: Vec<&'static str>,
    devices: usize,
    host: bool,
}

/// A section that names the facts for want of which the wanted rules could not answer about the
/// host and about some functions; nothing where there are none.
pub(super) fn section(
    out: &mut String,
    report: &Report<'_>,
    layout: Layout,
    title: &str,
    functions: &[FunctionId],
    wanted: impl Fn(&Rule) -> bool,
) {
    let mut lacks: BTreeMap<Fact, Lack> = BTreeMap::new();
    for gap in report.run.host_gaps().iter().filter(|gap| wanted(gap.rule)) {
        let lack = lacks.entry(gap.missing.fact).or_default();
        lack.host = true;
        lack.codes.push(gap.rule.code);
    }
    for &id in functions {
        let mut counted: Vec<Fact> = Vec::new();
        for gap in report.run.gaps_of(id).iter().filter(|gap| wanted(gap.rule)) {
            let lack = lacks.entry(gap.missing.fact).or_default();
            if !counted.contains(&gap.missing.fact) {
                counted.push(gap.missing.fact);
                lack.devices += 1;
            }
            if !lack.codes.contains(&gap.rule.code) {
                lack.codes.push(gap.rule.code);
            }
        }
    }
    if lacks.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", layout.palette.heading(title));
    for (fact, lack) in &mut lacks {
        lack.codes.sort_unstable();
        let of = if lack.host {
            "the whole host".to_owned()
        } else {
            count(lack.devices, "device", "devices")
        };
        let line = format!("{} ({of}; {})", fact.describe(), lack.codes.join(" "));
        for (index, line) in wrap(&line, layout.width.saturating_sub(2))
            .iter()
            .enumerate()
        {
            let indent = if index == 0 { "" } else { "  " };
            let _ = writeln!(out, "{indent}{line}");
        }
        let _ = writeln!(out, "  Linux:   {}", fact.linux_command());
        if let Some(command) = fact.windows_command() {
            let _ = writeln!(out, "  Windows: {command}");
        }
    }
}
