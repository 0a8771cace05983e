//! Everything about one device: where it sits, what isolates it, what it needs, and why the
//! verdict is what it is.

use std::fmt::Write as _;

use crate::analysis::Tri;
use crate::analysis::acs::{AcsSupport, Hop, HopRole, ReportedAcs, UpHierarchy};
use crate::analysis::device_type::DeviceType;
use crate::analysis::resources::{self, BarDemand, Size, SizeSource};
use crate::bytes::{Observed, Span, Window};
use crate::host::{FunctionId, WindowsFacts};
use crate::iommu::OwnershipReason;
use crate::policy::Effect;
use crate::report::evidence;
use crate::report::wording::{count, safe, size, wrap};
use crate::report::{Layout, Report};
use crate::rules::{Finding, Gap, Locus};
use crate::spec::windows::{self, DeviceProperty};
use crate::topology::{LocationPath, Node};
use crate::verdict::{Decision, Verdict};

/// The explanation as text.
pub fn explain(report: &Report<'_>, layout: Layout, id: FunctionId) -> String {
    let mut page = Page {
        out: String::new(),
        layout,
    };
    identity(&mut page, report, id);
    verdicts(&mut page, report, id);
    path(&mut page, report, id);
    translation(&mut page, report, id);
    super::host::section(&mut page.out, report, layout);
    mechanisms(&mut page, report, id);
    address_space(&mut page, report, id);
    findings(&mut page, report, id);
    gaps(&mut page, report, id);
    page.out
}

/// What the device is and has, without verdicts and what led to them.
pub(in crate::report) fn facts_of(report: &Report<'_>, layout: Layout, id: FunctionId) -> String {
    let mut page = Page {
        out: String::new(),
        layout,
    };
    identity(&mut page, report, id);
    path(&mut page, report, id);
    mechanisms(&mut page, report, id);
    address_space(&mut page, report, id);
    page.out
}

/// A page under construction.
struct Page {
    out: String,
    layout: Layout,
}

impl Page {
    fn section(&mut self, title: &str) {
        let title = self.layout.palette.heading(title);
        let _ = writeln!(self.out, "\n{title}");
    }

    fn line(&mut self, indent: usize, text: &str) {
        for (index, line) in wrap(text, self.layout.width.saturating_sub(indent + 2))
            .iter()
            .enumerate()
        {
            let hang = if index == 0 { indent } else { indent + 2 };
            let _ = writeln!(self.out, "{:hang$}{line}", "");
        }
    }

    fn fact(&mut self, name: &str, value: &str) {
        let _ = writeln!(self.out, "  {name:<16} {value}");
    }

    /// A fact with the file and line that it was read from.
    fn cited(&mut self, name: &str, value: &str, place: Option<String>) {
        self.fact(name, &with_place(value, place));
    }
}

/// File and line of a fact, where the capture keeps the text that says it.
fn cited(report: &Report<'_>, locus: Locus) -> Option<String> {
    // An origin without a line names no text.
    evidence::place(report.facts.host, locus).filter(|place| place.contains(':'))
}

fn with_place(text: &str, place: Option<String>) -> String {
    match place {
        Some(place) => format!("{text} ({place})"),
        None => text.to_owned(),
    }
}

