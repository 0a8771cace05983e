//! CAP: gaps in the capture.

mod cap001_no_data;
mod cap002_header_only;
mod cap003_extended_space_not_captured;
mod cap004_sources_disagree;

pub(in crate::rules) use cap001_no_data::CAP001;
pub(in crate::rules) use cap002_header_only::CAP002;
pub(in crate::rules) use cap003_extended_space_not_captured::CAP003;
pub(in crate::rules) use cap004_sources_disagree::CAP004;
