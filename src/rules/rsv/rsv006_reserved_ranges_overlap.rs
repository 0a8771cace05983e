//! Reserved memory ranges of different devices overlap.

use std::fmt;

use crate::analysis::Facts;
use crate::iommu::TableKind;
use crate::policy::Effects;
use crate::range::AddrRange;
use crate::rules::{Check, Confidence, Evidence, Locus, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The reserved memory ranges of a DMAR table do not overlap, unless they are for the same
    /// devices.
    ///
    /// ## Why it matters
    ///
    /// Two devices that share memory can talk to each other through it, whatever unit and group
    /// they are in.
    ///
    /// ## How it is decided
    ///
    /// By the addresses of each pair of RMRR structures whose scope entries differ. A range that
    /// two structures state in the same words for two devices counts.
    ///
    /// ## What to do
    ///
    /// Firmware: give each device memory of its own, or name both devices in one structure if
    /// they share it on purpose.
    ///
    /// Hyper-V and VFIO: nothing; the devices are refused or not by RSV001 and RSV002.
    RSV006 = {
        name: "reserved-ranges-overlap",
        summary: "Reserved memory ranges of different devices overlap",
        severity: Info,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::VtD.at("8.4 Reserved Memory Region Reporting Structure"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// A range that begins within the one before it.
#[derive(Debug)]
struct Overlap(AddrRange, AddrRange);

impl fmt::Display for Overlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} and {} overlap", self.0, self.1)
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let Some(table) = facts.dmar() else {
        return Outcome::NotApplicable("no DMAR table was captured");
    };
    let mut ranges: Vec<_> = table
        .reserved()
        .filter_map(|(region, span)| {
            let paths: Vec<_> = region
                .scopes
                .iter()
                .map(|scope| (scope.start_bus, &scope.path))
                .collect();
            Some((
                AddrRange::new(region.base, region.limit)?,
                span,
                region.segment,
                paths,
            ))
        })
        .collect();
    if ranges.len() < 2 {
        return Outcome::NotApplicable("fewer than two reserved ranges were captured");
    }
    ranges.sort_by_key(|(range, span, ..)| (range.start(), span.offset));
    // Each range against the one that reaches highest of those before it.
    let mut highest: Option<usize> = None;
    let mut places = Vec::new();
    for (index, (range, span, segment, paths)) in ranges.iter().enumerate() {
        if let Some((before, _, other_segment, others)) = highest.and_then(|at| ranges.get(at))
            && before.last() >= range.start()
            && (segment, paths) != (other_segment, others)
        {
            let seen = Value::Range(*range);
            let evidence = Evidence::new(Locus::Table(TableKind::Dmar, *span), "RMRR", seen);
            places.push((Overlap(*before, *range), evidence));
        }
        let reaches = highest
            .and_then(|at| ranges.get(at))
            .map(|(range, ..)| range.last());
        if reaches.is_none_or(|end| range.last() > end) {
            highest = Some(index);
        }
    }
    several(&RSV006, Subject::Host, Confidence::High, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{dmar, rmrr, scope};

    fn with(second: (u64, u64), device: u8) -> Answer {
        let machine = Machine::with_port().with_table_bytes(
            "DMAR",
            dmar(&[
                rmrr(0x1000, 0x4fff, &[scope(1, 0, 0, &[(2, 0)])]),
                rmrr(second.0, second.1, &[scope(1, 0, 0, &[(device, 0)])]),
            ]),
        );
        answer(&RSV006, &machine, "")
    }

    #[test]
    fn an_overlap_counts_between_different_devices() {
        let overlap = fired("0x1000-0x4fff and 0x4000-0x5fff overlap");
        assert_eq!(with((0x4000, 0x5fff), 3), overlap);
        assert_eq!(with((0x4000, 0x5fff), 2), Answer::Clean);
        assert_eq!(with((0x5000, 0x5fff), 3), Answer::Clean);
    }
}
