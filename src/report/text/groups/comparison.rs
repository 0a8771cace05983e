//! Predicted and reported groups side by side.

use super::Page;
use crate::analysis::groups::{AcsControl, Cause, Difference};
use crate::host::FunctionId;
use crate::report::wording::count;

pub(super) fn write(page: &mut Page<'_>) {
    page.out.push('\n');
    let facts = page.report.facts;
    if facts.groups.is_empty() {
        page.line(0, "The capture reports no groups to compare with.");
        return;
    }
    let comparison = &page.prediction.comparison;
    if comparison.open > 0 {
        let functions = count(comparison.open, "function", "functions");
        page.line(0, &format!(
            "For {functions} the capture does not settle the group; what the kernel reported differs from the finest partition, which is the one shown."
        ));
    }
    if comparison.differences.is_empty() {
        let text = match comparison.open {
            0 => format!(
                "The kernel reported the same partition ({}).",
                count(facts.groups.len(), "group", "groups")
            ),
            _ => "All other functions are in the groups that the kernel reported.".to_owned(),
        };
        page.line(0, &text);
        return;
    }
    let differing: usize = comparison.differences.iter().map(|d| d.of.len()).sum();
    let functions = count(differing, "function", "functions");
    page.line(
        0,
        &format!("The kernel reported other groups for {functions}:"),
    );
    for difference in &comparison.differences {
        let text = format!(
            "{}: predicted {}; reported {}",
            page.list(&difference.of),
            set(page, &difference.predicted),
            set(page, &difference.reported)
        );
        page.line(2, &text);
        let cause = cause(page, difference);
        page.line(6, &cause);
    }
}

fn set(page: &Page<'_>, ids: &[FunctionId]) -> String {
    match ids {
        [] => "no group".to_owned(),
        [_] => "alone".to_owned(),
        _ => format!("the group of {}", page.list(ids)),
    }
}

fn cause(page: &Page<'_>, difference: &Difference) -> String {
    match difference.cause {
        None => "Nothing known explains it: please report it with the dump.".to_owned(),
        Some(Cause::Series(series)) => format!("Linux {series} would group it so."),
        Some(Cause::Control(AcsControl::AsEnabled)) => {
            "With ACS control as a kernel sets it, it would be so: the capture was made at another time.".to_owned()
        }
        Some(Cause::Control(AcsControl::AsCaptured)) => {
            "With ACS control as captured it would be so.".to_owned()
        }
        Some(Cause::QuirkMissing(id, quirk)) => format!(
            "A kernel without an exception of its table would group it so, such as that for {} ({}): an older kernel, or one that lost it.",
            page.at(id),
            quirk.source()
        ),
        Some(Cause::Override {
            downstream,
            multi_function,
        }) => {
            let options = match (downstream, multi_function) {
                (true, true) => "downstream,multifunction",
                (true, false) => "downstream",
                _ => "multifunction",
            };
            format!(
                "A kernel with pcie_acs_override={options} would group it so: then the reported groups say nothing about real isolation."
            )
        }
        Some(Cause::Rework2025) => {
            "The unmerged rules of 2025, which some vendors' kernels carry, would group it so."
                .to_owned()
        }
        Some(Cause::Coverage) => {
            "Some functions have a group only on one side: the remapping tables are of another boot, or a driver had not asked for a group yet.".to_owned()
        }
        Some(Cause::NoDriverYet) => {
            "A virtio-iommu gives a function its group when a driver binds to it; none had yet."
                .to_owned()
        }
        Some(Cause::HotPlug(port)) => format!(
            "It sits below the hot-plug port {}: it may have come or gone after the groups were made.",
            page.at(port)
        ),
    }
}
