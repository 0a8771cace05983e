//! Every function with its verdicts, in a table that a little script can filter.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::{anchor, class_of, link};
use crate::analysis::groups::Groups;
use crate::host::FunctionId;
use crate::policy::Policy;
use crate::report::picture::alike;
use crate::report::text::explain::facts_of;
use crate::report::text::survey::{device_name, mmio, place};
use crate::report::wording::{count, safe, verdict_words};
use crate::report::{Layout, Palette, Report};
use crate::verdict::{Decision, Verdict};

/// Devices of one table whose facts stand in the page; `explain` gives those of the others.
const MOST_DETAILED: usize = 1000;
/// Links in a line of them: a page about thousands of functions must still open.
const MOST_LINKS: usize = 256;

/// From how many equal virtual functions on their rows are folded.
const FOLD_FROM: usize = 2;

pub(super) fn section(report: &Report<'_>, groups: &Groups) -> Markup {
    let host = report.facts.host;
    let devices: Vec<FunctionId> = report.candidates().collect();
    let others: Vec<FunctionId> = host
        .iter()
        .map(|(id, _)| id)
        .filter(|&id| !report.is_candidate(id))
        .collect();
    html! {
        section #devices {
            h2 { "Devices" }
            form.filter hidden role="search" aria-label="Filter the devices" {
                label { "Show devices with " input type="search" name="text" placeholder="address, name, code"; }
                label {
                    "and the verdict "
                    select name="verdict" {
                        option value="" { "any" }
                        @for &policy in report.policies {
                            @for verdict in [Verdict::Assignable, Verdict::AssignableWithConditions, Verdict::Undetermined, Verdict::NotAssignable] {
                                option value={ (policy.name()) " " (verdict.name()) } {
                                    (policy.name()) ": " (verdict_words(verdict))
                                }
                            }
                        }
                    }
                }
                output name="shown" aria-live="polite" {}
            }
            @if devices.is_empty() {
                p { "The capture holds no device that could be assigned." }
            } @else {
                (table(report, groups, "Devices and their verdicts", &devices))
            }
            @if !others.is_empty() {
                details {
                    summary { (count(others.len(), "port, bridge or event collector", "ports, bridges and event collectors")) }
                    (table(report, groups, "Ports, bridges and event collectors", &others))
                }
            }
        }
    }
}

/// Rows of a table that belong together.
enum Rows {
    /// As they are.
    Plain(Vec<FunctionId>),
    /// Equal virtual functions of one physical function, folded behind a row of their own.
    Folded(Vec<FunctionId>),
}

/// The rows by address, with equal virtual functions taken behind their physical one.
fn rows(report: &Report<'_>, groups: &Groups, devices: &[FunctionId]) -> Vec<Rows> {
    let mut virtuals: BTreeMap<FunctionId, Vec<FunctionId>> = BTreeMap::new();
    for &id in devices {
        let physical = report.facts.host.function(id).physical;
        if let Some(physical) = physical.filter(|pf| devices.binary_search(pf).is_ok()) {
            virtuals.entry(physical).or_default().push(id);
        }
    }
    let folds: BTreeMap<FunctionId, Vec<Vec<FunctionId>>> = virtuals
        .into_iter()
        .map(|(physical, functions)| {
            let mut runs = alike(report, groups, &functions);
            runs.retain(|run| run.len() >= FOLD_FROM);
            (physical, runs)
        })
        .collect();
    let folded: BTreeSet<FunctionId> = folds.values().flatten().flatten().copied().collect();
    let mut parts = Vec::new();
    let mut plain = Vec::new();
    for &id in devices {
        if !folded.contains(&id) {
            plain.push(id);
        }
        for run in folds.get(&id).into_iter().flatten() {
            parts.push(Rows::Plain(std::mem::take(&mut plain)));
            parts.push(Rows::Folded(run.clone()));
        }
    }
    parts.push(Rows::Plain(plain));
    parts
}

fn table(report: &Report<'_>, groups: &Groups, caption: &str, devices: &[FunctionId]) -> Markup {
    let detailed = |id: FunctionId| {
        let place = devices.binary_search(&id);
        place.is_ok_and(|place| place < MOST_DETAILED)
    };
    html! {
        @if devices.len() > MOST_DETAILED {
            p.faint {
                "Path, ACS, interrupts, resets and BARs of the devices after the first " (MOST_DETAILED) ": "
                code { "assignable explain INPUT --device ADDRESS" }
            }
        }
        table.devices {
            caption { (caption) }
            thead {
                tr {
                    th scope="col" { "Address" }
                    th scope="col" { "Device" }
                    th scope="col" { "Group" }
                    th scope="col" { "MMIO" }
                    @for &policy in report.policies { th scope="col" { (policy.name()) } }
                }
            }
            @for part in rows(report, groups, devices) {
                @match part {
                    Rows::Plain(ids) => {
                        @if !ids.is_empty() {
                            tbody { @for &id in &ids { (row(report, groups, id, detailed(id))) } }
                        }
                    }
                    Rows::Folded(run) => {
                        tbody.fold { (fold(report, &run)) }
                        tbody.folded { @for &id in &run { (row(report, groups, id, run.first() == Some(&id) && detailed(id))) } }
                    }
                }
            }
        }
    }
}

