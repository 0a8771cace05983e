//! `survey`, `explain` and `topology`: the pipeline from a capture to a report.

use std::path::Path;

use assignable::analysis::Facts;
use assignable::capture::Capture;
use assignable::host::{FunctionId, Host};
use assignable::policy::Policy;
use assignable::profile::Profile;
use assignable::report::{self, Report, json};
use assignable::rules::{self, Severity};
use assignable::select::Selector;
use assignable::topology::Topology;
use assignable::verdict::Verdict;

use crate::cli::args::{Analysis, FailOn, Format, Global};
use crate::cli::exit::{Exit, Failure};
use crate::cli::{load, output};

pub(crate) fn survey(global: &Global, analysis: &Analysis, all: bool) -> Result<Exit, Failure> {
    with_report(global, analysis, |report| {
        match global.format {
            Format::Json => output::json(&json::v1::survey(report))?,
            Format::Markdown => output::text(&report::markdown::survey(report))?,
            _ => {
                output::text(&report::survey(report, output::layout(global, all)))?;
            }
        }
        let devices: Vec<_> = report.candidates().collect();
        Ok(fail_on(report, analysis.fail_on, &devices))
    })
}

pub(crate) fn profile(
    global: &Global,
    analysis: &Analysis,
    profile: Profile,
) -> Result<Exit, Failure> {
    with_report(global, analysis, |report| {
        match global.format {
            Format::Json => output::json(&json::v1::profile(report, profile))?,
            _ => {
                let layout = output::layout(global, true);
                output::text(&report::profile(report, layout, profile))?;
            }
        }
        let devices: Vec<_> = report.candidates().collect();
        Ok(fail_on(report, analysis.fail_on, &devices))
    })
}

pub(crate) fn explain(
    global: &Global,
    analysis: &Analysis,
    selectors: &[Selector],
) -> Result<Exit, Failure> {
    with_report(global, analysis, |report| {
        let devices = select(report.facts.host, report.facts.topology, selectors)?;
        match global.format {
            Format::Json => output::json(&json::v1::explain(report, &devices))?,
            Format::Markdown => output::text(&report::markdown::explain(report, &devices))?,
            _ => {
                let layout = output::layout(global, true);
                let pages: Vec<_> = devices
                    .iter()
                    .map(|&id| report::explain(report, layout, id))
                    .collect();
                output::text(&pages.join("\n\n"))?;
            }
        }
        Ok(fail_on(report, analysis.fail_on, &devices))
    })
}

pub(crate) fn topology(global: &Global, analysis: &Analysis, dot: bool) -> Result<Exit, Failure> {
    with_report(global, analysis, |report| {
        match global.format {
            _ if dot => output::text(&report::dot(report))?,
            Format::Dot => output::text(&report::dot(report))?,
            Format::Svg => output::text(&report::svg(report))?,
            Format::Json => output::json(&json::v1::topology(report))?,
            _ => {
                output::text(&report::topology(report, output::layout(global, false)))?;
            }
        }
        let devices: Vec<_> = report.candidates().collect();
        Ok(fail_on(report, analysis.fail_on, &devices))
    })
}

pub(crate) fn report(
    global: &Global,
    analysis: &Analysis,
    to: Option<&Path>,
) -> Result<Exit, Failure> {
    with_report(global, analysis, |report| {
        let page = report::html(report);
        match to {
            Some(path) => load::write(path, page.as_bytes())?,
            None => output::text(&page)?,
        }
        let devices: Vec<_> = report.candidates().collect();
        Ok(fail_on(report, analysis.fail_on, &devices))
    })
}

/// Loads the inputs, analyses them and hands the result on.
pub(super) fn with_report(
    global: &Global,
    analysis: &Analysis,
    show: impl FnOnce(&Report<'_>) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let capture: Capture = load::capture(global, &analysis.inputs.inputs)?;
    let names = load::names(global)?;
    let policies = distinct(&analysis.policies);
    let host = Host::from_capture(&capture);
    let topology = Topology::of(&host);
    let facts = Facts::of(&host, &topology);
    let run = rules::run(&facts);
    show(&Report {
        facts: &facts,
        run: &run,
        names: &names,
        policies: &policies,
    })
}

/// Each policy once, in the order asked.
pub(crate) fn distinct(asked: &[Policy]) -> Vec<Policy> {
    let mut policies: Vec<Policy> = Vec::new();
    for &policy in asked {
        if !policies.contains(&policy) {
            policies.push(policy);
        }
    }
    policies
}

/// The functions that the selectors name; each must name one at least.
pub(crate) fn select(
    host: &Host<'_>,
    topology: &Topology,
    selectors: &[Selector],
) -> Result<Vec<FunctionId>, Failure> {
    let mut devices = Vec::new();
    for selector in selectors {
        let matches = selector.matches(host, topology);
        if matches.is_empty() {
            let message = format!("no device of the capture matches {selector}");
            return Err(Failure::Usage(message));
        }
        devices.extend(matches);
    }
    devices.sort_unstable();
    devices.dedup();
    Ok(devices)
}

fn fail_on(report: &Report<'_>, level: Option<FailOn>, devices: &[FunctionId]) -> Exit {
    let Some(level) = level else {
        return Exit::Answered;
    };
    let verdict = |wanted: Verdict| {
        devices.iter().any(|&id| {
            let mut policies = report.policies.iter();
            policies.any(|&policy| Verdict::of(report.run, policy, id) == wanted)
        })
    };
    let severity = |least: Severity| {
        let about_devices = devices.iter().flat_map(|&id| report.run.findings_of(id));
        report
            .run
            .host_findings()
            .iter()
            .chain(about_devices)
            .any(|finding| finding.severity() >= least)
    };
    let failed = match level {
        FailOn::NotAssignable => verdict(Verdict::NotAssignable),
        FailOn::Conditions => {
            verdict(Verdict::NotAssignable) || verdict(Verdict::AssignableWithConditions)
        }
        FailOn::Undetermined if verdict(Verdict::Undetermined) => return Exit::Undetermined,
        FailOn::Undetermined => false,
        FailOn::Info => severity(Severity::Info),
        FailOn::Low => severity(Severity::Low),
        FailOn::Medium => severity(Severity::Medium),
        FailOn::High => severity(Severity::High),
    };
    if failed { Exit::FailOn } else { Exit::Answered }
}
