//! VFIO finds no interrupt remapping, and is not told to go without.

use crate::analysis::interrupt_remapping::InterruptRemapping;
use crate::analysis::{Fact, Facts, Missing};
use crate::policy::{Effect, Effects};
use crate::rules::interrupt_remapping::not_remapped;
use crate::rules::{Check, Outcome, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// Interrupts are remapped, or VFIO is told to go without.
    ///
    /// ## Why it matters
    ///
    /// Without interrupt remapping a guest can make its device write any vector to any processor
    /// of the host. VFIO therefore refuses to take a group into a container (EPERM), whatever
    /// else is in order.
    ///
    /// ## How it is decided
    ///
    /// Against it stand, in this order: `intremap=off` (of several settings the last one counts),
    /// `nointremap` and `noapic` on the kernel's command line; a DMAR table whose INTR_REMAP flag
    /// is clear; a kernel that says it gave interrupt remapping up, or VFIO that looked for it in
    /// vain; a VIOT table as the only one on an x86, as a paravirtual unit remaps DMA alone.
    ///
    /// `vfio_iommu_type1.allow_unsafe_interrupts` on the command line, or as `/sys/module` showed
    /// it, takes the refusal away. The same option in a file of modprobe that was not in force
    /// is not seen.
    ///
    /// With none of these, and no table or log that offers interrupt remapping, the rule has
    /// nothing to say; IOM001 asks for a table.
    ///
    /// ## What to do
    ///
    /// Hyper-V: see IOM002.
    ///
    /// VFIO: take the parameter out of the boot loader's configuration, or switch interrupt
    /// remapping on in the firmware, and start again. With guests that are trusted,
    /// `vfio_iommu_type1.allow_unsafe_interrupts=1` gives the protection up.
    IOM040 = {
        name: "vfio-without-interrupt-remapping",
        summary: "VFIO refuses every device, as interrupts are not remapped",
        severity: High,
        effects: Effects::new(Effect::None, Effect::Blocks),
        cites: [
            Document::LinuxVfio.at("vfio_iommu_type1.c, allow_unsafe_interrupts"),
            Document::LinuxIommu.at("irq_remapping.c, setup_irqremap"),
            Document::VtD.at("8.1 DMA Remapping Reporting Structure, Flags"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let remapping = &facts.interrupt_remapping;
    if remapping.unsafe_allowed {
        return Outcome::Clean;
    }
    let Some(obstacle) = remapping.obstacle.clone() else {
        return match remapping {
            InterruptRemapping { offered: true, .. } => Outcome::Clean,
            InterruptRemapping {
                architecture_missing: true,
                ..
            } => Outcome::CannotTell(Missing::host(Fact::Remapping)),
            _ => Outcome::NotApplicable("no table and no kernel log that say so were captured"),
        };
    };
    Outcome::Fired(not_remapped(&IOM040, obstacle))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::{Machine, dmar};

    fn with(cmdline: &str) -> Machine {
        let mut machine = Machine::with_port().with_table_bytes("DMAR", dmar(1, &[]));
        let bytes = cmdline.as_bytes().to_vec();
        machine.capture.host.insert("cmdline".to_owned(), bytes);
        machine
    }

    #[test]
    fn the_command_line_outweighs_a_table_that_offers_it() {
        assert_eq!(answer(&IOM040, &with("quiet"), ""), Answer::Clean);
        assert_eq!(
            answer(&IOM040, &with("quiet intremap=off"), ""),
            fired("the kernel was started with intremap=off")
        );
        let told = with("intremap=off vfio_iommu_type1.allow_unsafe_interrupts=1");
        assert_eq!(answer(&IOM040, &told, ""), Answer::Clean);
    }

    #[test]
    fn the_table_the_log_and_a_paravirtual_unit_fire() {
        let clear = Machine::with_port().with_table_bytes("DMAR", dmar(0, &[]));
        assert_eq!(
            answer(&IOM040, &clear, ""),
            fired("the DMAR table's INTR_REMAP flag is clear")
        );
        let log = "[ 0.1] DMAR-IR: Failed to enable irq remapping. You are vulnerable to irq-injection attacks.\n";
        assert_eq!(
            answer(&IOM040, &Machine::with_port().with_log(log), ""),
            fired("the kernel could not switch interrupt remapping on")
        );
        let mut viot = Machine::with_port().with_table("VIOT");
        assert_eq!(
            answer(&IOM040, &viot, ""),
            Answer::CannotTell(Fact::Remapping)
        );
        let cpu = b"vendor_id\t: AuthenticAMD\n".to_vec();
        viot.capture.host.insert("cpuinfo".to_owned(), cpu);
        assert_eq!(
            answer(&IOM040, &viot, ""),
            fired("the only remapping unit is a paravirtual one, which remaps DMA alone")
        );
    }

    #[test]
    fn without_tables_log_and_command_line_another_rule_asks() {
        assert_eq!(
            answer(&IOM040, &Machine::with_port(), ""),
            Answer::NotApplicable
        );
    }
}
