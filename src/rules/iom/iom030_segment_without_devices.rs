//! A remapping unit belongs to a segment that has no devices.

use std::collections::BTreeSet;
use std::fmt;

use crate::addr::Segment;
use crate::analysis::Facts;
use crate::policy::Effects;
use crate::rules::iom::place;
use crate::rules::{Check, Confidence, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// Every segment that a remapping unit names has captured functions.
    ///
    /// ## Why it matters
    ///
    /// A wrong segment number makes the unit useless, and leaves the devices of the right segment
    /// to another unit or to none.
    ///
    /// ## How it is decided
    ///
    /// By the segments of the captured functions. A dump of one segment of a larger machine makes
    /// the rule fire wrongly, so its confidence is low.
    ///
    /// ## What to do
    ///
    /// Firmware: state the segment of the root bridge (`_SEG`) that the unit serves.
    ///
    /// Hyper-V and VFIO: a firmware update, where devices are not covered (IOM003).
    IOM030 = {
        name: "segment-without-devices",
        summary: "A remapping unit belongs to a segment without devices",
        severity: Low,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::VtD.at("8.3 DMA Remapping Hardware Unit Definition Structure, Segment Number"),
            Document::PciFirmware33.at("4.1.2 MCFG Table Description"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// The unit and its segment.
#[derive(Debug)]
struct Empty(u64, Segment);

impl fmt::Display for Empty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "unit {:#x} belongs to segment {}, which has no devices",
            self.0, self.1
        )
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let functions = facts.host.functions();
    if functions.is_empty() || facts.iommu.units().is_empty() {
        return Outcome::NotApplicable("devices and units are not both captured");
    }
    let segments: BTreeSet<Segment> = functions.iter().map(|f| f.at.segment).collect();
    let units = facts.iommu.units().iter();
    let stray = units.filter(|unit| !segments.contains(&unit.segment));
    let places = stray.map(|unit| {
        let seen = Value::Register {
            value: unit.segment.0.into(),
            bytes: 2,
        };
        let evidence = place(unit.table, unit.span, "segment", seen);
        (Empty(unit.base, unit.segment), evidence)
    });
    several(&IOM030, Subject::Host, Confidence::Low, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{dmar, drhd};

    fn with(segment: u16) -> Answer {
        let machine = Machine::with_port()
            .with_table_bytes("DMAR", dmar(&[drhd(true, segment, 0x1000, &[])]));
        answer(&IOM030, &machine, "")
    }

    #[test]
    fn a_unit_of_another_segment_fires() {
        assert_eq!(with(0), Answer::Clean);
        let stray = fired("unit 0x1000 belongs to segment 0001, which has no devices");
        assert_eq!(with(1), stray);
    }
}
