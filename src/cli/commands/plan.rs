//! `what-if`, `fix` and `place`.

use assignable::host::Host;
use assignable::plan::{self, Change, Shape};
use assignable::report::{self, json};
use assignable::sim::guest::GuestOptions;
use assignable::topology::Topology;

use super::analysis::{select, with_report};
use crate::cli::args::{Analysis, Format, Global};
use crate::cli::exit::{Exit, Failure};
use crate::cli::guest_args::PlaceArgs;
use crate::cli::{load, output};
use assignable::select::Selector;

pub(crate) fn what_if(
    global: &Global,
    analysis: &Analysis,
    changes: &[Change],
) -> Result<Exit, Failure> {
    let capture = load::capture(global, &analysis.inputs.inputs)?;
    let result = plan::what_if(&capture, changes, &analysis.policies)
        .map_err(|error| Failure::Usage(error.to_string()))?;
    if global.format == Format::Json {
        output::json(&json::v1::what_if(changes, &result))?;
        return Ok(Exit::Answered);
    }
    let names = load::names(global)?;
    let host = Host::from_capture(&capture);
    let layout = output::layout(global, false);
    output::text(&report::what_if(&host, &names, layout, changes, &result))?;
    Ok(Exit::Answered)
}

pub(crate) fn fix(
    global: &Global,
    analysis: &Analysis,
    selectors: &[Selector],
) -> Result<Exit, Failure> {
    let capture = load::capture(global, &analysis.inputs.inputs)?;
    let devices = {
        let host = Host::from_capture(&capture);
        let topology = Topology::of(&host);
        let ids = select(&host, &topology, selectors)?;
        ids.iter()
            .map(|&id| host.function(id).at)
            .collect::<Vec<_>>()
    };
    let mut searches = Vec::new();
    for at in devices {
        for &policy in &analysis.policies {
            if let Some(search) = plan::fix(&capture, at, policy) {
                searches.push((at, policy, search));
            }
        }
    }
    if searches.is_empty() {
        let message = "only ports and bridges match; they are not assigned";
        return Err(Failure::Usage(message.to_owned()));
    }
    if global.format == Format::Json {
        output::json(&json::v1::fix(&searches))?;
        return Ok(Exit::Answered);
    }
    let layout = output::layout(global, false);
    let pages: Vec<String> = searches
        .iter()
        .map(|(at, policy, search)| report::fix(layout, *at, *policy, search))
        .collect();
    output::text(&pages.join("\n"))?;
    Ok(Exit::Answered)
}

pub(crate) fn place(global: &Global, args: &PlaceArgs) -> Result<Exit, Failure> {
    let shape = Shape {
        wants: args.want.iter().flat_map(|list| list.0.clone()).collect(),
        options: GuestOptions {
            gaps: args.guest.gaps(),
            machine: args.guest.machine(),
            host_bits: args.guest.host_bits,
        },
        gaps_are_given: (args.guest.low.is_some(), args.guest.high.is_some()),
        one_node: !args.any_node,
    };
    with_report(global, &Analysis::of(&args.inputs), |report| {
        let placement = plan::place(report.facts, report.run, args.platform, &shape, args.vms);
        if global.format == Format::Json {
            output::json(&json::v1::place(args.platform, &shape, &placement))?;
        } else {
            let layout = output::layout(global, false);
            output::text(&report::place(layout, args.platform, &shape, &placement))?;
        }
        Ok(Exit::Answered)
    })
}
