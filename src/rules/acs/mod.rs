//! ACS: isolation on the path.

mod acs001_port_without_acs;

pub(in crate::rules) use acs001_port_without_acs::ACS001;
