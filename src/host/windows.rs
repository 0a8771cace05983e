//! What Windows reported about a function, as numbers.

use crate::capture::{FunctionProperties, property_number, property_problem};
use crate::spec::windows::{self, DeviceProperty, ProblemCode};

/// Windows device properties that analyses use. `None` = not in the capture, or no number.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct WindowsFacts {
    /// [`windows::DEVICE_TYPE`].
    pub device_type: Option<u32>,
    /// [`windows::INTERRUPT_SUPPORT`].
    pub interrupt_support: Option<u32>,
    /// [`windows::BAR_TYPES`].
    pub bar_types: Option<u32>,
    /// [`windows::ACS_UP_HIERARCHY`].
    pub acs_up_hierarchy: Option<u32>,
    /// [`windows::RESERVED_MEMORY`].
    pub reserved_memory: Option<bool>,
    /// [`windows::ON_POST_PATH`].
    pub on_post_path: Option<bool>,
    /// [`windows::PROBLEM_CODE`].
    pub problem_code: Option<u32>,
    /// Who enumerates it, by its instance id.
    pub enumerator: Option<Enumerator>,
    /// [`windows::IS_PRESENT`].
    pub present: Option<bool>,
    /// [`windows::ASSIGNED_TO_GUEST`].
    pub assigned_to_guest: Option<bool>,
    /// [`windows::NODE_STATUS`].
    pub node_status: Option<u32>,
    /// [`windows::ACS_SUPPORT`].
    pub acs_support: Option<u32>,
    /// [`windows::ACS_CAPABILITY_REGISTER`].
    pub acs_capability_register: Option<u32>,
    /// [`windows::SRIOV_SUPPORT`].
    pub sriov_support: Option<u32>,
}

/// Which driver enumerates a device.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Enumerator {
    /// The PCI driver (`PCI\\…`).
    Pci,
    /// The PCI proxy driver, which holds dismounted devices (`PCIP\\…`).
    Pcip,
}

impl Enumerator {
    /// From an instance id.
    pub fn of(instance_id: &str) -> Option<Self> {
        let (enumerator, _) = instance_id.split_once('\\')?;
        if enumerator.eq_ignore_ascii_case(windows::ENUMERATOR_PCI) {
            Some(Self::Pci)
        } else if enumerator.eq_ignore_ascii_case(windows::ENUMERATOR_PCIP) {
            Some(Self::Pcip)
        } else {
            None
        }
    }
}

impl WindowsFacts {
    pub(super) fn of(properties: &FunctionProperties) -> Self {
        if properties.windows.is_empty() {
            return Self::default();
        }
        let value = |property: DeviceProperty| {
            let reported = properties.windows.get(property.key)?;
            property_number(&reported.value)
        };
        let truth = |property| value(property).map(|number| number != 0);
        Self {
            device_type: value(windows::DEVICE_TYPE),
            interrupt_support: value(windows::INTERRUPT_SUPPORT),
            bar_types: value(windows::BAR_TYPES),
            acs_up_hierarchy: value(windows::ACS_UP_HIERARCHY),
            reserved_memory: truth(windows::RESERVED_MEMORY),
            on_post_path: truth(windows::ON_POST_PATH),
            problem_code: properties
                .windows
                .get(windows::PROBLEM_CODE.key)
                .and_then(|reported| property_problem(&reported.value)),
            enumerator: properties
                .windows
                .get(windows::INSTANCE_ID.key)
                .and_then(|reported| Enumerator::of(reported.value.as_str()?)),
            present: truth(windows::IS_PRESENT),
            assigned_to_guest: truth(windows::ASSIGNED_TO_GUEST),
            node_status: value(windows::NODE_STATUS),
            acs_support: value(windows::ACS_SUPPORT),
            acs_capability_register: value(windows::ACS_CAPABILITY_REGISTER),
            sriov_support: value(windows::SRIOV_SUPPORT),
        }
    }

    /// The problem code, where there is a problem.
    pub fn problem(&self) -> Option<ProblemCode> {
        self.problem_code.filter(|&code| code != 0).map(ProblemCode)
    }

    /// Whether Windows found every hop above the function to isolate it, and the function
    /// itself. `None` where it said nothing, or something that this version does not know.
    pub const fn finds_isolated(&self) -> Option<bool> {
        match self.acs_up_hierarchy {
            Some(0) => Some(false),
            Some(1..=4) => Some(true),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Method, Origin, Reported};

    #[test]
    fn an_unknown_value_of_the_up_hierarchy_vouches_for_nothing() {
        let with = |value: u32| {
            let mut properties = FunctionProperties::default();
            let fact = Reported::new(value.into(), Origin::of(Method::WindowsProperty));
            let key = windows::ACS_UP_HIERARCHY.key.to_owned();
            properties.windows.insert(key, fact);
            WindowsFacts::of(&properties).finds_isolated()
        };
        assert_eq!(with(0), Some(false));
        assert_eq!(with(1), Some(true));
        assert_eq!(with(4), Some(true));
        assert_eq!(with(5), None);
    }
}
