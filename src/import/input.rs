//! Inputs, and the only place of the importers that opens files.

use std::fs;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use super::diagnostic::Diagnostics;
use super::error::ImportError;
use super::gather::{Found, Gather};
use super::limits::MAX_BYTES;
use super::nested;
use super::sniff::{Looks, looks};
use super::tree;
use crate::capture;
use crate::capture::load::{is_capture, read_limited};

/// Something to import.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// A file or folder.
    Path(PathBuf),
    /// Bytes that were read elsewhere, e.g. standard input as `-`.
    Bytes {
        /// A name for messages.
        name: String,
        /// The bytes.
        bytes: Vec<u8>,
    },
}

impl Input {
    /// Reads a stream such as standard input to its end. Only a bounded number of bytes is
    /// taken.
    pub fn from_reader(name: &str, reader: impl Read) -> Result<Self, ImportError> {
        let file = name.to_owned();
        match read_limited(reader, MAX_BYTES, 0) {
            Err(source) => Err(ImportError::Io { file, source }),
            Ok(bytes) if bytes.len() as u64 > MAX_BYTES => Err(ImportError::TooLarge {
                file,
                limit: MAX_BYTES,
            }),
            Ok(bytes) => Ok(Self::Bytes { name: file, bytes }),
        }
    }

    /// Its name for messages.
    pub fn name(&self) -> String {
        match self {
            Self::Path(path) => path.display().to_string(),
            Self::Bytes { name, .. } => name.clone(),
        }
    }
}

/// Finds out what an input holds.
pub(super) fn gather<'d>(
    input: &Input,
    name: &'d str,
    diagnostics: &'d mut Diagnostics,
) -> Result<Gather<'d>, ImportError> {
    let mut gather = Gather::new(name, diagnostics);
    let found = match input {
        Input::Bytes { bytes, .. } => match looks(bytes) {
            Looks::Zip => gather.zip("", Cursor::new(bytes), 0)?,
            _ => gather.stream("", &mut bytes.as_slice(), 0)?,
        },
        Input::Path(path) => {
            let io = |source| ImportError::Io {
                file: name.to_owned(),
                source,
            };
            match fs::metadata(path).map_err(io)?.is_dir() {
                true => folder(&mut gather, path)?,
                false => file(&mut gather, path).map_err(io)??,
            }
        }
    };
    nested::release(&mut gather)?;
    match found {
        Found::Something => Ok(gather),
        Found::Nothing(looks) => Err(ImportError::NotRecognised {
            file: name.to_owned(),
            looks,
        }),
        Found::Unsuited(what) => Err(ImportError::Unsuited {
            file: name.to_owned(),
            what,
        }),
    }
}

fn folder(gather: &mut Gather<'_>, path: &Path) -> Result<Found, ImportError> {
    let manifest =
        open(&path.join("manifest.json")).and_then(|file| read_limited(file, MAX_BYTES / 8, 0));
    if manifest.is_ok_and(|manifest| is_capture(&manifest)) {
        gather.captures.push(capture::load(path)?);
    } else {
        tree::read_folder(gather, path)?;
    }
    Ok(Found::Something)
}

fn file(gather: &mut Gather<'_>, path: &Path) -> io::Result<Result<Found, ImportError>> {
    let mut head = Vec::new();
    let mut file = open(path)?;
    file.by_ref().take(4).read_to_end(&mut head)?;
    if looks(&head) == Looks::Zip {
        return Ok(gather.zip("", io::BufReader::new(file), 0));
    }
    Ok(gather.stream("", &mut Cursor::new(head).chain(file), 0))
}

#[expect(
    clippy::disallowed_methods,
    reason = "import::input is the place that opens inputs"
)]
pub(super) fn open(path: &Path) -> io::Result<fs::File> {
    fs::File::open(path)
}
