//! `rules` and `schema`: what this program knows of itself.

use std::fmt::Write as _;

use assignable::report::{self, json};
use assignable::rules;

use crate::cli::args::{Format, Global};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output;

pub(crate) fn rules(global: &Global, code: Option<&str>) -> Result<Exit, Failure> {
    let rule = match code {
        None => None,
        Some(code) => Some(rules::find(code).ok_or_else(|| {
            Failure::Usage(format!(
                "there is no rule '{code}'; `assignable rules` lists them"
            ))
        })?),
    };
    match (global.format, rule) {
        (Format::Json, None) => output::json(&json::v1::rules())?,
        (Format::Json, Some(rule)) => output::json(&json::v1::rule(rule))?,
        (_, None) => output::text(&report::rule_index(output::layout(global, false)))?,
        (_, Some(rule)) => output::text(&report::rule_page(rule))?,
    }
    Ok(Exit::Answered)
}

pub(crate) fn schema(name: Option<&str>) -> Result<Exit, Failure> {
    let schemas = json::v1::schemas();
    let Some(name) = name else {
        let mut names = String::new();
        for (name, _) in &schemas {
            let _ = writeln!(names, "{name}");
        }
        output::text(&names)?;
        return Ok(Exit::Answered);
    };
    let Some((_, schema)) = schemas.iter().find(|(known, _)| *known == name) else {
        let message = format!("there is no schema '{name}'; `assignable schema` lists them");
        return Err(Failure::Usage(message));
    };
    output::json(schema)?;
    Ok(Exit::Answered)
}
