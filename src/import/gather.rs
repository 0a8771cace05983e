//! What one input holds: the files of a machine, texts, captures; through archives and packing.

use std::io::{self, Cursor, Read, Seek};
use std::rc::Rc;

use super::acpidump;
use super::device_list;
use super::diagnostic::{DiagnosticKind, Diagnostics, shortened};
use super::error::ImportError;
use super::grid;
use super::journal;
use super::kernel_log;
use super::limits::{HEAD, MAX_NESTING, MAX_OTHER_FILES};
use super::nested::Held;
use super::raw_config;
use super::sniff::{Kind, Looks, looks, text_kind};
use super::text::decoded;
use super::tree::{self, Trees};
use super::undecorated;
use super::unpack::{Count, Counted, Meter, Metered, Peeked, Tripped, decoder};
use super::unsuited::Unsuited;
use crate::capture::limits::{MAX_HOST, MAX_SOURCE, MAX_TABLE, MAX_TOTAL};
use crate::capture::load::{from_open_zip, is_capture, open_zip, read_limited};
use crate::capture::{Capture, CaptureError};

/// Collects what is of use in one input.
pub(super) struct Gather<'d> {
    /// The input, as the caller named it.
    pub(super) file: &'d str,
    pub(super) diagnostics: &'d mut Diagnostics,
    pub(super) trees: Trees,
    /// Texts and single tables with their paths within the input.
    pub(super) parts: Vec<(Kind, String, Vec<u8>)>,
    pub(super) captures: Vec<Capture>,
    /// What may belong to a capture in a folder of its own.
    pub(super) held: Held,
    pub(super) meter: Rc<Meter>,
    /// Files seen in folders and archives.
    pub(super) files: usize,
    /// Files that are no part of a tree and were looked into.
    others: usize,
    /// Bytes of the texts and tables.
    kept: u64,
    /// An absolute name was remarked on.
    absolute: bool,
}

/// What became of a stream.
pub(super) enum Found {
    /// Something, or an archive that was gone through.
    Something,
    /// Nothing that an importer knows.
    Nothing(Looks),
    /// The output of a tool that does not say enough.
    Unsuited(Unsuited),
}

impl<'d> Gather<'d> {
    pub(super) fn new(file: &'d str, diagnostics: &'d mut Diagnostics) -> Self {
        Self {
            file,
            diagnostics,
            trees: Trees::default(),
            parts: Vec::new(),
            captures: Vec::new(),
            held: Held::default(),
            meter: Rc::default(),
            files: 0,
            others: 0,
            kept: 0,
            absolute: false,
        }
    }

    /// Looks through a stream: a text, or an archive or packed file with anything in it.
    /// `member` is its path within the input, empty for the input itself.
    pub(super) fn stream(
        &mut self,
        member: &str,
        reader: &mut dyn Read,
        nesting: u32,
    ) -> Result<Found, ImportError> {
        let (counted, count) = Counted::new(reader);
        let mut stream =
            Peeked::new(counted).map_err(|error| self.damage(member, &count, &error))?;
        let looks = looks(stream.head());
        let archive = matches!(
            looks,
            Looks::Gzip | Looks::Xz | Looks::Bzip2 | Looks::Zstd | Looks::Tar | Looks::Zip
        );
        if archive && nesting >= MAX_NESTING {
            return Ok(Found::Nothing(looks));
        }
        match looks {
            Looks::Tar => tree::read_tar(self, member, &mut stream, nesting)?,
            Looks::Zip => {
                let bytes = read_limited(stream, MAX_SOURCE, 0)
                    .map_err(|error| self.damage(member, &count, &error))?;
                if bytes.len() as u64 > MAX_SOURCE {
                    return Err(self.too_large(member, MAX_SOURCE));
                }
                return self.zip(member, Cursor::new(bytes), nesting);
            }
            Looks::Gzip | Looks::Xz | Looks::Bzip2 | Looks::Zstd => {
                // The bytes read by the unpacker, not those read ahead to see what it is.
                let (packed, count) = Counted::new(stream);
                let Some(unpacked) = decoder(looks, packed) else {
                    return Ok(Found::Nothing(looks));
                };
                let meter = self.meter.clone();
                let mut unpacked = Metered::new(unpacked, count.clone(), &meter);
                return self.stream(member, &mut unpacked, nesting + 1);
            }
            Looks::AcpiTable => return self.table(member, stream, &count),
            // A folder may hold the logs of many boots; one is enough and must not be too long.
            _ if !member.is_empty() && text_kind(stream.head()) == Some(Kind::KernelLog) => {
                return self.log(member, stream, &count, looks);
            }
            Looks::Text | Looks::Utf16 => {
                return self.text(member, stream.into_bytes(MAX_SOURCE + 1), &count, looks);
            }
            // Texts with a few odd bytes in them are texts still.
            _ if text_kind(stream.head()).is_some() => {
                return self.text(member, stream.into_bytes(MAX_SOURCE + 1), &count, looks);
            }
            _ => return self.config(member, stream, &count, looks),
        }
        Ok(Found::Something)
    }

