//! A capture as a folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::super::limits::{MAX_DEPTH, MAX_MEMBERS};
use super::super::names::{self, UnsafeName};
use super::super::verify::Difference;
use super::{CaptureError, Listing, Members, open, read_limited};

/// A folder and the files found in it.
pub(super) struct Folder {
    file: String,
    root: PathBuf,
}

impl Folder {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            file: root.display().to_string(),
            root: root.to_owned(),
        }
    }

    /// Collects the files of one folder; folders go to `pending`.
    fn scan(
        &self,
        prefix: &str,
        pending: &mut Vec<String>,
        listing: &mut Listing,
    ) -> Result<(), CaptureError> {
        let path = self.path(prefix);
        let io = |error| CaptureError::io(path.display().to_string(), error);
        for entry in fs::read_dir(&path).map_err(io)? {
            let entry = entry.map_err(io)?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                let member = format!("{prefix}{}", name.display());
                let why = UnsafeName::NotUtf8;
                listing
                    .problems
                    .push(Difference::UnsafeName { member, why });
                continue;
            };
            let member = format!("{prefix}{name}");
            if let Err(why) = names::check(&member) {
                listing
                    .problems
                    .push(Difference::UnsafeName { member, why });
                continue;
            }
            let kind = entry.file_type().map_err(io)?;
            if kind.is_symlink() {
                listing.problems.push(Difference::Link { member });
            } else if kind.is_dir() {
                pending.push(member + "/");
            } else if kind.is_file() {
                listing.names.push(member);
            } else {
                listing.problems.push(Difference::NotAFile { member });
            }
            if listing.names.len() + listing.problems.len() + pending.len() > MAX_MEMBERS {
                return Err(CaptureError::TooMany {
                    file: self.file.clone(),
                    what: "files",
                    limit: MAX_MEMBERS as u64,
                });
            }
        }
        Ok(())
    }

    fn path(&self, member: &str) -> PathBuf {
        let parts = member.split('/').filter(|part| !part.is_empty());
        parts.fold(self.root.clone(), |path, part| path.join(part))
    }
}

impl Members for Folder {
    fn file(&self) -> &str {
        &self.file
    }

    fn list(&mut self) -> Result<Listing, CaptureError> {
        let mut listing = Listing::default();
        let mut pending = vec![String::new()];
        while let Some(prefix) = pending.pop() {
            if prefix.matches('/').count() < MAX_DEPTH {
                self.scan(&prefix, &mut pending, &mut listing)?;
            }
        }
        listing.names.sort_unstable();
        listing.problems.sort_by(|a, b| a.member().cmp(b.member()));
        listing.problems.extend(case_clashes(&listing.names));
        Ok(listing)
    }

    fn read(&mut self, name: &str, limit: u64) -> Result<Result<Vec<u8>, String>, CaptureError> {
        let read = open(&self.path(name)).and_then(|file| read_limited(file, limit, 0));
        Ok(read.map_err(|error| error.to_string()))
    }
}

/// Names that differ only in case: on some platforms they are one file.
pub(super) fn case_clashes(names: &[String]) -> Vec<Difference> {
    let mut folded: BTreeMap<String, &String> = BTreeMap::new();
    let mut clashes = Vec::new();
    for name in names {
        if let Some(other) = folded.insert(name.to_lowercase(), name) {
            clashes.push(Difference::CaseClash {
                member: name.clone(),
                other: other.clone(),
            });
        }
    }
    clashes
}
