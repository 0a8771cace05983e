//! `explain-log`: error messages of other programs, explained.

use std::path::{Path, PathBuf};

use assignable::messages;
use assignable::report::{self, Report, json};

use super::analysis::with_report;
use crate::cli::args::{Analysis, Format, Global, Inputs};
use crate::cli::exit::{Exit, Failure};
use crate::cli::{load, output};

pub(crate) fn explain_log(
    global: &Global,
    file: &Path,
    inputs: &[PathBuf],
) -> Result<Exit, Failure> {
    let text = load::any_text(file)?;
    let hits = messages::explain(&text);
    let show = |machine: Option<&Report<'_>>| {
        match global.format {
            Format::Json => output::json(&json::v1::messages(&hits, machine))?,
            _ => {
                let layout = output::layout(global, false);
                output::text(&report::messages(&hits, machine, layout))?;
            }
        }
        Ok(Exit::Answered)
    };
    if inputs.is_empty() {
        return show(None);
    }
    let inputs = Inputs {
        inputs: inputs.to_vec(),
    };
    with_report(global, &Analysis::of(&inputs), |report| show(Some(report)))
}
