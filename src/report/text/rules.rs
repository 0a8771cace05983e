//! The index of rules, and one rule's page.

use std::fmt::Write as _;

use crate::policy::{Effect, Policy};
use crate::report::Layout;
use crate::rules::{RULES, Rule, Status};

/// Every rule on a line.
pub fn rule_index(layout: Layout) -> String {
    let mut out = String::new();
    for rule in RULES {
        let _ = writeln!(
            out,
            "{}  {:<6}  {}",
            layout.palette.accent(rule.code),
            rule.severity.name(),
            rule.summary
        );
    }
    out
}

/// The documentation page of a rule, Markdown.
pub fn rule_page(rule: &Rule) -> String {
    let mut out = format!("# {} {}\n\n{}.\n\n", rule.code, rule.name, rule.summary);
    let (word, since) = match rule.status {
        Status::Stable { since } => ("in force since", since),
        Status::Retired { since } => ("retired in", since),
    };
    let _ = writeln!(out, "Severity: {}; {word} {since}.\n", rule.severity.name());
    let _ = writeln!(out, "| Policy | A hit |\n|---|---|");
    for policy in Policy::ALL {
        let effect = match rule.effects.on(policy) {
            Effect::None => "does not matter",
            Effect::Note => "is worth knowing",
            Effect::Condition => "is a condition",
            Effect::Blocks => "blocks assignment",
        };
        let _ = writeln!(out, "| {policy} | {effect} |");
    }
    out.push('\n');
    for line in rule.explanation.lines() {
        out.push_str(line.strip_prefix(' ').unwrap_or(line).trim_end());
        out.push('\n');
    }
    out.push_str("\n## References\n\n");
    for cite in rule.cites {
        let _ = writeln!(out, "- {cite}");
    }
    out
}
