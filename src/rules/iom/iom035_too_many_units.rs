//! The DMAR table has more remapping units than Linux has room for.

use std::collections::BTreeSet;
use std::fmt;

use crate::analysis::Facts;
use crate::iommu::TableKind;
use crate::policy::Effects;
use crate::rules::iom::{dmar, place};
use crate::rules::{Check, Confidence, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// A DMAR table has no more remapping units than Linux has room for.
    ///
    /// ## Why it matters
    ///
    /// Linux gives each unit one of 1024 numbers. Units beyond get none, and with them DMA remapping as a
    /// whole fails.
    ///
    /// ## How it is decided
    ///
    /// By the number of DRHD structures with a register base of their own.
    ///
    /// ## What to do
    ///
    /// Firmware: this is far more than machines have; the table is likely damaged.
    ///
    /// Hyper-V and VFIO: a firmware update.
    IOM035 = {
        name: "too-many-units",
        summary: "The DMAR table has more remapping units than Linux has room for",
        severity: Medium,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::LinuxIommu.at("intel/dmar.c, dmar_alloc_seq_id, DMAR_UNITS_SUPPORTED"),
            Document::VtD.at("8.3 DMA Remapping Hardware Unit Definition Structure"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// How many there are.
#[derive(Debug)]
struct TooMany(usize);

impl fmt::Display for TooMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the table has {} remapping units, {SUPPORTED} have room",
            self.0
        )
    }
}

/// `DMAR_UNITS_SUPPORTED`.
const SUPPORTED: usize = 1024;

fn check(facts: &Facts<'_, '_>) -> Outcome {
    if let Err(answer) = dmar(facts) {
        return answer;
    }
    let units = facts.iommu.units().iter();
    let units = units.filter(|unit| unit.table == TableKind::Dmar);
    let distinct: BTreeSet<_> = units
        .clone()
        .map(|unit| (unit.segment, unit.base))
        .collect();
    let beyond = units
        .clone()
        .nth(SUPPORTED)
        .filter(|_| distinct.len() > SUPPORTED);
    let places = beyond.map(|unit| {
        let count = Value::Number(distinct.len() as u64);
        (
            TooMany(distinct.len()),
            place(TableKind::Dmar, unit.span, "remapping units", count),
        )
    });
    several(&IOM035, Subject::Host, Confidence::High, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{dmar, drhd};

    #[test]
    fn the_first_unit_beyond_fires() {
        let with = |count: u64| {
            let units: Vec<_> = (1..=count).map(|n| drhd(false, 0, n << 12, &[])).collect();
            let machine = Machine::with_port().with_table_bytes("DMAR", dmar(&units));
            answer(&IOM035, &machine, "")
        };
        assert_eq!(with(1024), Answer::Clean);
        assert_eq!(
            with(1025),
            fired("the table has 1025 remapping units, 1024 have room")
        );
    }
}
