//! `groups`: predicted IOMMU groups, and which way traffic between two devices takes.

use std::path::PathBuf;

use assignable::analysis::groups::{AcsControl, Model, Parameters, Prediction, Settings};
use assignable::analysis::peer::Peers;
use assignable::host::{FunctionId, Host};
use assignable::policy::Policy;
use assignable::report::{self, Report, json};
use assignable::select::Selector;

use super::analysis::{select, with_report};
use crate::cli::args::{AcsMode, Analysis, Format, Global, GroupModel, Groups, Inputs};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output;

/// Most devices of which every pair is shown.
const MOST: usize = 256;

/// Between whom traffic is asked about.
enum Between {
    All,
    Two(Selector, Selector),
}

pub(crate) fn groups(global: &Global, options: &Groups) -> Result<Exit, Failure> {
    let (between, inputs) = between(options)?;
    if inputs.is_empty() {
        return Err(Failure::Usage(
            "no input: name a dump of the machine".to_owned(),
        ));
    }
    let analysis = Analysis {
        inputs: Inputs { inputs },
        policies: vec![Policy::Vfio],
        fail_on: None,
    };
    with_report(global, &analysis, |report| {
        let settings = settings(report.facts.host, options);
        match &between {
            Some(between) => peers(global, report, &settings, between)?,
            None => partition(global, report, settings, options.vfs)?,
        }
        Ok(Exit::Answered)
    })
}

fn settings(host: &Host<'_>, options: &Groups) -> Settings {
    let mut settings = Settings::for_host(host);
    if let Some(kernel) = options.kernel {
        settings.kernel = kernel;
    }
    if let Some(words) = &options.parameters {
        settings.parameters = Parameters::parse(words);
        // The captured register shows what another command line did.
        settings.control = AcsControl::AsEnabled;
    }
    match options.acs {
        Some(AcsMode::Captured) => settings.control = AcsControl::AsCaptured,
        Some(AcsMode::Enabled) => settings.control = AcsControl::AsEnabled,
        None => {}
    }
    settings.model = match options.model {
        GroupModel::Mainline => Model::Mainline,
        GroupModel::Rework2025 => Model::Rework2025,
    };
    settings
}

fn partition(
    global: &Global,
    report: &Report<'_>,
    settings: Settings,
    vfs: bool,
) -> Result<(), Failure> {
    let facts = report.facts;
    let prediction = Prediction::of(
        facts.host,
        facts.topology,
        &facts.iommu,
        &facts.groups,
        settings,
    );
    match global.format {
        Format::Json => output::json(&json::v1::groups(report, &prediction)),
        Format::Markdown => output::text(&report::markdown::groups(report, &prediction.groups)),
        _ => {
            let layout = output::layout(global, vfs);
            output::text(&report::groups(report, layout, &prediction))
        }
    }
}

fn peers(
    global: &Global,
    report: &Report<'_>,
    settings: &Settings,
    between: &Between,
) -> Result<(), Failure> {
    let (host, topology) = (report.facts.host, report.facts.topology);
    let peers = Peers::new(host, topology, settings);
    let layout = output::layout(global, false);
    match between {
        Between::All => {
            let devices = traffic_partners(host);
            if devices.len() > MOST {
                let message = format!(
                    "{} devices are too many for a table of all pairs ({MOST} at most): name two",
                    devices.len()
                );
                return Err(Failure::Usage(message));
            }
            match global.format {
                Format::Json => {
                    let pairs = devices.iter().flat_map(|&from| {
                        let others = devices.iter().filter(move |&&to| to != from);
                        others.map(move |&to| (from, to))
                    });
                    output::json(&json::v1::peers(report, &peers, pairs))
                }
                _ => output::text(&report::peer_matrix(report, layout, &peers, &devices)),
            }
        }
        Between::Two(one, other) => {
            let ones = select(host, topology, std::slice::from_ref(one))?;
            let others = select(host, topology, std::slice::from_ref(other))?;
            if ones.len().saturating_mul(others.len()) > MOST * MOST {
                let message = "too many pairs: name fewer devices".to_owned();
                return Err(Failure::Usage(message));
            }
            let mut pairs: Vec<(FunctionId, FunctionId)> = ones
                .iter()
                .flat_map(|&one| others.iter().map(move |&other| (one, other)))
                .filter(|(one, other)| one != other)
                .map(|(one, other)| (one.min(other), one.max(other)))
                .collect();
            pairs.sort_unstable();
            pairs.dedup();
            if pairs.is_empty() {
                let message = "both name the same device".to_owned();
                return Err(Failure::Usage(message));
            }
            match global.format {
                Format::Json => {
                    let both = pairs.iter().flat_map(|&(a, b)| [(a, b), (b, a)]);
                    output::json(&json::v1::peers(report, &peers, both))
                }
                _ => output::text(&report::peer_pairs(report, layout, &peers, &pairs)),
            }
        }
    }
}

/// GPUs, accelerators and network controllers, virtual functions left out.
fn traffic_partners(host: &Host<'_>) -> Vec<FunctionId> {
    host.iter()
        .filter(|(_, function)| {
            let class = function.identity.class;
            !function.is_virtual()
                && class.is_some_and(|class| matches!(class.base(), 0x02 | 0x03 | 0x12))
        })
        .map(|(id, _)| id)
        .collect()
}

/// What `--p2p` names. Behind `all` the next word is an input already.
fn between(options: &Groups) -> Result<(Option<Between>, Vec<PathBuf>), Failure> {
    let mut inputs = options.inputs.clone();
    let selector = |text: &String| {
        text.parse::<Selector>()
            .map_err(|error| Failure::Usage(format!("--p2p {text}: {error}")))
    };
    let between = match options.p2p.as_slice() {
        [] => None,
        [all, input @ ..] if all == "all" => {
            inputs.splice(0..0, input.iter().map(PathBuf::from));
            Some(Between::All)
        }
        [one, other] => Some(Between::Two(selector(one)?, selector(other)?)),
        _ => {
            let message = "--p2p takes two devices, or `all`".to_owned();
            return Err(Failure::Usage(message));
        }
    };
    Ok((between, inputs))
}
