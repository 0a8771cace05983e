//! A remapping unit has no usable register base.

use std::fmt;

use crate::analysis::Facts;
use crate::iommu::TableKind;
use crate::policy::{Effect, Effects};
use crate::rules::iom::place;
use crate::rules::{Check, Confidence, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The registers of each remapping unit have an address that is not zero and is aligned: to 4
    /// KiB in a DMAR table, to 16 KiB in an IVRS table.
    ///
    /// ## Why it matters
    ///
    /// The system cannot reach the unit. Linux gives up the whole DMAR table for a base of zero,
    /// and the devices behind the unit with it.
    ///
    /// ## How it is decided
    ///
    /// By the register base of every DRHD structure and of every IVHD block of the type that
    /// Linux uses.
    ///
    /// ## What to do
    ///
    /// Firmware: report the address that the base register of the unit holds; leave units that
    /// are switched off out of the table.
    ///
    /// Hyper-V and VFIO: a firmware update.
    IOM007 = {
        name: "unit-registers-misplaced",
        summary: "The register base of a remapping unit is zero or not aligned",
        severity: High,
        effects: Effects::everywhere(Effect::Condition),
        lint: Firmware,
        cites: [
            Document::VtD.at("8.3 DMA Remapping Hardware Unit Definition Structure"),
            Document::AmdIommu.at("5.2.2.1 IVHD, IOMMU base address"),
            Document::LinuxIommu.at("intel/dmar.c, dmar_validate_one_drhd"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// A base that cannot be.
#[derive(Debug)]
struct Misplaced {
    base: u64,
    alignment: u64,
}

impl fmt::Display for Misplaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { base, alignment } = self;
        match base {
            0 => f.write_str("a remapping unit has the register base 0"),
            _ => write!(
                f,
                "register base {base:#x} is not aligned to {alignment:#x}"
            ),
        }
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let units = facts.iommu.units();
    if units.is_empty() {
        return Outcome::NotApplicable("no remapping unit was captured");
    }
    let misplaced = units.iter().filter_map(|unit| {
        let alignment = match unit.table {
            TableKind::Dmar => 0x1000,
            TableKind::Ivrs => 0x4000,
            _ => return None,
        };
        let wrong = unit.base == 0 || !unit.base.is_multiple_of(alignment);
        let base = Value::Register {
            value: unit.base,
            bytes: 8,
        };
        wrong.then(|| {
            let fault = Misplaced {
                base: unit.base,
                alignment,
            };
            (fault, place(unit.table, unit.span, "register base", base))
        })
    });
    several(&IOM007, Subject::Host, Confidence::High, misplaced)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{dmar, drhd};

    fn with(base: u64) -> Answer {
        let machine =
            Machine::with_port().with_table_bytes("DMAR", dmar(&[drhd(true, 0, base, &[])]));
        answer(&IOM007, &machine, "")
    }

    #[test]
    fn zero_and_odd_bases_fire() {
        assert_eq!(with(0), fired("a remapping unit has the register base 0"));
        let odd = fired("register base 0xfed90010 is not aligned to 0x1000");
        assert_eq!(with(0xfed9_0010), odd);
        assert_eq!(with(0xfed9_1000), Answer::Clean);
    }
}
