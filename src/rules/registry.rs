//! The one list of rules, in order of code.

use super::{Rule, acs, rsv};

/// Every rule, in order of code.
pub static RULES: &[&Rule] = &[&acs::ACS001, &rsv::RSV001];

/// The rule with a code, in either case, or with a name.
pub fn find(code_or_name: &str) -> Option<&'static Rule> {
    RULES
        .iter()
        .copied()
        .find(|rule| rule.code.eq_ignore_ascii_case(code_or_name) || rule.name == code_or_name)
}
