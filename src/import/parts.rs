//! Several inputs as the parts of one machine.

use super::diagnostic::{self, Diagnostic, DiagnosticKind, Diagnostics};
use super::error::ImportError;
use super::gather::Gather;
use super::input::{self, Input};
use super::{lspci, sysfs, text};
use crate::addr::Sbdf;
use crate::capture::limits::{MAX_FUNCTIONS, MAX_TOTAL};
use crate::capture::{Capture, safe_name, unique_name};
use crate::spec::pci::HEADER_SIZE;

/// What became of the inputs.
#[derive(Debug, Default)]
pub struct Import {
    /// Everything that could be used, as one machine.
    pub capture: Capture,
    /// What was skipped, guessed or missing in the inputs that could be used.
    pub diagnostics: Vec<Diagnostic>,
    /// Inputs that could not be used at all. Never empty where nothing could be used.
    pub errors: Vec<ImportError>,
}

impl Import {
    /// Whether there is anything to analyse.
    pub fn is_usable(&self) -> bool {
        !self.capture.is_empty()
    }
}

/// Imports parts of one machine. A part that cannot be used does not lose the others.
pub fn import(inputs: &[Input]) -> Import {
    let mut import = Import::default();
    if inputs.is_empty() {
        import.errors.push(ImportError::NoInput);
    }
    for input in inputs {
        let name = input.name();
        let mut diagnostics = Diagnostics::new(name.as_str());
        let room = MAX_TOTAL.saturating_sub(import.capture.bytes());
        match one(input, &name, room, &mut diagnostics) {
            Ok(part) if fits(&import.capture, &part) => import.capture.merge(part),
            Ok(_) => {
                let (file, limit) = (name, MAX_FUNCTIONS);
                import
                    .errors
                    .push(ImportError::TooManyFunctions { file, limit });
            }
            Err(error) => import.errors.push(error),
        }
        import.diagnostics.append(&mut diagnostics.into_vec());
    }
    // What one part lacks, another may have.
    let Import {
        capture,
        diagnostics,
        ..
    } = &mut import;
    let has_bytes = |at: &Sbdf| {
        let record = capture.functions.get(at);
        record.is_some_and(|record| record.config.knows(0, HEADER_SIZE))
    };
    let complete = capture.functions.keys().all(has_bytes);
    diagnostics.retain(|diagnostic| match &diagnostic.kind {
        DiagnosticKind::NoConfigBytes { .. } => !complete,
        DiagnosticKind::FunctionWithoutBytes { function } => !has_bytes(function),
        _ => true,
    });
    import
}

fn fits(all: &Capture, part: &Capture) -> bool {
    let new = part
        .functions
        .keys()
        .filter(|at| !all.functions.contains_key(at))
        .count();
    all.functions.len() + new <= MAX_FUNCTIONS
}

/// One input as a capture of at most `room` bytes.
fn one(
    input: &Input,
    name: &str,
    room: u64,
    diagnostics: &mut Diagnostics,
) -> Result<Capture, ImportError> {
    let gather = input::gather(input, name, diagnostics)?;
    let Gather {
        trees,
        texts,
        captures,
        files,
        diagnostics,
        ..
    } = gather;
    let mut part = Capture::default();
    captures.into_iter().for_each(|capture| part.merge(capture));
    let (tree, others) = trees.finish();
    for root in others {
        diagnostics.whole(DiagnosticKind::SecondTree { root });
    }
    if !tree.is_empty() {
        part.merge(sysfs::read(tree, diagnostics));
    }
    for (member, text) in texts {
        part.merge(lspci_text(name, &member, text, &part, diagnostics));
    }
    if part.is_empty() {
        return Err(ImportError::NothingInside {
            file: name.to_owned(),
            files,
        });
    }
    match part.bytes() > room {
        true => Err(ImportError::TooLarge {
            file: name.to_owned(),
            limit: MAX_TOTAL,
        }),
        false => Ok(part),
    }
}

/// A text of lspci as a capture, with the text as its source.
fn lspci_text(
    name: &str,
    member: &str,
    text: Vec<u8>,
    known: &Capture,
    diagnostics: &mut Diagnostics,
) -> Capture {
    let path = if member.is_empty() { name } else { member };
    let source = unique_name(&safe_name(path), |name| known.has_source(name));
    let outer = diagnostics.enter((!member.is_empty()).then(|| diagnostic::shortened(member)));
    let dump = lspci::read(text::without_mark(&text), &source, diagnostics);
    diagnostics.enter(outer);
    let mut part = Capture {
        functions: dump.functions,
        ..Capture::default()
    };
    part.manifest.conflicts = dump.conflicts;
    part.manifest.privileges = dump.privileges;
    part.sources.insert(source, text);
    part
}
