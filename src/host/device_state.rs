//! Where a device stands between the host and its guests.

use super::nodes::Nodes;
use super::{Enumerator, Function};
use crate::spec::windows::{self, ProblemCode};

/// The states of a device in Discrete Device Assignment (Microsoft, Discrete Device Assignment
/// posts, part 1; Windows Internals 7, part 2, chapter 9).
///
/// `Disable-PnpDevice` leads from [`Started`](Self::Started) to [`Disabled`](Self::Disabled),
/// the dismount from there to [`Dismounted`](Self::Dismounted), the assignment to
/// [`Assigned`](Self::Assigned). A mount leads back to `Disabled`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum DeviceState {
    /// The host has it and reports no problem.
    Started,
    /// The host has it, disabled (problem 22): ready for the dismount.
    Disabled,
    /// The host has it and reports another problem.
    Problem(ProblemCode),
    /// It is in the host's pool: the PCI proxy driver holds it, no guest has it.
    Dismounted,
    /// It belongs to a guest.
    Assigned(Assignment),
    /// Its node is there without the device.
    NotPresent,
}

/// How an assignment is known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Assignment {
    /// A virtual machine's settings name it: its place in [`Nodes::machines`].
    Machine(u32),
    /// Windows reports it as assigned; to whom is not captured.
    Reported,
}

impl DeviceState {
    pub(super) fn of(function: &Function<'_>, nodes: &Nodes) -> Option<Self> {
        let facts = &function.windows;
        if facts.present == Some(false) || facts.problem() == Some(ProblemCode::PHANTOM) {
            return Some(Self::NotPresent);
        }
        let machine = nodes.machine_of(function);
        if let Some(machine) = machine {
            return Some(Self::Assigned(Assignment::Machine(machine)));
        }
        if facts.assigned_to_guest == Some(true) {
            return Some(Self::Assigned(Assignment::Reported));
        }
        match (facts.enumerator, facts.problem_code) {
            (Some(Enumerator::Pcip), _) => Some(Self::Dismounted),
            (_, Some(0)) => Some(Self::Started),
            (_, Some(windows::PROBLEM_DISABLED)) => Some(Self::Disabled),
            (_, Some(code)) => Some(Self::Problem(ProblemCode(code))),
            (_, None) => nodes.pool_holds(function).then_some(Self::Dismounted),
        }
    }

    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Disabled => "disabled",
            Self::Problem(_) => "problem",
            Self::Dismounted => "dismounted",
            Self::Assigned(_) => "assigned",
            Self::NotPresent => "not-present",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{HyperV, PoolDevice, VirtualMachine};
    use crate::testing::{Dev, Machine, find};

    const PCI: &str = r"PCI\VEN_144D&DEV_A820&SUBSYS_1F951028&REV_03\4&368722DD&0&0010";
    const PCIP: &str = r"PCIP\VEN_144D&DEV_A820&SUBSYS_1F951028&REV_03\4&368722DD&0&0010";

    fn state_with(device: Dev, hyperv: Option<&HyperV>) -> Option<DeviceState> {
        let mut machine = Machine::with_device(device);
        if let Some(hyperv) = hyperv {
            let text = serde_json::to_vec(hyperv).unwrap();
            machine.capture.host.insert(HyperV::NAME.to_owned(), text);
        }
        machine.facts(|facts| facts.host.device_state(find(facts, "01:00.0")))
    }

    fn state(device: Dev) -> Option<DeviceState> {
        state_with(device, None)
    }

    #[test]
    fn the_problem_code_tells_enabled_disabled_and_failed_apart() {
        let with = |code: u32| state(Dev::endpoint().windows(windows::PROBLEM_CODE, code));
        assert_eq!(with(0), Some(DeviceState::Started));
        assert_eq!(with(22), Some(DeviceState::Disabled));
        assert_eq!(with(43), Some(DeviceState::Problem(ProblemCode(43))));
        assert_eq!(with(45), Some(DeviceState::NotPresent));
        assert_eq!(state(Dev::endpoint()), None);
    }

    #[test]
    fn a_node_of_the_proxy_driver_is_dismounted() {
        let dismounted = Dev::endpoint().windows(windows::INSTANCE_ID, PCIP);
        assert_eq!(state(dismounted), Some(DeviceState::Dismounted));
        let phantom = Dev::endpoint()
            .windows(windows::INSTANCE_ID, PCIP)
            .windows(windows::IS_PRESENT, false);
        assert_eq!(state(phantom), Some(DeviceState::NotPresent));
    }

    #[test]
    fn a_machine_that_names_it_has_it() {
        let with = |instance_path: Option<&str>, location_path: Option<&str>| {
            let device = PoolDevice {
                instance_path: instance_path.map(str::to_owned),
                location_path: location_path.map(str::to_owned),
                ..PoolDevice::default()
            };
            let machine = VirtualMachine {
                name: "guest".to_owned(),
                devices: Some(vec![device]),
                ..VirtualMachine::default()
            };
            let hyperv = HyperV {
                machines: Some(vec![machine]),
                ..HyperV::default()
            };
            let device = Dev::endpoint()
                .windows(windows::INSTANCE_ID, PCIP)
                .windows(windows::LOCATION_PATHS, "PCIROOT(0)#PCI(0100)#PCI(0000)");
            state_with(device, Some(&hyperv))
        };
        let assigned = Some(DeviceState::Assigned(Assignment::Machine(0)));
        assert_eq!(with(Some(PCIP), None), assigned);
        assert_eq!(with(Some(&PCI.to_lowercase()), None), assigned);
        assert_eq!(with(None, Some("pciroot(0)#pci(0100)#pci(0000)")), assigned);
        assert_eq!(
            with(None, Some("PCIROOT(0)#PCI(0200)#PCI(0000)")),
            Some(DeviceState::Dismounted)
        );
        let reported = Dev::endpoint().windows(windows::ASSIGNED_TO_GUEST, true);
        assert_eq!(
            state(reported),
            Some(DeviceState::Assigned(Assignment::Reported))
        );
    }
}
