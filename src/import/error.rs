//! Why an input is of no use at all.

use std::io;

use super::sniff::Looks;
use super::unsuited::Unsuited;
use crate::capture::CaptureError;

/// An input that could not be used. Others of the same call are not affected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// There was no input.
    #[error("no input")]
    NoInput,
    /// The operating system refused.
    #[error("{file}: {source}")]
    Io {
        /// The input, as the caller named it.
        file: String,
        /// What it said.
        source: io::Error,
    },
    /// Nothing that any importer knows.
    #[error("{file}: not recognised: {looks}")]
    NotRecognised {
        /// The input.
        file: String,
        /// What it looks like.
        looks: Looks,
    },
    /// An output that does not say enough about devices.
    #[error("{file}: {what}")]
    Unsuited {
        /// The input.
        file: String,
        /// What it is, with what to send instead.
        what: Unsuited,
    },
    /// A folder or archive in which nothing of use was found.
    #[error(
        "{file}: nothing of use in it: no capture, no sysfs tree, no lspci text, no ACPI tables, \
         no kernel log, no export from Windows ({files} files)"
    )]
    NothingInside {
        /// The input.
        file: String,
        /// Files that were there.
        files: usize,
    },
    /// A kernel log without devices and nothing else: there is nothing to ask it about.
    #[error(
        "{file}: a kernel log that lists no PCI device (its first part is missing, perhaps); add \
         a dump of the same machine, e.g. from 'sudo lspci -vvvnnxxxx'"
    )]
    OnlyLog {
        /// The input.
        file: String,
    },
    /// A part of another machine than the inputs before it.
    #[error("{file}: from another machine than the inputs before it: {reason}")]
    OtherMachine {
        /// The input.
        file: String,
        /// What tells.
        reason: String,
    },
    /// Settings of a Windows host and nothing else.
    #[error(
        "{file}: settings of a Windows host, which name no device; add an export of its devices, \
         e.g. from Collect-Assignable.ps1 or 'Get-PnpDevice | Get-PnpDeviceProperty | \
         ConvertTo-Json'"
    )]
    OnlySettings {
        /// The input.
        file: String,
    },
    /// More data than any machine has.
    #[error("{file}: more than {limit} bytes")]
    TooLarge {
        /// The input, and the file within it.
        file: String,
        /// Bytes allowed.
        limit: u64,
    },
    /// More functions than any machine has.
    #[error("{file}: more than {limit} functions in all inputs")]
    TooManyFunctions {
        /// The input.
        file: String,
        /// Functions allowed.
        limit: usize,
    },
    /// Very much data out of very little.
    #[error("{file}: unpacks {packed} bytes to {unpacked}: refused as a decompression bomb")]
    Bomb {
        /// The input, and the file within it.
        file: String,
        /// Packed bytes read.
        packed: u64,
        /// Unpacked bytes, or the number claimed.
        unpacked: u64,
    },
    /// Packed data that is broken before anything useful.
    #[error("{file}, byte {offset}: {problem}")]
    Damaged {
        /// The input, and the file within it.
        file: String,
        /// Packed bytes read until then.
        offset: u64,
        /// What the unpacker said.
        problem: String,
    },
    /// A capture that cannot be read.
    #[error(transparent)]
    Capture(#[from] CaptureError),
}

impl ImportError {
    /// The input concerned, where it is one.
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::NoInput | Self::Capture(_) => None,
            Self::Io { file, .. }
            | Self::NotRecognised { file, .. }
            | Self::Unsuited { file, .. }
            | Self::NothingInside { file, .. }
            | Self::OnlyLog { file }
            | Self::OtherMachine { file, .. }
            | Self::OnlySettings { file }
            | Self::TooLarge { file, .. }
            | Self::TooManyFunctions { file, .. }
            | Self::Bomb { file, .. }
            | Self::Damaged { file, .. } => Some(file),
        }
    }
}
