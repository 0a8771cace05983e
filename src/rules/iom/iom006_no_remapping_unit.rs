//! The remapping table describes no unit.

use std::fmt;

use crate::analysis::Facts;
use crate::bytes::Span;
use crate::iommu::TableKind;
use crate::policy::{Effect, Effects};
use crate::rules::iom::place;
use crate::rules::{Check, Confidence, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// A DMAR table has a remapping unit (DRHD), an IVRS table a block that describes one (IVHD).
    ///
    /// ## Why it matters
    ///
    /// A table without units is as good as none: there is nothing to remap DMA with.
    ///
    /// ## How it is decided
    ///
    /// By the structures that could be read. Some firmware leaves an empty table behind when VT-d
    /// is off in its setup.
    ///
    /// ## What to do
    ///
    /// Firmware: leave the table out where the feature is off, so that systems do not report a
    /// broken firmware.
    ///
    /// Hyper-V and VFIO: switch VT-d or AMD-Vi on in the firmware setup.
    IOM006 = {
        name: "no-remapping-unit",
        summary: "The DMAR or IVRS table describes no remapping unit",
        severity: High,
        effects: Effects::everywhere(Effect::Blocks),
        lint: Firmware,
        cites: [
            Document::VtD.at("8.3 DMA Remapping Hardware Unit Definition Structure"),
            Document::AmdIommu.at("5.2.2 I/O Virtualization Hardware Definition"),
            Document::LinuxIommu.at("intel/dmar.c, parse_dmar_table"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// No unit in it.
#[derive(Debug)]
struct NoUnit(TableKind);

impl fmt::Display for NoUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the {} table describes no remapping unit",
            self.0.signature()
        )
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let tables = facts.iommu.tables();
    let described = |kind| facts.iommu.units().iter().any(|unit| unit.table == kind);
    let remapping = tables
        .iter()
        .filter(|table| matches!(table.kind, TableKind::Dmar | TableKind::Ivrs));
    if remapping.clone().next().is_none() {
        return Outcome::NotApplicable("neither a DMAR nor an IVRS table was captured");
    }
    let empty = remapping
        .filter(|table| !described(table.kind))
        .map(|table| {
            let header = Span { offset: 0, len: 48 };
            let evidence = place(table.kind, header, "remapping units", Value::Number(0));
            (NoUnit(table.kind), evidence)
        });
    several(&IOM006, Subject::Host, Confidence::High, empty)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;
    use crate::testing::tables::{dmar, drhd, rmrr};

    fn with(structures: &[Vec<u8>]) -> Answer {
        let machine = Machine::with_port().with_table_bytes("DMAR", dmar(structures));
        answer(&IOM006, &machine, "")
    }

    #[test]
    fn a_table_with_reserved_memory_alone_fires() {
        let none = fired("the DMAR table describes no remapping unit");
        assert_eq!(with(&[]), none);
        assert_eq!(with(&[rmrr(0x1000, 0x1fff, &[])]), none);
        assert_eq!(with(&[drhd(true, 0, 0xfed9_0000, &[])]), Answer::Clean);
    }
}
