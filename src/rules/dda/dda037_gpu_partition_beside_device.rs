//! A virtual machine has a GPU partition and a device.

use crate::analysis::Facts;
use crate::capture::VirtualMachine;
use crate::policy::{Effect, Effects};
use crate::rules::guests;
use crate::rules::{Check, Confidence, Outcome, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// That a virtual machine with a device has no partition of a GPU (GPU-P) beside it.
    ///
    /// ## Why it matters
    ///
    /// Both take their memory from the high MMIO gap, whose size must then hold the sum; and a GPU
    /// cannot be partitioned and assigned at once.
    ///
    /// ## How it is decided
    ///
    /// By the captured settings of the virtual machines that have devices assigned. Without them
    /// there is nothing to say.
    ///
    /// ## What to do
    ///
    /// Hyper-V: use one or the other in a machine, or enlarge `-HighMemoryMappedIoSpace` to the sum
    /// of both.
    ///
    /// VFIO: not concerned.
    DDA037 = {
        name: "gpu-partition-beside-device",
        summary: "A virtual machine has both a GPU partition and an assigned device",
        severity: Low,
        effects: Effects::new(Effect::Note, Effect::None),
        cites: [Document::DdaPlan.at("GPU acceleration in Windows Server")],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// Both.
fn trouble(machine: &VirtualMachine) -> Option<String> {
    let both = machine.gpu_partition == Some(true);
    both.then(|| format!("\"{}\"", machine.name))
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let sentence = ("a GPU partition and assigned devices share the gap of ", "");
    guests::check(facts, &DDA037, Confidence::Medium, sentence, trouble)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    fn with(settings: &serde_json::Value) -> Answer {
        guests::testing::with(&DDA037, settings)
    }

    #[test]
    fn the_setting_is_named_with_its_machine() {
        assert_eq!(
            with(&serde_json::json!({"gpu_partition": true})),
            fired("a GPU partition and assigned devices share the gap of \"guest\"")
        );
    }

    #[test]
    fn other_settings_are_clean_and_without_devices_there_is_nothing_to_say() {
        assert_eq!(
            with(&serde_json::json!({"gpu_partition": false})),
            Answer::Clean
        );
        assert_eq!(
            answer(&DDA037, &Machine::with_port(), ""),
            Answer::NotApplicable
        );
        let _ = answer_for(&DDA037, Dev::endpoint());
    }
}
