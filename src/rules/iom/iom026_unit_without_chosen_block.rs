//! A unit is not described by blocks of the type that Linux uses.

use std::collections::BTreeSet;
use std::fmt;

use crate::analysis::Facts;
use crate::iommu::TableKind;
use crate::policy::Effects;
use crate::rules::iom::{ivrs, place};
use crate::rules::{Check, Confidence, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// Every IOMMU of an IVRS table has a block of the type that Linux chooses for all of them.
    ///
    /// ## Why it matters
    ///
    /// Linux reads blocks of one type only: the newest of the first unit. Another unit that has
    /// none of that type is not used, and its devices are not translated.
    ///
    /// ## How it is decided
    ///
    /// The type is that of the last block, up to the first one of a type above 40h, whose device
    /// id is that of the first block.
    ///
    /// ## What to do
    ///
    /// Firmware: describe every unit by the same set of block types.
    ///
    /// Hyper-V: other rules may apply there. VFIO: devices behind the unit have no IOMMU group
    /// (IOM003).
    IOM026 = {
        name: "unit-without-chosen-block",
        summary: "An IOMMU has no IVRS block of the type that Linux uses",
        severity: Medium,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::LinuxIommu.at("amd/init.c, get_highest_supported_ivhd_type"),
            Document::AmdIommu.at("5.2.2 I/O Virtualization Hardware Definition"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// The unit's device id.
#[derive(Debug)]
struct Unused(u16);

impl fmt::Display for Unused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the unit with device id {:#06x} is not used", self.0)
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let table = match ivrs(facts) {
        Ok(table) => table,
        Err(answer) => return answer,
    };
    let used: BTreeSet<_> = facts
        .iommu
        .units()
        .iter()
        .filter_map(|unit| Some((unit.segment, unit.device?)))
        .collect();
    let mut seen = BTreeSet::new();
    let places = table.units().filter_map(|(unit, span)| {
        let key = (unit.segment, unit.device);
        let unused = !used.contains(&key) && seen.insert(key);
        let evidence = place(TableKind::Ivrs, span, "block type", Value::byte(unit.kind));
        unused.then_some((Unused(unit.device.0), evidence))
    });
    let places: Vec<_> = places.collect();
    several(&IOM026, Subject::Host, Confidence::High, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{ivhd, ivrs};

    fn with(second: u8) -> Answer {
        let machine = Machine::with_port().with_table_bytes("IVRS", {
            let mut other = ivhd(second, &[]);
            other[4] = 0x82;
            ivrs(&[ivhd(0x10, &[]), ivhd(0x11, &[]), other])
        });
        answer(&IOM026, &machine, "")
    }

    #[test]
    fn a_unit_with_old_blocks_alone_fires() {
        assert_eq!(with(0x11), Answer::Clean);
        assert_eq!(
            with(0x10),
            fired("the unit with device id 0x0082 is not used")
        );
    }
}
