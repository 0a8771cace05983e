//! From whatever was sent to a [`Capture`](crate::capture::Capture): lspci texts, Linux
//! trees, ACPI tables, kernel logs, exports from Windows, captures; packed or not.
//!
//! Inputs are recognised by their content, never by their names. All inputs of one call are
//! parts of one machine. Nothing here trusts its input: sizes, counts, nesting and ratios are
//! bounded, links are not followed, and what is broken is named and left out.

#![cfg_attr(
    not(feature = "analyzer"),
    allow(dead_code, reason = "the collector reads one kind of input only")
)]

#[cfg(feature = "analyzer")]
mod acpidump;
#[cfg(feature = "analyzer")]
mod device_list;
pub mod diagnostic;
#[cfg(feature = "analyzer")]
mod error;
#[cfg(feature = "analyzer")]
mod gather;
mod grid;
#[cfg(feature = "analyzer")]
mod input;
#[cfg(feature = "analyzer")]
mod journal;
#[cfg(feature = "analyzer")]
mod kernel_log;
mod limits;
#[cfg(all(feature = "collector", target_os = "linux"))]
mod live;
mod log_lines;
#[cfg(feature = "analyzer")]
pub mod lspci;
#[cfg(feature = "analyzer")]
mod markup;
#[cfg(feature = "analyzer")]
mod nested;
#[cfg(feature = "analyzer")]
mod parts;
#[cfg(feature = "analyzer")]
mod raw_config;
#[cfg(feature = "analyzer")]
mod same_machine;
#[cfg(feature = "analyzer")]
mod skipped;
#[cfg(feature = "analyzer")]
mod sniff;
mod sysfs;
#[cfg(feature = "analyzer")]
mod text;
mod tree;
#[cfg(feature = "analyzer")]
mod undecorated;
#[cfg(feature = "analyzer")]
mod unpack;
#[cfg(feature = "analyzer")]
mod unsuited;
#[cfg(feature = "analyzer")]
mod windows;
#[cfg(feature = "analyzer")]
mod writer;

/// A text of unknown encoding: UTF-16 by its mark, else UTF-8; what is neither becomes
/// replacement characters.
#[cfg(feature = "analyzer")]
pub fn decode_text(bytes: Vec<u8>) -> String {
    let (bytes, _) = text::decoded(bytes);
    String::from_utf8_lossy(text::without_mark(&bytes)).into_owned()
}

#[cfg(feature = "analyzer")]
pub use error::ImportError;
#[cfg(feature = "analyzer")]
pub use input::Input;
#[cfg(all(feature = "collector", target_os = "linux"))]
pub use live::{LiveOptions, read_live};
#[cfg(feature = "analyzer")]
pub use parts::{Import, import};
#[cfg(feature = "analyzer")]
pub use sniff::Looks;
#[cfg(feature = "analyzer")]
pub use unsuited::Unsuited;

pub use diagnostic::{Decoration, Diagnostic, DiagnosticKind, Diagnostics, LineRange, Place};

#[cfg(feature = "analyzer")]
pub(crate) use kernel_log::is_log as is_kernel_log;
#[cfg(feature = "analyzer")]
pub(crate) use log_lines::{concerns as log_concerns, message as log_message};
#[cfg(feature = "analyzer")]
pub(crate) use tree::wanted::is_known_attribute;
