//! Linux: `/sys` and `/proc`, as far as privilege allows.

use super::Request;
use crate::capture::{Capture, Collector};
use crate::import::{LiveOptions, read_live};

/// Reads the host.
pub fn collect(request: &Request) -> Capture {
    let mut capture = read_live(&request.root, LiveOptions { wake: request.wake });
    capture.manifest.collector = Some(Collector {
        name: "assignable-collect".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    });
    capture
}