/// The row before equal virtual functions. It needs no script: the rows behind it follow its
/// checkbox.
fn fold(report: &Report<'_>, run: &[FunctionId]) -> Markup {
    let (Some(&first), Some(&last)) = (run.first(), run.last()) else {
        return html! {};
    };
    let host = report.facts.host;
    html! {
        tr {
            th scope="rowgroup" colspan="4" {
                label {
                    input type="checkbox";
                    " " (run.len()) " equal virtual functions, "
                    (host.function(first).at) " to " (host.function(last).at)
                }
            }
            @for &policy in report.policies { (verdict(report, policy, first)) }
        }
    }
}

fn row(report: &Report<'_>, groups: &Groups, id: FunctionId, in_detail: bool) -> Markup {
    let function = report.facts.host.function(id);
    let verdicts: Vec<String> = report
        .policies
        .iter()
        .map(|&policy| format!("{policy} {}", Verdict::of(report.run, policy, id).name()))
        .collect();
    html! {
        tr.device id=(anchor(function.at)) data-verdicts=(verdicts.join(";")) {
            th scope="row" { span.at { (function.at) } }
            td data-label="Device" {
                (device_name(report, id))
                div.faint { (place(report, id)) }
                @if let Some(driver) = &function.reported.driver {
                    div.faint { "driver " (safe(&driver.value)) }
                }
                @if in_detail {
                    details {
                        summary { "Path, ACS, interrupts, resets, BARs" }
                        pre.facts { (facts(report, id)) }
                    }
                }
            }
            td data-label="Group" { (group(report, groups, id)) }
            td.number data-label="MMIO" { (mmio(report, id)) }
            @for &policy in report.policies { (verdict(report, policy, id)) }
        }
    }
}

fn facts(report: &Report<'_>, id: FunctionId) -> String {
    let layout = Layout {
        width: 96,
        palette: Palette::plain(),
        all: true,
    };
    facts_of(report, layout, id).trim_start().to_owned()
}

/// The verdict under one policy, with the rules behind it.
fn verdict(report: &Report<'_>, policy: Policy, id: FunctionId) -> Markup {
    const FEW: usize = 4;
    let decision = Decision::of(report.run, policy, id);
    let mut codes: Vec<&'static str> = match decision.verdict {
        Verdict::Assignable => Vec::new(),
        Verdict::AssignableWithConditions => {
            let conditions = decision.conditions.iter();
            conditions.map(|finding| finding.rule().code).collect()
        }
        Verdict::Undetermined => decision.gaps.iter().map(|gap| gap.rule.code).collect(),
        Verdict::NotAssignable => {
            let blockers = decision.blockers.iter();
            blockers.map(|finding| finding.rule().code).collect()
        }
    };
    codes.dedup();
    // Findings have a section to go to; what is missing is listed by fact.
    let found = decision.verdict != Verdict::Undetermined;
    html! {
        td.verdict data-label=(policy.name()) {
            span class={ "pill " (class_of(decision.verdict)) } data-policy=(policy.name()) {
                (verdict_words(decision.verdict))
            }
            span.codes {
                @for code in codes.iter().take(FEW) {
                    " "
                    @if found { a href={ "#" (code) } { (code) } } @else { a href="#missing" { (code) } }
                }
                @if codes.len() > FEW { " +" (codes.len() - FEW) }
            }
        }
    }
}

fn group(report: &Report<'_>, groups: &Groups, id: FunctionId) -> Markup {
    let reported = &report.facts.host.function(id).reported.iommu_group;
    html! {
        @match groups.group(id) {
            Some(group) => {
                a href={ "#group" (group.index()) } { (group.index()) }
                @if !groups.is_definite(id) { "?" }
                @let members = groups.companions(id).len();
                @if members > 1 { span.faint { " of " (members) } }
            }
            None => span.faint { "none" },
        }
        @if let Some(reported) = reported {
            div.faint { "kernel: " (reported.value) }
        }
    }
}

/// Devices in a line, each leading to its row; how many more there are where they are many.
pub(super) fn links(report: &Report<'_>, devices: &[FunctionId]) -> Markup {
    html! {
        @for &id in devices.iter().take(MOST_LINKS) { (link(report, id)) " " }
        @if devices.len() > MOST_LINKS { "and " (devices.len() - MOST_LINKS) " more" }
    }
}
