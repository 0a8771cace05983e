//! What people export from Windows: device properties as JSON, CSV, list, table or XML, rows of
//! WMI classes, console texts, debugger logs.
//!
//! Every reader fills device nodes. Which functions they stand for is decided when all inputs
//! are there ([`place`]), because a dump from Linux may know the same devices by other bus
//! numbers.

mod bcdedit;
mod builder;
mod clixml;
mod facts;
mod format_table;
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
mod transcript;

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
    /// Objects of PowerShell as XML.
    Clixml,
    /// Another table of PowerShell.
    FormatTable,
    /// Boot options.
    Bcdedit,
    /// What a console showed, command after command.
    Transcript,
}

impl Export {
    /// What a text is, by its beginning.
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        let head = text.get(..BEGINNING).unwrap_or(text);
        let head = String::from_utf8_lossy(without_mark(head));
        let head = head.as_ref();
        match transcript::is_transcript(head) {
            true => Some(Self::Transcript),
            false => Self::of_output(head),
        }
    }

    /// What the output of one command is.
    fn of_output(head: &str) -> Option<Self> {
        if json::is_json(head) {
            Some(Self::Json)
        } else if pnputil::is_xml(head) {
            Some(Self::Xml)
        } else if clixml::is_xml(head) {
            Some(Self::Clixml)
        } else if surveydda::is_survey(head) {
            Some(Self::Survey)
        } else if let Some(delimiter) = table::delimiter(head) {
            Some(Self::Delimited(delimiter))
        } else if list::is_list(head) {
            Some(Self::List)
        } else if list::is_table(head) {
            Some(Self::Table)
        } else if format_table::is_table(head) {
            Some(Self::FormatTable)
        } else if bcdedit::is_text(head) {
            Some(Self::Bcdedit)
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
    match export {
        Export::Transcript => {
            for part in transcript::parts(&words) {
                builder.lines_before = part.lines_before;
                read_part(&part, source, &mut builder, diagnostics);
            }
        }
        _ => read_output(export, &words, source, &mut builder, diagnostics),
    }
    drop(words);
    builder.finish(text).unwrap_or_default()
}

/// Reads what one command printed. A refused dismount names its device in the command.
fn read_part(
    part: &transcript::Part<'_>,
    source: &str,
    builder: &mut Builder,
    diagnostics: &mut Diagnostics,
) {
    let with_command = part.with_command.filter(|text| surveydda::is_survey(text));
    if let Some(text) = with_command {
        builder.lines_before = part.lines_before.saturating_sub(1);
        surveydda::read(text, builder);
        return;
    }
    match Export::of_output(part.output) {
        // Logs of a debugger cite their lines themselves.
        None | Some(Export::Debugger | Export::RwEverything) => {}
        Some(export) => read_output(export, part.output, source, builder, diagnostics),
    }
}

/// Reads a text in one form.
fn read_output(
    export: Export,
    words: &str,
    source: &str,
    builder: &mut Builder,
    diagnostics: &mut Diagnostics,
) {
    let before = builder.lines_before;
    let fault = |place, problem: String| (place, DiagnosticKind::ExportBroken { problem });
    let mut faults = Vec::new();
    match export {
        Export::Json => {
            if let Err(problem) = json::read(words, builder) {
                faults.push(fault(None, problem));
            }
        }
        Export::Delimited(delimiter) => {
            for (line, problem) in table::read(words, delimiter, builder) {
                let line = before.saturating_add(line);
                faults.push(fault(Some(Place::Line(line)), problem));
            }
        }
        Export::List => list::read_list(words, builder),
        Export::Table | Export::FormatTable => {
            let rows = match export {
                Export::Table => list::read_table(words, builder),
                _ => format_table::read(words, builder),
            };
            if rows > 0 {
                faults.push((None, DiagnosticKind::CutIds { rows }));
            }
        }
        Export::Labelled => labelled::read(words, builder),
        Export::Xml | Export::Clixml => {
            let done = match export {
                Export::Xml => pnputil::read(words, builder),
                _ => clixml::read(words, builder),
            };
            if let Err((offset, problem)) = done {
                // Within a transcript the offset is not that of the file.
                let place = (before == 0).then_some(Place::Offset(offset));
                faults.push(fault(place, problem));
            }
        }
        Export::Bcdedit => bcdedit::read(words, builder),
        Export::Survey => surveydda::read(words, builder),
        Export::Debugger => kd::read(words, source, builder),
        Export::RwEverything => rweverything::read(words, source, builder),
        Export::Transcript => {}
    }
    for (place, kind) in faults {
        match place {
            Some(place) => diagnostics.at(place, kind),
            None => diagnostics.whole(kind),
        }
    }
}
