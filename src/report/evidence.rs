//! Evidence in words: which bytes, of which function, from which line of which file.

use std::fmt::Write as _;

use crate::bytes::Span;
use crate::host::{FunctionId, Host};
use crate::rules::{Evidence, Locus, Value};

use super::safe;

/// One piece of evidence as a line of text.
pub(super) fn line(host: &Host<'_>, evidence: &Evidence) -> String {
    let mut text = String::new();
    if let Some(function) = function_of(evidence.locus) {
        let _ = write!(text, "{} ", host.function(function).at);
    }
    match evidence.locus {
        Locus::Config(_, span) => {
            let _ = write!(text, "+{:#05x} ", span.offset);
        }
        Locus::Table(table, span) => {
            let _ = write!(text, "{} +{:#05x} ", table.signature(), span.offset);
        }
        _ => {}
    }
    text.push_str(evidence.what);
    match evidence.seen {
        Value::AsReported => {}
        seen => {
            let _ = write!(text, ": {seen}");
        }
    }
    if let Some(wanted) = evidence.wanted {
        let _ = write!(text, ", wanted {wanted}");
    }
    if let Some(place) = place(host, evidence.locus) {
        let _ = write!(text, " ({place})");
    }
    text
}

/// The function that a piece of evidence belongs to.
pub(super) const fn function_of(locus: Locus) -> Option<FunctionId> {
    match locus {
        Locus::Config(id, _)
        | Locus::Lists(id)
        | Locus::Reported(id, _)
        | Locus::Resource(id, _)
        | Locus::Tree(id) => Some(id),
        Locus::Table(..) | Locus::Log(_) | Locus::Step(_) | Locus::Capture => None,
    }
}

/// File and line, where the capture keeps the text that it was read from.
pub(super) fn place(host: &Host<'_>, locus: Locus) -> Option<String> {
    match locus {
        Locus::Config(id, span) => config_line(host, id, span),
        Locus::Reported(id, member) => reported_place(host, id, member),
        Locus::Resource(id, index) => {
            let mut resources = host.function(id).reported.resources.iter();
            let found = resources.find(|resource| resource.value.index == index)?;
            Some(safe(&found.origin.to_string()))
        }
        Locus::Log(line) => Some(format!("host/log.txt:{line}")),
        Locus::Step(step) => Some(format!("step {step}")),
        Locus::Lists(_) | Locus::Tree(_) | Locus::Table(..) | Locus::Capture => None,
    }
}

fn config_line(host: &Host<'_>, id: FunctionId, span: Span) -> Option<String> {
    let offset = u16::try_from(span.offset).ok()?;
    let lines = &host.function(id).reported.config_lines;
    lines.iter().find_map(|lines| {
        let line = lines.line_of(offset)?;
        Some(format!("{}:{line}", safe(&lines.source)))
    })
}

/// The origin of a reported fact, by the name of its member in `properties.json`.
fn reported_place(host: &Host<'_>, id: FunctionId, member: &str) -> Option<String> {
    let properties = serde_json::to_value(host.function(id).reported).ok()?;
    let windows = || properties.get("windows")?.get(member);
    let fact = properties.get(member).or_else(windows)?;
    let fact = if fact.is_array() { fact.get(0)? } else { fact };
    let origin = serde_json::from_value(fact.get("origin")?.clone()).ok();
    origin.map(|origin: crate::capture::Origin| safe(&origin.to_string()))
}
