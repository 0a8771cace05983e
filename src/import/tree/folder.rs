//! A machine's tree in a folder. Links are not followed.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Entry, Place, Want, wanted};
use crate::capture::load::read_limited;
use crate::import::diagnostic::DiagnosticKind;
use crate::import::error::ImportError;
use crate::import::gather::Gather;
use crate::import::input::open;
use crate::import::limits::{MAX_NAMES, MAX_TREE};

/// Reads the files of use below a folder.
pub(in crate::import) fn read(gather: &mut Gather<'_>, root: &Path) -> Result<(), ImportError> {
    let mut pending: Vec<(PathBuf, String)> = vec![(root.to_owned(), String::new())];
    while let Some((folder, prefix)) = pending.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(source) if prefix.is_empty() => {
                return Err(ImportError::Io {
                    file: gather.file.to_owned(),
                    source,
                });
            }
            Err(error) => {
                gather.survive(&prefix, &error)?;
                continue;
            }
        };
        // The order of a folder is an accident.
        let mut entries: Vec<fs::DirEntry> = entries.flatten().collect();
        entries.sort_by_key(fs::DirEntry::file_name);
        let mut folders = Vec::new();
        for entry in entries {
            gather.files += 1;
            if gather.files > MAX_NAMES {
                let limit = MAX_NAMES;
                gather
                    .diagnostics
                    .whole(DiagnosticKind::TooManyFiles { limit });
                return Ok(());
            }
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let member = match prefix.as_str() {
                "" => name,
                prefix => format!("{prefix}/{name}"),
            };
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            let path = entry.path();
            one(gather, &path, &member, kind)?;
            if kind.is_dir() && wanted::enter(&member.split('/').collect::<Vec<_>>()) {
                folders.push((path, member));
            }
        }
        pending.extend(folders.into_iter().rev());
    }
    Ok(())
}

fn one(
    gather: &mut Gather<'_>,
    path: &Path,
    member: &str,
    kind: fs::FileType,
) -> Result<(), ImportError> {
    let place = Place::of("", member);
    let step = match &place.want {
        _ if kind.is_symlink() => fs::read_link(path).and_then(|target| {
            let target = target.to_string_lossy().replace('\\', "/");
            gather
                .trees
                .add_link(place, &target, member, gather.diagnostics)
        }),
        Want::Impossible => {
            gather
                .diagnostics
                .member(member, DiagnosticKind::NotAnAddress);
            Ok(())
        }
        Want::Existence => gather.trees.add(place, Entry::Exists),
        Want::File(limit) if kind.is_file() => {
            let limit = *limit;
            open(path)
                .and_then(|file| read_limited(file, limit, 0))
                .and_then(|bytes| {
                    if bytes.len() as u64 > limit {
                        gather
                            .diagnostics
                            .member(member, DiagnosticKind::FileTooLarge { limit });
                        return Ok(());
                    }
                    gather.trees.add(place, Entry::File(bytes))
                })
        }
        Want::Other if kind.is_file() => match open(path) {
            Ok(mut file) => return gather.other(member, &mut file, 0),
            Err(error) => Err(error),
        },
        _ => Ok(()),
    };
    match step {
        Ok(()) => Ok(()),
        Err(_) if gather.trees.is_full() => Err(gather.too_large("", MAX_TREE)),
        Err(error) => gather.survive(member, &error),
    }
}
