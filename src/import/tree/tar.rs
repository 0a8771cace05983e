//! A machine's tree in a tar archive, read as a stream and never unpacked to disk.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use ::tar::{Archive, Entry as TarEntry, EntryType, PaxExtensions};

use super::{Entry, Place, Want};
use crate::capture::load::read_limited;
use crate::import::diagnostic::{DiagnosticKind, Place as At};
use crate::import::error::ImportError;
use crate::import::gather::Gather;
use crate::import::limits::{MAX_LONG_NAME, MAX_NAMES, MAX_TREE};
use crate::import::unpack::{Count, Counted};

/// Names that stand before the entry they belong to, where they do not fit its header.
#[derive(Default)]
struct LongNames {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
}

/// Reads an archive as far as it goes. `member` is its own path within the input.
pub(in crate::import) fn read(
    gather: &mut Gather<'_>,
    member: &str,
    reader: &mut dyn Read,
    nesting: u32,
) -> Result<(), ImportError> {
    let (ended, end) = EndMark::new(reader);
    let (counted, offset) = Counted::new(ended);
    let mut archive = Archive::new(counted);
    // Pieces one after the other, each with its end mark, are one archive.
    archive.set_ignore_zeros(true);
    let entries = match archive.entries() {
        Ok(entries) => entries.raw(true),
        Err(error) => return Err(gather.damage(member, &offset, &error)),
    };
    let mut names = LongNames::default();
    for entry in entries {
        let step = entry.and_then(|entry| {
            gather.files += 1;
            if gather.files > MAX_NAMES {
                let limit = MAX_NAMES;
                gather
                    .diagnostics
                    .whole(DiagnosticKind::TooManyFiles { limit });
                return Ok(Step::Stop);
            }
            one(gather, member, entry, &mut names, nesting)
        });
        match step {
            Ok(Step::Next) => {}
            Ok(Step::Stop) => return Ok(()),
            Ok(Step::Fail(error)) => return Err(error),
            Err(error) => {
                if gather.meter.tripped().is_some() || gather.trees.is_full() {
                    return Err(full(gather, member, &offset, &error));
                }
                let place = At::Offset(offset.get());
                let kind = match end.reached() {
                    true => DiagnosticKind::ArchiveCut,
                    false => DiagnosticKind::ArchiveDamaged {
                        problem: error.to_string(),
                    },
                };
                gather.diagnostics.at(place, kind);
                return Ok(());
            }
        }
    }
    if end.zeros() < 1024 {
        let place = At::Offset(offset.get());
        gather.diagnostics.at(place, DiagnosticKind::ArchiveCut);
    }
    Ok(())
}

fn full(gather: &Gather<'_>, member: &str, offset: &Count, error: &io::Error) -> ImportError {
    match gather.trees.is_full() {
        true => gather.too_large(member, MAX_TREE),
        false => gather.damage(member, offset, error),
    }
}

enum Step {
    Next,
    Stop,
    Fail(ImportError),
}

fn one(
    gather: &mut Gather<'_>,
    archive: &str,
    mut entry: TarEntry<'_, impl Read>,
    names: &mut LongNames,
    nesting: u32,
) -> io::Result<Step> {
    let kind = entry.header().entry_type();
    match kind {
        EntryType::GNULongName => names.path = long(gather, &mut entry)?,
        EntryType::GNULongLink => names.link = long(gather, &mut entry)?,
        EntryType::XHeader => {
            if let Some(extensions) = long(gather, &mut entry)? {
                for extension in PaxExtensions::new(&extensions).flatten() {
                    match extension.key_bytes() {
                        b"path" => names.path = Some(extension.value_bytes().to_vec()),
                        b"linkpath" => names.link = Some(extension.value_bytes().to_vec()),
                        _ => {}
                    }
                }
            }
        }
        EntryType::XGlobalHeader => {}
        _ => {
            let names = std::mem::take(names);
            return file(gather, archive, entry, names, nesting);
        }
    }
    Ok(Step::Next)
}

