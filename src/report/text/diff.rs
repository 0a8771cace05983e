//! What changed between two captures, as text.

use std::fmt::Write as _;

use crate::diff::{Change, Consequence, Subject, What};
use crate::report::Layout;
use crate::report::changes::{Comparison, heading};
use crate::report::wording::{count, wrap};
use crate::verdict::Verdict;

/// The differences as text, what matters most first.
pub fn diff(comparison: &Comparison<'_>, layout: Layout) -> String {
    let mut out = String::new();
    paragraph(&mut out, layout, 0, &comparison.summary());
    let mut section: Option<Consequence> = None;
    let mut subject: Option<Subject> = None;
    let mut addresses = 0;
    for change in &comparison.difference.changes {
        // Firmware hands out addresses anew at every boot.
        if is_address(change) && !layout.all {
            addresses += 1;
            continue;
        }
        let consequence = change.what.consequence();
        if section != Some(consequence) {
            section = Some(consequence);
            subject = None;
            let title = heading(consequence).to_uppercase();
            let _ = writeln!(out, "\n{}", layout.palette.heading(title));
        }
        if subject != Some(change.subject) {
            subject = Some(change.subject);
            if change.subject != Subject::Host {
                paragraph(&mut out, layout, 0, &comparison.subject(change.subject));
            }
        }
        let indent = if change.subject == Subject::Host {
            0
        } else {
            2
        };
        for line in comparison.lines(change) {
            paragraph(&mut out, layout, indent, &coloured(layout, change, line));
        }
    }
    if addresses > 0 {
        let text = format!(
            "{} at another address (--all lists them)",
            count(addresses, "BAR or window is", "BARs and windows are")
        );
        let _ = writeln!(out, "\n{}", layout.palette.dim(text));
    }
    if let Some(text) = comparison.not_compared() {
        let _ = writeln!(out, "\n{}", layout.palette.dim(text));
    }
    out
}

/// Only addresses differ: of a BAR, or of a window that is as large as before.
fn is_address(change: &Change) -> bool {
    match &change.what {
        What::Bar { address_only, .. } => *address_only,
        What::Window {
            before: Some(before),
            after: Some(after),
            ..
        } => before.len() == after.len(),
        _ => false,
    }
}

/// A verdict in its colour.
fn coloured(layout: Layout, change: &Change, line: String) -> String {
    match change.what {
        What::Verdict { after, .. } => match after {
            Verdict::Assignable | Verdict::AssignableWithConditions => layout.palette.good(line),
            Verdict::Undetermined => layout.palette.open(line),
            Verdict::NotAssignable => layout.palette.bad(line),
        },
        _ => line,
    }
}

fn paragraph(out: &mut String, layout: Layout, indent: usize, text: &str) {
    for (index, line) in wrap(text, layout.width.saturating_sub(indent + 2))
        .iter()
        .enumerate()
    {
        let hang = if index == 0 { indent } else { indent + 2 };
        let _ = writeln!(out, "{:hang$}{line}", "");
    }
}
