//! The firmware asks for DMA protection without interrupt remapping.

use std::fmt;

use crate::analysis::Facts;
use crate::bytes::Span;
use crate::decode::acpi::dmar::Dmar;
use crate::iommu::TableKind;
use crate::policy::Effects;
use crate::rules::iom::{dmar, place};
use crate::rules::{Check, Confidence, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// A DMAR table that asks the system to protect itself early (DMA_CTRL_PLATFORM_OPT_IN_FLAG)
    /// also offers interrupt remapping.
    ///
    /// ## Why it matters
    ///
    /// A device that cannot write to memory can still raise any interrupt. Windows shows Kernel
    /// DMA Protection as off on such a machine.
    ///
    /// ## How it is decided
    ///
    /// By bits 0 and 2 of the flags. The opt-in alone is no fault: it is normal on machines with
    /// external ports.
    ///
    /// ## What to do
    ///
    /// Firmware: set INTR_REMAP as well, or do not ask for protection.
    ///
    /// Hyper-V and VFIO: see IOM002.
    IOM023 = {
        name: "dma-protection-without-interrupt-remapping",
        summary: "The DMAR table asks for DMA protection without interrupt remapping",
        severity: Low,
        effects: Effects::NONE,
        lint: Firmware,
        cites: [
            Document::VtD.at("8.1 DMA Remapping Reporting Structure, Flags"),
            Document::LinuxIommu.at("intel/dmar.c, dmar_platform_optin"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// One without the other.
#[derive(Debug)]
struct HalfProtected;

impl fmt::Display for HalfProtected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DMA protection is asked for, interrupt remapping is not offered")
    }
}

/// The firmware asks the system to protect itself early.
const OPT_IN: u8 = 1 << 2;

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let flags = match dmar(facts) {
        Ok(table) => table.flags,
        Err(answer) => return answer,
    };
    if flags & OPT_IN == 0 {
        return Outcome::NotApplicable("the firmware does not ask for DMA protection");
    }
    let span = Span { offset: 37, len: 1 };
    let evidence = place(TableKind::Dmar, span, "DMAR flags", Value::byte(flags));
    let half = flags & Dmar::INTERRUPT_REMAPPING == 0;
    let hit = half.then_some((HalfProtected, evidence));
    several(&IOM023, Subject::Host, Confidence::High, hit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::{Machine, dmar as table};

    #[test]
    fn both_flags_belong_together() {
        let with = |flags| {
            let machine = Machine::new().with_table_bytes("DMAR", table(flags, &[]));
            answer(&IOM023, &machine, "")
        };
        let half = fired("DMA protection is asked for, interrupt remapping is not offered");
        assert_eq!(with(4), half);
        assert_eq!(with(5), Answer::Clean);
        assert_eq!(with(1), Answer::NotApplicable);
    }
}
