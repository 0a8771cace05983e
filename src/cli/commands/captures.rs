//! `import`, `redact`, `verify` and `synth`: captures in and out.

use std::fmt::Write as _;
use std::path::Path;

use assignable::capture::{self, Capture};
use assignable::redact;
use assignable::report::json;
use assignable::synth;

use crate::cli::args::{Format, Global, Inputs};
use crate::cli::exit::{Exit, Failure};
use crate::cli::{load, output};

pub(crate) fn import(global: &Global, inputs: &Inputs, to: &Path) -> Result<Exit, Failure> {
    let capture = load::capture(global, &inputs.inputs)?;
    store(&capture, to)?;
    let message = format!(
        "{}: {} functions, {} ACPI tables\n",
        to.display(),
        capture.functions.len(),
        capture.tables.len()
    );
    output::text(&message)?;
    Ok(Exit::Answered)
}

pub(crate) fn redact(global: &Global, inputs: &Inputs, to: &Path) -> Result<Exit, Failure> {
    let capture = load::capture(global, &inputs.inputs)?;
    let redacted = redact::redact(&capture);
    let differences = redact::compare(&capture, &redacted);
    store(&redacted.capture, to)?;
    if global.format == Format::Json {
        output::json(&json::v1::redact(&redacted, &differences))?;
    } else {
        let mut text = String::new();
        for change in &redacted.changes {
            let _ = writeln!(text, "{change}");
        }
        let _ = writeln!(
            text,
            "{}: {} changes; look through it before you pass it on",
            to.display(),
            redacted.changes.len()
        );
        let same = "verdicts, findings, groups and topology are the same as before";
        if differences.is_empty() {
            let _ = writeln!(text, "{same}");
        }
        output::text(&text)?;
    }
    if differences.is_empty() {
        return Ok(Exit::Answered);
    }
    output::error("the redacted capture does not give the same answers:");
    for difference in &differences {
        output::error(&difference.to_string());
    }
    Ok(Exit::FailOn)
}

pub(crate) fn verify(global: &Global, path: &Path) -> Result<Exit, Failure> {
    let differences = capture::verify(path).map_err(|error| Failure::Input(error.to_string()))?;
    match global.format {
        Format::Json => output::json(&json::v1::verify(&differences))?,
        _ if differences.is_empty() => {
            output::text(&format!("{}: intact\n", path.display()))?;
        }
        _ => {
            let mut text = String::new();
            for difference in &differences {
                let _ = writeln!(text, "{difference}");
            }
            output::text(&text)?;
        }
    }
    Ok(if differences.is_empty() {
        Exit::Answered
    } else {
        Exit::FailOn
    })
}

pub(crate) fn synth(description: &Path, to: &Path) -> Result<Exit, Failure> {
    let text = load::text(description)?;
    let capture = synth::synthesise(&text)
        .map_err(|error| Failure::Input(format!("{}: {error}", description.display())))?;
    if to.extension().is_some_and(|extension| extension == "txt") {
        let text = synth::hex::lspci_text(&capture)
            .map_err(|error| Failure::Input(format!("{}: {error}", description.display())))?;
        load::write(to, text.as_bytes())?;
    } else {
        store(&capture, to)?;
    }
    Ok(Exit::Answered)
}

/// A zip where the name says so, else a folder.
fn store(capture: &Capture, to: &Path) -> Result<(), Failure> {
    let zip = to
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("zip"));
    let result = if zip {
        capture::to_zip_file(capture, to)
    } else {
        capture::to_folder(capture, to)
    };
    result.map_err(|error| Failure::Write(to.to_path_buf(), error.to_string()))
}