    /// A file that may be one configuration space as it is.
    fn config(
        &mut self,
        member: &str,
        reader: impl Read,
        count: &Count,
        looks: Looks,
    ) -> Result<Found, ImportError> {
        let bytes = read_limited(reader, raw_config::MAX, 0)
            .map_err(|error| self.damage(member, count, &error))?;
        match raw_config::is_config(&bytes) {
            true => self.keep(Kind::Config, member, bytes),
            false => Ok(Found::Nothing(looks)),
        }
    }

    /// A text as far as it was read, and how reading it ended.
    fn text(
        &mut self,
        member: &str,
        (bytes, end): (Vec<u8>, io::Result<()>),
        count: &Count,
        looks: Looks,
    ) -> Result<Found, ImportError> {
        if bytes.len() as u64 > MAX_SOURCE {
            return Err(self.too_large(member, MAX_SOURCE));
        }
        let fault = match end {
            Ok(()) => None,
            Err(error) if self.meter.tripped().is_some() || bytes.is_empty() => {
                return Err(self.damage(member, count, &error));
            }
            Err(error) => Some(error.to_string()),
        };
        let (text, converted) = decoded(bytes);
        let messages = journal::messages(&text);
        let from_json = messages.is_some();
        let text = messages.unwrap_or(text);
        let mut text = text;
        let mut kind = text_kind(&text);
        let mut decorations = Vec::new();
        if matches!(kind, None | Some(Kind::Lspci | Kind::KernelLog)) {
            (text, decorations) = undecorated::plain(text);
            if !decorations.is_empty() {
                kind = text_kind(&text);
            }
        }
        if kind.is_none()
            && let Some(flat) = grid::flat(&text)
        {
            kind = text_kind(&flat);
            text = if kind.is_some() { flat } else { text };
        }
        let Some(kind) = kind else {
            let unsuited = Unsuited::of(&text).map(Found::Unsuited);
            return Ok(unsuited.unwrap_or(Found::Nothing(looks)));
        };
        let outer = self
            .diagnostics
            .enter((!member.is_empty()).then(|| shortened(member)));
        if converted {
            self.diagnostics.whole(DiagnosticKind::Utf16);
        }
        for decoration in decorations {
            self.diagnostics
                .whole(DiagnosticKind::Undecorated { decoration });
        }
        if from_json {
            self.diagnostics.whole(DiagnosticKind::LogInJson);
        }
        if let Some(problem) = fault {
            self.diagnostics
                .whole(DiagnosticKind::ArchiveDamaged { problem });
        }
        self.diagnostics.enter(outer);
        // A report on a fault often has the log and lists of devices in one text.
        let devices = matches!(kind, Kind::Lspci | Kind::DeviceList);
        let both = devices && member.is_empty() && kernel_log::is_log(&text);
        let log = (both && text.len() as u64 <= MAX_HOST).then(|| text.clone());
        let list = kind == Kind::Lspci && device_list::is_list(&text);
        let list = list.then(|| text.clone());
        self.keep(kind, member, text)?;
        if let Some(list) = list {
            self.keep(Kind::DeviceList, member, list)?;
        }
        log.map_or(Ok(Found::Something), |log| {
            self.keep(Kind::KernelLog, member, log)
        })
    }

    /// A kernel log within a folder or archive.
    fn log(
        &mut self,
        member: &str,
        reader: impl Read,
        count: &Count,
        looks: Looks,
    ) -> Result<Found, ImportError> {
        if self.parts.iter().any(|part| part.0 == Kind::KernelLog) {
            return Ok(Found::Nothing(looks));
        }
        let bytes = read_limited(reader, MAX_HOST, 0)
            .map_err(|error| self.damage(member, count, &error))?;
        if bytes.len() as u64 > MAX_HOST {
            let limit = MAX_HOST;
            self.diagnostics
                .member(member, DiagnosticKind::FileTooLarge { limit });
            return Ok(Found::Nothing(looks));
        }
        self.text(member, (bytes, Ok(())), count, looks)
    }

    /// A file that may be one ACPI table as it is.
    fn table(
        &mut self,
        member: &str,
        reader: impl Read,
        count: &Count,
    ) -> Result<Found, ImportError> {
        let bytes = read_limited(reader, MAX_TABLE, 0)
            .map_err(|error| self.damage(member, count, &error))?;
        if acpidump::raw_table(&bytes).is_none() {
            return Ok(Found::Nothing(Looks::AcpiTable));
        }
        self.keep(Kind::Table, member, bytes)
    }

    fn keep(&mut self, kind: Kind, member: &str, bytes: Vec<u8>) -> Result<Found, ImportError> {
        if kind == Kind::KernelLog && bytes.len() as u64 > MAX_HOST {
            return Err(self.too_large(member, MAX_HOST));
        }
        self.kept += bytes.len() as u64;
        if self.kept > MAX_TOTAL {
            return Err(self.too_large(member, MAX_TOTAL));
        }
        self.parts.push((kind, member.to_owned(), bytes));
        Ok(Found::Something)
    }

