//! What people export from Windows: device properties as JSON, CSV, list, table or XML, rows of
//! WMI classes, console texts, debugger logs.
//!
//! Every reader fills device nodes. Which functions they stand for is decided when all inputs
//! are there ([`place`]), because a dump from Linux may know the same devices by other bus
//! numbers.

mod builder;
mod facts;
mod json;
mod kd;
mod key;
mod labelled;
mod list;
mod path;
mod place;
mod pnputil;
mod relpath;
mod rweverything;
mod space;
mod surveydda;
mod table;
#[cfg(test)]
mod tests;

pub(super) use place::{lift, place};

use super::diagnostic::{DiagnosticKind, Diagnostics, Place};
use super::text::without_mark;
use crate::capture::Capture;
use builder::Builder;

/// Bytes that are looked at to see what a text is.
const BEGINNING: usize = 256 << 10;

/// The forms of exports.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Export {
    /// JSON of PowerShell.
    Json,
    /// A table with delimiters.
    Delimited(u8),
    /// `Name : value` lines.
    List,
    /// The table of Get-PnpDeviceProperty.
    Table,
    /// Labels with values below them.
    Labelled,
    /// XML of pnputil.
    Xml,
    /// Console text of the survey script or of a refused dismount.
    Survey,
    /// A log of the kernel debugger.
    Debugger,
    /// Bytes saved by RWEverything.
    RwEverything,
}

impl Export {
    /// What a text is, by its beginning.
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        let head = text.get(..BEGINNING).unwrap_or(text);
        let head = String::from_utf8_lossy(without_mark(head));
        let head = head.as_ref();
        if json::is_json(head) {
            Some(Self::Json)
        } else if pnputil::is_xml(head) {
            Some(Self::Xml)
        } else if surveydda::is_survey(head) {
            Some(Self::Survey)
        } else if let Some(delimiter) = table::delimiter(head) {
            Some(Self::Delimited(delimiter))
        } else if list::is_list(head) {
            Some(Self::List)
        } else if list::is_table(head) {
            Some(Self::Table)
        } else if kd::is_log(head) {
            Some(Self::Debugger)
        } else if rweverything::is_text(head) {
            Some(Self::RwEverything)
        } else {
            labelled::is_labelled(head).then_some(Self::Labelled)
        }
    }
}

/// Reads an export. `source` is its name below `source/`.
pub(super) fn read(
    export: Export,
    text: Vec<u8>,
    source: &str,
    diagnostics: &mut Diagnostics,
) -> Capture {
    let mut builder = Builder::new(source);
    let words = String::from_utf8_lossy(without_mark(&text));
    let fault = |place, problem: String| (place, DiagnosticKind::ExportBroken { problem });
    let mut faults = Vec::new();
    match export {
        Export::Json => {
            if let Err(problem) = json::read(&words, &mut builder) {
                faults.push(fault(None, problem));
            }
        }
        Export::Delimited(delimiter) => {
            for (line, problem) in table::read(&words, delimiter, &mut builder) {
                faults.push(fault(Some(Place::Line(line)), problem));
            }
        }
        Export::List => list::read_list(&words, &mut builder),
        Export::Table => {
            let rows = list::read_table(&words, &mut builder);
            if rows > 0 {
                faults.push((None, DiagnosticKind::CutIds { rows }));
            }
        }
        Export::Labelled => labelled::read(&words, &mut builder),
        Export::Xml => {
            if let Err((offset, problem)) = pnputil::read(&words, &mut builder) {
                faults.push(fault(Some(Place::Offset(offset)), problem));
            }
        }
        Export::Survey => surveydda::read(&words, &mut builder),
        Export::Debugger => kd::read(&words, source, &mut builder),
        Export::RwEverything => rweverything::read(&words, source, &mut builder),
    }
    for (place, kind) in faults {
        match place {
            Some(place) => diagnostics.at(place, kind),
            None => diagnostics.whole(kind),
        }
    }
    drop(words);
    builder.finish(text).unwrap_or_default()
}
