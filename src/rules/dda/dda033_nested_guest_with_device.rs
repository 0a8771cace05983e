//! Nested virtualization together with an assigned device.

use crate::analysis::Facts;
use crate::capture::VirtualMachine;
use crate::policy::{Effect, Effects};
use crate::rules::guests;
use crate::rules::{Check, Confidence, Outcome, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// That a virtual machine with a device does not expose virtualization extensions to its guest.
    ///
    /// ## Why it matters
    ///
    /// There is no virtual IOMMU in the guest. Guests with both were reported to crash or to
    /// restart without end.
    ///
    /// ## How it is decided
    ///
    /// By the captured settings of the virtual machines that have devices assigned. Without them
    /// there is nothing to say.
    ///
    /// ## What to do
    ///
    /// Hyper-V: `Set-VMProcessor -VMName NAME -ExposeVirtualizationExtensions $false`, or take the
    /// device out.
    ///
    /// VFIO: not concerned.
    DDA033 = {
        name: "nested-guest-with-device",
        summary: "A virtual machine has a device and nested virtualization",
        severity: Medium,
        effects: Effects::new(Effect::Condition, Effect::None),
        cites: [Document::HyperVCmdlets.at("Set-VMProcessor, ExposeVirtualizationExtensions")],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// Nested virtualization.
fn trouble(machine: &VirtualMachine) -> Option<String> {
    let nested = machine.nested_virtualization == Some(true);
    nested.then(|| format!("\"{}\"", machine.name))
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let sentence = ("nested virtualization is exposed to ", "");
    guests::check(facts, &DDA033, Confidence::Low, sentence, trouble)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    fn with(settings: &serde_json::Value) -> Answer {
        guests::testing::with(&DDA033, settings)
    }

    #[test]
    fn the_setting_is_named_with_its_machine() {
        assert_eq!(
            with(&serde_json::json!({"nested_virtualization": true})),
            fired("nested virtualization is exposed to \"guest\"")
        );
    }

    #[test]
    fn other_settings_are_clean_and_without_devices_there_is_nothing_to_say() {
        assert_eq!(
            with(&serde_json::json!({"nested_virtualization": false})),
            Answer::Clean
        );
        assert_eq!(
            answer(&DDA033, &Machine::with_port(), ""),
            Answer::NotApplicable
        );
        let _ = answer_for(&DDA033, Dev::endpoint());
    }
}
