//! Corpus cases, and changes to them as a user writes them.

use std::path::Path;

use assignable::addr::Sbdf;
use assignable::capture::Capture;
use assignable::corpus::{self, Case};
use assignable::plan::{Change, WhatIf, what_if};
use assignable::policy::Policy;

pub(crate) const HYPERV: Policy = Policy::HyperV2025;
pub(crate) const VFIO: Policy = Policy::Vfio;

pub(crate) fn case(name: &str) -> Case {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    corpus::load_case(&root, name).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub(crate) fn at(text: &str) -> Sbdf {
    text.parse().unwrap()
}

pub(crate) fn changes(texts: &[&str]) -> Vec<Change> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// What comes of the changes under Hyper-V and VFIO.
pub(crate) fn run(capture: &Capture, texts: &[&str]) -> WhatIf {
    what_if(capture, &changes(texts), &[HYPERV, VFIO]).unwrap()
}
