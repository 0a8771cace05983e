//! A reserved memory range belongs to no device.

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
    /// Every RMRR structure has a scope entry.
    ///
    /// ## Why it matters
    ///
    /// Without a device nobody maps the range, and the device that it was meant for faults once
    /// remapping is on.
    ///
    /// ## How it is decided
    ///
    /// By the scope entries of each RMRR structure. Entries for devices that are not there are
    /// the business of IOM012.
    ///
    /// ## What to do
    ///
    /// Firmware: name the device, or drop the structure where the device is switched off.
    ///
    /// Hyper-V and VFIO: nothing.
    RSV005 = {
        name: "reserved-memory-of-nobody",
        summary: "A reserved memory range (RMRR) names no device",
        severity: Low,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::VtD.at("8.4 Reserved Memory Region Reporting Structure"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// The range, where it is one.
#[derive(Debug)]
struct Nobody(u64, u64);

impl fmt::Display for Nobody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}-{:#x} is reserved for no device", self.0, self.1)
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let Some(table) = facts.dmar() else {
        return Outcome::NotApplicable("no DMAR table was captured");
    };
    if table.reserved().next().is_none() {
        return Outcome::NotApplicable("no reserved memory was captured");
    }
    let places = table.reserved().filter_map(|(region, span)| {
        let range = AddrRange::new(region.base, region.limit).map_or(Value::Absent, Value::Range);
        let evidence = Evidence::new(Locus::Table(TableKind::Dmar, span), "RMRR", range);
        let nobody = region.scopes.is_empty();
        nobody.then_some((Nobody(region.base, region.limit), evidence))
    });
    several(&RSV005, Subject::Host, Confidence::High, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{dmar, rmrr, scope};

    fn with(scopes: &[Vec<u8>]) -> Answer {
        let machine =
            Machine::with_port().with_table_bytes("DMAR", dmar(&[rmrr(0x1000, 0x1fff, scopes)]));
        answer(&RSV005, &machine, "")
    }

    #[test]
    fn a_range_without_a_scope_fires() {
        assert_eq!(with(&[scope(1, 0, 0, &[(0x14, 0)])]), Answer::Clean);
        assert_eq!(with(&[]), fired("0x1000-0x1fff is reserved for no device"));
    }
}
