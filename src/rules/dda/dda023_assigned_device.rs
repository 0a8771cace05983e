//! A guest has the device.

use std::fmt;

use crate::analysis::Facts;
use crate::host::Assignment;
use crate::host::DeviceState;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::windows;

rule! {
    /// ## What it checks
    ///
    /// That no virtual machine has the device.
    ///
    /// ## Why it matters
    ///
    /// A device belongs to one virtual machine at a time. Adding it to a second one fails, and so
    /// does mounting it back while it is assigned.
    ///
    /// ## How it is decided
    ///
    /// By the settings of the virtual machines, which name devices by instance path or location
    /// path, else by Windows' property AssignedToGuest.
    ///
    /// ## What to do
    ///
    /// Hyper-V: `Remove-VMAssignableDevice` takes it out of the virtual machine; stop the machine
    /// first. It is then in the host's pool.
    ///
    /// VFIO: not concerned.
    DDA023 = {
        name: "assigned-device",
        summary: "The device belongs to a virtual machine already",
        severity: Medium,
        effects: Effects::new(Effect::Condition, Effect::None),
        cites: [Document::HyperVCmdlets.at("Remove-VMAssignableDevice"), Document::WindowsDrivers.at("PNP_DEVICE_STATE, PNP_DEVICE_ASSIGNED_TO_GUEST")],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// Who has it, where known.
#[derive(Debug)]
struct Assigned(Option<String>);

impl fmt::Display for Assigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(name) => write!(f, "it is assigned to the virtual machine \"{name}\""),
            None => f.write_str("Windows reports that a virtual machine has it"),
        }
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let Some(state) = facts.host.device_state(id) else {
        return Outcome::NotApplicable("Windows reported no state");
    };
    let DeviceState::Assigned(assignment) = state else {
        return Outcome::Clean;
    };
    let violation = Assigned(match assignment {
        Assignment::Machine(index) => {
            let machines = facts.host.nodes().machines();
            machines
                .get(index as usize)
                .map(|machine| machine.name.clone())
        }
        Assignment::Reported => None,
    });
    Outcome::Fired(Finding::new(
        &DDA023,
        Subject::Function(id),
        Confidence::High,
        violation,
        Evidence::new(
            Locus::Reported(id, windows::INSTANCE_ID.key),
            windows::INSTANCE_ID.name,
            Value::AsReported,
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    #[test]
    fn a_machine_that_names_the_device_is_named() {
        let id = r"PCIP\VEN_1\3&0&0&00";
        let machine = Machine::with_device(Dev::endpoint().windows(windows::INSTANCE_ID, id))
            .with_hyperv(&serde_json::json!({
                "machines": [{"name": "guest", "devices": [{"instance_path": id}]}]
            }));
        assert_eq!(
            answer(&DDA023, &machine, "01:00.0"),
            fired("it is assigned to the virtual machine \"guest\"")
        );
    }

    #[test]
    fn windows_property_is_enough_and_a_free_device_is_clean() {
        let with = |assigned: bool| {
            let device = Dev::endpoint().windows(windows::PROBLEM_CODE, 0);
            answer_for(
                &DDA023,
                device.windows(windows::ASSIGNED_TO_GUEST, assigned),
            )
        };
        assert_eq!(
            with(true),
            fired("Windows reports that a virtual machine has it")
        );
        assert_eq!(with(false), Answer::Clean);
        assert_eq!(answer_for(&DDA023, Dev::endpoint()), Answer::NotApplicable);
    }
}
