//! CAP: gaps in the capture.

mod cap001_no_data;
mod cap002_header_only;
mod cap003_extended_space_not_captured;
mod cap004_sources_disagree;
mod cap030_address_made_up;
mod cap031_windows_facts_unreadable;

pub(in crate::rules) use cap001_no_data::CAP001;
pub(in crate::rules) use cap002_header_only::CAP002;
pub(in crate::rules) use cap003_extended_space_not_captured::CAP003;
pub(in crate::rules) use cap004_sources_disagree::CAP004;
pub(in crate::rules) use cap030_address_made_up::CAP030;
pub(in crate::rules) use cap031_windows_facts_unreadable::CAP031;
