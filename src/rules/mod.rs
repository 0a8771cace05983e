//! Judgements over facts: the only place where a reason is born.
//!
//! One file for each rule: its documentation, its typed violation, its check, its tests. A
//! rule is a pure function of [`Facts`](crate::analysis::Facts) and one subject. It answers
//! with a finding, with "clean", with "not applicable" and why, or with what the capture
//! lacks.

mod boot_options;
mod engine;
mod finding;
mod guests;
mod interrupt_remapping;
mod memory_map;
mod meta;
mod registry;
mod several;
mod steps;

mod acs;
mod bar;
mod cap;
mod cfg;
mod dda;
mod grp;
mod imp;
mod int;
mod iom;
mod rst;
mod rsv;
mod top;
mod vfi;
mod vmc;

#[cfg(test)]
mod testing;

pub use engine::{Gap, RuleRun, Sum, Tally, lint, run, run_all};
pub use finding::{Confidence, Evidence, Finding, Locus, Severity, Subject, Value, Violation};
pub use meta::{Check, Outcome, Part, Rule, Status};
pub use registry::{RULES, find};
pub use steps::{StepFinding, gates, judge, rule_of};

pub(in crate::rules) use several::several;

pub(crate) use meta::{lint_part, rule};
