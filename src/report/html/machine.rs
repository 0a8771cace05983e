//! Remapping units and IOMMU groups.

use maud::{Markup, html};

use super::devices::links;
use super::link;
use crate::analysis::groups::Groups;
use crate::host::FunctionId;
use crate::report::Report;
use crate::report::text::groups::reason;
use crate::report::wording::{count, safe};

pub(super) fn section(report: &Report<'_>, groups: &Groups) -> Markup {
    html! {
        section #dma {
            h2 { "DMA remapping and groups" }
            (units(report))
            (partition(report, groups))
        }
    }
}

fn units(report: &Report<'_>) -> Markup {
    let iommu = &report.facts.iommu;
    let mut owned: Vec<Vec<FunctionId>> = vec![Vec::new(); iommu.units().len()];
    for (id, _) in report.facts.host.iter() {
        if let Some(functions) = iommu.owner(id).and_then(|owner| owned.get_mut(owner.unit)) {
            functions.push(id);
        }
    }
    html! {
        h3 { "Remapping units" }
        @if iommu.units().is_empty() {
            p { "The capture holds no DMAR or IVRS table that names a remapping unit." }
        }
        @for (index, (unit, functions)) in iommu.units().iter().zip(&owned).enumerate() {
            details {
                summary {
                    "Unit " (index) " at " code { (format!("{:#x}", unit.base)) } ": "
                    (count(functions.len(), "function", "functions"))
                    @if unit.include_all { ", whatever no other unit names" }
                }
                p { (links(report, functions)) }
            }
        }
    }
}

fn partition(report: &Report<'_>, groups: &Groups) -> Markup {
    const MOST_OPEN: usize = 20;
    let shared = groups
        .iter()
        .filter(|(_, members)| members.len() > 1)
        .count();
    let all = groups.iter().count();
    html! {
        h3 { "IOMMU groups, as Linux would make them" }
        p {
            (count(all, "group", "groups")) ", of which "
            (shared) " with more than one member. All members of a group go to the same guest, or to none."
        }
        @for (group, members) in groups.iter().filter(|(_, members)| members.len() > 1) {
            details.group id={ "group" (group.index()) } open[shared <= MOST_OPEN] {
                summary { "Group " (group.index()) ": " (count(members.len(), "function", "functions")) }
                ul { @for &id in members { (member(report, groups, id)) } }
            }
        }
        @if all > shared {
            details {
                summary { (count(all - shared, "function", "functions")) " alone in a group" }
                ul {
                    @for (group, members) in groups.iter().filter(|(_, members)| members.len() == 1) {
                        li id={ "group" (group.index()) } {
                            "Group " (group.index()) ": " (links(report, members))
                        }
                    }
                }
            }
        }
        @let none: Vec<FunctionId> = report.facts.host.iter().map(|(id, _)| id).filter(|&id| groups.group(id).is_none()).collect();
        @if !none.is_empty() {
            p { "In no group, because no unit covers them: " (links(report, &none)) }
        }
    }
}

/// A member of a group with several, and what brought it there.
fn member(report: &Report<'_>, groups: &Groups, id: FunctionId) -> Markup {
    html! {
        li {
            (link(report, id)) " "
            (safe(&report.names.call(report.facts.host.function(id))))
            @if let Some(reason) = reason(report, groups, id) { span.faint { " – " (reason) } }
        }
    }
}
