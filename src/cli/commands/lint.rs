//! `lint`: what does not conform, in tables and in configuration spaces.

use assignable::analysis::Facts;
use assignable::batch;
use assignable::host::{FunctionId, Host};
use assignable::report::{self, Report, json, junit, sarif};
use assignable::rules::{self, Part, RuleRun, Severity};
use assignable::select::Selector;
use assignable::topology::Topology;

use super::analysis::select;
use crate::cli::args::{Format, Global, Inputs, LintLevel, LintPart};
use crate::cli::exit::{Exit, Failure};
use crate::cli::{load, output};

pub(crate) fn lint(
    global: &Global,
    inputs: &Inputs,
    part: Option<LintPart>,
    selectors: &[Selector],
    all: bool,
    level: Option<LintLevel>,
) -> Result<Exit, Failure> {
    let capture = load::capture(global, &inputs.inputs)?;
    let names = load::names(global)?;
    let host = Host::from_capture(&capture);
    let topology = Topology::of(&host);
    let devices: Option<Vec<FunctionId>> = match selectors {
        [] => None,
        some => Some(select(&host, &topology, some)?),
    };
    let parts = parts(part);
    let facts = Facts::of(&host, &topology);
    let run = rules::lint(&facts, parts, devices.as_deref());
    let report = Report {
        facts: &facts,
        run: &run,
        names: &names,
        policies: &[],
    };
    match global.format {
        Format::Json => output::json(&json::v1::lint(&report))?,
        Format::Sarif => output::json(&sarif::sarif(&report))?,
        Format::Junit => {
            let least = level.and_then(severity).unwrap_or(Severity::Low);
            let suites = report::lint::suites(&report, least);
            output::text(&junit::junit("assignable lint", &suites))?;
        }
        _ => {
            output::text(&report::lint_text(&report, output::layout(global, all)))?;
        }
    }
    Ok(level.map_or(Exit::Answered, |level| exit(&run, level)))
}

/// `lint --summary`: how many machines each rule answers what about.
pub(crate) fn summary(
    global: &Global,
    inputs: &Inputs,
    part: Option<LintPart>,
    all: bool,
) -> Result<Exit, Failure> {
    if !matches!(global.format, Format::Text | Format::Json) {
        let why = "a summary is written as text or JSON";
        return Err(Failure::Usage(why.to_owned()));
    }
    let summary = batch::lint(&inputs.inputs, parts(part));
    match global.format {
        Format::Json => output::json(&json::v1::lint_summary(&summary))?,
        _ => output::text(&report::lint_summary(&summary, output::layout(global, all)))?,
    }
    Ok(match summary.machines {
        0 => Exit::NothingRead,
        _ => Exit::Answered,
    })
}

const fn parts(part: Option<LintPart>) -> &'static [Part] {
    match part {
        None => &[Part::Firmware, Part::Device],
        Some(LintPart::Firmware) => &[Part::Firmware],
        Some(LintPart::Devices) => &[Part::Device],
    }
}

/// The severity from which on a level fails; `None` where it is about missing evidence.
const fn severity(level: LintLevel) -> Option<Severity> {
    match level {
        LintLevel::Info => Some(Severity::Info),
        LintLevel::Low => Some(Severity::Low),
        LintLevel::Medium => Some(Severity::Medium),
        LintLevel::High => Some(Severity::High),
        LintLevel::Undetermined => None,
    }
}

fn exit(run: &RuleRun, level: LintLevel) -> Exit {
    match severity(level) {
        Some(least) => {
            let mut findings = run.findings();
            match findings.any(|finding| finding.severity() >= least) {
                true => Exit::FailOn,
                false => Exit::Answered,
            }
        }
        None if run.gaps().next().is_none() => Exit::Answered,
        None => Exit::Undetermined,
    }
}
