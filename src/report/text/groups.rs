//! Predicted IOMMU groups, and how they compare with what the kernel reported.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::addr::Sbdf;
use crate::analysis::groups::{Groups, Join};
use crate::bytes::Observed;
use crate::host::FunctionId;
use crate::report::wording::{count, safe};
use crate::report::{Layout, Report};

/// The groups as text.
pub fn groups(report: &Report<'_>, layout: Layout, groups: &Groups) -> String {
    let mut out = String::new();
    let host = report.facts.host;
    for (index, (_, members)) in groups.iter().enumerate() {
        let _ = writeln!(out, "{}", layout.palette.heading(format!("group {index}")));
        for &id in members {
            let function = host.function(id);
            let mut line = format!("  {} {}", function.at, report.facts.topology.kind(id));
            if let Some(reason) = reason(report, groups, id) {
                let _ = write!(line, "; {reason}");
            }
            if !groups.is_definite(id) {
                line.push_str("; depends on bits that the capture lacks");
            }
            let name = safe(&report.names.call(function));
            let _ = writeln!(out, "{line}  {}", layout.palette.dim(name));
        }
    }
    let none: Vec<String> = host
        .iter()
        .filter(|&(id, _)| groups.group(id).is_none())
        .map(|(_, function)| function.at.to_string())
        .collect();
    if !none.is_empty() {
        let _ = writeln!(
            out,
            "{}",
            layout.palette.heading("in no group: no unit covers them")
        );
        let _ = writeln!(out, "  {}", none.join(" "));
    }
    out.push('\n');
    comparison(&mut out, report, groups);
    out
}

/// Why a function shares a group, and which hop and bit force it.
fn reason(report: &Report<'_>, groups: &Groups, id: FunctionId) -> Option<String> {
    let host = report.facts.host;
    let at = |id: FunctionId| host.function(id).at;
    Some(match groups.join(id)? {
        Join::Founder => return None,
        Join::MissingBridge => "the bridge above it is not captured".to_owned(),
        Join::Alias(other) if other == id => return None,
        Join::Alias(other) => format!("its requests carry the id of {}", at(other)),
        Join::Bridge(bridge) => {
            let hop = report
                .facts
                .topology
                .upstream(bridge)
                .find(|&hop| !matches!(report.facts.acs.hop(hop).capability, Observed::Present(_)))
                .unwrap_or(bridge);
            format!(
                "cannot be kept apart from {}: {}",
                at(bridge),
                lack(report, hop)
            )
        }
        Join::Sibling(other) => {
            format!("same device as {}: {}", at(other), lack(report, id))
        }
    })
}

/// What a hop lacks.
fn lack(report: &Report<'_>, id: FunctionId) -> String {
    let at = report.facts.host.function(id).at;
    match report.facts.acs.hop(id).capability {
        Observed::Present(_) => format!("ACS of {at} is not enough"),
        Observed::Absent => format!("{at} has no ACS"),
        Observed::NotCaptured => format!("ACS of {at} was not captured"),
        Observed::Malformed(_) => format!("the capability list of {at} is damaged"),
    }
}

/// Compares with the reported groups as partitions; numbers mean nothing.
fn comparison(out: &mut String, report: &Report<'_>, groups: &Groups) {
    let host = report.facts.host;
    let mut reported: BTreeMap<u32, BTreeSet<Sbdf>> = BTreeMap::new();
    for function in host.functions() {
        if let Some(group) = &function.reported.iommu_group {
            reported.entry(group.value).or_default().insert(function.at);
        }
    }
    if reported.is_empty() {
        out.push_str("The capture reports no groups to compare with.\n");
        return;
    }
    let mut differing = Vec::new();
    let mut open = 0;
    for (id, function) in host.iter() {
        let predicted: BTreeSet<Sbdf> = groups
            .companions(id)
            .iter()
            .map(|&id| host.function(id).at)
            .collect();
        let group = function.reported.iommu_group.as_ref();
        let real = group
            .and_then(|group| reported.get(&group.value))
            .cloned()
            .unwrap_or_default();
        if predicted == real {
            continue;
        }
        if groups.is_definite(id) {
            differing.push((function.at, predicted, real));
        } else {
            open += 1;
        }
    }
    if open > 0 {
        let _ = writeln!(
            out,
            "For {} the capture lacks bits that decide; the kernel's answer is another one than the \
             one shown.",
            count(open, "function", "functions")
        );
    }
    if differing.is_empty() && open > 0 {
        out.push_str("All other functions are in the groups that the kernel reported.\n");
        return;
    }
    if differing.is_empty() {
        let _ = writeln!(
            out,
            "The kernel reported the same partition ({}).",
            count(reported.len(), "group", "groups")
        );
        return;
    }
    let _ = writeln!(
        out,
        "The kernel reported other groups for {} functions:",
        differing.len()
    );
    let list = |set: &BTreeSet<Sbdf>| -> String {
        if set.is_empty() {
            return "none".to_owned();
        }
        set.iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    };
    for (at, predicted, real) in differing {
        let _ = writeln!(
            out,
            "  {at}: predicted {{{}}}, reported {{{}}}",
            list(&predicted),
            list(&real)
        );
    }
}
