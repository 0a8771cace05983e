//! The MMIO gaps of a virtual machine are too small for its devices.

use crate::analysis::Facts;
use crate::capture::VirtualMachine;
use crate::policy::{Effect, Effects};
use crate::rules::guests;
use crate::rules::{Check, Confidence, Outcome, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// That the low and the high MMIO gap of a virtual machine hold the memory of the devices
    /// assigned to it.
    ///
    /// ## Why it matters
    ///
    /// What does not fit gets no addresses: the guest reports code 12 (Windows) or a shortage of
    /// MMIO space (Linux), and large graphics cards do not start.
    ///
    /// ## How it is decided
    ///
    /// The 32-bit memory of its devices is compared with the low gap (128 MB unless set), the
    /// 64-bit memory with the high one (512 MB unless set; where the setting was not captured, the
    /// finding says so). Only sizes that the capture holds
    /// count, so that the finding may come too late and never too early.
    ///
    /// ## What to do
    ///
    /// Hyper-V: `Set-VM -Name NAME -LowMemoryMappedIoSpace BYTES -HighMemoryMappedIoSpace BYTES`
    /// while the machine is off; add 128 MB and 512 MB to what the devices need.
    ///
    /// VFIO: not concerned.
    DDA035 = {
        name: "mmio-gap-too-small",
        summary: "The MMIO gaps of a virtual machine are too small for the devices that it has",
        severity: Medium,
        effects: Effects::new(Effect::Condition, Effect::None),
        cites: [Document::DdaPlan.at("MMIO space")],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// What the devices need, where it is more than there is.
fn trouble(facts: &Facts<'_, '_>, machine: &VirtualMachine) -> Option<String> {
    let (mut low, mut high) = (0_u64, 0_u64);
    let nodes = facts.host.nodes();
    for (id, function) in facts.host.iter() {
        let own = nodes
            .machine_of(function)
            .and_then(|index| nodes.machines().get(index as usize));
        if own.is_some_and(|own| own.name == machine.name)
            && let Some(demand) = facts.profile(id).demand
        {
            low = low.saturating_add(demand.memory32.least);
            high = high.saturating_add(demand.memory64.least);
        }
    }
    let low_gap = machine.low_mmio_bytes.unwrap_or(128 << 20);
    let high_gap = machine.high_mmio_bytes.unwrap_or(512 << 20);
    let (need, gap, word, captured) = match (low > low_gap, high > high_gap) {
        (_, true) => (high, high_gap, "high", machine.high_mmio_bytes.is_some()),
        (true, false) => (low, low_gap, "low", machine.low_mmio_bytes.is_some()),
        (false, false) => return None,
    };
    let size = if captured {
        "which has"
    } else {
        "whose size was not captured; by default it has"
    };
    Some(format!(
        "\"{}\" need {} MB of the {word} gap, {size} {} MB",
        machine.name,
        need.div_ceil(1 << 20),
        gap >> 20
    ))
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let sentence = ("the devices of ", "");
    guests::check(facts, &DDA035, Confidence::High, sentence, |machine| {
        trouble(facts, machine)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    fn with(settings: &serde_json::Value) -> Answer {
        guests::testing::with(&DDA035, settings)
    }

    #[test]
    fn the_setting_is_named_with_its_machine() {
        assert_eq!(
            with(&serde_json::json!({"high_mmio_bytes": 0x2000_0000})),
            fired("the devices of \"guest\" need 1024 MB of the high gap, which has 512 MB")
        );
        assert_eq!(
            with(
                &serde_json::json!({"high_mmio_bytes": 0x8000_0000_u64, "low_mmio_bytes": 0x200_0000})
            ),
            fired("the devices of \"guest\" need 64 MB of the low gap, which has 32 MB")
        );
    }

    #[test]
    fn a_gap_that_was_not_captured_is_no_setting() {
        assert_eq!(
            with(&serde_json::json!({})),
            fired(
                "the devices of \"guest\" need 1024 MB of the high gap, whose size was not \
                 captured; by default it has 512 MB"
            )
        );
    }

    #[test]
    fn other_settings_are_clean_and_without_devices_there_is_nothing_to_say() {
        assert_eq!(
            with(&serde_json::json!({"high_mmio_bytes": 0x8000_0000_u64})),
            Answer::Clean
        );
        assert_eq!(
            answer(&DDA035, &Machine::with_port(), ""),
            Answer::NotApplicable
        );
        let _ = answer_for(&DDA035, Dev::endpoint());
    }
}
