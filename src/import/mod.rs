//! From whatever was sent to a [`Capture`](crate::capture::Capture): lspci texts, Linux
//! trees, ACPI tables, kernel logs, captures; packed or not.
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
pub mod diagnostic;
#[cfg(feature = "analyzer")]
mod error;
#[cfg(feature = "analyzer")]
mod gather;
#[cfg(feature = "analyzer")]
mod input;
#[cfg(feature = "analyzer")]
mod kernel_log;
mod limits;
#[cfg(feature = "collector")]
mod live;
#[cfg(feature = "analyzer")]
pub mod lspci;
#[cfg(feature = "analyzer")]
mod parts;
#[cfg(feature = "analyzer")]
mod sniff;
mod sysfs;
#[cfg(feature = "analyzer")]
mod text;
mod tree;
#[cfg(feature = "analyzer")]
mod unpack;
#[cfg(feature = "analyzer")]
mod writer;

#[cfg(feature = "analyzer")]
pub use error::ImportError;
#[cfg(feature = "analyzer")]
pub use input::Input;
#[cfg(feature = "collector")]
pub use live::{LiveOptions, read_live};
#[cfg(feature = "analyzer")]
pub use parts::{Import, import};
#[cfg(feature = "analyzer")]
pub use sniff::Looks;

pub use diagnostic::{Diagnostic, DiagnosticKind, Diagnostics, Place};
