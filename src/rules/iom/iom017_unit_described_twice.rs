//! The same remapping unit is described twice.

use std::collections::BTreeSet;
use std::fmt;

use crate::analysis::Facts;
use crate::iommu::TableKind;
use crate::policy::Effects;
use crate::rules::iom::place;
use crate::rules::{Check, Confidence, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// Each DRHD structure of a segment has a register base of its own, and each IVRS unit one
    /// block of each type.
    ///
    /// ## Why it matters
    ///
    /// Linux drops the second DRHD without a word, and with it the devices that only this one
    /// names. Of two IVHD blocks of one type the second replaces what the first said.
    ///
    /// ## How it is decided
    ///
    /// By segment and register base in a DMAR table; by block type, segment and device id in an
    /// IVRS table. The same unit in blocks of types 10h, 11h and 40h is normal.
    ///
    /// ## What to do
    ///
    /// Firmware: join the two descriptions.
    ///
    /// Hyper-V and VFIO: a firmware update, where a device is not covered (IOM003).
    IOM017 = {
        name: "unit-described-twice",
        summary: "The same remapping unit is described twice",
        severity: Medium,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::LinuxIommu.at("intel/dmar.c, dmar_parse_one_drhd"),
            Document::AmdIommu.at("5.2.2.1 IVHD"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// The register base.
#[derive(Debug)]
struct Again(u64);

impl fmt::Display for Again {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the unit with registers at {:#x} is described a second time",
            self.0
        )
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let mut seen = BTreeSet::new();
    let mut places = Vec::new();
    for unit in facts.iommu.units() {
        if !matches!(unit.table, TableKind::Dmar | TableKind::Ivrs) {
            continue;
        }
        // Blocks of the type that Linux does not use are not among the units.
        let key = match unit.device {
            Some(device) => (unit.table, unit.segment, u64::from(device.0)),
            None => (unit.table, unit.segment, unit.base),
        };
        if !seen.insert(key) {
            let base = Value::Register {
                value: unit.base,
                bytes: 8,
            };
            let evidence = place(unit.table, unit.span, "register base", base);
            places.push((Again(unit.base), evidence));
        }
    }
    if seen.is_empty() {
        return Outcome::NotApplicable("no remapping unit was captured");
    }
    several(&IOM017, Subject::Host, Confidence::High, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{dmar, drhd};

    fn with(second: u64) -> Answer {
        let machine = Machine::with_port().with_table_bytes(
            "DMAR",
            dmar(&[drhd(false, 0, 0x1000, &[]), drhd(true, 0, second, &[])]),
        );
        answer(&IOM017, &machine, "")
    }

    #[test]
    fn one_base_twice_fires() {
        let again = fired("the unit with registers at 0x1000 is described a second time");
        assert_eq!(with(0x1000), again);
        assert_eq!(with(0x2000), Answer::Clean);
    }
}
