//! A capture whose members were read already, from wherever they lay.

use std::collections::BTreeMap;

use super::super::names;
use super::super::verify::Difference;
use super::folder::case_clashes;
use super::{CaptureError, Listing, Members};

/// Members by name.
pub(super) struct Memory<'m> {
    pub(super) file: &'m str,
    pub(super) members: &'m BTreeMap<String, Vec<u8>>,
}

impl Members for Memory<'_> {
    fn file(&self) -> &str {
        self.file
    }

    fn list(&mut self) -> Result<Listing, CaptureError> {
        let mut listing = Listing::default();
        for member in self.members.keys().cloned() {
            match names::check(&member) {
                Ok(()) => listing.names.push(member),
                Err(why) => listing
                    .problems
                    .push(Difference::UnsafeName { member, why }),
            }
        }
        listing.problems.extend(case_clashes(&listing.names));
        Ok(listing)
    }

    fn read(&mut self, name: &str, limit: u64) -> Result<Result<Vec<u8>, String>, CaptureError> {
        let Some(bytes) = self.members.get(name) else {
            return Ok(Err("not there".to_owned()));
        };
        // One byte past the limit is the sign that there are more.
        let end = usize::try_from(limit.saturating_add(1)).unwrap_or(usize::MAX);
        Ok(Ok(bytes.get(..end).unwrap_or(bytes).to_vec()))
    }
}
