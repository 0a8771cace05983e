//! The one list of rules, in order of code.

use super::{Rule, acs, bar, cap, cfg, dda, grp, int, iom, rst, rsv, top, vfi};

/// Every rule, in order of code.
pub static RULES: &[&Rule] = &[
    &acs::ACS001,
    &acs::ACS002,
    &acs::ACS003,
    &acs::ACS004,
    &acs::ACS005,
    &acs::ACS006,
    &acs::ACS007,
    &acs::ACS008,
    &bar::BAR001,
    &bar::BAR002,
    &bar::BAR003,
    &bar::BAR004,
    &bar::BAR005,
    &bar::BAR006,
    &cap::CAP001,
    &cap::CAP002,
    &cap::CAP003,
    &cap::CAP004,
    &cfg::CFG001,
    &cfg::CFG002,
    &cfg::CFG003,
    &cfg::CFG004,
    &cfg::CFG005,
    &cfg::CFG006,
    &cfg::CFG007,
    &cfg::CFG008,
    &cfg::CFG009,
    &dda::DDA001,
    &dda::DDA002,
    &dda::DDA003,
    &dda::DDA004,
    &dda::DDA005,
    &dda::DDA007,
    &dda::DDA008,
    &dda::DDA009,
    &dda::DDA010,
    &dda::DDA011,
    &dda::DDA012,
    &dda::DDA013,
    &grp::GRP001,
    &int::INT001,
    &int::INT002,
    &iom::IOM001,
    &iom::IOM002,
    &iom::IOM003,
    &iom::IOM004,
    &rst::RST001,
    &rst::RST002,
    &rsv::RSV001,
    &rsv::RSV002,
    &top::TOP001,
    &top::TOP002,
    &top::TOP003,
    &top::TOP004,
    &top::TOP005,
    &vfi::VFI001,
    &vfi::VFI002,
    &vfi::VFI003,
    &vfi::VFI004,
    &vfi::VFI005,
    &vfi::VFI006,
];

/// The rule with a code, in either case, or with a name.
pub fn find(code_or_name: &str) -> Option<&'static Rule> {
    RULES
        .iter()
        .copied()
        .find(|rule| rule.code.eq_ignore_ascii_case(code_or_name) || rule.name == code_or_name)
}
