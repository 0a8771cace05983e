//! What a folder of machines holds: cases, captures, and whatever else can be imported.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::capture::{self, Capture};
use crate::corpus::{self, Expectations, Truth};
use crate::import::{self, Input};

/// Folders in folders, at most.
const MAX_DEPTH: usize = 8;
/// Machines of one folder, at most.
const MAX_ITEMS: usize = 10_000_000;
/// Kinds of files beside captures that are none.
const OTHER_FILES: &[&str] = &["md", "toml", "json", "html", "csv", "py", "sh"];

/// One machine in a folder.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Item {
    /// Path below the folder, with `/` between its parts.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// How it is read.
    pub kind: ItemKind,
}

/// How a machine is read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ItemKind {
    /// A folder with a `case.toml` (`docs/corpus.md`).
    Case,
    /// A capture as a folder.
    Folder,
    /// A file: a capture as a zip, or any dump that can be imported.
    File,
    /// A folder whose files are dumps of one machine.
    Parts,
}

/// A machine that was read, with what is known of it.
pub(super) struct Machine {
    pub(super) capture: Capture,
    pub(super) truth: Truth,
    pub(super) expectations: Expectations,
}

/// The machines below a folder, by name. Hidden files and folders, and files of kinds that no
/// dump has, are passed over.
pub fn items(root: &Path) -> io::Result<Vec<Item>> {
    let mut items = Vec::new();
    let mut pending = vec![(root.to_owned(), String::new(), 0)];
    while let Some((folder, prefix, depth)) = pending.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            // Links are not followed: they may lead in circles.
            let kind = entry.file_type()?;
            if name.starts_with('.') || items.len() >= MAX_ITEMS {
                continue;
            }
            let path = entry.path();
            let full = format!("{prefix}{name}");
            let mut add = |kind| {
                items.push(Item {
                    name: full.clone(),
                    path: path.clone(),
                    kind,
                });
            };
            if kind.is_dir() {
                if path.join("case.toml").is_file() {
                    add(ItemKind::Case);
                } else if path.join("manifest.json").is_file() || path.join("sys").is_dir() {
                    add(ItemKind::Folder);
                } else if depth < MAX_DEPTH {
                    pending.push((path, full + "/", depth + 1));
                }
            } else if kind.is_file() {
                let extension = path.extension().and_then(|extension| extension.to_str());
                if !extension.is_some_and(|extension| OTHER_FILES.contains(&extension)) {
                    add(ItemKind::File);
                }
            }
        }
    }
    items.sort();
    Ok(items)
}

impl Item {
    /// One machine, whatever the path holds.
    pub(super) fn of(path: &Path) -> Self {
        let kind = if path.is_file() {
            ItemKind::File
        } else if path.join("case.toml").is_file() {
            ItemKind::Case
        } else if path.join("manifest.json").is_file() || path.join("sys").is_dir() {
            ItemKind::Folder
        } else {
            ItemKind::Parts
        };
        Self {
            name: path.display().to_string(),
            path: path.to_owned(),
            kind,
        }
    }

    /// The file that holds what is expected of the machine.
    pub fn expectations_path(&self) -> PathBuf {
        match self.kind {
            ItemKind::Case => self.path.join("expect.json"),
            ItemKind::Folder | ItemKind::File | ItemKind::Parts => {
                let mut name = self.path.file_name().unwrap_or_default().to_owned();
                name.push(".expect.json");
                self.path.with_file_name(name)
            }
        }
    }

    /// Reads the machine and what is known of it.
    pub(super) fn load(&self) -> Result<Machine, String> {
        let words = |error: &dyn std::fmt::Display| error.to_string();
        let expected = Expectations::load(&self.name, &self.expectations_path());
        let expectations = expected.map_err(|error| words(&error))?;
        let (capture, truth) = match self.kind {
            ItemKind::Case => {
                let corpus = self.path.parent().unwrap_or(Path::new("."));
                let name = self.path.file_name().unwrap_or_default().to_string_lossy();
                let case = corpus::load_case(corpus, &name).map_err(|error| words(&error))?;
                (case.capture, case.truth)
            }
            ItemKind::Folder if self.path.join("manifest.json").is_file() => {
                let capture = capture::load(&self.path).map_err(|error| words(&error))?;
                (capture, Truth::default())
            }
            ItemKind::Folder | ItemKind::File | ItemKind::Parts => {
                (self.import()?, Truth::default())
            }
        };
        Ok(Machine {
            capture,
            truth,
            expectations: expectations.unwrap_or_default(),
        })
    }

    fn import(&self) -> Result<Capture, String> {
        let inputs = match self.kind {
            ItemKind::Parts => parts(&self.path).map_err(|error| error.to_string())?,
            _ => vec![self.path.clone()],
        };
        let inputs: Vec<Input> = inputs.into_iter().map(Input::Path).collect();
        let import = import::import(&inputs);
        if import.is_usable() {
            return Ok(import.capture);
        }
        let errors = import.errors.iter().map(ToString::to_string);
        Err(errors.collect::<Vec<_>>().join("; "))
    }
}

/// The dumps of one machine: the files of a folder, by name, hidden ones and those of kinds that
/// no dump has left out.
fn parts(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        let no_dump = extension.is_some_and(|extension| OTHER_FILES.contains(&extension));
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if entry.file_type()?.is_file() && !no_dump && !hidden {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
