//! Reading a capture: the only place, besides `import`, where the library opens files.
//!
//! Nothing that is read is trusted: not names, not lengths, not checksums. A broken member
//! is listed in the manifest's failures and the others are used.

mod archive;
mod assemble;
mod folder;
#[cfg(feature = "analyzer")]
mod memory;
mod zip_guard;

pub(crate) use zip_guard::open_zip;

#[cfg(feature = "analyzer")]
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Seek};
use std::path::Path;

use super::error::CaptureError;
use super::verify::Difference;
use super::{Capture, layout, manifest};

/// The members of a capture, whatever holds them.
pub(super) trait Members {
    /// File or folder, for messages.
    fn file(&self) -> &str;
    /// Safe names in order, and what was wrong with the others.
    fn list(&mut self) -> Result<Listing, CaptureError>;
    /// At most `limit` bytes of a member; the inner error is the member's alone.
    fn read(&mut self, name: &str, limit: u64) -> Result<Result<Vec<u8>, String>, CaptureError>;
}

/// Names in a folder or archive.
#[derive(Default)]
pub(super) struct Listing {
    /// Safe names, sorted, each once.
    pub(super) names: Vec<String>,
    /// What cannot be used.
    pub(super) problems: Vec<Difference>,
}

/// Loads a capture from a folder or a zip file.
///
/// Damaged members are left out and listed in [`Manifest::failures`](super::Manifest); the
/// checksums are not kept (a rewrite makes fresh ones).
pub fn load(path: impl AsRef<Path>) -> Result<Capture, CaptureError> {
    with_members(path.as_ref(), |members| assemble::capture(members))
}

/// Loads a capture from a zip file, open or in memory (`Cursor`). `file` is its name for
/// messages.
pub fn from_zip(file: &str, reader: impl Read + Seek) -> Result<Capture, CaptureError> {
    assemble::capture(&mut archive::Archive::open(file, reader)?)
}

/// Loads a capture from a zip file that [`open_zip`] opened. `file` is its name for messages.
#[cfg(feature = "analyzer")]
pub(crate) fn from_open_zip(
    file: &str,
    zip: zip::ZipArchive<impl Read + Seek>,
) -> Result<Capture, CaptureError> {
    assemble::capture(&mut archive::Archive::of(file, zip)?)
}

/// Loads a capture from its members by name. `file` is its name for messages.
#[cfg(feature = "analyzer")]
pub(crate) fn from_memory(
    file: &str,
    members: &BTreeMap<String, Vec<u8>>,
) -> Result<Capture, CaptureError> {
    assemble::capture(&mut memory::Memory { file, members })
}

/// Whether a folder or zip file that was opened as such has a manifest of ours. Only the
/// manifest is looked at.
#[cfg(feature = "analyzer")]
pub(crate) fn is_capture(manifest: &[u8]) -> bool {
    manifest::Header::read(manifest).is_ok_and(|header| header.is_ours())
}

pub(super) fn with_members<T>(
    path: &Path,
    then: impl FnOnce(&mut dyn Members) -> Result<T, CaptureError>,
) -> Result<T, CaptureError> {
    let file = path.display().to_string();
    let io = |error| CaptureError::io(file.as_str(), error);
    if fs::metadata(path).map_err(io)?.is_dir() {
        return then(&mut folder::Folder::new(path));
    }
    let reader = io::BufReader::new(open(path).map_err(io)?);
    then(&mut archive::Archive::open(&file, reader)?)
}

/// Reads the manifest, which must be there and be understood.
pub(super) fn manifest(members: &mut dyn Members) -> Result<manifest::Manifest, CaptureError> {
    let listing = members.list()?;
    let file = members.file().to_owned();
    if listing
        .names
        .binary_search_by(|name| name.as_str().cmp(layout::MANIFEST))
        .is_err()
    {
        return Err(CaptureError::NoManifest { file });
    }
    let limit = layout::Member::Manifest.limit();
    let bytes =
        members
            .read(layout::MANIFEST, limit)?
            .map_err(|problem| CaptureError::Manifest {
                file: file.clone(),
                offset: 0,
                problem,
            })?;
    manifest::parse(&file, &bytes, listing.names.len())
}

#[expect(
    clippy::disallowed_methods,
    reason = "capture::load is the place that opens captures"
)]
pub(super) fn open(path: &Path) -> io::Result<fs::File> {
    fs::File::open(path)
}

/// Reads to the end, or `limit` bytes and one more as the sign that there are more.
pub(crate) fn read_limited(reader: impl Read, limit: u64, hint: u64) -> io::Result<Vec<u8>> {
    let hint = usize::try_from(hint.min(limit).min(1 << 20)).unwrap_or(0);
    let mut bytes = Vec::with_capacity(hint);
    reader.take(limit + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
