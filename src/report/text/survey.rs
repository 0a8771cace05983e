//! The survey: one row for each device that somebody might assign, then the reasons.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::missing;
use crate::host::FunctionId;
use crate::policy::{Effect, Policy};
use crate::report::wording::{count, fit, safe, size, wrap};
use crate::report::{Layout, Report};
use crate::rules::Rule;
use crate::topology::LocationPath;
use crate::verdict::{Decision, Verdict};

const CELL: usize = 18;
const MMIO: usize = 9;

/// The survey as text.
pub fn survey(report: &Report<'_>, layout: Layout) -> String {
    let mut out = String::new();
    let listed: Vec<FunctionId> = if layout.all {
        report.facts.host.iter().map(|(id, _)| id).collect()
    } else {
        report.candidates().collect()
    };
    head(&mut out, report, layout);
    table(&mut out, report, layout, &listed);
    let others = report.facts.host.functions().len() - listed.len();
    summary(&mut out, report, layout, &listed, others);
    super::host::section(&mut out, report, layout);
    reasons(&mut out, report, layout, &listed);
    lacking(&mut out, report, layout, &listed);
    out
}

/// What was analysed.
fn head(out: &mut String, report: &Report<'_>, layout: Layout) {
    let capture = report.facts.host.capture();
    let mut text = count(capture.functions.len(), "function", "functions");
    if !capture.tables.is_empty() {
        let _ = write!(
            text,
            ", {}",
            count(capture.tables.len(), "ACPI table", "ACPI tables")
        );
    }
    let sources: Vec<String> = capture
        .sources
        .keys()
        .take(4)
        .map(|name| safe(name))
        .collect();
    if !sources.is_empty() {
        let more = capture.sources.len() - sources.len();
        let tail = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let _ = write!(text, " from {}{tail}", sources.join(", "));
    }
    let _ = write!(text, "; names from pci.ids {}", report.names.version());
    for line in wrap(&text, layout.width) {
        let _ = writeln!(out, "{}", layout.palette.dim(line));
    }
    out.push('\n');
}

fn table(out: &mut String, report: &Report<'_>, layout: Layout, listed: &[FunctionId]) {
    let host = report.facts.host;
    let address = listed
        .iter()
        .map(|&id| host.function(id).at.to_string().len())
        .max()
        .unwrap_or(0)
        .max("ADDRESS".len());
    let fixed = address + 2 + 2 + MMIO + report.policies.len() * (2 + CELL);
    let name = layout.width.saturating_sub(fixed).max(24);
    let mut head = format!(
        "{}  {}  {:>MMIO$}",
        fit("ADDRESS", address),
        fit("DEVICE", name),
        "MMIO"
    );
    for policy in report.policies {
        let _ = write!(head, "  {}", fit(&policy.name().to_ascii_uppercase(), CELL));
    }
    let _ = writeln!(out, "{}", layout.palette.heading(head.trim_end()));
    for &id in listed {
        let function = host.function(id);
        let _ = write!(
            out,
            "{}  {}  {:>MMIO$}",
            fit(&function.at.to_string(), address),
            fit(&device_name(report, id), name),
            mmio(report, id)
        );
        for &policy in report.policies {
            let decision = Decision::of(report.run, policy, id);
            let cell = fit(&cell(&decision), CELL);
            let _ = write!(out, "  {}", layout.palette.verdict(decision.verdict, cell));
        }
        let trimmed = out.trim_end().len();
        out.truncate(trimmed);
        out.push('\n');
        let _ = writeln!(
            out,
            "{:address$}  {}",
            "",
            layout.palette.dim(place(report, id))
        );
    }
}

/// Name and ids.
pub(in crate::report) fn device_name(report: &Report<'_>, id: FunctionId) -> String {
    let function = report.facts.host.function(id);
    let identity = &function.identity;
    if !function.responds() && identity.vendor.is_none() && function.reported.name.is_none() {
        return "(no data)".to_owned();
    }
    let mut name = safe(&report.names.call(function));
    if let (Some(vendor), Some(device)) = (identity.vendor, identity.device) {
        name = format!("[{vendor:04x}:{device:04x}] {name}");
    }
    name
}

/// Where the device sits, and what it belongs to.
pub(in crate::report) fn place(report: &Report<'_>, id: FunctionId) -> String {
    let (host, topology) = (report.facts.host, report.facts.topology);
    if let Some(pf) = host.function(id).physical {
        return format!("virtual function of {}", host.function(pf).at);
    }
    match LocationPath::of(host, topology, id) {
        Some(path) => path.to_string(),
        None => "location path unknown: a bridge above is not in the capture".to_owned(),
    }
}

/// Memory that the device's BARs ask for; `≥` where a size is missing.
pub(in crate::report) fn mmio(report: &Report<'_>, id: FunctionId) -> String {
    let Some(demand) = report.facts.profile(id).demand else {
        return "?".to_owned();
    };
    // A BAR whose size is missing adds its smallest possible size, which says nothing.
    let unsized_bars = demand.unsized_bars;
    match demand.memory().exact() {
        Some(0) => "none".to_owned(),
        Some(bytes) => size(bytes),
        None if demand.memory().least <= 16 * u64::from(unsized_bars.len()) => "?".to_owned(),
        None => format!("≥{}", size(demand.memory().least)),
    }
}

