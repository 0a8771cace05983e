//! An IOMMU group is split between two guests.

use crate::policy::{Effect, Effects};
use crate::rules::{Check, rule};
use crate::sim::assign::Kind;
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// All functions of an IOMMU group go to one guest.
    ///
    /// ## Why it matters
    ///
    /// A group has one owner. The second guest cannot open it.
    ///
    /// ## How it is decided
    ///
    /// By the reported groups, or the predicted ones where none are reported.
    ///
    /// ## What to do
    ///
    /// Hyper-V: not concerned.
    ///
    /// VFIO: give the whole group to one guest.
    VFI022 = {
        name: "group-split-between-guests",
        summary: "An IOMMU group is split between two guests",
        severity: High,
        effects: Effects::new(Effect::None, Effect::Blocks),
        cites: [
            Document::LinuxVfio.at("container.c"),
        ],
        since: "0.1.0",
        check: Check::Step(sentence),
    }
}

fn sentence(kind: &Kind) -> Option<String> {
    match kind {
        Kind::GroupSplit(others) => Some(match others.len() {
            1 => "another guest has a function of the IOMMU group".to_owned(),
            count => format!("other guests have {count} functions of the IOMMU group"),
        }),
        _ => None,
    }
}
