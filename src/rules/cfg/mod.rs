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

pub(in crate::rules) use cfg001_capability_list_damaged::CFG001;
pub(in crate::rules) use cfg002_unknown_header_layout::CFG002;
pub(in crate::rules) use cfg003_duplicate_capability::CFG003;
pub(in crate::rules) use cfg004_extended_space_repeats::CFG004;
pub(in crate::rules) use cfg005_malformed_bar::CFG005;
pub(in crate::rules) use cfg006_impossible_port_type::CFG006;
pub(in crate::rules) use cfg007_bridge_without_bus_numbers::CFG007;
pub(in crate::rules) use cfg008_irregular_capability_pointer::CFG008;
pub(in crate::rules) use cfg009_acs_where_not_allowed::CFG009;
