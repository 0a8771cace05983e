//! `diff`: what changed between two captures.

use std::path::PathBuf;

use assignable::analysis::Facts;
use assignable::analysis::groups::{Groups, Options};
use assignable::capture::Capture;
use assignable::diff::{Difference, Side, What};
use assignable::host::Host;
use assignable::names::Names;
use assignable::policy::Policy;
use assignable::report::{self, Comparison, Report, json};
use assignable::rules;
use assignable::topology::Topology;

use super::analysis::distinct;
use crate::cli::args::{DiffLevel, Format, Global};
use crate::cli::exit::{Exit, Failure};
use crate::cli::{load, output};

pub(crate) fn diff(
    global: &Global,
    inputs: [&PathBuf; 2],
    policies: &[Policy],
    level: Option<DiffLevel>,
    all: bool,
) -> Result<Exit, Failure> {
    let [before, after] = inputs;
    let before = load::capture(global, std::slice::from_ref(before))?;
    let after = load::capture(global, std::slice::from_ref(after))?;
    let names = load::names(global)?;
    let policies = distinct(policies);
    analysed(&before, &names, &policies, |old, old_groups| {
        analysed(&after, &names, &policies, |new, new_groups| {
            let difference =
                Difference::between(side(old, old_groups), side(new, new_groups), &policies);
            let comparison = Comparison {
                before: old,
                after: new,
                difference: &difference,
            };
            match global.format {
                Format::Json => output::json(&json::v1::diff(&comparison))?,
                Format::Markdown => output::text(&report::markdown::diff(&comparison))?,
                Format::Html => output::text(&report::diff_html(&comparison))?,
                _ => output::text(&report::diff(&comparison, output::layout(global, all)))?,
            }
            Ok(exit(&difference, level))
        })
    })
}

const fn side<'a>(report: &'a Report<'a>, groups: &'a Groups) -> Side<'a> {
    Side {
        facts: report.facts,
        run: report.run,
        groups,
    }
}

fn exit(difference: &Difference, level: Option<DiffLevel>) -> Exit {
    let renumbered = |what: &What| matches!(what, What::Renumbered { .. });
    let failed = match level {
        None => false,
        Some(DiffLevel::Verdict) => difference.changes_a_verdict(),
        Some(DiffLevel::Worse) => difference.worsens_a_verdict(),
        Some(DiffLevel::Change) => {
            let mut changes = difference.changes.iter();
            changes.any(|change| !renumbered(&change.what))
        }
    };
    if failed { Exit::FailOn } else { Exit::Answered }
}

fn analysed<T>(
    capture: &Capture,
    names: &Names,
    policies: &[Policy],
    show: impl FnOnce(&Report<'_>, &Groups) -> T,
) -> T {
    let host = Host::from_capture(capture);
    let topology = Topology::of(&host);
    let facts = Facts::of(&host, &topology);
    let run = rules::run(&facts);
    let groups = Groups::predict(&host, &topology, &facts.iommu, Options::for_host(&host));
    let report = Report {
        facts: &facts,
        run: &run,
        names,
        policies,
    };
    show(&report, &groups)
}
