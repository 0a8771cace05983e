//! CFG: what is wrong with configuration space.

mod cfg001_capability_list_damaged;
mod cfg002_unknown_header_layout;
mod cfg003_duplicate_capability;
mod cfg004_extended_space_repeats;
mod cfg005_malformed_bar;
mod cfg006_impossible_port_type;
mod cfg007_bridge_without_bus_numbers;
mod cfg008_irregular_capability_pointer;
mod cfg009_acs_where_not_allowed;
mod cfg020_no_mcfg;
mod cfg021_mcfg_malformed;
mod cfg022_bus_without_ecam;
mod cfg023_ecam_not_reserved;
mod cfg024_extended_space_unreachable;
mod cfg030_power_management_missing;
mod cfg031_sriov_inconsistent;
mod cfg032_rebar_inconsistent;
mod cfg033_serial_number_implausible;
mod cfg034_reserved_bits_in_header;
mod cfg035_sriov_without_ari;
mod cfg036_subsystem_missing;
mod cfg037_capability_of_link_speed_missing;

pub(in crate::rules) use cfg001_capability_list_damaged::CFG001;
pub(in crate::rules) use cfg002_unknown_header_layout::CFG002;
pub(in crate::rules) use cfg003_duplicate_capability::CFG003;
pub(in crate::rules) use cfg004_extended_space_repeats::CFG004;
pub(in crate::rules) use cfg005_malformed_bar::CFG005;
pub(in crate::rules) use cfg006_impossible_port_type::CFG006;
pub(in crate::rules) use cfg007_bridge_without_bus_numbers::CFG007;
pub(in crate::rules) use cfg008_irregular_capability_pointer::CFG008;
pub(in crate::rules) use cfg009_acs_where_not_allowed::CFG009;
pub(in crate::rules) use cfg020_no_mcfg::CFG020;
pub(in crate::rules) use cfg021_mcfg_malformed::CFG021;
pub(in crate::rules) use cfg022_bus_without_ecam::CFG022;
pub(in crate::rules) use cfg023_ecam_not_reserved::CFG023;
pub(in crate::rules) use cfg024_extended_space_unreachable::CFG024;
pub(in crate::rules) use cfg030_power_management_missing::CFG030;
pub(in crate::rules) use cfg031_sriov_inconsistent::CFG031;
pub(in crate::rules) use cfg032_rebar_inconsistent::CFG032;
pub(in crate::rules) use cfg033_serial_number_implausible::CFG033;
pub(in crate::rules) use cfg034_reserved_bits_in_header::CFG034;
pub(in crate::rules) use cfg035_sriov_without_ari::CFG035;
pub(in crate::rules) use cfg036_subsystem_missing::CFG036;
pub(in crate::rules) use cfg037_capability_of_link_speed_missing::CFG037;

use crate::analysis::Missing;
use crate::bytes::Fault;
use crate::decode::config::ListEnd;
use crate::host::{Function, FunctionId};
use crate::rules::{Confidence, Evidence, Finding, Locus, Outcome, Rule, Subject, Value};

/// A hit on what the walk of a capability list came across, with the bytes there.
fn list_fault(
    rule: &'static Rule,
    id: FunctionId,
    function: &Function<'_>,
    fault: Fault,
) -> Outcome {
    let at = u16::try_from(fault.span.offset).unwrap_or(u16::MAX);
    let seen = match fault.span.len {
        1 => function.config.u8(at).map(Value::byte),
        2 => function.config.u16(at).map(Value::word),
        _ => function.config.u32(at).map(Value::dword),
    };
    Outcome::Fired(Finding::new(
        rule,
        Subject::Function(id),
        Confidence::High,
        fault,
        Evidence::new(
            Locus::Config(id, fault.span),
            fault.within,
            seen.unwrap_or(Value::Absent),
        ),
    ))
}

/// The answer where no fault was met: clean only if both lists were captured to their end.
fn no_list_fault(id: FunctionId, function: &Function<'_>) -> Outcome {
    match (function.space.standard_end, function.space.extended_end) {
        (ListEnd::NotCaptured { .. }, _) => Outcome::CannotTell(Missing::standard(id, function)),
        (_, ListEnd::NotCaptured { .. }) => Outcome::CannotTell(Missing::extended(id, function)),
        _ => Outcome::Clean,
    }
}
