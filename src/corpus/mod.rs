//! The corpus: machines with what is known of them from elsewhere.
//!
//! A case is a folder with a `case.toml` beside a capture folder or a description for the
//! synthesiser, or it is derived from another case. `docs/corpus.md` explains the files.

mod derive;
mod error;
mod expect;
mod file;
mod truth;

pub use derive::config_sha256;
pub use error::CaseError;
pub use expect::{Expectations, Expected};
pub use file::{CaseFile, ConfigPatch, CutBytes, Origin, SetProperties, TablesFrom};
pub use truth::{SurveyOutcome, Truth, VfioOutcome};

use std::collections::BTreeMap;
use std::path::Path;

use crate::capture::{self, Capture};
use crate::import::{self, Input};
use crate::synth;

/// Bases of bases, at most.
const MAX_DEPTH: usize = 8;

/// One machine with what is known of it.
#[derive(Clone, Debug)]
pub struct Case {
    /// Name of its folder.
    pub name: String,
    /// Its `case.toml`.
    pub file: CaseFile,
    /// The machine, after every derivation.
    pub capture: Capture,
    /// What is known from elsewhere.
    pub truth: Truth,
}

impl Case {
    /// Reads the case in a folder. `resolver` gives the capture of another case by name.
    pub fn load(
        dir: &Path,
        resolver: &mut dyn FnMut(&str) -> Result<Capture, CaseError>,
    ) -> Result<Self, CaseError> {
        let name = dir
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let text = read_text(&dir.join("case.toml"))?;
        let file = CaseFile::parse(&name, &text)?;
        let mut capture = match (&file.synth, &file.base) {
            (Some(description), None) => {
                let description = read_text(&dir.join(member(&name, description)?))?;
                synth::synthesise(&description).map_err(|problem| CaseError::Synth {
                    case: name.clone(),
                    problem,
                })?
            }
            (None, Some(base)) => resolver(base)?,
            (None, None) if !file.inputs.is_empty() => imported(&name, dir, &file.inputs)?,
            (None, None) => {
                let folder = dir.join("capture");
                let zip = dir.join("capture.zip");
                let path = if zip.is_file() { zip } else { folder };
                capture::load(path).map_err(|problem| CaseError::Capture {
                    case: name.clone(),
                    problem,
                })?
            }
            (Some(_), Some(_)) => return Err(CaseError::TwoSources { case: name }),
        };
        if let Some(from) = &file.tables_from {
            let other = resolver(&from.case)?;
            derive::take_tables(&name, &mut capture, from, &other)?;
        }
        for (table, bytes) in &file.tables {
            capture.tables.insert(table.clone(), bytes.0.clone());
        }
        derive::apply(&name, &mut capture, &file)?;
        let truth = match &file.truth {
            Some(truth) => truth.clone(),
            None if file.truth_file => Truth::parse(&name, &read_text(&dir.join("truth.json"))?)?,
            None => Truth::default(),
        };
        truth.check(&name, &capture)?;
        Ok(Self {
            name,
            file,
            capture,
            truth,
        })
    }
}

/// Reads one case of a corpus folder; other cases are the folders beside it.
pub fn load_case(corpus: &Path, name: &str) -> Result<Case, CaseError> {
    load_within(corpus, name, 0)
}

/// Reads every case of a corpus folder, by name.
pub fn load_all(corpus: &Path) -> Result<BTreeMap<String, Result<Case, CaseError>>, CaseError> {
    let names = case_names(corpus)?;
    Ok(names
        .into_iter()
        .map(|name| (name.clone(), load_case(corpus, &name)))
        .collect())
}

/// Names of the cases in a corpus folder, sorted.
pub fn case_names(corpus: &Path) -> Result<Vec<String>, CaseError> {
    let io = |problem| CaseError::Io {
        file: corpus.display().to_string(),
        problem,
    };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(corpus).map_err(io)? {
        let entry = entry.map_err(io)?;
        if entry.path().join("case.toml").is_file()
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Dumps that are parts of one machine.
fn imported(case: &str, dir: &Path, inputs: &[String]) -> Result<Capture, CaseError> {
    let inputs: Result<Vec<_>, _> = inputs
        .iter()
        .map(|input| Ok(Input::Path(dir.join(member(case, input)?))))
        .collect();
    let import = import::import(&inputs?);
    match import.errors.into_iter().next() {
        None => Ok(import.capture),
        Some(problem) => Err(CaseError::Import {
            case: case.to_owned(),
            problem,
        }),
    }
}

fn load_within(corpus: &Path, name: &str, depth: usize) -> Result<Case, CaseError> {
    if depth > MAX_DEPTH {
        return Err(CaseError::TooDeep {
            case: name.to_owned(),
        });
    }
    let dir = corpus.join(member(name, name)?);
    Case::load(&dir, &mut |other| {
        Ok(load_within(corpus, other, depth + 1)?.capture)
    })
}

/// A name of one path component; nothing else leads out of the case's folder.
fn member<'a>(case: &str, name: &'a str) -> Result<&'a str, CaseError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if name.is_empty() || name.starts_with('.') || !name.bytes().all(plain) {
        let (case, name) = (case.to_owned(), name.to_owned());
        return Err(CaseError::UnsafeName { case, name });
    }
    Ok(name)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the corpus reads files"
)]
fn read_text(path: &Path) -> Result<String, CaseError> {
    std::fs::read_to_string(path).map_err(|problem| CaseError::Io {
        file: path.display().to_string(),
        problem,
    })
}

#[cfg(test)]
mod tests;
