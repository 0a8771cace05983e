//! The tree as text.

use std::fmt::Write as _;

use crate::decode::config::bridge::BusNumbers;
use crate::host::FunctionId;
use crate::policy::Policy;
use crate::report::wording::{fit, safe};
use crate::report::{Layout, Report};
use crate::topology::{FunctionKind, Node, TopologyFault};
use crate::verdict::Verdict;

/// The tree as text, one function a line.
pub fn topology(report: &Report<'_>, layout: Layout) -> String {
    let mut out = String::new();
    let tree = report.facts.topology;
    for (index, node) in tree.tops() {
        let head = match node {
            Node::RootBus { segment, bus } => format!("root bus {segment}:{bus:02x}"),
            Node::OrphanBus { segment, bus } => {
                format!("bus {segment}:{bus:02x}, whose bridge is not in the capture")
            }
            Node::Function(_) => continue,
        };
        let _ = writeln!(out, "{}", layout.palette.heading(head));
        branch(&mut out, report, layout, &tree.below(index), "");
    }
    if !tree.faults().is_empty() {
        let _ = writeln!(out, "\n{}", layout.palette.heading("CONTRADICTIONS"));
        for &fault in tree.faults() {
            let _ = writeln!(out, "{}", fault_words(report, fault));
        }
    }
    out
}

fn branch(
    out: &mut String,
    report: &Report<'_>,
    layout: Layout,
    functions: &[FunctionId],
    prefix: &str,
) {
    // Depth is bounded: a path holds each of a segment's 256 buses at most once.
    for (index, &id) in functions.iter().enumerate() {
        let last = index + 1 == functions.len();
        let (tee, stem) = if last {
            ("└─ ", "   ")
        } else {
            ("├─ ", "│  ")
        };
        let line = format!("{prefix}{tee}{}", row(report, id));
        let line = fit(&line, layout.width);
        let line = line.trim_end();
        let verdict = report
            .policies
            .first()
            .map(|&policy| Verdict::of(report.run, policy, id));
        let line = match verdict {
            Some(verdict) if report.is_candidate(id) => layout.palette.verdict(verdict, line),
            _ => line.to_owned(),
        };
        let _ = writeln!(out, "{line}");
        let children = report.facts.topology.children(id);
        branch(out, report, layout, &children, &format!("{prefix}{stem}"));
    }
}

/// What one function is, with what decides about isolation.
fn row(report: &Report<'_>, id: FunctionId) -> String {
    let function = report.facts.host.function(id);
    let kind = report.facts.topology.kind(id);
    let mut text = format!("{} {kind}", function.at);
    if let Some(buses) = BusNumbers::decode(function.config)
        && kind.is_bridge()
        && kind != FunctionKind::HostBridge
    {
        let _ = write!(text, " [{:02x}-{:02x}]", buses.secondary, buses.subordinate);
    }
    if kind.is_downstream_port() {
        text.push_str(match report.facts.acs.hop(id).has_capability() {
            Some(true) => ", ACS",
            Some(false) => ", no ACS",
            None => ", ACS unknown",
        });
    }
    if function.is_virtual() {
        text.push_str(" (VF)");
    }
    if let Some(group) = &function.reported.iommu_group {
        let _ = write!(text, ", group {}", group.value);
    }
    if report.is_candidate(id) {
        let policies: &[Policy] = report.policies;
        for &policy in policies {
            let _ = write!(
                text,
                ", {policy}: {}",
                Verdict::of(report.run, policy, id).name()
            );
        }
    }
    let _ = write!(text, "  {}", safe(&report.names.call(function)));
    text
}

/// A contradiction in words.
pub(in crate::report) fn fault_words(report: &Report<'_>, fault: TopologyFault) -> String {
    let at = |id: FunctionId| report.facts.host.function(id).at;
    match fault {
        TopologyFault::ContainsItself { bridge } => {
            format!("{}: the buses below the bridge include its own", at(bridge))
        }
        TopologyFault::RangeReversed { bridge } => {
            format!("{}: its highest bus is below its secondary bus", at(bridge))
        }
        TopologyFault::PrimaryDiffers { bridge } => {
            format!(
                "{}: its primary bus number is not the bus that it sits on",
                at(bridge)
            )
        }
        TopologyFault::DuplicateSecondary { bridge, other } => {
            format!("{}: has the secondary bus of {}", at(bridge), at(other))
        }
        TopologyFault::OutsideParent { bridge, parent } => {
            format!(
                "{}: its buses leave the range of {} above it",
                at(bridge),
                at(parent)
            )
        }
        TopologyFault::MissingBridge { function } => {
            format!(
                "{}: the bridge above its bus is not in the capture",
                at(function)
            )
        }
        TopologyFault::Loop { function } => {
            format!(
                "{}: the bridges above its bus lead back to it",
                at(function)
            )
        }
    }
}