/// A long name; `None` where it is longer than any.
fn long(
    gather: &mut Gather<'_>,
    entry: &mut TarEntry<'_, impl Read>,
) -> io::Result<Option<Vec<u8>>> {
    let size = entry.header().entry_size()?;
    if size > MAX_LONG_NAME {
        let limit = MAX_LONG_NAME;
        gather
            .diagnostics
            .whole(DiagnosticKind::FileTooLarge { limit });
        return Ok(None);
    }
    let mut name = read_limited(&mut *entry, MAX_LONG_NAME, size)?;
    if (name.len() as u64) < size {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if entry.header().entry_type() != EntryType::XHeader {
        let end = name
            .iter()
            .position(|&byte| byte == 0)
            .unwrap_or(name.len());
        name.truncate(end);
    }
    Ok(Some(name))
}

fn file(
    gather: &mut Gather<'_>,
    archive: &str,
    mut entry: TarEntry<'_, impl Read>,
    names: LongNames,
    nesting: u32,
) -> io::Result<Step> {
    let path = names
        .path
        .unwrap_or_else(|| entry.path_bytes().into_owned());
    let Ok(path) = String::from_utf8(path) else {
        return Ok(Step::Next);
    };
    if path.split('/').any(|part| part == "..") || path.contains('\0') {
        gather.diagnostics.member(&path, DiagnosticKind::UnsafeName);
        return Ok(Step::Next);
    }
    if path.starts_with('/') {
        gather.absolute(&path);
    }
    let place = Place::of(archive, &path);
    let size = entry.header().entry_size()?;
    match (entry.header().entry_type(), &place.want) {
        (_, Want::Nothing) => {}
        (EntryType::Regular | EntryType::Continuous, Want::File(limit)) => {
            let limit = *limit;
            if size > limit {
                gather
                    .diagnostics
                    .member(&path, DiagnosticKind::FileTooLarge { limit });
                return Ok(Step::Next);
            }
            let bytes = read_limited(&mut entry, limit, size)?;
            let short = (bytes.len() as u64) < size;
            gather.trees.add(place, Entry::File(bytes))?;
            if short {
                gather.diagnostics.member(&path, DiagnosticKind::ArchiveCut);
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        (EntryType::Regular | EntryType::Continuous, Want::Other) => {
            let member = match archive {
                "" => path,
                archive => format!("{archive}/{path}"),
            };
            if let Err(error) = gather.other(&member, &mut entry, nesting) {
                return Ok(Step::Fail(error));
            }
        }
        (EntryType::Symlink, _) => {
            let short = || entry.link_name_bytes().map(std::borrow::Cow::into_owned);
            let target = names.link.or_else(short).unwrap_or_default();
            let target = String::from_utf8_lossy(&target);
            gather
                .trees
                .add_link(place, &target, &path, gather.diagnostics)?;
        }
        (_, Want::Impossible) => {
            gather
                .diagnostics
                .member(&path, DiagnosticKind::NotAnAddress);
        }
        (EntryType::Regular | EntryType::Directory | EntryType::Continuous, Want::Existence) => {
            gather.trees.add(place, Entry::Exists)?;
        }
        _ => {}
    }
    Ok(Step::Next)
}

/// Watches for the end of the stream, and for the zero blocks that end an archive.
struct EndMark<R> {
    inner: R,
    end: End,
}

/// How a stream ends, as far as it was read.
#[derive(Clone, Default)]
struct End(Rc<Cell<(u64, bool)>>);

impl End {
    /// Zero bytes at the end of what was read.
    fn zeros(&self) -> u64 {
        self.0.get().0
    }

    /// Whether there was nothing more to read.
    fn reached(&self) -> bool {
        self.0.get().1
    }
}

impl<R: Read> EndMark<R> {
    fn new(inner: R) -> (Self, End) {
        let end = End::default();
        let shared = end.clone();
        (Self { inner, end }, shared)
    }
}

impl<R: Read> Read for EndMark<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let bytes = buffer.get(..read).unwrap_or_default();
        let tail = bytes.iter().rev().take_while(|&&byte| byte == 0).count();
        let before = if tail == read { self.end.zeros() } else { 0 };
        let reached = read == 0 && !buffer.is_empty();
        self.end.0.set((before + tail as u64, reached));
        Ok(read)
    }
}
