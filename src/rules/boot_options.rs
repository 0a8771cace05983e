//! Windows' boot options, held to values that stand against assignment.

use std::fmt;

use super::{Confidence, Evidence, Finding, Locus, Outcome, Rule, Subject, Value};
use crate::analysis::Facts;

/// An option and what it is set to.
#[derive(Debug)]
struct Set {
    option: &'static str,
    value: String,
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the boot option {} is {}", self.option, self.value)
    }
}

/// Fires for the first option that has the value beside it, whatever its capitals. Options that
/// are not set have their defaults.
pub(in crate::rules) fn check(
    rule: &'static Rule,
    facts: &Facts<'_, '_>,
    options: &[(&'static str, &str)],
) -> Outcome {
    let windows = facts.host.nodes().windows();
    let Some(windows) = windows.filter(|windows| !windows.boot.is_empty()) else {
        return Outcome::NotApplicable("no boot options were captured");
    };
    let set = options.iter().find_map(|&(option, bad)| {
        let value = windows.boot_option(option)?;
        value.eq_ignore_ascii_case(bad).then(|| Set {
            option,
            value: value.to_owned(),
        })
    });
    let Some(set) = set else {
        return Outcome::Clean;
    };
    let place = "boot options (host/windows.json)";
    let evidence = Evidence::new(Locus::Capture, place, Value::AsReported);
    Outcome::Fired(Finding::new(
        rule,
        Subject::Host,
        Confidence::High,
        set,
        evidence,
    ))
}
