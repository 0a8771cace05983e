//! What changed between two captures, as a page.

use maud::{Markup, html};

use super::document;
use crate::diff::{Change, Consequence, Subject, What};
use crate::report::changes::{Comparison, heading};

/// The differences as a page of their own.
pub fn diff(comparison: &Comparison<'_>) -> String {
    let changes = &comparison.difference.changes;
    let sections: Vec<&[Change]> = changes
        .chunk_by(|a, b| a.what.consequence() == b.what.consequence())
        .collect();
    let contents: Vec<(&str, &str)> = sections
        .iter()
        .filter_map(|section| section.first())
        .map(|change| change.what.consequence())
        .map(|consequence| (consequence.name(), heading(consequence)))
        .collect();
    let body = html! {
        header #summary {
            h1 { "What changed between two captures" }
            p { (comparison.summary()) }
            @if let Some(text) = comparison.not_compared() { p.faint { (text) } }
        }
        @for section in &sections {
            @if let Some(first) = section.first() {
                (part(comparison, first.what.consequence(), section))
            }
        }
        footer {
            p.faint {
                "By assignable " (env!("CARGO_PKG_VERSION")) ", with names from pci.ids "
                (comparison.after.names.version()) ". Devices are compared by where they sit, not by bus number."
            }
        }
    };
    document("What changed between two captures", &body, &contents)
}

fn part(comparison: &Comparison<'_>, consequence: Consequence, changes: &[Change]) -> Markup {
    html! {
        section id=(consequence.name()) {
            h2 { (heading(consequence)) " (" (changes.len()) ")" }
            @for about in changes.chunk_by(|a, b| a.subject == b.subject) {
                article.hit {
                    @if let Some(first) = about.first() {
                        @if first.subject != Subject::Host { h3 { (comparison.subject(first.subject)) } }
                    }
                    ul {
                        @for change in about {
                            @for line in comparison.lines(change) {
                                li class=(class_of(&change.what)) { (line) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The colour of what got better or worse.
fn class_of(what: &What) -> &'static str {
    match what {
        What::Verdict { before, after, .. } if after > before => "worse",
        What::Verdict { .. } => "better",
        _ => "plain",
    }
}