fn identity(page: &mut Page, report: &Report<'_>, id: FunctionId) {
    let (host, topology) = (report.facts.host, report.facts.topology);
    let function = host.function(id);
    let title = format!("{}  {}", function.at, safe(&report.names.call(function)));
    let _ = writeln!(page.out, "{}", page.layout.palette.heading(title));
    let identity = &function.identity;
    if let (Some(vendor), Some(device)) = (identity.vendor, identity.device) {
        let mut ids = format!("{vendor:04x}:{device:04x}");
        if let Some((vendor, device)) = identity.subsystem {
            let _ = write!(ids, ", subsystem {vendor:04x}:{device:04x}");
        }
        if let Some(class) = identity.class {
            let _ = write!(ids, ", class {class}");
        }
        if let Some(revision) = identity.revision {
            let _ = write!(ids, ", revision {revision:02x}");
        }
        let place = cited(report, Locus::Reported(id, "device"))
            .or_else(|| cited(report, Locus::Config(id, Span::new(0, 4))));
        page.cited("ids", &ids, place);
    }
    let kind = match function.express() {
        Observed::Present(express) => cited(report, Locus::Config(id, express.window().span(2, 2))),
        _ => cited(report, Locus::Reported(id, "port_type")),
    };
    page.cited("kind", topology.kind(id).name(), kind);
    match LocationPath::of(host, topology, id) {
        Some(path) => {
            let mut text = path.to_string();
            if let Node::RootBus { segment, .. } = topology.top(id)
                && segment.0 != 0
            {
                let _ = write!(
                    text,
                    " (segment {segment}; Windows' notation for it is not known)"
                );
            }
            page.fact("location path", &text);
        }
        None if function.is_virtual() => {}
        None => page.fact(
            "location path",
            "unknown: a bridge above is not in the capture",
        ),
    }
    if let Some(pf) = function.physical {
        page.fact("virtual function", &format!("of {}", host.function(pf).at));
    }
    let captured = match (function.responds(), function.config.extent()) {
        (_, 0) => "nothing of its configuration space".to_owned(),
        (false, bytes) => format!("{bytes} bytes, none of them data"),
        (true, bytes) if function.config.known_bits() < u32::from(bytes) * 8 => {
            format!("parts of the first {bytes} bytes of its configuration space")
        }
        (true, bytes) => format!("{bytes} bytes of its configuration space"),
    };
    page.fact("captured", &captured);
    if let Some(driver) = &function.reported.driver {
        page.fact(
            "driver",
            &format!(
                "{} ({})",
                safe(&driver.value),
                safe(&driver.origin.to_string())
            ),
        );
    }
    if let Some(group) = &function.reported.iommu_group {
        page.fact(
            "IOMMU group",
            &format!("{} ({})", group.value, safe(&group.origin.to_string())),
        );
    }
    if let Some(node) = &function.reported.numa_node {
        let place = cited(report, Locus::Reported(id, "numa_node"));
        page.cited("NUMA node", &node.value.to_string(), place);
    }
    if let Some(slot) = &function.reported.slot {
        let place = cited(report, Locus::Reported(id, "slot"));
        page.cited("slot", &safe(&slot.value), place);
    }
}

fn verdicts(page: &mut Page, report: &Report<'_>, id: FunctionId) {
    page.section("VERDICT");
    for &policy in report.policies {
        let decision = Decision::of(report.run, policy, id);
        let word = page
            .layout
            .palette
            .verdict(decision.verdict, sentence(decision.verdict));
        let _ = writeln!(page.out, "  {:<12} {word}", policy.name());
        let codes = |findings: &[&Finding]| -> Vec<String> {
            findings
                .iter()
                .map(|finding| format!("{} {}", finding.rule().code, safe(&finding.message())))
                .collect()
        };
        let lacks = |gaps: &[&Gap]| -> Vec<String> {
            gaps.iter()
                .map(|gap| format!("{} needs {}", gap.rule.code, gap.missing.fact.describe()))
                .collect()
        };
        let mut because = match decision.verdict {
            Verdict::NotAssignable => codes(&decision.blockers),
            Verdict::Undetermined => lacks(&decision.gaps),
            Verdict::AssignableWithConditions => codes(&decision.conditions),
            Verdict::Assignable => Vec::new(),
        };
        if decision.verdict == Verdict::NotAssignable && !decision.gaps.is_empty() {
            because.push(format!(
                "besides, {} could not be checked",
                count(decision.gaps.len(), "requirement", "requirements")
            ));
        }
        if decision.verdict == Verdict::Undetermined && !decision.conditions.is_empty() {
            because.push(format!(
                "at best with {}",
                count(decision.conditions.len(), "condition", "conditions")
            ));
        }
        for reason in because {
            page.line(15, &reason);
        }
    }
}

const fn sentence(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Assignable => "assignable",
        Verdict::AssignableWithConditions => "assignable, with conditions",
        Verdict::Undetermined => "undetermined: the capture lacks evidence",
        Verdict::NotAssignable => "not assignable",
    }
}

