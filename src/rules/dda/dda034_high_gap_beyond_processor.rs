//! The high MMIO gap ends beyond the processor's addresses.

use crate::analysis::Facts;
use crate::capture::VirtualMachine;
use crate::policy::{Effect, Effects};
use crate::rules::guests;
use crate::rules::{Check, Confidence, Outcome, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// That the high MMIO gap of a virtual machine with a device lies within the addresses of the
    /// processor.
    ///
    /// ## Why it matters
    ///
    /// The gap begins at 65024 MB unless it was moved, and does not move when it grows. On a
    /// processor with 36 bits of physical addresses (64 GB) it ends beyond the last address, and
    /// the virtual machine does not start.
    ///
    /// ## How it is decided
    ///
    /// By the captured size and base of the gap, and the width of physical addresses. Without the
    /// width there is nothing to say.
    ///
    /// ## What to do
    ///
    /// Hyper-V: move the gap down (the WMI property HighMmioGapBase of
    /// Msvm_VirtualSystemSettingData, 48128 for 36 bits), or make it smaller.
    ///
    /// VFIO: not concerned.
    DDA034 = {
        name: "high-gap-beyond-processor",
        summary: "The high MMIO gap of a virtual machine ends beyond the processor's addresses",
        severity: High,
        effects: Effects::new(Effect::Condition, Effect::None),
        cites: [Document::WindowsDrivers.at("GPU paravirtualization, HighMmioGapBase")],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// The end of the gap, where it is too high.
fn trouble(facts: &Facts<'_, '_>, machine: &VirtualMachine) -> Option<String> {
    let bits = facts.host.nodes().windows()?.physical_address_bits?;
    let limit = 1_u64.checked_shl(bits.into())?;
    let base = machine.high_mmio_base_megabytes.unwrap_or(DEFAULT_BASE);
    let end = base
        .checked_mul(1 << 20)?
        .checked_add(machine.high_mmio_bytes?)?;
    (end > limit).then(|| {
        format!(
            "\"{}\" ends at {end:#x}, and the processor's addresses ({bits} bits) at {limit:#x}",
            machine.name
        )
    })
}

/// MB at which the gap begins unless it is moved: 64 GB less 512 MB.
const DEFAULT_BASE: u64 = 65_024;

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let sentence = ("the high gap of ", "");
    guests::check(facts, &DDA034, Confidence::High, sentence, |machine| {
        trouble(facts, machine)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    fn with(settings: &serde_json::Value) -> Answer {
        guests::testing::with(&DDA034, settings)
    }

    #[test]
    fn the_setting_is_named_with_its_machine() {
        assert_eq!(
            with(&serde_json::json!({"high_mmio_bytes": 0x8_0000_0000_u64})),
            fired(
                "the high gap of \"guest\" ends at 0x17e0000000, and the processor's addresses (36 bits) at 0x1000000000"
            )
        );
    }

    #[test]
    fn other_settings_are_clean_and_without_devices_there_is_nothing_to_say() {
        assert_eq!(
            with(&serde_json::json!({"high_mmio_bytes": 0x2000_0000})),
            Answer::Clean
        );
        assert_eq!(
            with(
                &serde_json::json!({"high_mmio_bytes": 0x4000_0000_u64, "high_mmio_base_megabytes": 48128})
            ),
            Answer::Clean
        );
        assert_eq!(with(&serde_json::json!({})), Answer::Clean);
        assert_eq!(
            answer(&DDA034, &Machine::with_port(), ""),
            Answer::NotApplicable
        );
        let _ = answer_for(&DDA034, Dev::endpoint());
    }
}
