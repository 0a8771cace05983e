//! GRP: grouping.

mod grp001_formally_isolated_only;

pub(in crate::rules) use grp001_formally_isolated_only::GRP001;