fn path(page: &mut Page, report: &Report<'_>, id: FunctionId) {
    let (host, facts, topology) = (report.facts.host, report.facts, report.facts.topology);
    page.section("PATH FROM THE ROOT");
    match topology.top(id) {
        Node::RootBus { segment, bus } => page.line(2, &format!("root bus {segment}:{bus:02x}")),
        _ => page.line(2, "(the bridge above is not in the capture)"),
    }
    let mut hops: Vec<FunctionId> = topology.upstream(id).collect();
    hops.reverse();
    for (depth, &hop) in hops.iter().enumerate() {
        let indent = 4 + 2 * depth.min(12);
        let function = host.function(hop);
        let text = format!(
            "{} {}: {}",
            function.at,
            topology.kind(hop),
            services(facts.acs.hop(hop))
        );
        page.line(indent, &text);
        for (property, value) in reported_acs(&function.windows) {
            let place = cited(report, Locus::Reported(hop, property.key));
            let text = format!("{}: {value}", property.name);
            let text = page.layout.palette.dim(with_place(&text, place));
            let _ = writeln!(page.out, "{:1$}{text}", "", indent + 4);
        }
        if let Observed::Present(acs) = function.acs() {
            let window = acs.window();
            let registers = [("ACSCap", 4_u16), ("ACSCtl", 6)];
            for (name, offset) in registers {
                if let Some(value) = window.u16(offset) {
                    let span = window.span(offset, 2);
                    let place = evidence::place(host, Locus::Config(hop, span));
                    let place = place
                        .map(|place| format!("  ({place})"))
                        .unwrap_or_default();
                    let text = format!("{name} at +{:#05x}: {value:#06x}{place}", span.offset);
                    let text = page.layout.palette.dim(text);
                    let _ = writeln!(page.out, "{:1$}{text}", "", indent + 4);
                }
            }
        }
    }
    let able = facts.acs.path_able(topology, id);
    let active = facts.acs.path_active(topology, id);
    page.fact("able to isolate", &answer(page.layout, able));
    page.fact("as captured", &answer(page.layout, active));
    let foretold = match facts.acs.up_hierarchy(topology, id) {
        UpHierarchy::NotSupported => "0 (not supported)".to_owned(),
        UpHierarchy::SingleFunction => "1 (single function)".to_owned(),
        UpHierarchy::Supported => "3 (supported)".to_owned(),
        UpHierarchy::Unknown(missing) => format!("unknown: needs {}", missing.fact.describe()),
    };
    page.fact(
        "Windows would say",
        &format!("AcsCompatibleUpHierarchy {foretold}"),
    );
    let support = match facts.acs.support(topology, id) {
        AcsSupport::Present => "0 (present)",
        AcsSupport::MissingOrNotNeeded => "2 (missing), or 1 where Windows knows it needs none",
        AcsSupport::Missing => "2 (missing)",
        AcsSupport::Unknown => "unknown",
    };
    page.fact("", &format!("AcsSupport {support}"));
    let device_type = match DeviceType::of(topology.kind(id)) {
        Some(value) => format!(
            "DeviceType {} ({value}), if the firmware grants native control",
            value.0
        ),
        None => "DeviceType unknown".to_owned(),
    };
    page.fact("", &device_type);
}

/// What Windows reports of a hop, in words.
fn reported_acs(facts: &WindowsFacts) -> Vec<(DeviceProperty, String)> {
    let support = facts.acs_support.map(|value| {
        let name = match value {
            0 => "present",
            1 => "not needed",
            2 => "missing",
            _ => "unknown",
        };
        (windows::ACS_SUPPORT, format!("{value} ({name})"))
    });
    let register = facts.acs_capability_register.filter(|&value| value != 0);
    let register = register.map(|value| {
        let property = windows::ACS_CAPABILITY_REGISTER;
        (property, format!("{value:#06x}"))
    });
    let hierarchy = facts.acs_up_hierarchy.map(|value| {
        let name = UpHierarchy::name_of(value);
        (windows::ACS_UP_HIERARCHY, format!("{value} ({name})"))
    });
    [support, register, hierarchy]
        .into_iter()
        .flatten()
        .collect()
}

