//! ACS: isolation on the path.

mod acs001_port_without_acs;
mod acs002_multifunction_without_acs;
mod acs003_conventional_bridge_on_path;
mod acs004_acs_services_incomplete;
mod acs005_acs_switched_off;
mod acs006_translated_requests_bypass;
mod acs007_up_hierarchy_differs;
mod acs008_windows_reports_no_acs;

pub(in crate::rules) use acs001_port_without_acs::ACS001;
pub(in crate::rules) use acs002_multifunction_without_acs::ACS002;
pub(in crate::rules) use acs003_conventional_bridge_on_path::ACS003;
pub(in crate::rules) use acs004_acs_services_incomplete::ACS004;
pub(in crate::rules) use acs005_acs_switched_off::ACS005;
pub(in crate::rules) use acs006_translated_requests_bypass::ACS006;
pub(in crate::rules) use acs007_up_hierarchy_differs::ACS007;
pub(in crate::rules) use acs008_windows_reports_no_acs::ACS008;

use super::{Evidence, Locus, Value};
use crate::analysis::Facts;
use crate::analysis::acs::ReportedAcs;
use crate::host::FunctionId;
use crate::spec::windows;

/// What shows that a function has no ACS: its lists, or what Windows reports of it.
pub(in crate::rules) fn no_acs(facts: &Facts<'_, '_>, id: FunctionId) -> Evidence {
    match facts.acs.hop(id).reported {
        Some(ReportedAcs::Missing) => Evidence::new(
            Locus::Reported(id, windows::ACS_SUPPORT.key),
            windows::ACS_SUPPORT.name,
            Value::Number(2),
        ),
        _ => Evidence::new(Locus::Lists(id), "ACS Extended Capability", Value::Absent),
    }
}
