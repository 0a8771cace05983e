//! Captures that lie unpacked somewhere in a folder or archive.
//!
//! Their members are files of no meaning by themselves, and an archive may give the manifest
//! last: what could belong to a capture is held until everything was seen, as far as it fits.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;

use super::error::ImportError;
use super::gather::Gather;
use crate::capture::limits::MAX_TOTAL;
use crate::capture::load::{from_memory, is_capture};
use crate::capture::{CaptureError, layout};

/// Files with names of a capture's members, by the folder that would be the capture.
#[derive(Default)]
pub(super) struct Held {
    folders: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
    bytes: u64,
}

impl Held {
    /// Splits a path into the folder that would be a capture and the member's name there.
    pub(super) fn split(path: &str) -> Option<(&str, &str)> {
        let ends = path.match_indices('/').map(|(at, _)| at + 1);
        std::iter::once(0).chain(ends).find_map(|at| {
            let (folder, name) = path.split_at_checked(at)?;
            layout::is_member(name).then_some((folder.trim_end_matches('/'), name))
        })
    }

    /// Bytes of this member that may be kept: what its kind may have, and what is left. `None`
    /// where nothing can be.
    pub(super) fn room(&self, folder: &str, name: &str) -> Option<u64> {
        let left = MAX_TOTAL.checked_sub(self.bytes + overhead(folder, name))?;
        Some(layout::Member::of(name).limit().min(left))
    }

    /// Keeps a file. Of several of one name, the first counts.
    pub(super) fn keep(&mut self, folder: &str, name: &str, bytes: Vec<u8>) {
        let members = self.folders.entry(folder.to_owned()).or_default();
        if let Slot::Vacant(slot) = members.entry(name.to_owned()) {
            self.bytes += overhead(folder, name) + bytes.len() as u64;
            slot.insert(bytes);
        }
    }
}

/// Memory of an entry without its content: its names, and its places in the maps.
fn overhead(folder: &str, name: &str) -> u64 {
    128 + (folder.len() + name.len()) as u64
}

/// Everything was seen: what has a manifest of ours is a capture, the rest are files like any
/// others.
pub(super) fn release(gather: &mut Gather<'_>) -> Result<(), ImportError> {
    let held = std::mem::take(&mut gather.held);
    for (folder, members) in held.folders {
        let manifest = members.get(layout::MANIFEST);
        if manifest.is_some_and(|manifest| is_capture(manifest)) {
            match from_memory(&gather.place(&folder), &members) {
                Ok(capture) => gather.captures.push(capture),
                Err(error @ CaptureError::Bomb { .. }) => return Err(error.into()),
                Err(error) => gather.unreadable(&folder, &error),
            }
            continue;
        }
        for (name, bytes) in members {
            let path = match folder.as_str() {
                "" => name,
                folder => format!("{folder}/{name}"),
            };
            gather.look_into(&path, &mut bytes.as_slice(), 0)?;
        }
    }
    Ok(())
}