/// What a hop does about peer-to-peer traffic.
pub(in crate::report) fn services(hop: &Hop) -> String {
    match (hop.role, hop.capability) {
        (HopRole::ConventionalBridge, _) => {
            "requests from below lose their own id; cannot isolate".to_owned()
        }
        (_, Observed::Present(capability)) => {
            let mut text = format!("ACS {}", capability.set);
            let off = hop.switched_off();
            if !off.is_empty() {
                let _ = write!(text, "; off as captured: {off}");
            }
            let lacking = hop.lacking();
            if !lacking.is_empty() && hop.role == HopRole::Port {
                let _ = write!(text, "; not supported: {lacking}");
            }
            text
        }
        (role, Observed::NotCaptured) if hop.reported.is_some() => {
            let text = match (hop.reported, role) {
                (Some(ReportedAcs::Present(Some(services))), _) => format!("ACS {services}"),
                (Some(ReportedAcs::Present(None)), _) => "ACS".to_owned(),
                (Some(ReportedAcs::NotNeeded), _) | (_, HopRole::SingleFunction) => {
                    "no ACS, and needs none".to_owned()
                }
                _ => "no ACS".to_owned(),
            };
            format!("{text}, as Windows reports")
        }
        (HopRole::SingleFunction, Observed::Absent) => "no ACS, and needs none".to_owned(),
        (_, Observed::Absent) => "no ACS".to_owned(),
        (HopRole::SingleFunction, _) => "ACS unknown, and not needed".to_owned(),
        (_, Observed::NotCaptured) => "ACS unknown (not captured)".to_owned(),
        (_, Observed::Malformed(fault)) => format!("ACS unknown ({fault})"),
    }
}

fn answer(layout: Layout, tri: Tri) -> String {
    match tri {
        Tri::Yes => layout.palette.good("yes"),
        Tri::No => layout.palette.bad("no"),
        Tri::Unknown(missing) => layout
            .palette
            .open(format!("unknown: needs {}", missing.fact.describe())),
    }
}

/// Which unit translates the device's DMA, why, and what the firmware reserves for it.
fn translation(page: &mut Page, report: &Report<'_>, id: FunctionId) {
    let (host, iommu) = (report.facts.host, &report.facts.iommu);
    if iommu.tables().is_empty() {
        return;
    }
    page.section("DMA REMAPPING");
    match iommu
        .owner(id)
        .and_then(|owner| Some((owner, iommu.units().get(owner.unit)?)))
    {
        None => page.fact("unit", "none: no table names the device"),
        Some((owner, unit)) => {
            let table = unit.table.signature();
            let place = format!("{table} +{:#05x}", unit.span.offset);
            page.fact(
                "unit",
                &format!("{} at {:#x} ({place})", owner.unit, unit.base),
            );
            let at = |id| host.function(id).at;
            let reason = match owner.reason {
                OwnershipReason::Named => "the table names the device".to_owned(),
                OwnershipReason::BelowNamedBridge(bridge) => {
                    format!("the table names {}, which is above it", at(bridge))
                }
                OwnershipReason::IncludeAll => {
                    "the unit takes what no other unit of the segment names".to_owned()
                }
                OwnershipReason::Range => "a range of ids holds it".to_owned(),
                OwnershipReason::All => "the unit takes all devices of the segment".to_owned(),
                OwnershipReason::Alias => "another device uses its id".to_owned(),
                OwnershipReason::WithPhysicalFunction(other)
                | OwnershipReason::WithController(other) => {
                    format!("it is translated as {}", at(other))
                }
            };
            page.fact("because", &reason);
        }
    }
    let mut regions: Vec<_> = iommu.reserved(host, report.facts.topology, id).collect();
    regions.dedup();
    for region in regions {
        let place = format!("{} +{:#05x}", region.table.signature(), region.span.offset);
        page.fact("reserved memory", &format!("{} ({place})", region.range));
    }
}

