//! The answer before everything else.

use std::fmt::Write as _;

use super::{code, decider, tallies};
use crate::host::FunctionId;
use crate::policy::Effect;
use crate::report::Report;
use crate::report::opening::{Step, against, answer, first_steps};
use crate::report::reasons::reasons;
use crate::report::wording::count;
use crate::verdict::host::HostVerdict;

/// The host, the counts, the most important findings, and
/// what to do first.
pub(super) fn opening(out: &mut String, report: &Report<'_>, devices: &[FunctionId]) {
    for &policy in report.policies {
        let host = HostVerdict::of(report.facts, report.run, policy);
        let (words, reported) = answer(&host);
        let _ = writeln!(out, "- {policy}: this host: **{words}**{reported}");
        for item in &host.requirements {
            if let Some(reason) = against(item) {
                let _ = writeln!(out, "  - {reason} {}", item.rules.join(" "));
            }
        }
    }
    out.push('\n');
    tallies(out, report, devices);
    let list = reasons(report, devices, Effect::Condition);
    if !list.is_empty() {
        out.push_str("\n### The most important findings\n\n");
    }
    for (number, item) in (1..).zip(list.iter().take(3)) {
        let _ = writeln!(out, "{number}. {}", decider(report, item, 4));
    }
    let steps = first_steps(report, devices);
    if !steps.is_empty() {
        out.push_str("\n### What to do first\n\n");
    }
    for (number, step) in (1..).zip(&steps) {
        match step {
            Step::Mend {
                rule,
                advice,
                devices,
            } => {
                let whom = devices.map_or("the whole host".to_owned(), |number| {
                    count(number, "device", "devices")
                });
                let _ = writeln!(out, "{number}. For {}, which concerns {whom}:", rule.code);
                for paragraph in advice {
                    let _ = writeln!(out, "   - {paragraph}");
                }
            }
            Step::Capture { fact, devices } => {
                let whom = count(*devices, "device waits", "devices wait");
                let _ = writeln!(
                    out,
                    "{number}. Capture what is missing: {}. {whom} for it.",
                    fact.describe()
                );
                let _ = writeln!(out, "   - Linux: {}", code(fact.linux_command()));
                if let Some(command) = fact.windows_command() {
                    let _ = writeln!(out, "   - Windows: {}", code(command));
                }
            }
        }
    }
}
