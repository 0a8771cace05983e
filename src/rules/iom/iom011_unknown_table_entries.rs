//! The remapping table has entries of types that are not defined.

use std::fmt;

use crate::analysis::Facts;
use crate::bytes::Span;
use crate::decode::acpi::device_scope::ScopeType;
use crate::decode::acpi::{dmar, ivrs};
use crate::iommu::TableKind;
use crate::policy::Effects;
use crate::rules::iom::place;
use crate::rules::{Check, Confidence, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// Every structure and scope entry of a DMAR table, every block and device entry of an IVRS
    /// table, and every node of a VIOT table has a type that the specification defines.
    ///
    /// ## Why it matters
    ///
    /// Systems skip what they do not know, and with it whatever the firmware meant to say. A
    /// block of an unknown type above 40h in an IVRS table also ends Linux' search for the best
    /// description of a unit.
    ///
    /// ## How it is decided
    ///
    /// DMAR: structure types 0 to 6, scope types 1 to 5. IVRS: block types 10h, 11h, 40h and 20h
    /// to 22h; device entries 0 to 4, 40h, 42h, 43h, 46h to 48h and F0h. VIOT: node types 1 to 4. A
    /// type that is newer than this program looks the same.
    ///
    /// ## What to do
    ///
    /// Firmware: check whether the entry is meant; a newer revision of the specification may
    /// define it.
    ///
    /// Hyper-V and VFIO: nothing, unless a device is not covered (IOM003).
    IOM011 = {
        name: "unknown-table-entries",
        summary: "A remapping table has entries of unknown type",
        severity: Low,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::VtD.at("8.2 Remapping Structure Types"),
            Document::AmdIommu.at("5.2.2 I/O Virtualization Hardware Definition"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// A type and what has it.
#[derive(Debug)]
struct Unknown {
    what: &'static str,
    kind: u16,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of the unknown type {:#04x}", self.what, self.kind)
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let (intel, amd) = (facts.dmar(), facts.ivrs());
    let virtio: Vec<_> = facts.host.acpi().viot().map(|(_, table)| table).collect();
    if intel.is_none() && amd.is_none() && virtio.is_empty() {
        return Outcome::NotApplicable("no DMAR, IVRS or VIOT table was captured");
    }
    let mut found: Vec<(TableKind, Span, Unknown)> = Vec::new();
    let mut note = |table, span, what, kind| found.push((table, span, Unknown { what, kind }));
    for structure in intel.iter().flat_map(|table| &table.structures) {
        if let dmar::Body::Unknown {
            kind: kind @ 7.., ..
        } = structure.body
        {
            note(TableKind::Dmar, structure.span, "a structure", kind);
        }
    }
    for scope in facts.iommu.scopes() {
        let ScopeType(kind) = scope.entry.kind;
        if !(1..=5).contains(&kind) {
            note(
                TableKind::Dmar,
                scope.entry.span,
                "a scope entry",
                kind.into(),
            );
        }
    }
    for block in amd.iter().flat_map(|table| &table.blocks) {
        match &block.body {
            ivrs::Body::Unknown { kind, .. }
                if !matches!(kind, 0x10 | 0x11 | 0x40 | 0x20..=0x22) =>
            {
                note(TableKind::Ivrs, block.span, "a block", (*kind).into());
            }
            ivrs::Body::Ivhd(unit) => {
                for entry in &unit.entries {
                    if !matches!(entry.kind, 0..=4 | 0x40 | 0x42 | 0x43 | 0x46..=0x48 | 0xf0) {
                        note(
                            TableKind::Ivrs,
                            entry.span,
                            "a device entry",
                            entry.kind.into(),
                        );
                    }
                }
            }
            _ => {}
        }
    }
    for node in virtio.iter().flat_map(|table| &table.nodes) {
        if !(1..=4).contains(&node.kind) {
            note(TableKind::Viot, node.span, "a node", node.kind.into());
        }
    }
    let places = found.into_iter().map(|(table, span, unknown)| {
        let seen = Value::word(unknown.kind);
        (unknown, place(table, span, "type", seen))
    });
    several(&IOM011, Subject::Host, Confidence::Medium, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{ivhd, ivrs};

    fn with(blocks: &[Vec<u8>]) -> Answer {
        let machine = Machine::with_port().with_table_bytes("IVRS", ivrs(blocks));
        answer(&IOM011, &machine, "")
    }

    #[test]
    fn unknown_blocks_and_entries_fire_and_padding_does_not() {
        let padding = ivhd(0x11, &[&[0, 0, 0, 0], &[0x40, 0, 0, 0, 0, 0, 0, 0]]);
        assert_eq!(with(&[padding]), Answer::Clean);
        assert_eq!(
            with(&[ivhd(0x11, &[&[5, 8, 0, 0]])]),
            fired("a device entry of the unknown type 0x05")
        );
        assert_eq!(
            with(&[vec![0x51, 0, 4, 0]]),
            fired("a block of the unknown type 0x51")
        );
    }
}
