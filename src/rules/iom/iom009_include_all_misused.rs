//! The unit for the rest of a segment is not the last one, or not the only one.

use std::collections::BTreeMap;
use std::fmt;

use crate::addr::Segment;
use crate::analysis::Facts;
use crate::iommu::TableKind;
use crate::policy::Effects;
use crate::rules::iom::{dmar, place};
use crate::rules::{Check, Confidence, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// A segment has at most one remapping unit with INCLUDE_PCI_ALL, and it comes behind all
    /// other units of the segment.
    ///
    /// ## Why it matters
    ///
    /// Such a unit takes what no other unit names. A system that reads the table in order would
    /// give it devices of the units that follow; with two of them it is open which one is meant.
    /// Linux reads the others first whatever the order.
    ///
    /// ## How it is decided
    ///
    /// By flag bit 0 and the segment of each DRHD structure. Each segment is looked at on its
    /// own.
    ///
    /// ## What to do
    ///
    /// Firmware: list the unit with INCLUDE_PCI_ALL last in its segment, and give only one unit
    /// the flag.
    ///
    /// Hyper-V and VFIO: nothing; a firmware update if devices misbehave.
    IOM009 = {
        name: "include-all-misused",
        summary: "A unit with INCLUDE_PCI_ALL is not the only or not the last of its segment",
        severity: Medium,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::VtD.at("8.3 DMA Remapping Hardware Unit Definition Structure, INCLUDE_PCI_ALL"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// What is wrong with the units of a segment.
#[derive(Debug)]
enum Misuse {
    Second(Segment, u64),
    Behind(Segment, u64),
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Second(segment, base) => write!(
                f,
                "unit {base:#x} is another one with INCLUDE_PCI_ALL in segment {segment}"
            ),
            Self::Behind(segment, base) => write!(
                f,
                "unit {base:#x} of segment {segment} follows the one with INCLUDE_PCI_ALL"
            ),
        }
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    if let Err(answer) = dmar(facts) {
        return answer;
    }
    let mut seen: BTreeMap<Segment, ()> = BTreeMap::new();
    let units = facts.iommu.units().iter();
    let places = units.filter_map(|unit| {
        let behind = seen.contains_key(&unit.segment);
        if unit.include_all {
            seen.insert(unit.segment, ());
        }
        let misuse = match (behind, unit.include_all) {
            (false, _) => return None,
            (true, true) => Misuse::Second(unit.segment, unit.base),
            (true, false) => Misuse::Behind(unit.segment, unit.base),
        };
        let flags = Value::byte(u8::from(unit.include_all));
        Some((
            misuse,
            place(TableKind::Dmar, unit.span, "DRHD flags", flags),
        ))
    });
    let places: Vec<_> = places.collect();
    several(&IOM009, Subject::Host, Confidence::High, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{dmar, drhd, scope};

    fn with(structures: &[Vec<u8>]) -> Answer {
        let machine = Machine::with_port().with_table_bytes("DMAR", dmar(structures));
        answer(&IOM009, &machine, "")
    }

    #[test]
    fn the_order_counts_within_a_segment() {
        let all = |segment, base| drhd(true, segment, base, &[]);
        let other = || drhd(false, 0, 0x2000, &[scope(1, 0, 0, &[(2, 0)])]);
        assert_eq!(with(&[other(), all(0, 0x1000)]), Answer::Clean);
        assert_eq!(
            with(&[all(1, 0x3000), other(), all(0, 0x1000)]),
            Answer::Clean
        );
        assert_eq!(
            with(&[all(0, 0x1000), other()]),
            fired("unit 0x2000 of segment 0000 follows the one with INCLUDE_PCI_ALL")
        );
        assert_eq!(
            with(&[all(0, 0x1000), all(0, 0x3000)]),
            fired("unit 0x3000 is another one with INCLUDE_PCI_ALL in segment 0000")
        );
    }
}
