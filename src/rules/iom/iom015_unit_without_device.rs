//! No device of a remapping unit is there.

use std::fmt;

use crate::analysis::Facts;
use crate::iommu::{Found, ScopeOwner, TableKind};
use crate::policy::Effects;
use crate::rules::iom::{dmar, place};
use crate::rules::{Check, Confidence, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// At least one of the devices that a remapping unit names is among the captured functions.
    ///
    /// ## Why it matters
    ///
    /// Linux ignores such a unit. Its table entry is dead weight, or the device was switched off
    /// in the firmware setup.
    ///
    /// ## How it is decided
    ///
    /// By the scope entries of units without INCLUDE_PCI_ALL. Entries for interrupt controllers
    /// and timers count as devices, because they are no PCI functions that a dump must show.
    ///
    /// ## What to do
    ///
    /// Firmware: leave the unit out of the table when its devices are switched off.
    ///
    /// Hyper-V and VFIO: nothing.
    IOM015 = {
        name: "unit-without-device",
        summary: "A remapping unit has no device that is there",
        severity: Info,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::LinuxIommu.at("intel/iommu.c, init_no_remapping_devices"),
            Document::VtD.at("8.3.1 Device Scope Structure"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// The unit's register base.
#[derive(Debug)]
struct Idle(u64);

impl fmt::Display for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unit {:#x} names no device that is there", self.0)
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    if let Err(answer) = dmar(facts) {
        return answer;
    }
    if facts.host.functions().is_empty() {
        return Outcome::NotApplicable("no devices were captured");
    }
    let mut alive = vec![false; facts.iommu.units().len()];
    for scope in facts.iommu.scopes() {
        let there = !matches!(scope.found, Found::Nothing(_) | Found::Impossible);
        if let (ScopeOwner::Unit(unit), true) = (scope.of, there)
            && let Some(alive) = alive.get_mut(unit)
        {
            *alive = true;
        }
    }
    let units = facts.iommu.units().iter().zip(alive);
    let idle =
        units.filter(|(unit, alive)| unit.table == TableKind::Dmar && !unit.include_all && !alive);
    let places = idle.map(|(unit, _)| {
        let base = Value::Register {
            value: unit.base,
            bytes: 8,
        };
        let evidence = place(TableKind::Dmar, unit.span, "register base", base);
        (Idle(unit.base), evidence)
    });
    several(&IOM015, Subject::Host, Confidence::Medium, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{dmar, drhd, scope};

    fn with(scopes: &[Vec<u8>]) -> Answer {
        let machine =
            Machine::with_port().with_table_bytes("DMAR", dmar(&[drhd(false, 0, 0x1000, scopes)]));
        answer(&IOM015, &machine, "")
    }

    #[test]
    fn a_unit_fires_when_all_its_devices_are_missing() {
        let missing = || scope(1, 0, 0, &[(2, 0)]);
        let none = fired("unit 0x1000 names no device that is there");
        assert_eq!(with(&[missing()]), none);
        assert_eq!(with(&[missing(), scope(2, 0, 0, &[(1, 0)])]), Answer::Clean);
        assert_eq!(with(&[scope(3, 2, 0xf0, &[(31, 0)])]), Answer::Clean);
    }
}
