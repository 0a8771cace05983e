//! Standard output and error.

use std::io::{IsTerminal, Write};

use anstream::ColorChoice;
use assignable::report::{Layout, Palette};
use assignable::report::{json_without_surprises, safe_lines};
use serde::Serialize;

use super::args::{Global, When};
use super::exit::Failure;

/// Columns where the output is no terminal.
const WIDTH: usize = 120;

/// How text is laid out for where it goes.
pub(crate) fn layout(global: &Global, all: bool) -> Layout {
    let coloured = match global.color {
        When::Always => true,
        When::Never => false,
        When::Auto => anstream::AutoStream::choice(&std::io::stdout()) != ColorChoice::Never,
    };
    Layout {
        width: global.width.map_or_else(terminal_width, usize::from),
        palette: if coloured {
            Palette::coloured()
        } else {
            Palette::plain()
        },
        all,
    }
}

fn terminal_width() -> usize {
    if !std::io::stdout().is_terminal() {
        return WIDTH;
    }
    terminal_size::terminal_size().map_or(WIDTH, |(width, _)| usize::from(width.0).clamp(40, 200))
}

/// Writes text to standard output.
pub(crate) fn text(text: &str) -> Result<(), Failure> {
    // Styles are in the text only where wanted; this stream knows older Windows consoles.
    let stdout = anstream::AutoStream::always(std::io::stdout().lock());
    let mut stdout = std::io::BufWriter::new(stdout);
    stdout.write_all(text.as_bytes())?;
    stdout.flush()?;
    Ok(())
}

/// Writes a document to standard output, indented.
pub(crate) fn json(document: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(document).map_err(std::io::Error::from)?;
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(json_without_surprises(&text).as_bytes())?;
    stdout.write_all(b"\n")?;
    stdout.flush()?;
    Ok(())
}

/// A message to standard error, whatever names of files and texts of dumps it repeats. Nobody is
/// left to tell if that fails.
pub(crate) fn error(message: &str) {
    let _ = writeln!(anstream::stderr(), "assignable: {}", safe_lines(message));
}
