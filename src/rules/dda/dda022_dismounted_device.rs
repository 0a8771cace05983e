//! The device is in the host's pool.

use std::fmt;

use crate::analysis::Facts;
use crate::host::DeviceState;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::windows;

rule! {
    /// ## What it checks
    ///
    /// Whether the PCI proxy driver holds the device, so that it waits in the host's pool.
    ///
    /// ## Why it matters
    ///
    /// A dismounted device is of use to nobody until it is assigned or mounted back. Deleting a
    /// virtual machine leaves its devices in this state.
    ///
    /// ## How it is decided
    ///
    /// By the instance id of the node that is there: one that begins with `PCIP` stands for a
    /// dismounted device. Where the settings of the virtual machines were captured, none of them
    /// names it.
    ///
    /// ## What to do
    ///
    /// Hyper-V: `Add-VMAssignableDevice` gives it to a virtual machine that is off. To give it back
    /// to the host: `Mount-VMHostAssignableDevice`, then `Enable-PnpDevice`, because it comes back
    /// disabled.
    ///
    /// VFIO: not concerned.
    DDA022 = {
        name: "dismounted-device",
        summary: "The device is dismounted: the host has given it up, and no virtual machine has it",
        severity: Info,
        effects: Effects::new(Effect::Note, Effect::None),
        cites: [Document::DdaBlog.at("part 1, description and background"), Document::HyperVCmdlets.at("Mount-VMHostAssignableDevice")],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// In the pool.
#[derive(Debug)]
struct InPool;

impl fmt::Display for InPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is in the host's pool, and no captured virtual machine has it")
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let Some(state) = facts.host.device_state(id) else {
        return Outcome::NotApplicable("Windows reported no state");
    };
    let DeviceState::Dismounted = state else {
        return Outcome::Clean;
    };
    let violation = InPool;
    Outcome::Fired(Finding::new(
        &DDA022,
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
    fn a_node_of_the_proxy_driver_fires() {
        let device = Dev::endpoint().windows(windows::INSTANCE_ID, r"PCIP\VEN_1\3&0&0&00");
        assert_eq!(
            answer(&DDA022, &Machine::with_device(device), "01:00.0"),
            fired("it is in the host's pool, and no captured virtual machine has it")
        );
    }

    #[test]
    fn a_device_of_the_host_is_clean() {
        let device = Dev::endpoint().windows(windows::PROBLEM_CODE, 22);
        assert_eq!(answer_for(&DDA022, device), Answer::Clean);
        assert_eq!(answer_for(&DDA022, Dev::endpoint()), Answer::NotApplicable);
    }
}
