//! `decode`: every field of every configuration space.

use assignable::host::{FunctionId, Host};
use assignable::report::{self, json};
use assignable::select::Selector;
use assignable::topology::Topology;

use super::analysis::select;
use crate::cli::args::{Format, Global, Inputs};
use crate::cli::exit::{Exit, Failure};
use crate::cli::{load, output};

pub(crate) fn decode(
    global: &Global,
    inputs: &Inputs,
    selectors: &[Selector],
    offsets: bool,
) -> Result<Exit, Failure> {
    let capture = load::capture(global, &inputs.inputs)?;
    let host = Host::from_capture(&capture);
    let devices: Vec<FunctionId> = if selectors.is_empty() {
        host.iter().map(|(id, _)| id).collect()
    } else {
        select(&host, &Topology::of(&host), selectors)?
    };
    match global.format {
        Format::Json => output::json(&json::v1::decode(&host, &devices))?,
        _ => {
            let names = load::names(global)?;
            let layout = output::layout(global, true);
            let pages: Vec<_> = devices
                .iter()
                .map(|&id| report::decode(&host, &names, layout, id, offsets))
                .collect();
            output::text(&pages.join("\n"))?;
        }
    }
    Ok(Exit::Answered)
}
