//! What a rule is.

use crate::analysis::{Facts, Missing};
use crate::host::FunctionId;
use crate::policy::{Effect, Effects, Policy};
use crate::sim::assign::Kind;
use crate::spec::SpecRef;

use super::{Finding, Severity};

/// A rule: identity, documentation and check.
#[derive(Debug)]
pub struct Rule {
    /// Family and three digits, for ever; a retired code is never given again.
    pub code: &'static str,
    /// Names the problem, in kebab case.
    pub name: &'static str,
    /// One sentence without full stop.
    pub summary: &'static str,
    /// How bad a hit is.
    pub severity: Severity,
    /// What a hit means to each platform.
    pub effects: Effects,
    /// Which part of a lint report shows it; `None` where it is about assignment alone.
    pub lint: Option<Part>,
    /// Where the requirement comes from; at least one.
    pub cites: &'static [SpecRef],
    /// Whether it is in force.
    pub status: Status,
    /// Its documentation page, Markdown.
    pub explanation: &'static str,
    /// Source file, for the test that holds files to their codes.
    pub file: &'static str,
    /// Its check.
    pub check: Check,
}

/// A part of a lint report.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Part {
    /// What the maker of the firmware can put right: tables, and what they say of devices.
    Firmware,
    /// What the maker of the device can put right before it ships.
    Device,
}

impl Part {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Firmware => "firmware",
            Self::Device => "device",
        }
    }
}

impl Rule {
    /// Whether a hit, or the lack of an answer, means something to a platform. What does not
    /// is for lint reports alone.
    pub fn concerns_assignment(&self) -> bool {
        Policy::ALL
            .into_iter()
            .any(|policy| self.effects.on(policy) != Effect::None)
    }
}

/// Whether a rule is in force.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// In force since this version.
    Stable {
        /// Version of this crate.
        since: &'static str,
    },
    /// Withdrawn; its page says why.
    Retired {
        /// Version of this crate.
        since: &'static str,
    },
}

/// A rule's check.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// Asked of every function.
    Function(fn(&Facts<'_, '_>, FunctionId) -> Outcome),
    /// Asked of every function that could be assigned: not of ports and bridges.
    Device(fn(&Facts<'_, '_>, FunctionId) -> Outcome),
    /// Asked once for the host.
    Host(fn(&Facts<'_, '_>) -> Outcome),
    /// Asked about what the simulation of a scenario remarks; gives the sentence where the
    /// remark is its own.
    Step(fn(&Kind) -> Option<String>),
}

/// The answer of a check.
#[derive(Debug)]
pub enum Outcome {
    /// The problem is there.
    Fired(Finding),
    /// The rule applies and the problem is not there.
    Clean,
    /// The rule has nothing to say about this subject.
    NotApplicable(&'static str),
    /// The capture lacks what would settle it.
    CannotTell(Missing),
}

/// Declares a rule; its doc comment becomes its documentation page.
macro_rules! rule {
    (
        $(#[doc = $doc:literal])*
        $code:ident = {
            name: $name:literal,
            summary: $summary:literal,
            severity: $severity:ident,
            effects: $effects:expr,
            $(lint: $part:ident,)?
            cites: [$($cite:expr),+ $(,)?],
            since: $since:literal,
            check: $check:expr $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        pub(in crate::rules) static $code: $crate::rules::Rule = $crate::rules::Rule {
            code: stringify!($code),
            name: $name,
            summary: $summary,
            severity: $crate::rules::Severity::$severity,
            effects: $effects,
            lint: $crate::rules::lint_part!($($part)?),
            cites: &[$($cite),+],
            status: $crate::rules::Status::Stable { since: $since },
            explanation: concat!($($doc, "\n"),*),
            file: file!(),
            check: $check,
        };
    };
}
pub(crate) use rule;

/// The optional entry `lint` of [`rule!`].
macro_rules! lint_part {
    () => {
        None
    };
    ($part:ident) => {
        Some($crate::rules::Part::$part)
    };
}
pub(crate) use lint_part;
