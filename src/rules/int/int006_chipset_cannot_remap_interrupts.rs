//! The chipset cannot remap interrupts safely.

use std::fmt;

use crate::addr::Sbdf;
use crate::analysis::Facts;
use crate::bytes::Span;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Locus, Outcome, Subject, Value, rule, several};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The machine does not have an early Intel 5500, 5520 or X58 chipset, whose interrupt
    /// remapping is defective.
    ///
    /// ## Why it matters
    ///
    /// The unit may deliver interrupts that it should block, or lose them. Linux switches
    /// interrupt remapping off there, and Windows withholds device assignment.
    ///
    /// ## How it is decided
    ///
    /// By the ids 8086:3403, 3405 and 3406 of the host bridge with a revision up to 13h, and
    /// 8086:3405 with revision 22h, as Linux does.
    ///
    /// ## What to do
    ///
    /// Hyper-V: the registry value `IOVEnableOverride` (DWORD 1) under
    /// `HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Virtualization` is said to lift
    /// the block, at the price of the protection.
    ///
    /// VFIO: `allow_unsafe_interrupts=1` of vfio_iommu_type1, with guests that are trusted.
    INT006 = {
        name: "chipset-cannot-remap-interrupts",
        summary: "The chipset has an erratum that makes interrupt remapping unsafe",
        severity: High,
        effects: Effects::new(Effect::Condition, Effect::Blocks),
        lint: Firmware,
        cites: [
            Document::LinuxIommu.at("intel/irq_remapping.c; arch/x86/kernel/early-quirks.c, intel_remapping_check"),
            Document::WindowsDrivers.at("reasons why SR-IOV cannot be enabled (KB 2762297)"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// The host bridge.
#[derive(Debug)]
struct Defective(Sbdf, u16, u8);

impl fmt::Display for Defective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(at, device, revision) = self;
        write!(
            f,
            "the chipset at {at} is an 8086:{device:04x} of revision {revision:#04x}"
        )
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    if facts.host.functions().is_empty() {
        return Outcome::NotApplicable("no devices were captured");
    }
    let places = facts.host.iter().filter_map(|(id, function)| {
        let identity = &function.identity;
        let (device, revision) = (identity.device?, identity.revision?);
        let defective = identity.vendor == Some(0x8086)
            && match device {
                0x3403 | 0x3406 => revision <= 0x13,
                0x3405 => revision <= 0x13 || revision == 0x22,
                _ => false,
            };
        let locus = Locus::Config(id, Span::new(0x08, 1));
        let evidence = Evidence::new(locus, "Revision ID", Value::byte(revision));
        defective.then_some((Defective(function.at, device, revision), evidence))
    });
    several(&INT006, Subject::Host, Confidence::High, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::{Dev, Machine};

    #[test]
    fn the_revision_decides() {
        let with = |device, revision| {
            let bridge = Dev::conventional().class(0x06_0000).ids(0x8086, device);
            let machine = Machine::new().with("00:00.0", bridge.byte(0x08, revision));
            answer(&INT006, &machine, "")
        };
        let defective =
            |text: &str| fired(&format!("the chipset at 0000:00:00.0 is an 8086:{text}"));
        assert_eq!(with(0x3403, 0x13), defective("3403 of revision 0x13"));
        assert_eq!(with(0x3403, 0x22), Answer::Clean);
        assert_eq!(with(0x3405, 0x22), defective("3405 of revision 0x22"));
        assert_eq!(with(0x3404, 0x00), Answer::Clean);
    }
}
