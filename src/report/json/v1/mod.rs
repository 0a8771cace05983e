//! Version 1 of the JSON results.
//!
//! Addresses and registers are `0x…` strings: JavaScript readers lose 64-bit numbers. These
//! types are the format; they are filled from the internal ones and never the other way round.

mod corpus;
mod decode;
mod device;
mod diff;
mod explain;
mod groups;
mod lint;
mod lint_summary;
mod messages;
mod mmio;
mod mmio_vfs;
mod peer;
mod plan;
mod profile;
mod redact;
mod rules;
mod simulate;
mod survey;
mod table;
mod topology;
mod verify;
mod vpd;

pub use corpus::{
    CorpusCase, CorpusDevice, CorpusDocument, CorpusMismatch, CorpusSummary, corpus_case,
};
pub use decode::{
    Decode, DecodedFunction, FaultItem, FieldItem, RawItem, RegisterItem, StructureItem, decode,
};
pub use device::{Device, EvidenceItem, FindingItem, GapItem, Mmio, VerdictItem};
pub use diff::{DiffDocument, DiffItem, VerdictChange, diff};
pub use explain::{Bar, Explain, ExplainedDevice, HopItem, explain};
pub use groups::{
    ComparisonItem, ExposureItem, FutureItem, GroupDifferenceItem, GroupItem, GroupMember,
    GroupsDocument, MissingItem, OutsideItem, QuirkItem, VfioItem, groups,
};
pub use lint::{LintDocument, LintFinding, LintGap, LintRule, lint};
pub use lint_summary::{
    LintSummaryDocument, LintSummaryHit, LintSummaryRule, UnreadableMachine, lint_summary,
};
pub use messages::{MessageItem, MessagesDocument, messages};
pub use mmio::{
    BridgeWindowItem, ClaimItem, GuestBarItem, GuestDeviceItem, GuestItem, HostSpaceItem,
    HostWindowItem, HyperVItem, MinimumItem, MmioDocument, NamedWindowItem, PlacedItem, RangeItem,
    ShortfallItem, SizeItem, TreeItem, UnplacedItem, UnplacedPartItem, WishItem, mmio,
};
pub use mmio_vfs::{VfBarItem, VfBusesItem, VfRoomItem};
pub use peer::{PeerDocument, PeerItem, RouteItem, peers};
pub use plan::{
    FixDocument, FixItem, FixedDevice, GuestPlacement, JudgedItem, PlaceDocument,
    VerdictChangeItem, WhatIfDocument, fix, place, what_if,
};
pub use profile::{OwnVerdict, ProfileDocument, ProfiledDevice, ScriptQuirkItem, profile};
pub use redact::{ChangeItem, DifferenceItem, RedactDocument, redact};
pub use rules::{PolicyEffect, RuleIndex, RuleItem, rule, rules};
pub use simulate::{PoolItem, SimulationDocument, StepItem, VmItem, simulation};
pub use survey::{CaptureSummary, HostVerdictItem, RequirementItem, Survey, VerdictCount, survey};
pub use table::{DecodedTable, TableFieldItem, TableStructureItem};
pub use topology::{TopologyDocument, TreeNode, topology};
pub use verify::{MemberDifference, MemberState, VerifyDocument, verify};
pub use vpd::{VpdItem, VpdKeyword, VpdResource};

use schemars::Schema;

/// The JSON Schema of every document, by name.
pub fn schemas() -> Vec<(&'static str, Schema)> {
    vec![
        ("survey", schemars::schema_for!(Survey)),
        ("explain", schemars::schema_for!(Explain)),
        ("decode", schemars::schema_for!(Decode)),
        ("profile", schemars::schema_for!(ProfileDocument)),
        ("lint", schemars::schema_for!(LintDocument)),
        ("lint-summary", schemars::schema_for!(LintSummaryDocument)),
        ("rules", schemars::schema_for!(RuleIndex)),
        ("groups", schemars::schema_for!(GroupsDocument)),
        ("what-if", schemars::schema_for!(WhatIfDocument)),
        ("fix", schemars::schema_for!(FixDocument)),
        ("place", schemars::schema_for!(PlaceDocument)),
        ("mmio", schemars::schema_for!(MmioDocument)),
        (
            "scenario",
            schemars::schema_for!(crate::sim::assign::Scenario),
        ),
        ("simulation", schemars::schema_for!(SimulationDocument)),
        ("diff", schemars::schema_for!(DiffDocument)),
        ("explain-log", schemars::schema_for!(MessagesDocument)),
        ("p2p", schemars::schema_for!(PeerDocument)),
        ("topology", schemars::schema_for!(TopologyDocument)),
        ("corpus", schemars::schema_for!(CorpusDocument)),
        ("corpus-case", schemars::schema_for!(CorpusCase)),
        ("redact", schemars::schema_for!(RedactDocument)),
        ("verify", schemars::schema_for!(VerifyDocument)),
        (
            "capture-manifest",
            schemars::schema_for!(crate::capture::Manifest),
        ),
        (
            "capture-devnodes",
            schemars::schema_for!(crate::capture::DeviceNodes),
        ),
        (
            "capture-windows",
            schemars::schema_for!(crate::capture::WindowsHost),
        ),
        (
            "capture-hyperv",
            schemars::schema_for!(crate::capture::HyperV),
        ),
        (
            "capture-properties",
            schemars::schema_for!(crate::capture::FunctionProperties),
        ),
    ]
}

/// A number as `0x…`, at least `digits` wide.
fn hex(value: impl std::fmt::LowerHex, digits: usize) -> String {
    format!("{value:#0width$x}", width = digits + 2)
}
