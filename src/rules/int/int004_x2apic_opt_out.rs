//! The firmware asks systems not to use x2APIC mode.

use std::fmt;

use crate::analysis::Facts;
use crate::bytes::Span;
use crate::iommu::TableKind;
use crate::policy::Effects;
use crate::rules::{Check, Confidence, Evidence, Locus, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The DMAR table does not have the flag X2APIC_OPT_OUT.
    ///
    /// ## Why it matters
    ///
    /// Processors beyond number 254 cannot be reached without x2APIC mode, and interrupts are
    /// remapped in the older format. Assignment works all the same.
    ///
    /// ## How it is decided
    ///
    /// By bit 1 of the flags, which counts only where bit 0 (INTR_REMAP) is set.
    ///
    /// ## What to do
    ///
    /// Firmware: clear the flag unless a component of the platform needs the older mode.
    ///
    /// Hyper-V and VFIO: nothing on machines with up to 255 processors; else switch x2APIC on in
    /// the firmware setup.
    INT004 = {
        name: "x2apic-opt-out",
        summary: "The DMAR table asks systems not to use x2APIC mode",
        severity: Info,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::VtD.at("8.1 DMA Remapping Reporting Structure, Flags"),
            Document::LinuxIommu.at("intel/irq_remapping.c, dmar_x2apic_optout"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// Bits 0 and 1 are set.
#[derive(Debug)]
struct OptOut;

impl fmt::Display for OptOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the DMAR table's flag X2APIC_OPT_OUT is set")
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let Some(table) = facts.dmar() else {
        return Outcome::NotApplicable("no DMAR table was captured");
    };
    let set = table.flags & 3 == 3;
    let locus = Locus::Table(TableKind::Dmar, Span { offset: 37, len: 1 });
    let evidence = Evidence::new(locus, "DMAR flags", Value::byte(table.flags));
    several(
        &INT004,
        Subject::Host,
        Confidence::High,
        set.then_some((OptOut, evidence)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::{Machine, dmar as table};

    #[test]
    fn the_flag_counts_beside_interrupt_remapping_alone() {
        let with = |flags| {
            let machine = Machine::new().with_table_bytes("DMAR", table(flags, &[]));
            answer(&INT004, &machine, "")
        };
        assert_eq!(
            with(3),
            fired("the DMAR table's flag X2APIC_OPT_OUT is set")
        );
        assert_eq!(with(2), Answer::Clean);
        assert_eq!(with(1), Answer::Clean);
    }
}
