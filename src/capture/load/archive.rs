//! A capture as a zip file.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use zip::ZipArchive;

use super::super::limits::{MAX_TOTAL, is_bomb};
use super::super::names::{self, UnsafeName};
use super::super::verify::Difference;
use super::folder::case_clashes;
use super::zip_guard::repeated_names;
use super::{CaptureError, Listing, Members, open_zip, read_limited};

/// An open zip file.
pub(super) struct Archive<R> {
    file: String,
    zip: ZipArchive<R>,
    /// Index by name; filled by `list`.
    index: BTreeMap<String, usize>,
    /// Names that stand in the directory more than once, and how often.
    duplicates: Vec<(String, usize)>,
}

impl<R: Read + Seek> Archive<R> {
    pub(super) fn open(file: &str, reader: R) -> Result<Self, CaptureError> {
        Self::of(file, open_zip(file, reader)?)
    }

    /// A zip file that [`open_zip`] opened.
    pub(super) fn of(file: &str, mut zip: ZipArchive<R>) -> Result<Self, CaptureError> {
        let mut duplicates = Vec::new();
        if zip.has_duplicate_names() {
            let start = zip.central_directory_start();
            let mut reader = zip.into_inner();
            duplicates = repeated_names(&mut reader, start)
                .map_err(|error| CaptureError::io(file, error))?;
            zip = open_zip(file, reader)?;
        }
        Ok(Self {
            duplicates,
            file: file.to_owned(),
            zip,
            index: BTreeMap::new(),
        })
    }
}

impl<R: Read + Seek> Members for Archive<R> {
    fn file(&self) -> &str {
        &self.file
    }

    fn list(&mut self) -> Result<Listing, CaptureError> {
        let mut listing = Listing::default();
        for at in 0..self.zip.len() {
            let Ok(entry) = self.zip.by_index_data(at) else {
                continue;
            };
            let Ok(name) = std::str::from_utf8(entry.name_raw()) else {
                let member = String::from_utf8_lossy(entry.name_raw()).into_owned();
                let why = UnsafeName::NotUtf8;
                listing
                    .problems
                    .push(Difference::UnsafeName { member, why });
                continue;
            };
            let member = name.strip_suffix('/').unwrap_or(name).to_owned();
            if let Err(why) = names::check(&member) {
                listing
                    .problems
                    .push(Difference::UnsafeName { member, why });
            } else if entry.is_symlink() {
                listing.problems.push(Difference::Link { member });
            } else if !name.ends_with('/') {
                let (packed, unpacked) = (entry.compressed_size(), entry.size());
                if is_bomb(packed, unpacked) {
                    let file = self.file.clone();
                    return Err(CaptureError::Bomb {
                        file,
                        member,
                        packed,
                        unpacked,
                    });
                }
                self.index.insert(member, at);
            }
        }
        let duplicates = self
            .duplicates
            .iter()
            .map(|(member, count)| Difference::Duplicate {
                member: member.clone(),
                count: *count,
            });
        listing.problems.extend(duplicates);
        listing.names = self.index.keys().cloned().collect();
        listing.problems.sort_by(|a, b| a.member().cmp(b.member()));
        listing.problems.extend(case_clashes(&listing.names));
        Ok(listing)
    }

    fn read(&mut self, name: &str, limit: u64) -> Result<Result<Vec<u8>, String>, CaptureError> {
        let Some(&at) = self.index.get(name) else {
            return Ok(Err("not in the archive".to_owned()));
        };
        let entry = match self.zip.by_index(at) {
            Ok(entry) => entry,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let (packed, size) = (entry.compressed_size(), entry.size());
        // The lengths in the directory are only claims: the stream decides.
        let bytes = match read_limited(entry, limit.min(MAX_TOTAL), size) {
            Ok(bytes) => bytes,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let unpacked = bytes.len() as u64;
        if is_bomb(packed, unpacked) {
            let (file, member) = (self.file.clone(), name.to_owned());
            return Err(CaptureError::Bomb {
                file,
                member,
                packed,
                unpacked,
            });
        }
        Ok(Ok(bytes))
    }
}
