//! The firmware's table says that interrupts are not remapped, or the kernel gave it up.

use crate::analysis::Facts;
use crate::policy::{Effect, Effects};
use crate::rules::interrupt_remapping::not_remapped;
use crate::rules::{Check, Outcome, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The DMAR table allows interrupt remapping, and the kernel of a captured log did not give
    /// it up.
    ///
    /// ## Why it matters
    ///
    /// A device writes its interrupts to memory. Without remapping a guest can make it write any
    /// vector to any processor of the host, and so reach the hypervisor.
    ///
    /// ## How it is decided
    ///
    /// By bit 0 (INTR_REMAP) of the DMAR table's flags. An IVRS table has no such bit: AMD's
    /// units always offer it. INT003 asks whether the table names every I/O APIC, INT006 whether
    /// the chipset can do it.
    ///
    /// A kernel that says it could not switch interrupt remapping on, and does not say later
    /// that it did, makes the rule fire with medium confidence whatever the table says: the
    /// cause may be a boot parameter. A kernel that says it is in use is enough where no table
    /// was captured. With neither the rule has nothing to say; IOM001 asks for a table.
    ///
    /// ## What to do
    ///
    /// Firmware: set INTR_REMAP (bit 0 of the flags at 25h) and name every I/O APIC in the scope of
    /// a unit. On AMD: a special device entry for each I/O APIC of the MADT.
    ///
    /// Hyper-V: look for a firmware option "interrupt remapping", "VT-d 2" or "x2APIC"; a
    /// firmware update. There is no override.
    ///
    /// VFIO: see IOM040, which also asks the command line and VFIO's own switch.
    IOM002 = {
        name: "interrupt-remapping-off",
        summary: "The firmware does not offer interrupt remapping",
        severity: High,
        effects: Effects::new(Effect::Blocks, Effect::None),
        lint: Firmware,
        cites: [
            Document::VtD.at("8.1 DMA Remapping Reporting Structure, Flags"),
            Document::OpenVmm.at("DMAR: interrupt remapping that covers the I/O APIC"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let remapping = &facts.interrupt_remapping;
    match remapping.by_platform.clone() {
        Some(obstacle) => Outcome::Fired(not_remapped(&IOM002, obstacle)),
        None if remapping.offered => Outcome::Clean,
        None => Outcome::NotApplicable("no table and no kernel log that say so were captured"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::{Machine, dmar};

    #[test]
    fn the_flag_decides() {
        let with = |flags: u8| Machine::with_port().with_table_bytes("DMAR", dmar(flags, &[]));
        assert_eq!(answer(&IOM002, &with(1), ""), Answer::Clean);
        assert_eq!(answer(&IOM002, &with(3), ""), Answer::Clean);
        let off = fired("the DMAR table's INTR_REMAP flag is clear");
        assert_eq!(answer(&IOM002, &with(0), ""), off);
        assert_eq!(answer(&IOM002, &with(2), ""), off);
    }

    #[test]
    fn without_a_table_another_rule_asks() {
        assert_eq!(
            answer(&IOM002, &Machine::with_port(), ""),
            Answer::NotApplicable
        );
    }

    #[test]
    fn what_the_kernel_says_last_decides_beside_a_table_that_offers_it() {
        const FAILED: &str = "[    0.1] DMAR-IR: Failed to enable irq remapping. You are vulnerable to irq-injection attacks.\n";
        const ENABLED: &str = "[    0.2] DMAR-IR: Enabled IRQ remapping in x2apic mode\n";
        let with = |log: &str| Machine::with_port().with_log(log);
        let gave_up = fired("the kernel could not switch interrupt remapping on");
        assert_eq!(answer(&IOM002, &with(FAILED), ""), gave_up);
        assert_eq!(answer(&IOM002, &with(ENABLED), ""), Answer::Clean);
        let later = format!("{FAILED}{ENABLED}");
        assert_eq!(answer(&IOM002, &with(&later), ""), Answer::Clean);
        let offered = with(FAILED).with_table_bytes("DMAR", dmar(1, &[]));
        assert_eq!(answer(&IOM002, &offered, ""), gave_up);
        let vfio = "[ 9.1] vfio_iommu_type1_attach_group: No interrupt remapping support.  \
             Use the module param \"allow_unsafe_interrupts\" to enable VFIO IOMMU support on this platform\n";
        assert_eq!(
            answer(&IOM002, &with(vfio), ""),
            fired("VFIO found no interrupt remapping")
        );
    }
}
