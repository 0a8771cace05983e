//! `explain-log`: error messages of other programs, explained.

use std::path::Path;

use assignable::messages;
use assignable::report::{self, json};

use crate::cli::args::{Format, Global};
use crate::cli::exit::{Exit, Failure};
use crate::cli::{load, output};

pub(crate) fn explain_log(global: &Global, file: &Path) -> Result<Exit, Failure> {
    let text = load::any_text(file)?;
    let hits = messages::explain(&text);
    match global.format {
        Format::Json => output::json(&json::v1::messages(&hits))?,
        _ => output::text(&report::messages(&hits, output::layout(global, false)))?,
    }
    Ok(Exit::Answered)
}
