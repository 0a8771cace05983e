//! The collector: one live host into one capture. Reads only.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod summary;
mod time;
pub mod windows;

#[cfg(target_os = "linux")]
pub use linux::collect;
#[cfg(target_os = "linux")]
pub use summary::summary;

use std::path::PathBuf;
use std::time::Duration;

/// What to collect, and how.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// Root of the tree to read: `/`, or where a host's root is mounted.
    pub root: PathBuf,
    /// Read configuration space even where that wakes a sleeping device.
    pub wake: bool,
    /// Read Vital Product Data, which some devices answer slowly or never.
    pub vpd: bool,
    /// How long one read may take before it is given up.
    pub timeout: Duration,
}
