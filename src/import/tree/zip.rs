//! A machine's tree in a zip file that is no capture.

use std::io::{Read, Seek};

use ::zip::ZipArchive;

use super::{Entry, Place, Want};
use crate::capture::load::read_limited;
use crate::import::diagnostic::DiagnosticKind;
use crate::import::error::ImportError;
use crate::import::gather::Gather;
use crate::import::limits::MAX_TREE;
use crate::import::unpack::{Count, Metered};

/// Reads the members that are of use. `archive` is its own path within the input.
pub(in crate::import) fn read<R: Read + Seek>(
    gather: &mut Gather<'_>,
    archive: &str,
    mut zip: ZipArchive<R>,
    nesting: u32,
) -> Result<(), ImportError> {
    for index in 0..zip.len() {
        gather.files += 1;
        let name = zip
            .by_index_data(index)
            .map(|entry| entry.name_raw().to_vec());
        let Some(path) = name.ok().and_then(|name| String::from_utf8(name).ok()) else {
            continue;
        };
        let entry = match zip.by_index(index) {
            Ok(entry) => entry,
            Err(error) => {
                let problem = error.to_string();
                gather
                    .diagnostics
                    .member(&path, DiagnosticKind::Unreadable { problem });
                continue;
            }
        };
        if path.contains(['\\', '\0']) || path.split('/').any(|part| part == "..") {
            gather.diagnostics.member(&path, DiagnosticKind::UnsafeName);
            continue;
        }
        if path.starts_with('/') {
            gather.absolute(&path);
        }
        let place = Place::of(archive, &path);
        let (packed, size) = (entry.compressed_size(), entry.size());
        if let Err(error) = gather.meter.claim(packed, size) {
            return Err(gather.damage(&path, &Count::of(packed), &error));
        }
        let (is_link, is_dir) = (entry.is_symlink(), entry.is_dir());
        // The lengths are claims: what is really unpacked is counted.
        let meter = gather.meter.clone();
        let mut content = Metered::new(entry, Count::of(packed), &meter);
        let step = match &place.want {
            _ if is_link => {
                let target = read_limited(&mut content, 4096, size);
                target.and_then(|target| {
                    let target = String::from_utf8_lossy(&target);
                    gather
                        .trees
                        .add_link(place, &target, &path, gather.diagnostics)
                })
            }
            Want::Impossible => {
                gather
                    .diagnostics
                    .member(&path, DiagnosticKind::NotAnAddress);
                Ok(())
            }
            Want::Existence => gather.trees.add(place, Entry::Exists),
            _ if is_dir => Ok(()),
            Want::File(limit) => {
                let limit = *limit;
                read_limited(&mut content, limit, size).and_then(|bytes| {
                    if bytes.len() as u64 > limit {
                        gather
                            .diagnostics
                            .member(&path, DiagnosticKind::FileTooLarge { limit });
                        return Ok(());
                    }
                    gather.trees.add(place, Entry::File(bytes))
                })
            }
            Want::Other => {
                let member = match archive {
                    "" => path.clone(),
                    archive => format!("{archive}/{path}"),
                };
                gather.other(&member, &mut content, nesting)?;
                Ok(())
            }
            _ => Ok(()),
        };
        if let Err(error) = step {
            if gather.trees.is_full() {
                return Err(gather.too_large(archive, MAX_TREE));
            }
            gather.survive(&path, &error)?;
        }
    }
    Ok(())
}
