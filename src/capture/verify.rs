//! Integrity: does a capture hold what its manifest says?

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use super::error::CaptureError;
use super::layout;
use super::load::{Members, manifest, with_members};
use super::manifest::FileEntry;
use super::names::UnsafeName;

/// One way in which a capture differs from its manifest, or from what a capture may be.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Difference {
    /// The manifest lists it, but it is not there.
    Missing {
        /// The member.
        member: String,
        /// Length and checksum by the manifest.
        expected: FileEntry,
    },
    /// It is there, but the manifest does not list it.
    Extra {
        /// The member.
        member: String,
    },
    /// Another length than the manifest says.
    Length {
        /// The member.
        member: String,
        /// Bytes by the manifest.
        expected: u64,
        /// Bytes found.
        found: u64,
    },
    /// The right length, but another checksum than the manifest says.
    Hash {
        /// The member.
        member: String,
        /// SHA-256 by the manifest.
        expected: String,
        /// SHA-256 found.
        found: String,
    },
    /// A name that no capture may have. The member was not read.
    UnsafeName {
        /// The name as far as it can be printed.
        member: String,
        /// What is unsafe.
        why: UnsafeName,
    },
    /// A symbolic link. It was not followed.
    Link {
        /// The member.
        member: String,
    },
    /// Neither a file nor a folder nor a link.
    NotAFile {
        /// The member.
        member: String,
    },
    /// Several members of one archive have the same name; the last one counts.
    Duplicate {
        /// The name.
        member: String,
        /// How many there are.
        count: usize,
    },
    /// Two names differ only in case: on some platforms they are one file.
    CaseClash {
        /// The member.
        member: String,
        /// The one before it.
        other: String,
    },
    /// Longer than a member of its kind may be.
    TooLong {
        /// The member.
        member: String,
        /// Bytes allowed.
        limit: u64,
    },
    /// It cannot be read.
    Unreadable {
        /// The member.
        member: String,
        /// Why.
        why: String,
    },
    /// The manifest itself cannot be used.
    Manifest {
        /// Why.
        why: String,
    },
}

/// Compares a capture with its manifest. Nothing found means that it is intact.
///
/// An error means that there is nothing to compare: no such file, no zip file.
pub fn verify(path: impl AsRef<Path>) -> Result<Vec<Difference>, CaptureError> {
    with_members(path.as_ref(), |members| {
        let listing = members.list()?;
        let mut differences = listing.problems;
        let files = match manifest(members) {
            Ok(manifest) => manifest.files,
            Err(error @ (CaptureError::Io { .. } | CaptureError::Zip { .. })) => return Err(error),
            Err(error) => {
                differences.push(Difference::Manifest {
                    why: error.to_string(),
                });
                return Ok(differences);
            }
        };
        differences.extend(missing(&files, &listing.names));
        for name in listing
            .names
            .iter()
            .filter(|name| *name != layout::MANIFEST)
        {
            match files.get(name) {
                None => differences.push(Difference::Extra {
                    member: name.clone(),
                }),
                Some(entry) => differences.extend(read(members, name, Some(entry))?.err()),
            }
        }
        Ok(differences)
    })
}

/// Members that a manifest lists and that are not among the sorted names of those present.
pub(super) fn missing(listed: &BTreeMap<String, FileEntry>, present: &[String]) -> Vec<Difference> {
    listed
        .iter()
        .filter(|(name, _)| present.binary_search(name).is_err())
        .map(|(name, entry)| Difference::Missing {
            member: name.clone(),
            expected: entry.clone(),
        })
        .collect()
}

/// Reads a member and checks it.
pub(super) fn read(
    members: &mut dyn Members,
    name: &str,
    entry: Option<&FileEntry>,
) -> Result<Result<Vec<u8>, Difference>, CaptureError> {
    let limit = layout::Member::of(name).limit();
    let member = name.to_owned();
    let bytes = match members.read(name, limit)? {
        Ok(bytes) => bytes,
        Err(why) => return Ok(Err(Difference::Unreadable { member, why })),
    };
    let found = bytes.len() as u64;
    if found > limit {
        return Ok(Err(Difference::TooLong { member, limit }));
    }
    let Some(entry) = entry else {
        return Ok(Ok(bytes));
    };
    if found != entry.length {
        let expected = entry.length;
        return Ok(Err(Difference::Length {
            member,
            expected,
            found,
        }));
    }
    let now = layout::entry(&bytes);
    if !now.sha256.eq_ignore_ascii_case(&entry.sha256) {
        let expected = entry.sha256.clone();
        return Ok(Err(Difference::Hash {
            member,
            expected,
            found: now.sha256,
        }));
    }
    Ok(Ok(bytes))
}

impl Difference {
    /// The member concerned; the manifest or the file where it is none in particular.
    pub fn member(&self) -> &str {
        match self {
            Self::Missing { member, .. }
            | Self::Extra { member }
            | Self::Length { member, .. }
            | Self::Hash { member, .. }
            | Self::UnsafeName { member, .. }
            | Self::Link { member }
            | Self::NotAFile { member }
            | Self::CaseClash { member, .. }
            | Self::TooLong { member, .. }
            | Self::Duplicate { member, .. }
            | Self::Unreadable { member, .. } => member,
            Self::Manifest { .. } => layout::MANIFEST,
        }
    }

    /// What is wrong, without the member's name.
    pub fn problem(&self) -> String {
        match self {
            Self::Missing { .. } => "listed in the manifest, but not there".to_owned(),
            Self::Extra { .. } => "not listed in the manifest".to_owned(),
            Self::Length {
                expected, found, ..
            } => {
                format!("has {found} bytes, the manifest says {expected}")
            }
            Self::Hash {
                expected, found, ..
            } => {
                format!("has SHA-256 {found}, the manifest says {expected}")
            }
            Self::UnsafeName { why, .. } => why.to_string(),
            Self::Link { .. } => "a symbolic link; links are not followed".to_owned(),
            Self::NotAFile { .. } => "neither a file nor a folder".to_owned(),
            Self::Duplicate { count, .. } => {
                format!("{count} members of the archive have this name")
            }
            Self::CaseClash { other, .. } => format!("differs from '{other}' only in case"),
            Self::TooLong { limit, .. } => format!("has more than {limit} bytes"),
            Self::Unreadable { why, .. } | Self::Manifest { why } => why.clone(),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.member(), self.problem())
    }
}
