//! What the capture lacks, what hangs on it, and how to get it.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::devices::links;
use crate::analysis::Fact;
use crate::host::FunctionId;
use crate::policy::Effect;
use crate::report::Report;
use crate::report::reasons::strongest;
use crate::report::wording::count;
use crate::rules::{Gap, Rule};

#[derive(Default)]
struct Lack {
    rules: Vec<&'static Rule>,
    devices: Vec<FunctionId>,
    host: bool,
}

pub(super) fn section(report: &Report<'_>) -> Markup {
    let mut lacks: BTreeMap<Fact, Lack> = BTreeMap::new();
    let mut add = |gap: &Gap, device: Option<FunctionId>| {
        if strongest(report, gap.rule) < Effect::Condition {
            return;
        }
        let lack = lacks.entry(gap.missing.fact).or_default();
        if !lack.rules.iter().any(|rule| rule.code == gap.rule.code) {
            lack.rules.push(gap.rule);
        }
        match device {
            Some(id) if lack.devices.last() != Some(&id) => lack.devices.push(id),
            Some(_) => {}
            None => lack.host = true,
        }
    };
    for gap in report.run.host_gaps() {
        add(gap, None);
    }
    for id in report.candidates() {
        for gap in report.run.gaps_of(id) {
            add(gap, Some(id));
        }
    }
    for lack in lacks.values_mut() {
        lack.rules.sort_by_key(|rule| rule.code);
    }
    html! {
        section #missing {
            h2 { "Missing evidence" }
            @if lacks.is_empty() {
                p { "The capture holds everything that these policies ask for." }
            } @else {
                p { "Each of these facts would settle a question that the capture leaves open." }
            }
            @for (fact, lack) in &lacks { (item(report, *fact, lack)) }
        }
    }
}

fn item(report: &Report<'_>, fact: Fact, lack: &Lack) -> Markup {
    html! {
        article.gap {
            h3 { (sentence_case(fact.describe())) }
            p.faint {
                @if lack.host {
                    "Concerns the whole host"
                } @else {
                    "Concerns " (count(lack.devices.len(), "device", "devices"))
                }
                "; asked for by "
                @for (index, rule) in lack.rules.iter().enumerate() {
                    @if index > 0 { ", " }
                    abbr title=(rule.summary) { (rule.code) }
                }
                "."
            }
            dl {
                dt { "Linux" } dd { code { (fact.linux_command()) } }
                @if let Some(command) = fact.windows_command() {
                    dt { "Windows" } dd { code { (command) } }
                }
            }
            @if !lack.devices.is_empty() {
                details {
                    summary { "The devices" }
                    p { (links(report, &lack.devices)) }
                }
            }
        }
    }
}

/// With a capital letter at the front, where it begins with a plain word.
fn sentence_case(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
