//! What changed between two captures in meaning, not in bytes.
//!
//! Functions are paired by where they sit (the path of device and function numbers from their
//! root bus), because bus numbers change between boots; a card that sits elsewhere is found
//! again by its serial number or its ids. What one of the captures does not hold is no change.

mod device;
mod host;
mod pairs;
mod tables;

pub use pairs::{Companion, How, Pair};
pub use tables::{FieldChange, TableChange};

use crate::analysis::Facts;
use crate::analysis::groups::Groups;
use crate::analysis::resources::BarDemand;
use crate::decode::config::ext::acs::AcsFlags;
use crate::host::FunctionId;
use crate::policy::Policy;
use crate::range::AddrRange;
use crate::rules::RuleRun;
use crate::verdict::Verdict;

/// One of the two machines.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// Host, tree and facts.
    pub facts: &'a Facts<'a, 'a>,
    /// What every rule answered.
    pub run: &'a RuleRun,
    /// Predicted groups.
    pub groups: &'a Groups,
}

/// Everything that differs.
#[derive(Debug)]
pub struct Difference {
    /// The changes, what matters most first.
    pub changes: Vec<Change>,
    /// Functions that are on both sides.
    pub pairs: Vec<Pair>,
    /// Comparisons that one capture's gaps did not allow.
    pub not_compared: usize,
}

/// One change.
#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    /// What it is about.
    pub subject: Subject,
    /// What changed.
    pub what: What,
}

/// What a change is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    /// The machine as a whole.
    Host,
    /// A function on both sides.
    Both(FunctionId, FunctionId),
    /// A function of the first capture alone.
    Before(FunctionId),
    /// A function of the second capture alone.
    After(FunctionId),
}

/// What changed.
#[derive(Clone, PartialEq, Debug)]
pub enum What {
    /// The verdict under a policy.
    Verdict {
        /// The policy.
        policy: Policy,
        /// What it was.
        before: Verdict,
        /// What it is.
        after: Verdict,
        /// Codes that decide now and did not before.
        gained: Vec<&'static str>,
        /// Codes that decided before and do not now.
        lost: Vec<&'static str>,
    },
    /// The function is gone.
    Removed,
    /// The function is new.
    Added,
    /// Another device sits at the same place.
    Replaced,
    /// The same card sits elsewhere.
    Moved {
        /// How it was known again.
        how: How,
        /// Functions below it or beside it that moved along.
        along: usize,
    },
    /// It shares its predicted IOMMU group with others than before.
    Group {
        /// Members gone from the group.
        left: Vec<Companion>,
        /// Members that came into it.
        joined: Vec<Companion>,
    },
    /// An ACS register.
    Acs {
        /// The control register; otherwise the capability.
        control: bool,
        /// Services before; `None` = no ACS.
        before: Option<AcsFlags>,
        /// Services after.
        after: Option<AcsFlags>,
    },
    /// Memory that the firmware reserves for it.
    Reserved {
        /// Regions gone.
        gone: Vec<AddrRange>,
        /// Regions that came.
        come: Vec<AddrRange>,
    },
    /// The remapping unit that translates for it, by register base.
    Unit {
        /// The unit before; `None` = none.
        before: Option<u64>,
        /// The unit after.
        after: Option<u64>,
    },
    /// A BAR.
    Bar {
        /// 0 to 5.
        index: u8,
        /// Before; `None` = none.
        before: Option<BarDemand>,
        /// After.
        after: Option<BarDemand>,
        /// Nothing but the address differs.
        address_only: bool,
    },
    /// A window of a bridge.
    Window {
        /// Which.
        window: WindowKind,
        /// Before; `None` = closed.
        before: Option<AddrRange>,
        /// After.
        after: Option<AddrRange>,
    },
    /// Findings that came or went without changing a verdict.
    Findings {
        /// Codes that are new.
        come: Vec<&'static str>,
        /// Codes that are gone.
        gone: Vec<&'static str>,
    },
    /// A fact by its name.
    Fact {
        /// Its name.
        name: &'static str,
        /// Before; `None` = there was none.
        before: Option<String>,
        /// After.
        after: Option<String>,
    },
    /// An ACPI table.
    Table {
        /// Its name in the capture.
        name: String,
        /// How it changed.
        change: TableChange,
    },
    /// A statement about the machine, by its key.
    Platform {
        /// The key.
        name: String,
        /// Before.
        before: Option<String>,
        /// After.
        after: Option<String>,
    },
    /// Functions keep their places and have other bus numbers.
    Renumbered {
        /// How many functions.
        functions: usize,
        /// Old and new bus of each, in order.
        buses: Vec<(u8, u8)>,
    },
}

