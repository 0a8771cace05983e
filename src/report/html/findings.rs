//! What was found, rule by rule: the sentence, the bytes, what to do and where it is written.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use maud::{Markup, html};

use super::devices::links;
use super::{hex, link};
use crate::host::FunctionId;
use crate::policy::Effect;
use crate::report::reasons::{Reason, reasons};
use crate::report::text::explain::advice;
use crate::report::wording::safe;
use crate::report::{Report, evidence};
use crate::rules::{Evidence, Finding, Locus, Subject};

/// Findings of one rule that stand in the page, each with its evidence.
const MOST_HITS: usize = 100;

pub(super) fn section(report: &Report<'_>) -> Markup {
    let everything: Vec<FunctionId> = report.facts.host.iter().map(|(id, _)| id).collect();
    let about_devices = |reason: &Reason<'_>| {
        let mut devices = reason.devices.iter();
        reason.host || devices.any(|&id| report.is_candidate(id))
    };
    let list = reasons(report, &everything, Effect::Note);
    let (list, others): (Vec<_>, Vec<_>) = list.into_iter().partition(about_devices);
    html! {
        section #findings {
            h2 { "Findings" }
            @if list.is_empty() { p { "Nothing was found that matters to these policies." } }
            @for reason in &list { (rule(report, reason)) }
            @if !others.is_empty() {
                details {
                    summary { "About ports, bridges and event collectors alone (" (others.len()) ")" }
                    @for reason in &others { (rule(report, reason)) }
                }
            }
        }
    }
}

fn rule(report: &Report<'_>, reason: &Reason<'_>) -> Markup {
    let rule = reason.rule;
    let open = reason.effect >= Effect::Condition;
    let hits = hits(report, reason);
    html! {
        article.finding id=(rule.code) {
            h3 { span.code { (rule.code) } " " (rule.summary) }
            p.faint {
                (rule.severity.name()) " severity"
                @for &policy in report.policies {
                    @match rule.effects.on(policy) {
                        Effect::None => {},
                        Effect::Note => { "; worth knowing for " (policy.name()) },
                        Effect::Condition => { "; a condition for " (policy.name()) },
                        Effect::Blocks => { "; " b.no { "blocks " (policy.name()) } },
                    }
                }
            }
            @for hit in hits.iter().take(MOST_HITS) { (hit_markup(report, hit)) }
            @if hits.len() > MOST_HITS {
                p {
                    (hits.len() - MOST_HITS) " more of this rule are not shown; "
                    code { "assignable explain INPUT --device ADDRESS" } " gives those about a device."
                }
            }
            details open[open] {
                summary { "What to do" }
                @for paragraph in advice(rule.explanation) { p { (prose(&paragraph)) } }
                p.faint {
                    "See: "
                    @for (index, cite) in rule.cites.iter().enumerate() {
                        @if index > 0 { "; " }
                        (cite)
                    }
                }
            }
        }
    }
}

/// Findings of one rule that say the same, on the same evidence.
struct Hit<'r> {
    finding: &'r Finding,
    subjects: Vec<Subject>,
}

fn hits<'r>(report: &Report<'_>, reason: &Reason<'r>) -> Vec<Hit<'r>> {
    let mut hits: Vec<Hit<'r>> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for &finding in &reason.findings {
        let index = *known.entry(likeness(report, finding)).or_insert(hits.len());
        match hits.get_mut(index) {
            Some(hit) => hit.subjects.push(finding.subject()),
            None => hits.push(Hit {
                finding,
                subjects: vec![finding.subject()],
            }),
        }
    }
    hits
}

/// A text that is equal for findings that differ in nothing but the device: its own address
/// and the lines that it was read from are left out.
fn likeness(report: &Report<'_>, finding: &Finding) -> String {
    let own = match finding.subject() {
        Subject::Function(id) => Some(id),
        Subject::Host => None,
    };
    let mut text = finding.message();
    if let Some(id) = own {
        text = text.replace(&report.facts.host.function(id).at.to_string(), "itself");
    }
    let _ = write!(text, "\n{}", finding.confidence().name());
    for evidence in finding.evidence() {
        let of = evidence::function_of(evidence.locus).filter(|&id| Some(id) != own);
        let span = match evidence.locus {
            Locus::Config(_, span) | Locus::Table(_, span) => Some(span),
            _ => None,
        };
        let _ = write!(
            text,
            "\n{of:?} {span:?} {} {} {:?}",
            evidence.what, evidence.seen, evidence.wanted
        );
        if let Locus::Log(line) = evidence.locus {
            let _ = write!(text, " {line}");
        }
    }
    text
}

fn hit_markup(report: &Report<'_>, hit: &Hit<'_>) -> Markup {
    const FEW: usize = 12;
    let functions: Vec<FunctionId> = hit
        .subjects
        .iter()
        .filter_map(|subject| match subject {
            Subject::Function(id) => Some(*id),
            Subject::Host => None,
        })
        .collect();
    html! {
        div.hit {
            p {
                b { (safe(&hit.finding.message())) }
                " " span.faint { "(" (hit.finding.confidence().name()) " confidence)" }
            }
            p.subjects {
                @match functions.as_slice() {
                    [] => "The whole host.",
                    few if few.len() <= FEW => { @for &id in few { (link(report, id)) " " } }
                    [first, ..] => {
                        (link(report, *first)) " and " (functions.len() - 1) " others say the same:"
                        details {
                            summary { "all " (functions.len()) }
                            (links(report, &functions))
                        }
                    }
                }
            }
            @for evidence in hit.finding.evidence() {
                div.evidence {
                    p { (safe(&evidence::line(report.facts.host, evidence))) }
                    (bytes(report, evidence))
                }
            }
        }
    }
}

/// Text of a rule's page: what stands between backticks is code.
pub(super) fn prose(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// The bytes or the line that evidence stands in, where the capture holds them.
fn bytes(report: &Report<'_>, evidence: &Evidence) -> Markup {
    let host = report.facts.host;
    let shown = match evidence.locus {
        Locus::Config(id, span) => hex::config(host.function(id).config, span),
        Locus::Table(kind, span) => host
            .capture()
            .tables
            .get(kind.signature())
            .and_then(|bytes| hex::table(bytes, span)),
        Locus::Log(line) => log_line(report, line).map(|line| html! { pre.log { (line) } }),
        Locus::Lists(_)
        | Locus::Resource(..)
        | Locus::Reported(..)
        | Locus::Tree(_)
        | Locus::Step(_)
        | Locus::Capture => None,
    };
    shown.unwrap_or_default()
}

/// A line of the kernel's log, by its number from 1.
fn log_line(report: &Report<'_>, line: u32) -> Option<String> {
    let log = report.facts.host.capture().host.get("log.txt")?;
    let index = usize::try_from(line).ok()?.checked_sub(1)?;
    let text = log.split(|&byte| byte == b'\n').nth(index)?;
    Some(safe(String::from_utf8_lossy(text).trim_end()))
}
