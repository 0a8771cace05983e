//! Findings: what a rule found, how bad, how sure, and on what evidence.

use std::fmt;

use crate::bytes::Span;
use crate::host::FunctionId;
use crate::iommu::TableKind;

use crate::range::AddrRange;

use super::Rule;

/// One hit of a rule.
#[derive(Debug)]
pub struct Finding {
    rule: &'static Rule,
    subject: Subject,
    confidence: Confidence,
    /// In one box, because a finding travels from the rule through its outcome into a list.
    grounds: Box<Grounds<dyn Violation>>,
}

/// What a finding rests on.
#[derive(Debug)]
struct Grounds<V: ?Sized> {
    primary: Evidence,
    related: Vec<Evidence>,
    violation: V,
}

/// What a finding is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Subject {
    /// The host as a whole.
    Host,
    /// One function.
    Function(FunctionId),
}

/// How bad it is, if it is so.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// Nothing to do.
    Info,
    /// Worth a look before production.
    Low,
    /// Assignment works with a restriction or a risk.
    Medium,
    /// Assignment fails, or isolation is gone.
    High,
}

/// How sure it is. Weak evidence lowers this, never the severity.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Confidence {
    /// Rests on an assumption that the documentation of the platform leaves open.
    Low,
    /// Follows from the bytes by a rule that a vendor document implies.
    Medium,
    /// Follows from the bytes by the specification, or was reported by the platform.
    High,
}

/// What a rule found, as facts; `Display` is the sentence.
pub trait Violation: fmt::Debug + fmt::Display + Send + Sync {}

impl<T: fmt::Debug + fmt::Display + Send + Sync> Violation for T {}

/// One piece of evidence: where it stands and what stands there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Evidence {
    /// Where.
    pub locus: Locus,
    /// What stands there.
    pub seen: Value,
    /// What was expected instead, where that can be said.
    pub wanted: Option<Value>,
    /// The name of the register, property or fact.
    pub what: &'static str,
}

/// Where evidence stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Locus {
    /// Bytes of a function's configuration space.
    Config(FunctionId, Span),
    /// The function's capability lists as a whole.
    Lists(FunctionId),
    /// A fact that someone reported about the function: a member of its properties, or the key
    /// of a Windows device property.
    Reported(FunctionId, &'static str),
    /// A range that was reported of the function, by its index (0 to 5 BARs, 6 ROM).
    Resource(FunctionId, u8),
    /// Where the function sits in the tree.
    Tree(FunctionId),
    /// Bytes of a remapping table.
    Table(TableKind, Span),
    /// A line of the kernel's log, from 1.
    Log(u32),
    /// A step of a scenario, from 1.
    Step(u32),
    /// Something about the capture as a whole.
    Capture,
}

/// A value as evidence shows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value {
    /// A register, with its width in bytes.
    Register {
        /// The number.
        value: u64,
        /// 1 to 8.
        bytes: u8,
    },
    /// A count.
    Number(u64),
    /// A word of the field.
    Word(&'static str),
    /// A range of addresses.
    Range(AddrRange),
    /// A text that the capture holds at this locus.
    AsReported,
    /// It is not there.
    Absent,
}

impl Finding {
    /// A finding. There is none without evidence.
    pub fn new(
        rule: &'static Rule,
        subject: Subject,
        confidence: Confidence,
        violation: impl Violation + 'static,
        primary: Evidence,
    ) -> Self {
        Self {
            rule,
            subject,
            confidence,
            grounds: Box::new(Grounds {
                primary,
                related: Vec::new(),
                violation,
            }),
        }
    }

    /// Adds evidence beside the primary one.
    #[must_use]
    pub fn with(mut self, related: impl IntoIterator<Item = Evidence>) -> Self {
        self.grounds.related.extend(related);
        self
    }

    /// The rule that fired.
    pub const fn rule(&self) -> &'static Rule {
        self.rule
    }

    /// What it is about.
    pub const fn subject(&self) -> Subject {
        self.subject
    }

    /// How bad it is.
    pub const fn severity(&self) -> Severity {
        self.rule.severity
    }

    /// How sure it is.
    pub const fn confidence(&self) -> Confidence {
        self.confidence
    }

    /// The sentence.
    pub fn message(&self) -> String {
        self.grounds.violation.to_string()
    }

    /// The evidence, the primary one first.
    pub fn evidence(&self) -> impl Iterator<Item = &Evidence> {
        std::iter::once(&self.grounds.primary).chain(&self.grounds.related)
    }
}

impl Evidence {
    /// Evidence that shows a value at a place.
    pub const fn new(locus: Locus, what: &'static str, seen: Value) -> Self {
        Self {
            locus,
            seen,
            wanted: None,
            what,
        }
    }

    /// The same with what was expected.
    #[must_use]
    pub const fn wanting(mut self, wanted: Value) -> Self {
        self.wanted = Some(wanted);
        self
    }
}

impl Value {
    /// A 16-bit register.
    pub const fn word(value: u16) -> Self {
        Self::Register {
            value: value as u64,
            bytes: 2,
        }
    }

    /// An 8-bit register.
    pub const fn byte(value: u8) -> Self {
        Self::Register {
            value: value as u64,
            bytes: 1,
        }
    }

    /// A 32-bit register.
    pub const fn dword(value: u32) -> Self {
        Self::Register {
            value: value as u64,
            bytes: 4,
        }
    }
}

impl Severity {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl Confidence {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Register { value, bytes } => {
                write!(f, "{value:#0width$x}", width = 2 + 2 * usize::from(bytes))
            }
            Self::Number(number) => number.fmt(f),
            Self::Word(word) => f.write_str(word),
            Self::Range(range) => range.fmt(f),
            Self::AsReported => f.write_str("as reported"),
            Self::Absent => f.write_str("absent"),
        }
    }
}
