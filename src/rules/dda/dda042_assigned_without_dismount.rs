//! A virtual machine names a device that the host still has.

use std::fmt;

use crate::analysis::Facts;
use crate::host::{Assignment, DeviceState, Enumerator, FunctionId};
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::{Document, windows};

rule! {
    /// ## What it checks
    ///
    /// A device that a virtual machine names has left the host.
    ///
    /// ## Why it matters
    ///
    /// Only what was dismounted can be given to a virtual machine. Where the dismount failed, or
    /// the device was mounted back, adding it says that the device was not found on the server,
    /// and a virtual machine that has it in its settings does not start.
    ///
    /// ## How it is decided
    ///
    /// The settings of a virtual machine name the device by instance path or location path, and
    /// the node that is there belongs to the PCI driver (`PCI\\…`), not to the proxy driver
    /// (`PCIP\\…`).
    ///
    /// ## What to do
    ///
    /// Hyper-V: `Disable-PnpDevice`, then `Dismount-VMHostAssignableDevice -LocationPath PATH`;
    /// read what it says (a refusal needs a remedy or `-Force`), then add the device by the same
    /// path. Restart the host where the device does not come to a rest.
    ///
    /// VFIO: not concerned.
    DDA042 = {
        name: "assigned-without-dismount",
        summary: "A virtual machine names the device, but the host was never rid of it",
        severity: Medium,
        effects: Effects::new(Effect::Condition, Effect::None),
        cites: [
            Document::DdaBlog.at("part 1, description and background"),
            Document::HyperVCmdlets.at("Dismount-VMHostAssignableDevice"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// The virtual machine.
#[derive(Debug)]
struct StillOfTheHost(String);

impl fmt::Display for StillOfTheHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the virtual machine \"{}\" names it, and the host still has it",
            self.0
        )
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let Some(DeviceState::Assigned(Assignment::Machine(index))) = facts.host.device_state(id)
    else {
        return Outcome::NotApplicable("no captured virtual machine names it");
    };
    let machine = facts.host.nodes().machines().get(index as usize);
    match facts.host.function(id).windows.enumerator {
        None => Outcome::NotApplicable("whose node it is was not captured"),
        Some(Enumerator::Pcip) => Outcome::Clean,
        Some(Enumerator::Pci) => Outcome::Fired(Finding::new(
            &DDA042,
            Subject::Function(id),
            Confidence::High,
            StillOfTheHost(machine.map(|m| m.name.clone()).unwrap_or_default()),
            Evidence::new(
                Locus::Reported(id, windows::INSTANCE_ID.key),
                windows::INSTANCE_ID.name,
                Value::AsReported,
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    fn with(id: &str) -> Answer {
        let device = Dev::endpoint().windows(windows::INSTANCE_ID, id);
        let devices = serde_json::json!([{"instance_path": r"PCIP\VEN_1\3&0&0&00"}]);
        let hyperv = serde_json::json!({"machines": [{"name": "guest", "devices": devices}]});
        let machine = Machine::with_device(device).with_hyperv(&hyperv);
        answer(&DDA042, &machine, "01:00.0")
    }

    #[test]
    fn a_node_of_the_pci_driver_fires() {
        assert_eq!(
            with(r"PCI\VEN_1\3&0&0&00"),
            fired("the virtual machine \"guest\" names it, and the host still has it")
        );
    }

    #[test]
    fn a_node_of_the_proxy_driver_is_clean() {
        assert_eq!(with(r"PCIP\VEN_1\3&0&0&00"), Answer::Clean);
    }

    #[test]
    fn other_devices_are_not_concerned() {
        assert_eq!(with(r"PCI\VEN_2\3&0&0&08"), Answer::NotApplicable);
        assert_eq!(answer_for(&DDA042, Dev::endpoint()), Answer::NotApplicable);
    }
}
