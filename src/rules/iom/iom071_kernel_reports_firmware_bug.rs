//! The kernel says that the firmware describes remapping wrongly.

use std::fmt;

use crate::analysis::Facts;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Locus, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The kernel's log reports no firmware bug about DMA or interrupt remapping.
    ///
    /// ## Why it matters
    ///
    /// Linux works around what it finds, sometimes by leaving interrupt remapping or a unit off.
    /// Another system that meets the same tables may decide otherwise.
    ///
    /// ## How it is decided
    ///
    /// By messages of the drivers DMAR and AMD-Vi that carry the mark `[Firmware Bug]` or `[Firmware
    /// Warn]`, and by those that say the same without a mark: "Your BIOS is broken" of older kernels
    /// (a unit that is not there reads as ones), and registers of an AMD unit that lie where
    /// something else does. Without a log the rule does not apply.
    ///
    /// ## What to do
    ///
    /// Firmware: the message names the structure, device or range; correct it in the DMAR or
    /// IVRS table. "No firmware reserved region can cover this RMRR" asks for a reserved entry
    /// in the memory map (RSV070), "No southbridge IOAPIC found" for a special device entry for
    /// the I/O APIC at interrupt 0 (INT003).
    ///
    /// Hyper-V and VFIO: a firmware update. Where assignment works regardless, nothing.
    IOM071 = {
        name: "kernel-reports-firmware-bug",
        summary: "The kernel reports a firmware bug about DMA or interrupt remapping",
        severity: Low,
        effects: Effects::everywhere(Effect::Note),
        lint: Firmware,
        cites: [
            Document::LinuxIommu.at("intel/dmar.c, warn_invalid_dmar"),
            Document::LinuxIommu.at("intel/iommu.c, dmar_parse_one_rmrr"),
            Document::LinuxIommu.at("amd/iommu.c, check_ioapic_information"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// What it says.
#[derive(Debug)]
struct Reported(String);

impl fmt::Display for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the kernel says \"{}\"", self.0)
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let Some(log) = facts.host.log() else {
        return Outcome::NotApplicable("no kernel log was captured");
    };
    let bugs = log.remapping.firmware_bugs.iter().map(|said| {
        let line = Locus::Log(said.line);
        let evidence = Evidence::new(line, "kernel message", Value::AsReported);
        (Reported(said.value.clone()), evidence)
    });
    several(&IOM071, Subject::Host, Confidence::High, bugs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;

    #[test]
    fn messages_of_the_two_drivers_with_the_mark_fire() {
        let with = |log: &str| answer(&IOM071, &Machine::with_port().with_log(log), "");
        assert_eq!(
            with(
                "[    0.1] DMAR: [Firmware Bug]: RMRR entry for device 1a:00.0 is broken - applying workaround\n"
            ),
            fired(
                "the kernel says \"RMRR entry for device 1a:00.0 is broken - applying workaround\""
            )
        );
        assert_eq!(
            with("[    0.1] AMD-Vi: [Firmware Bug]: : No southbridge IOAPIC found\n"),
            fired("the kernel says \"No southbridge IOAPIC found\"")
        );
        for same in [
            "AMD-Vi: [Firmware Warn]: EFR mismatch. Use IVHD EFR (0x1 : 0x2).",
            "Your BIOS is broken; DMAR reported at address fed90000 returns all ones!",
            "AMD-Vi: Can not reserve memory region fd800000-fd804000 for mmio",
        ] {
            let answer = with(&format!("[    0.1] {same}\n"));
            assert!(matches!(answer, Answer::Fired(_)), "{same}");
        }
        for other in [
            "[    0.1] pci 0000:06:00.0: [Firmware Bug]: disabling VPD access\n",
            "[    0.1] DMAR: Host address width 39\n",
        ] {
            assert_eq!(with(other), Answer::Clean, "{other}");
        }
        let none = Machine::with_port();
        assert_eq!(answer(&IOM071, &none, ""), Answer::NotApplicable);
    }
}
