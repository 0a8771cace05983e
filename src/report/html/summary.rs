//! What a reader needs first, and what they should know about the page.

use maud::{Markup, html};

use super::findings::prose;
use super::{class_of, link};
use crate::host::FunctionId;
use crate::policy::{Effect, Policy};
use crate::report::Report;
use crate::report::opening::{Step, against, answer, first_steps};
use crate::report::reasons::{Reason, reasons};
use crate::report::wording::{count, safe, verdict_words};
use crate::verdict::Verdict;
use crate::verdict::host::HostVerdict;

const VERDICTS: [Verdict; 4] = [
    Verdict::Assignable,
    Verdict::AssignableWithConditions,
    Verdict::Undetermined,
    Verdict::NotAssignable,
];

/// What the page is called: after the machine where the capture names it, else after the file.
pub(super) fn title(report: &Report<'_>) -> String {
    let capture = report.facts.host.capture();
    let platform = &capture.manifest.platform;
    let part = |names: &[&str]| names.iter().find_map(|name| platform.get(*name));
    let vendor = part(&["sys_vendor", "vendor", "system-manufacturer"]);
    let product = part(&["product_name", "product", "system-product-name"]);
    let machine: Vec<String> = vendor
        .into_iter()
        .chain(product)
        .map(|text| safe(text))
        .collect();
    let source = capture.sources.keys().next().map(|name| safe(name));
    match (machine.is_empty(), source) {
        (false, _) => format!("Device assignment: {}", machine.join(" ")),
        (true, Some(source)) => format!("Device assignment: {source}"),
        (true, None) => "Device assignment".to_owned(),
    }
}

pub(super) fn section(report: &Report<'_>) -> Markup {
    let devices: Vec<FunctionId> = report.candidates().collect();
    let mut important = reasons(report, &devices, Effect::Condition);
    important.truncate(3);
    html! {
        header #summary {
            h1 { (title(report)) }
            (facts(report, &devices))
            div.tallies {
                @for &policy in report.policies {
                    (tally(report, policy, &devices))
                }
            }
            @if !important.is_empty() {
                h2 { "The most important findings" }
                ol.important { @for reason in &important { (finding(report, reason)) } }
            }
            (first(report, &devices))
        }
    }
}

fn finding(report: &Report<'_>, reason: &Reason<'_>) -> Markup {
    html! {
        li {
            a href={ "#" (reason.rule.code) } { (reason.rule.code) }
            " " (reason.rule.summary) ". "
            span.faint {
                @if reason.host {
                    "Concerns the whole host."
                } @else {
                    "Concerns " (count(reason.devices.len(), "device", "devices")) ": "
                    @for &id in reason.devices.iter().take(4) { (link(report, id)) " " }
                    @if reason.devices.len() > 4 { "and " (reason.devices.len() - 4) " more" }
                }
            }
        }
    }
}