fn mechanisms(page: &mut Page, report: &Report<'_>, id: FunctionId) {
    let function = report.facts.host.function(id);
    page.section("INTERRUPTS AND RESETS");
    let profile = report.facts.profile(id);
    let interrupts = function.interrupts;
    let vectors = |mechanism: Observed<u16>| match mechanism {
        Observed::Present(vectors) => count(usize::from(vectors), "vector", "vectors"),
        Observed::Absent => "no".to_owned(),
        Observed::NotCaptured => "not captured".to_owned(),
        Observed::Malformed(_) => "unknown (damaged list)".to_owned(),
    };
    let at = |window: Option<Span>| cited(report, Locus::Config(id, window?));
    let present = |found: Observed<Window<'_>>, offset: u16, len: u16| match found {
        Observed::Present(window) => at(Some(window.span(offset, len))),
        _ => None,
    };
    let msi = present(function.msi().map(|msi| msi.window()), 2, 2);
    page.cited("MSI", &vectors(interrupts.msi), msi);
    let msix = present(function.msix().map(|msix| msix.window()), 2, 2);
    page.cited("MSI-X", &vectors(interrupts.msix), msix);
    let line = match interrupts.line {
        None => "not captured",
        Some(0) => "no",
        Some(1) => "INTA#",
        Some(2) => "INTB#",
        Some(3) => "INTC#",
        Some(4) => "INTD#",
        Some(_) => "an undefined pin",
    };
    let pin = interrupts.line.map(|_| Span::new(0x3d, 1));
    page.cited("line", line, at(pin));
    let resets = profile.resets;
    let word = |has: Option<bool>| match has {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not captured",
    };
    let express = function.express().map(|express| express.window());
    let flr = resets.flr.and_then(|_| present(express, 4, 4));
    page.cited("FLR", word(resets.flr), flr);
    page.fact("FLR (AF)", word(resets.af_flr));
    page.fact("D3hot reset", word(resets.power));
    if let Some(methods) = &function.reported.reset_methods {
        let text = if methods.value.is_empty() {
            "none".to_owned()
        } else {
            safe(&methods.value.join(" "))
        };
        let place = cited(report, Locus::Reported(id, "reset_methods"));
        page.cited("kernel's resets", &text, place);
    }
}

fn address_space(page: &mut Page, report: &Report<'_>, id: FunctionId) {
    let function = report.facts.host.function(id);
    page.section("ADDRESS SPACE");
    let Some(bars) = resources::bars(function) else {
        page.line(2, "BARs not captured");
        return;
    };
    for bar in bars.iter() {
        let register = Span::new(0x10 + 4 * u16::from(bar.index), 4);
        let place = cited(report, Locus::Resource(id, bar.index))
            .or_else(|| cited(report, Locus::Config(id, register)));
        page.line(2, &with_place(&bar_line(bar), place));
    }
    if bars.iter().next().is_none() {
        page.line(2, "no BARs");
    }
    if let Some(demand) = report.facts.profile(id).demand {
        let more = if demand.is_incomplete() {
            " at least (sizes are missing)"
        } else {
            ""
        };
        let memory = demand.memory().least;
        page.fact("memory in all", &format!("{}{more}", size(memory)));
        if memory > 0 {
            page.fact("below 4 GiB", &size(demand.memory32.least));
            page.fact("anywhere", &size(demand.memory64.least));
        }
    }
    if let Some(megabytes) = resources::survey_dda_megabytes(function) {
        page.fact("SurveyDDA says", &format!("{megabytes} MB"));
    }
}

fn bar_line(bar: &BarDemand) -> String {
    let mut text = format!("BAR {}: {}", bar.index, bar.kind);
    match bar.address {
        Some(address) => {
            let _ = write!(text, " at {address:#x}");
        }
        None => text.push_str(", no address"),
    }
    match bar.size {
        Size::Exact { len, from } => {
            let from = match from {
                SizeSource::Reported => "as reported",
                SizeSource::EnhancedAllocation => "from Enhanced Allocation",
                SizeSource::ResizableBar => "from Resizable BAR",
            };
            let _ = write!(text, ", {} ({from})", size(len));
        }
        Size::Bounded { max: Some(max), .. } => {
            let _ = write!(
                text,
                ", size not captured (at most {} by its alignment)",
                size(max)
            );
        }
        Size::Bounded { max: None, .. } => text.push_str(", size not captured"),
    }
    text
}

