//! Members into a [`Capture`].

use std::collections::BTreeSet;

use super::super::limits::{MAX_FUNCTIONS, MAX_TOTAL};
use super::super::verify::{self, Difference};
use super::super::{
    Capture, CaptureError, Failure, FunctionProperties, layout, manifest, open_ended,
};
use super::layout::Member;
use super::{Members, manifest as read_manifest};
use crate::addr::Sbdf;
use crate::bytes::ConfigImage;

/// Reads everything that can be read.
pub(super) fn capture(members: &mut dyn Members) -> Result<Capture, CaptureError> {
    let listing = members.list()?;
    let mut manifest = read_manifest(members)?;
    let files = std::mem::take(&mut manifest.files);
    let stored = manifest
        .failures
        .iter()
        .map(|f| (f.what.clone(), f.why.clone()))
        .collect();
    let mut assembly = Assembly {
        capture: Capture {
            manifest,
            ..Capture::default()
        },
        stored,
        kept: 0,
        parsed: 0,
    };
    listing
        .problems
        .iter()
        .for_each(|problem| assembly.fail(problem));
    for difference in verify::missing(&files, &listing.names) {
        assembly.fail(&difference);
    }
    for name in listing
        .names
        .iter()
        .filter(|name| *name != layout::MANIFEST)
    {
        match verify::read(members, name, files.get(name))? {
            Ok(bytes) => assembly.add(members.file(), name, bytes)?,
            Err(difference) => {
                assembly.note_function(members.file(), &Member::of(name))?;
                assembly.fail(&difference);
            }
        }
    }
    Ok(assembly.capture)
}

struct Assembly {
    capture: Capture,
    /// Failures that the manifest lists already.
    stored: BTreeSet<(String, String)>,
    /// Bytes taken over so far.
    kept: u64,
    /// Memory of parsed values of unknown shape.
    parsed: u64,
}

impl Assembly {
    /// Members come sorted, so `config` is here before `config.known` and `properties.json`.
    fn add(&mut self, file: &str, name: &str, bytes: Vec<u8>) -> Result<(), CaptureError> {
        self.kept += bytes.len() as u64;
        if self.kept > MAX_TOTAL {
            let (file, member) = (file.to_owned(), name.to_owned());
            return Err(CaptureError::TooLarge {
                file,
                member,
                limit: MAX_TOTAL,
            });
        }
        let member = Member::of(name);
        self.note_function(file, &member)?;
        match member {
            Member::Manifest => {}
            Member::Config(at) => {
                let length = bytes.len();
                self.capture.function(at).config = ConfigImage::from_bytes(bytes);
                if length > usize::from(self.capture.function(at).config.extent()) {
                    self.problem(name, format!("{length} bytes; no space has more than 4096"));
                }
            }
            Member::Known(at) => self.mask(at, name, bytes),
            Member::Properties(at) => self.properties(at, name, &bytes),
            Member::Vpd(at) => _ = self.capture.vpd.insert(at, bytes),
            Member::Devnodes => self.capture.devnodes = Some(bytes),
            Member::Table(table) => _ = self.capture.tables.insert(table, bytes),
            Member::Host(host) => _ = self.capture.host.insert(host, bytes),
            Member::Source(source) => _ = self.capture.sources.insert(source, bytes),
            Member::Unknown => _ = self.capture.unknown.insert(name.to_owned(), bytes),
        }
        Ok(())
    }

    /// A function exists as soon as it has a folder, whatever became of the members in it.
    fn note_function(&mut self, file: &str, member: &Member) -> Result<(), CaptureError> {
        let (Member::Config(at) | Member::Known(at) | Member::Properties(at) | Member::Vpd(at)) =
            member
        else {
            return Ok(());
        };
        self.capture.function(*at);
        if self.capture.functions.len() > MAX_FUNCTIONS {
            let (file, limit) = (file.to_owned(), MAX_FUNCTIONS as u64);
            return Err(CaptureError::TooMany {
                file,
                what: "functions",
                limit,
            });
        }
        Ok(())
    }

    fn mask(&mut self, at: Sbdf, name: &str, known: Vec<u8>) {
        let record = self.capture.function(at);
        let extent = record.config.bytes().len();
        if extent != known.len() {
            let why = format!(
                "{} bytes, but the configuration space has {extent}",
                known.len()
            );
            self.problem(name, why);
            return;
        }
        record.config = ConfigImage::from_masked(record.config.bytes().to_vec(), known);
    }

    fn properties(&mut self, at: Sbdf, name: &str, bytes: &[u8]) {
        let mut properties: FunctionProperties = match serde_json::from_slice(bytes) {
            Ok(properties) => properties,
            Err(error) => {
                let offset = manifest::offset_of(bytes, &error);
                return self.problem(name, format!("byte {offset}: {error}"));
            }
        };
        let size = properties.other.remove(layout::CONFIG_SIZE);
        self.parsed += open_ended::cost(&properties);
        if self.parsed > MAX_TOTAL {
            properties.other.clear();
            properties.windows.clear();
            self.problem(
                name,
                "too many values; only those of this version were kept".to_owned(),
            );
        }
        let record = self.capture.function(at);
        record.properties = properties;
        let Some(size) = size else { return };
        match size.as_u64().and_then(|size| u16::try_from(size).ok()) {
            Some(size @ (64 | 128 | 256 | 4096)) => {
                record.config = std::mem::take(&mut record.config).with_size(Some(size));
            }
            _ => self.problem(name, format!("config_size {size} is no size of a space")),
        }
    }

    fn fail(&mut self, difference: &Difference) {
        self.problem(difference.member(), difference.problem());
    }

    /// Reading a capture again that was stored with its failures must not list them twice.
    fn problem(&mut self, what: &str, why: String) {
        let failure = (what.to_owned(), why);
        let failures = &mut self.capture.manifest.failures;
        if failures.len() < MAX_FUNCTIONS && !self.stored.contains(&failure) {
            let (what, why) = failure;
            failures.push(Failure { what, why });
        }
    }
}
