//! Linux: `/sys` and `/proc`, as far as privilege allows.

use std::path::Path;

use super::{Request, time};
use crate::capture::{Capture, Collector};
use crate::import::{LiveOptions, read_live};

/// Reads the host. `progress` is told the number of functions met so far.
pub fn collect(request: &Request, progress: &mut dyn FnMut(usize)) -> Capture {
    let options = LiveOptions {
        wake: request.wake,
        vpd: request.vpd,
        timeout: request.timeout,
    };
    let mut capture = read_live(&request.root, options, progress);
    capture.manifest.collector = Some(Collector {
        name: "assignable-collect".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    });
    capture.manifest.time = time::now();
    let own = request.root == Path::new("/");
    let root = if own { "/" } else { "another tree" };
    let answer = |wanted| if wanted { "yes" } else { "no" };
    let (wake, vpd) = (answer(request.wake), answer(request.vpd));
    for (option, value) in [("root", root), ("wake", wake), ("vpd", vpd)] {
        let request = &mut capture.manifest.request;
        request.insert(option.to_owned(), value.to_owned());
    }
    capture
}