fn findings(page: &mut Page, report: &Report<'_>, id: FunctionId) {
    let host = report.facts.host;
    let mut list: Vec<&Finding> = report
        .run
        .host_findings()
        .iter()
        .chain(report.run.findings_of(id))
        .collect();
    let effect = |finding: &Finding| {
        let effects = report
            .policies
            .iter()
            .map(|&policy| finding.rule().effects.on(policy));
        effects.max().unwrap_or(Effect::None)
    };
    list.retain(|finding| effect(finding) > Effect::None);
    list.sort_by_key(|finding| (std::cmp::Reverse(effect(finding)), finding.rule().code));
    if list.is_empty() {
        return;
    }
    page.section("FINDINGS");
    for finding in list {
        let rule = finding.rule();
        let code = page.layout.palette.accent(rule.code);
        let _ = writeln!(
            page.out,
            "  {code}  {} severity, {} confidence; {}",
            finding.severity().name(),
            finding.confidence().name(),
            meaning(report, finding),
        );
        page.line(10, &safe(&finding.message()));
        for evidence in finding.evidence() {
            let text = evidence::line(host, evidence);
            page.line(10, &format!("evidence: {text}"));
        }
        let cites: Vec<String> = rule.cites.iter().map(ToString::to_string).collect();
        page.line(10, &format!("see: {}", cites.join("; ")));
        for paragraph in advice(rule.explanation) {
            page.line(10, &paragraph);
        }
    }
}

fn meaning(report: &Report<'_>, finding: &Finding) -> String {
    let words: Vec<String> = report
        .policies
        .iter()
        .filter_map(|&policy| match finding.rule().effects.on(policy) {
            Effect::None => None,
            Effect::Note => Some(format!("note for {policy}")),
            Effect::Condition => Some(format!("condition of {policy}")),
            Effect::Blocks => Some(format!("blocks {policy}")),
        })
        .collect();
    words.join(", ")
}

/// The paragraphs under "What to do".
pub(in crate::report) fn advice(explanation: &str) -> Vec<String> {
    let mut paragraphs = Vec::new();
    let mut current = String::new();
    let lines = explanation
        .lines()
        .map(str::trim)
        .skip_while(|line| *line != "## What to do")
        .skip(1)
        .take_while(|line| !line.starts_with("## "));
    for line in lines {
        if line.is_empty() {
            if !current.is_empty() {
                paragraphs.push(std::mem::take(&mut current));
            }
            continue;
        }
        if !current.is_empty() {
            current.push(' ');
        }
        current.push_str(line);
    }
    if !current.is_empty() {
        paragraphs.push(current);
    }
    paragraphs
}

fn gaps(page: &mut Page, report: &Report<'_>, id: FunctionId) {
    let host = report.facts.host;
    let mut list: Vec<&Gap> = report
        .run
        .host_gaps()
        .iter()
        .chain(report.run.gaps_of(id))
        .collect();
    list.retain(|gap| {
        report
            .policies
            .iter()
            .any(|&policy| gap.rule.effects.on(policy) >= Effect::Condition)
    });
    list.sort_by_key(|gap| (gap.missing.fact, gap.rule.code));
    if list.is_empty() {
        return;
    }
    page.section("WHAT IS MISSING, AND HOW TO GET IT");
    let mut last = None;
    for gap in list {
        let fact = gap.missing.fact;
        if last == Some(gap.missing) {
            page.line(
                4,
                &format!("also for {}: {}", gap.rule.code, gap.rule.summary),
            );
            continue;
        }
        last = Some(gap.missing);
        let of = match gap.missing.of {
            Some(function) if function != id => format!(" of {}", host.function(function).at),
            _ => String::new(),
        };
        page.line(2, &format!("{}{of}", fact.describe()));
        page.line(4, &format!("for {}: {}", gap.rule.code, gap.rule.summary));
        // Commands are for pasting: never wrapped, every blank kept.
        let _ = writeln!(page.out, "    Linux:   {}", fact.linux_command());
        if let Some(command) = fact.windows_command() {
            let _ = writeln!(page.out, "    Windows: {command}");
        }
    }
}