/// The verdict in a word, and the first codes behind it.
fn cell(decision: &Decision<'_>) -> String {
    let findings = |list: &[&crate::rules::Finding]| -> Vec<&'static str> {
        list.iter().map(|finding| finding.rule().code).collect()
    };
    let (word, mut codes) = match decision.verdict {
        Verdict::Assignable => ("yes", Vec::new()),
        Verdict::AssignableWithConditions => ("if", findings(&decision.conditions)),
        Verdict::Undetermined => ("?", decision.gaps.iter().map(|gap| gap.rule.code).collect()),
        Verdict::NotAssignable => ("no", findings(&decision.blockers)),
    };
    codes.dedup();
    match codes.as_slice() {
        [] => word.to_owned(),
        [one] => format!("{word:<3} {one}"),
        [first, rest @ ..] => format!("{word:<3} {first} +{}", rest.len()),
    }
}

fn summary(
    out: &mut String,
    report: &Report<'_>,
    layout: Layout,
    listed: &[FunctionId],
    others: usize,
) {
    let _ = writeln!(out);
    for &policy in report.policies {
        let tally = |wanted: Verdict| {
            listed
                .iter()
                .filter(|&&id| Verdict::of(report.run, policy, id) == wanted)
                .count()
        };
        let _ = writeln!(
            out,
            "{}: {} yes, {} if conditions are met, {} ? (evidence missing), {} no",
            layout.palette.heading(policy.name()),
            tally(Verdict::Assignable),
            tally(Verdict::AssignableWithConditions),
            tally(Verdict::Undetermined),
            tally(Verdict::NotAssignable),
        );
    }
    if others > 0 {
        let text = format!(
            "{} left out (--all lists them)",
            count(
                others,
                "port, bridge or event collector",
                "ports, bridges and event collectors"
            )
        );
        let _ = writeln!(out, "{}", layout.palette.dim(text));
    }
}

/// Each rule that decided something, with the devices that it decided.
fn reasons(out: &mut String, report: &Report<'_>, layout: Layout, listed: &[FunctionId]) {
    let mut hits: BTreeMap<(std::cmp::Reverse<Effect>, &str), Hit> = BTreeMap::new();
    let lowest = if layout.all {
        Effect::Note
    } else {
        Effect::Condition
    };
    let strongest = |rule: &Rule| {
        let effects = report
            .policies
            .iter()
            .map(|&policy| rule.effects.on(policy));
        effects.max().unwrap_or(Effect::None)
    };
    for finding in report.run.host_findings() {
        let effect = strongest(finding.rule());
        if effect >= lowest {
            let key = (std::cmp::Reverse(effect), finding.rule().code);
            hits.entry(key)
                .or_insert_with(|| Hit::new(finding.rule()))
                .host = true;
        }
    }
    for &id in listed {
        for finding in report.run.findings_of(id) {
            let effect = strongest(finding.rule());
            if effect >= lowest {
                let key = (std::cmp::Reverse(effect), finding.rule().code);
                hits.entry(key)
                    .or_insert_with(|| Hit::new(finding.rule()))
                    .devices
                    .push(id);
            }
        }
    }
    if hits.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", layout.palette.heading("REASONS"));
    for hit in hits.values() {
        let line = format!(
            "{} {}",
            effect_words(hit.rule, report.policies),
            hit.rule.summary
        );
        let indent = hit.rule.code.len() + 2;
        let mut lines = wrap(&line, layout.width.saturating_sub(indent)).into_iter();
        let first = lines.next().unwrap_or_default();
        let _ = writeln!(out, "{}  {first}", layout.palette.accent(hit.rule.code));
        for line in lines {
            let _ = writeln!(out, "{:indent$}{line}", "");
        }
        let devices = hit.devices(report, layout.width.saturating_sub(indent));
        let _ = writeln!(out, "{:indent$}{}", "", layout.palette.dim(devices));
    }
}

struct Hit {
    rule: &'static Rule,
    host: bool,
    devices: Vec<FunctionId>,
}

impl Hit {
    const fn new(rule: &'static Rule) -> Self {
        Self {
            rule,
            host: false,
            devices: Vec::new(),
        }
    }

    /// The devices on one line; how many more there are where they do not fit.
    fn devices(&self, report: &Report<'_>, width: usize) -> String {
        if self.host {
            return "the whole host".to_owned();
        }
        let mut text = String::new();
        for (index, &id) in self.devices.iter().enumerate() {
            let at = report.facts.host.function(id).at.to_string();
            let rest = self.devices.len() - index;
            let tail = format!(" and {rest} more");
            if text.len() + at.len() + tail.len() > width && rest > 1 {
                text.push_str(&tail);
                break;
            }
            if index > 0 {
                text.push(' ');
            }
            text.push_str(&at);
        }
        text
    }
}

/// What a rule means to each policy asked for: `[blocks hyperv-2025, condition of vfio]`.
fn effect_words(rule: &Rule, policies: &[Policy]) -> String {
    let words: Vec<String> = policies
        .iter()
        .filter_map(|&policy| match rule.effects.on(policy) {
            Effect::None => None,
            Effect::Note => Some(format!("note for {policy}")),
            Effect::Condition => Some(format!("condition of {policy}")),
            Effect::Blocks => Some(format!("blocks {policy}")),
        })
        .collect();
    format!("[{}]", words.join(", "))
}

/// What the capture lacks of what decides a verdict.
fn lacking(out: &mut String, report: &Report<'_>, layout: Layout, listed: &[FunctionId]) {
    let decides = |rule: &Rule| {
        let effects = report
            .policies
            .iter()
            .map(|&policy| rule.effects.on(policy));
        effects.max().unwrap_or(Effect::None) >= Effect::Condition
    };
    missing::section(
        out,
        report,
        layout,
        "MISSING FROM THE CAPTURE",
        listed,
        decides,
    );
}
