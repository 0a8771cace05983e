//! Why a capture cannot be read or written.

use std::io;

use super::names::UnsafeName;

/// A capture as a whole that cannot be read or written. Damage to single members is no
/// error: it is listed in the manifest's `failures`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// The operating system refused.
    #[error("{file}: {source}")]
    Io {
        /// File or folder.
        file: String,
        /// What it said.
        source: io::Error,
    },
    /// There is no `manifest.json`.
    #[error("{file}: not a capture: there is no manifest.json")]
    NoManifest {
        /// File or folder.
        file: String,
    },
    /// `manifest.json` names another format.
    #[error("{file}: manifest.json: not a capture: the format is '{format}'")]
    OtherFormat {
        /// File or folder.
        file: String,
        /// The format it names.
        format: String,
    },
    /// `manifest.json` cannot be understood, so nothing else can be trusted.
    #[error("{file}: manifest.json, byte {offset}: {problem}")]
    Manifest {
        /// File or folder.
        file: String,
        /// Where in `manifest.json`.
        offset: u64,
        /// What is wrong there.
        problem: String,
    },
    /// Made by a newer program.
    #[error("{file}: the capture has version {found}; this program knows versions up to {known}")]
    NewerVersion {
        /// File or folder.
        file: String,
        /// Its version.
        found: u64,
        /// The greatest version known here.
        known: u32,
    },
    /// The zip structure is broken.
    #[error("{file}: not a readable zip file: {problem}")]
    Zip {
        /// The file.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// More of something than any real machine has.
    #[error("{file}: more than {limit} {what}")]
    TooMany {
        /// File or folder.
        file: String,
        /// What there is too much of.
        what: &'static str,
        /// How many are allowed.
        limit: u64,
    },
    /// The content is larger than is read.
    #[error("{file}: holds more than {limit} bytes; reading stopped at {member}")]
    TooLarge {
        /// File or folder.
        file: String,
        /// The member at which the sum passed the limit.
        member: String,
        /// Bytes allowed.
        limit: u64,
    },
    /// A member that unpacks to very much from very little.
    #[error("{file}: {member} unpacks {packed} bytes to {unpacked}: refused as a zip bomb")]
    Bomb {
        /// File or folder.
        file: String,
        /// The member.
        member: String,
        /// Bytes in the archive.
        packed: u64,
        /// Bytes it claims or turned out to hold.
        unpacked: u64,
    },
    /// A member to be written has a name that is not safe everywhere.
    #[error("cannot write member '{member}': {why}")]
    UnsafeName {
        /// The name.
        member: String,
        /// What is unsafe.
        why: UnsafeName,
    },
    /// Two members to be written have one name.
    #[error("two members are called '{member}'")]
    SameName {
        /// The name.
        member: String,
    },
    /// The folder to be written exists and holds something.
    #[error("{file}: exists and is not empty")]
    NotEmpty {
        /// The folder.
        file: String,
    },
}

impl CaptureError {
    /// Wraps an I/O error with the file it concerns.
    pub(crate) fn io(file: impl Into<String>, source: io::Error) -> Self {
        Self::Io {
            file: file.into(),
            source,
        }
    }
}
