//! Two remapping units name the same device.

use std::collections::BTreeMap;
use std::fmt;

use crate::addr::Sbdf;
use crate::analysis::Facts;
use crate::host::FunctionId;
use crate::iommu::{ScopeOwner, TableKind};
use crate::policy::Effects;
use crate::rules::iom::place;
use crate::rules::{Check, Confidence, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// No device is in the scope of two remapping units.
    ///
    /// ## Why it matters
    ///
    /// Only one unit can translate a device. Linux takes the one that comes later in the table;
    /// another system may take the other, and block the device.
    ///
    /// ## How it is decided
    ///
    /// DMAR: two units have a scope entry that leads to the same captured function. IVRS: entries of
    /// two units, of the block type that Linux uses, cover the same captured function; within one
    /// unit later entries replace earlier ones by design.
    ///
    /// ## What to do
    ///
    /// Firmware: name the device in the scope of the unit that it is wired to.
    ///
    /// Hyper-V and VFIO: nothing, unless DMA faults are logged for the device.
    IOM016 = {
        name: "device-of-two-units",
        summary: "Two remapping units name the same device",
        severity: Medium,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::VtD.at("8.3.1 Device Scope Structure"),
            Document::AmdIommu.at("5.2.2.5 IVHD Device Entries"),
            Document::LinuxIommu.at("intel/iommu.c, device_lookup_iommu"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// A function and the second unit that names it.
#[derive(Debug)]
struct Twice(Sbdf, u64);

impl fmt::Display for Twice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "unit {:#x} names {}, which another unit names too",
            self.1, self.0
        )
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    if facts.dmar().is_none() && facts.ivrs().is_none() {
        return Outcome::NotApplicable("neither a DMAR nor an IVRS table was captured");
    }
    if facts.host.functions().is_empty() {
        return Outcome::NotApplicable("no devices were captured");
    }
    let mut first: BTreeMap<FunctionId, usize> = BTreeMap::new();
    let mut places = Vec::new();
    for scope in facts.iommu.scopes() {
        let (ScopeOwner::Unit(unit), Some(id)) = (scope.of, scope.found.function()) else {
            continue;
        };
        if *first.entry(id).or_insert(unit) != unit {
            let base = facts.iommu.units().get(unit).map_or(0, |unit| unit.base);
            let bus = Value::byte(scope.entry.start_bus);
            let evidence = place(TableKind::Dmar, scope.entry.span, "scope entry, bus", bus);
            places.push((Twice(facts.host.function(id).at, base), evidence));
        }
    }
    places.extend(facts.iommu.contested().iter().filter_map(|contested| {
        let unit = |index: usize| facts.iommu.units().get(index);
        let (before, after) = (unit(contested.before)?, unit(contested.unit)?);
        // The same unit described twice is another rule.
        if after.table != TableKind::Ivrs || before.device == after.device {
            return None;
        }
        let at = facts.host.function(contested.function).at;
        let seen = Value::word(after.device?.0);
        let evidence = place(TableKind::Ivrs, after.span, "IVHD device id", seen);
        Some((Twice(at, after.base), evidence))
    }));
    several(&IOM016, Subject::Host, Confidence::High, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{dmar, drhd, ivhd, ivrs, scope};

    fn with(second: (u8, u8)) -> Answer {
        let machine = Machine::with_port().with_table_bytes(
            "DMAR",
            dmar(&[
                drhd(false, 0, 0x1000, &[scope(2, 0, 0, &[(1, 0)])]),
                drhd(false, 0, 0x2000, &[scope(2, 0, 0, &[second])]),
            ]),
        );
        answer(&IOM016, &machine, "")
    }

    #[test]
    fn the_same_port_in_two_scopes_fires() {
        let twice = fired("unit 0x2000 names 0000:00:01.0, which another unit names too");
        assert_eq!(with((1, 0)), twice);
        assert_eq!(with((2, 0)), Answer::Clean);
    }

    #[test]
    fn two_units_of_an_ivrs_table_may_not_share_a_device() {
        let with = |first: u8, last: u8| {
            let mut other = ivhd(0x11, &[&[3, first, 0, 0], &[4, last, 0, 0]]);
            other[4] = 0x42;
            other[8..16].copy_from_slice(&0xfd90_0000_u64.to_le_bytes());
            let table = ivrs(&[ivhd(0x11, &[&[2, 0x08, 0, 0]]), other]);
            answer(
                &IOM016,
                &Machine::with_port().with_table_bytes("IVRS", table),
                "",
            )
        };
        assert_eq!(
            with(0x00, 0x08),
            fired("unit 0xfd900000 names 0000:00:01.0, which another unit names too")
        );
        assert_eq!(with(0x10, 0x18), Answer::Clean);
    }
}
