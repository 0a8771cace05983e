//! A virtual machine with a device may be saved, or its memory changes.

use crate::analysis::Facts;
use crate::capture::VirtualMachine;
use crate::policy::{Effect, Effects};
use crate::rules::guests;
use crate::rules::{Check, Confidence, Outcome, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// That a virtual machine with a device is not saved when the host stops, and that its memory
    /// is not dynamic.
    ///
    /// ## Why it matters
    ///
    /// The state of a device cannot be saved, and its memory must stay where it is. Adding a device
    /// fails while AutomaticStopAction is Save, which is the default; dynamic memory is not
    /// supported.
    ///
    /// ## How it is decided
    ///
    /// By the captured settings of the virtual machines that have devices assigned. Without them
    /// there is nothing to say.
    ///
    /// ## What to do
    ///
    /// Hyper-V: `Set-VM -Name NAME -AutomaticStopAction TurnOff -StaticMemory` while the machine is
    /// off.
    ///
    /// VFIO: not concerned.
    DDA032 = {
        name: "guest-saves-state",
        summary: "Settings of a virtual machine do not go with an assigned device",
        severity: Medium,
        effects: Effects::new(Effect::Condition, Effect::None),
        cites: [Document::DdaPlan.at("virtual machine requirements"), Document::HyperVCmdlets.at("Set-VM, AutomaticStopAction and DynamicMemory")],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// What does not go with a device, in words.
fn trouble(machine: &VirtualMachine) -> Option<String> {
    let action = machine.automatic_stop_action.as_deref();
    let saves = action.is_some_and(|action| action.eq_ignore_ascii_case("save"));
    let dynamic = machine.dynamic_memory == Some(true);
    let what = match (saves, dynamic) {
        (true, true) => "is saved when the host stops, and its memory is dynamic",
        (true, false) => "is saved when the host stops",
        (false, true) => "has dynamic memory",
        (false, false) => return None,
    };
    Some(format!("\"{}\" {what}", machine.name))
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let sentence = ("virtual machine ", "");
    guests::check(facts, &DDA032, Confidence::High, sentence, trouble)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    fn with(settings: &serde_json::Value) -> Answer {
        guests::testing::with(&DDA032, settings)
    }

    #[test]
    fn the_setting_is_named_with_its_machine() {
        assert_eq!(
            with(&serde_json::json!({"automatic_stop_action": "Save"})),
            fired("virtual machine \"guest\" is saved when the host stops")
        );
        assert_eq!(
            with(&serde_json::json!({"dynamic_memory": true})),
            fired("virtual machine \"guest\" has dynamic memory")
        );
    }

    #[test]
    fn other_settings_are_clean_and_without_devices_there_is_nothing_to_say() {
        assert_eq!(
            with(&serde_json::json!({"automatic_stop_action": "TurnOff", "dynamic_memory": false})),
            Answer::Clean
        );
        assert_eq!(with(&serde_json::json!({})), Answer::Clean);
        assert_eq!(
            answer(&DDA032, &Machine::with_port(), ""),
            Answer::NotApplicable
        );
        let _ = answer_for(&DDA032, Dev::endpoint());
    }
}
