//! Opening a zip file without trusting its directory.
//!
//! The `zip` crate reads the whole central directory into memory before anyone can look at
//! it, so its size and number of entries are checked first, in every record that the crate
//! might take for the end of the directory.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};

use zip::ZipArchive;
use zip::read::{ArchiveOffset, Config};

use super::super::limits::{MAX_MEMBERS, MAX_ZIP_DIRECTORY};
use super::CaptureError;

/// End of central directory record (APPNOTE 6.3, 4.3.16): 22 bytes and a comment.
const END: [u8; 4] = *b"PK\x05\x06";
const END_SIZE: usize = 22;
/// Central directory header (4.3.12).
const ENTRY: [u8; 4] = *b"PK\x01\x02";
/// Zip64 end of central directory locator (4.3.15): 20 bytes right before the record.
const LOCATOR: [u8; 4] = *b"PK\x06\x07";
const LOCATOR_SIZE: usize = 20;
/// Zip64 end of central directory record (4.3.14).
const END64_SIZE: usize = 56;
/// Longest comment, and the records around it.
const TAIL: u64 = 65_535 + 22 + 20 + 8;

/// Opens a zip file whose directory is of a sensible size and where it says it is.
pub(crate) fn open_zip<R: Read + Seek>(
    file: &str,
    mut reader: R,
) -> Result<ZipArchive<R>, CaptureError> {
    let broken = |problem: String| CaptureError::Zip {
        file: file.to_owned(),
        problem,
    };
    let io = |error: io::Error| CaptureError::io(file, error);
    let length = reader.seek(SeekFrom::End(0)).map_err(io)?;
    let start = length.saturating_sub(TAIL);
    reader.seek(SeekFrom::Start(start)).map_err(io)?;
    let mut tail = Vec::new();
    reader
        .by_ref()
        .take(TAIL)
        .read_to_end(&mut tail)
        .map_err(io)?;
    let mut found = false;
    let ends = tail.len().saturating_sub(END_SIZE - END.len());
    let ends = tail.get(..ends).unwrap_or_default();
    for at in memchr::memmem::rfind_iter(ends, &END) {
        found = true;
        for (members, directory) in records(&tail, at, &mut reader).map_err(io)? {
            if members > MAX_MEMBERS as u64 {
                return Err(too_many(file, "members", MAX_MEMBERS as u64));
            }
            if length.saturating_sub(directory) > MAX_ZIP_DIRECTORY {
                return Err(too_many(
                    file,
                    "bytes in the zip directory",
                    MAX_ZIP_DIRECTORY,
                ));
            }
        }
    }
    if !found {
        return Err(broken(
            "no directory at its end; is the file cut?".to_owned(),
        ));
    }
    let config = Config {
        archive_offset: ArchiveOffset::Known(0),
    };
    ZipArchive::with_config(config, reader).map_err(|error| broken(error.to_string()))
}

/// Names that stand in the central directory at `start` more than once, and how often. The
/// `zip` crate keeps the last one of each and does not tell which they were.
pub(super) fn repeated_names<R: Read + Seek>(
    reader: &mut R,
    start: u64,
) -> io::Result<Vec<(String, usize)>> {
    const FIXED: usize = 46;
    reader.seek(SeekFrom::Start(start))?;
    let mut directory = Vec::new();
    reader
        .by_ref()
        .take(MAX_ZIP_DIRECTORY)
        .read_to_end(&mut directory)?;
    let mut counts: BTreeMap<&[u8], usize> = BTreeMap::new();
    let mut rest = directory.as_slice();
    while rest.starts_with(&ENTRY) {
        // Lengths of name, extra field and comment (4.3.12).
        let length = |at| number(rest, at, 2).and_then(|length| usize::try_from(length).ok());
        let (Some(name), Some(extra), Some(comment)) = (length(28), length(30), length(32)) else {
            break;
        };
        let Some(bytes) = rest.get(FIXED..FIXED + name) else {
            break;
        };
        *counts.entry(bytes).or_default() += 1;
        rest = rest
            .get(FIXED + name + extra + comment..)
            .unwrap_or_default();
    }
    let repeated = counts.into_iter().filter(|&(_, count)| count > 1);
    let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    Ok(repeated.map(|(name, count)| (text(name), count)).collect())
}

fn too_many(file: &str, what: &'static str, limit: u64) -> CaptureError {
    CaptureError::TooMany {
        file: file.to_owned(),
        what,
        limit,
    }
}

/// Number of members and offset of each directory that the record at `at` may stand for. Only
/// an offset at which there is a directory entry counts.
fn records<R: Read + Seek>(tail: &[u8], at: usize, reader: &mut R) -> io::Result<Vec<(u64, u64)>> {
    let mut claims = vec![(number(tail, at + 10, 2), number(tail, at + 16, 4))];
    let locator = at
        .checked_sub(LOCATOR_SIZE)
        .filter(|&start| tail.get(start..start + 4) == Some(&LOCATOR));
    if let Some(offset) = locator.and_then(|start| number(tail, start + 8, 8)) {
        let end64 = bytes_at(reader, offset, END64_SIZE)?;
        claims.push((number(&end64, 32, 8), number(&end64, 48, 8)));
    }
    let mut records = Vec::new();
    for claim in claims {
        if let (Some(members), Some(directory)) = claim
            && bytes_at(reader, directory, 4)? == ENTRY
        {
            records.push((members, directory));
        }
    }
    Ok(records)
}

/// Up to `len` bytes at `offset`, fewer at the end of the file.
fn bytes_at<R: Read + Seek>(reader: &mut R, offset: u64, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(len);
    reader.seek(SeekFrom::Start(offset))?;
    reader.by_ref().take(len as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A little-endian number.
fn number(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    Some(
        bytes
            .iter()
            .rev()
            .fold(0, |value, &byte| value << 8 | u64::from(byte)),
    )
}