/// What to do before anything else.
fn first(report: &Report<'_>, devices: &[FunctionId]) -> Markup {
    let steps = first_steps(report, devices);
    html! {
        h2 { "What to do first" }
        @if devices.is_empty() {
            p { "Nothing: the capture holds no device that could be assigned." }
        } @else if steps.is_empty() {
            p { "Nothing: no finding stands against a device, and no evidence is missing." }
        }
        @if !steps.is_empty() {
            ol.first {
                @for step in &steps {
                    li {
                        @match step {
                            Step::Mend { rule, advice, devices } => {
                                "For " a href={ "#" (rule.code) } { (rule.code) } ", which concerns "
                                @match devices {
                                    Some(number) => (count(*number, "device", "devices")),
                                    None => "the whole host",
                                }
                                ":"
                                @for paragraph in advice { p { (prose(paragraph)) } }
                            }
                            Step::Capture { fact, devices } => {
                                "Capture what is missing: " (fact.describe()) ". "
                                (count(*devices, "device waits", "devices wait")) " for it."
                                dl {
                                    dt { "Linux" } dd { code { (fact.linux_command()) } }
                                    @if let Some(command) = fact.windows_command() {
                                        dt { "Windows" } dd { code { (command) } }
                                    }
                                }
                                p { a href="#missing" { "All that is missing" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn facts(report: &Report<'_>, devices: &[FunctionId]) -> Markup {
    let capture = report.facts.host.capture();
    let manifest = &capture.manifest;
    let others = capture.functions.len() - devices.len();
    html! {
        p {
            (count(devices.len(), "device", "devices")) ", "
            (count(others, "port, bridge or event collector", "ports, bridges and event collectors"))
            ", " (count(capture.tables.len(), "ACPI table", "ACPI tables")) "."
            @if let Some(os) = &manifest.os {
                " " (safe(os))
                @if let Some(release) = &manifest.os_release { " " (safe(release)) }
                "."
            }
            @if let Some(time) = &manifest.time { " Captured " (safe(time)) "." }
        }
    }
}

fn tally(report: &Report<'_>, policy: Policy, devices: &[FunctionId]) -> Markup {
    let number = |wanted: Verdict| {
        let verdicts = devices
            .iter()
            .map(|&id| Verdict::of(report.run, policy, id));
        verdicts.filter(|&verdict| verdict == wanted).count()
    };
    html! {
        div.tally {
            h2 { (policy.name()) }
            (host(report, policy))
            ul.counts {
                @for verdict in VERDICTS {
                    li class=(class_of(verdict)) {
                        b { (number(verdict)) } " " (verdict_words(verdict))
                    }
                }
            }
        }
    }
}

/// Whether the host can assign devices at all, and what stands against it.
fn host(report: &Report<'_>, policy: Policy) -> Markup {
    let host = HostVerdict::of(report.facts, report.run, policy);
    let (words, reported) = answer(&host);
    let reasons: Vec<(String, &[&str])> = host
        .requirements
        .iter()
        .filter_map(|item| Some((against(item)?, item.rules.as_slice())))
        .collect();
    html! {
        p.host {
            "This host: "
            b class=(class_of(host.verdict)) data-host=(policy.name()) { (words) (reported) }
        }
        @if !reasons.is_empty() {
            ul.reasons {
                @for (reason, codes) in &reasons {
                    li {
                        (reason)
                        span.codes { @for code in *codes { " " (code) } }
                    }
                }
            }
        }
    }
}

/// Where everything comes from, what is private in it, and how it was made.
pub(super) fn about(report: &Report<'_>) -> Markup {
    let capture = report.facts.host.capture();
    let manifest = &capture.manifest;
    html! {
        section #about {
            h2 { "About this page" }
            h3 { "Privacy" }
            p {
                "The page holds what its findings rest on: ids and names of devices, their addresses, bytes of "
                "configuration space and firmware tables, names of drivers and of the host's disks and network "
                "interfaces where they matter, and lines of the kernel's log. Read it before you pass it on."
            }
            @match &manifest.redaction {
                Some(redaction) => {
                    p { "Private data was taken out of the capture before (" (count(redaction.changed.len(), "place", "places")) ")." }
                    details {
                        summary { "What was taken out" }
                        ul { @for place in &redaction.changed { li { (safe(place)) } } }
                    }
                }
                None => p { "The capture is not marked as redacted." },
            }
            h3 { "Sources" }
            @if capture.sources.is_empty() {
                p { "A capture without imported texts." }
            } @else {
                ul { @for name in capture.sources.keys() { li { (safe(name)) } } }
            }
            @if !manifest.platform.is_empty() {
                h3 { "Machine" }
                dl { @for (name, value) in &manifest.platform { dt { (safe(name)) } dd { (safe(value)) } } }
            }
            @if !manifest.failures.is_empty() {
                details {
                    summary { (count(manifest.failures.len(), "thing", "things")) " could not be read when the capture was made" }
                    ul { @for failure in &manifest.failures { li { (safe(&failure.what)) ": " (safe(&failure.why)) } } }
                }
            }
            @if !manifest.conflicts.is_empty() {
                details {
                    summary { "Sources disagree about " (count(manifest.conflicts.len(), "fact", "facts")) }
                    ul {
                        @for conflict in &manifest.conflicts {
                            li {
                                @if let Some(function) = &conflict.function { (safe(function)) " " }
                                (safe(&conflict.fact)) ": " (safe(&conflict.kept)) " was kept, " (safe(&conflict.other)) " set aside"
                            }
                        }
                    }
                }
            }
            h3 { "How it was made" }
            p {
                "By assignable " (env!("CARGO_PKG_VERSION")) ", for "
                @for (index, policy) in report.policies.iter().enumerate() {
                    @if index > 0 { ", " }
                    (policy.name())
                }
                ", with names from pci.ids " (report.names.version()) ". "
                "It judges the machine as captured, from files alone; nothing on the host was touched. "
                code { "assignable rules CODE" } " prints the page of a rule."
            }
        }
    }
}