    /// Looks through a zip file, which may be a capture.
    pub(super) fn zip(
        &mut self,
        member: &str,
        mut reader: impl Read + Seek,
        nesting: u32,
    ) -> Result<Found, ImportError> {
        let place = self.place(member);
        let mut zip = open_zip(&place, &mut reader)?;
        let manifest = zip
            .by_name("manifest.json")
            .ok()
            .and_then(|manifest| read_limited(manifest, MAX_SOURCE / 4, 0).ok());
        if manifest.is_some_and(|manifest| is_capture(&manifest)) {
            self.captures.push(from_open_zip(&place, zip)?);
            return Ok(Found::Something);
        }
        tree::read_zip(self, member, zip, nesting)?;
        Ok(Found::Something)
    }

    /// A file that is no part of a machine's tree: perhaps of an unpacked capture, else a text
    /// or an archive, or of no use.
    pub(super) fn other(
        &mut self,
        member: &str,
        reader: &mut dyn Read,
        nesting: u32,
    ) -> Result<(), ImportError> {
        let Some((folder, name)) = Held::split(member) else {
            return self.look_into(member, reader, nesting);
        };
        let Some(room) = self.held.room(folder, name) else {
            return self.look_into(member, reader, nesting);
        };
        let bytes = match read_limited(&mut *reader, room, 0) {
            Ok(bytes) => bytes,
            Err(error) => return self.survive(member, &error),
        };
        if bytes.len() as u64 > room {
            let mut whole = Cursor::new(bytes).chain(reader);
            return self.look_into(member, &mut whole, nesting);
        }
        self.held.keep(folder, name, bytes);
        Ok(())
    }

    /// Takes over a text, or what an archive holds.
    pub(super) fn look_into(
        &mut self,
        member: &str,
        mut reader: &mut dyn Read,
        nesting: u32,
    ) -> Result<(), ImportError> {
        self.others += 1;
        if self.others > MAX_OTHER_FILES {
            if self.others == MAX_OTHER_FILES + 1 {
                self.diagnostics.whole(DiagnosticKind::TooManyFiles {
                    limit: MAX_OTHER_FILES,
                });
            }
            return Ok(());
        }
        let mut head = Vec::new();
        if let Err(error) = Read::take(&mut reader, HEAD).read_to_end(&mut head) {
            return self.survive(member, &error);
        }
        let looks = looks(&head);
        let stream = matches!(
            looks,
            Looks::Gzip
                | Looks::Xz
                | Looks::Bzip2
                | Looks::Zstd
                | Looks::Tar
                | Looks::Zip
                | Looks::Utf16
                | Looks::AcpiTable
        );
        if !stream && text_kind(&head).is_none() && !raw_config::is_config(&head) {
            return Ok(());
        }
        let mut whole = Cursor::new(head).chain(reader);
        match self.stream(member, &mut whole, nesting + 1) {
            Ok(_) => Ok(()),
            // What is broken inside must not lose what is around it.
            Err(ImportError::Damaged { problem, .. }) if self.meter.tripped().is_none() => {
                self.diagnostics
                    .member(member, DiagnosticKind::Unreadable { problem });
                Ok(())
            }
            Err(ImportError::Capture(error)) if !matches!(error, CaptureError::Bomb { .. }) => {
                self.unreadable(member, &error);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Remarks on a member that cannot be used.
    pub(super) fn unreadable(&mut self, member: &str, error: &CaptureError) {
        let problem = error.to_string();
        self.diagnostics
            .member(member, DiagnosticKind::Unreadable { problem });
    }

    /// Remarks on the first absolute name.
    pub(super) fn absolute(&mut self, member: &str) {
        if !std::mem::replace(&mut self.absolute, true) {
            self.diagnostics
                .member(member, DiagnosticKind::AbsoluteName);
        }
    }

    /// Goes on after a fault in one member, unless a bound was met.
    pub(super) fn survive(&mut self, member: &str, error: &io::Error) -> Result<(), ImportError> {
        if self.meter.tripped().is_some() {
            return Err(self.damage(member, &Count::default(), error));
        }
        let problem = error.to_string();
        self.diagnostics
            .member(member, DiagnosticKind::Unreadable { problem });
        Ok(())
    }

    /// The error for a stream that cannot be read.
    pub(super) fn damage(&self, member: &str, count: &Count, error: &io::Error) -> ImportError {
        let file = self.place(member);
        match self.meter.tripped() {
            Some(Tripped::TooLarge) => ImportError::TooLarge {
                file,
                limit: super::limits::MAX_UNPACKED,
            },
            Some(Tripped::Bomb { packed, unpacked }) => ImportError::Bomb {
                file,
                packed,
                unpacked,
            },
            None => ImportError::Damaged {
                file,
                offset: count.get(),
                problem: error.to_string(),
            },
        }
    }

    pub(super) fn too_large(&self, member: &str, limit: u64) -> ImportError {
        ImportError::TooLarge {
            file: self.place(member),
            limit,
        }
    }

    /// The input and the path within it.
    pub(super) fn place(&self, member: &str) -> String {
        match member {
            "" => self.file.to_owned(),
            member => format!("{}: {}", self.file, shortened(member)),
        }
    }
}