/// A window of a bridge.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum WindowKind {
    /// I/O ports.
    Io,
    /// Memory below 4 GiB.
    Memory,
    /// Prefetchable memory.
    Prefetchable,
}

/// How much a change matters, the most first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Consequence {
    /// What can be assigned is another answer.
    Verdict,
    /// Devices came, went or sit elsewhere.
    Devices,
    /// What decides verdicts changed, and the verdicts stand.
    Isolation,
    /// Address space.
    Memory,
    /// Firmware and system.
    Platform,
    /// Nothing of importance.
    Cosmetic,
}

impl What {
    /// How much it matters.
    pub const fn consequence(&self) -> Consequence {
        match self {
            Self::Verdict { .. } => Consequence::Verdict,
            Self::Removed | Self::Added | Self::Replaced | Self::Moved { .. } => {
                Consequence::Devices
            }
            Self::Group { .. }
            | Self::Acs { .. }
            | Self::Reserved { .. }
            | Self::Unit { .. }
            | Self::Findings { .. } => Consequence::Isolation,
            Self::Window { .. } | Self::Bar { .. } => Consequence::Memory,
            Self::Fact { .. } | Self::Table { .. } | Self::Platform { .. } => Consequence::Platform,
            Self::Renumbered { .. } => Consequence::Cosmetic,
        }
    }

    /// Its name in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Verdict { .. } => "verdict",
            Self::Removed => "removed",
            Self::Added => "added",
            Self::Replaced => "replaced",
            Self::Moved { .. } => "moved",
            Self::Group { .. } => "group",
            Self::Acs { .. } => "acs",
            Self::Reserved { .. } => "reserved-memory",
            Self::Unit { .. } => "remapping-unit",
            Self::Bar { .. } => "bar",
            Self::Window { .. } => "window",
            Self::Findings { .. } => "findings",
            Self::Fact { .. } => "fact",
            Self::Table { .. } => "table",
            Self::Platform { .. } => "platform",
            Self::Renumbered { .. } => "renumbered",
        }
    }

    /// Place among changes of the same consequence: what is lost comes before what is won.
    fn order(&self) -> u8 {
        match self {
            Self::Verdict { before, after, .. } => u8::from(after < before),
            Self::Removed => 0,
            Self::Replaced => 1,
            Self::Moved { .. } => 2,
            Self::Added => 3,
            _ => 0,
        }
    }
}

impl WindowKind {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Io => "I/O window",
            Self::Memory => "memory window",
            Self::Prefetchable => "prefetchable window",
        }
    }
}

impl Consequence {
    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verdict => "verdict",
            Self::Devices => "devices",
            Self::Isolation => "isolation",
            Self::Memory => "memory",
            Self::Platform => "platform",
            Self::Cosmetic => "cosmetic",
        }
    }
}

impl Subject {
    /// The function before and after.
    pub const fn sides(self) -> (Option<FunctionId>, Option<FunctionId>) {
        match self {
            Self::Host => (None, None),
            Self::Both(before, after) => (Some(before), Some(after)),
            Self::Before(before) => (Some(before), None),
            Self::After(after) => (None, Some(after)),
        }
    }
}

impl Difference {
    /// Compares two machines under these policies.
    pub fn between(before: Side<'_>, after: Side<'_>, policies: &[Policy]) -> Self {
        let matching = pairs::Matching::of(before, after);
        let mut found = Found::default();
        matching.changes(before, after, &mut found);
        for pair in &matching.pairs {
            device::compare(before, after, policies, &matching, *pair, &mut found);
        }
        host::compare(before, after, &mut found);
        tables::compare(before, after, &mut found);
        let mut changes = found.changes;
        // The sort is stable: what is equal stays by function, the machine's own changes last.
        changes.sort_by_key(|change| (change.what.consequence(), change.what.order()));
        Self {
            changes,
            pairs: matching.pairs,
            not_compared: found.not_compared,
        }
    }

    /// Nothing differs, not even bus numbers.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Whether any verdict is another one.
    pub fn changes_a_verdict(&self) -> bool {
        let mut changes = self.changes.iter();
        changes.any(|change| matches!(change.what, What::Verdict { .. }))
    }

    /// Whether a verdict got worse.
    pub fn worsens_a_verdict(&self) -> bool {
        self.changes.iter().any(|change| match change.what {
            What::Verdict { before, after, .. } => after > before,
            _ => false,
        })
    }
}

/// Changes as they are found.
#[derive(Default)]
struct Found {
    changes: Vec<Change>,
    not_compared: usize,
}

impl Found {
    fn add(&mut self, subject: Subject, what: What) {
        self.changes.push(Change { subject, what });
    }
}
