//! What a capture says about the start: machines, devices that are not the host's, and what
//! Windows reports of itself.

use std::collections::{BTreeMap, BTreeSet};

use crate::host::Host;
use crate::policy::Policy;
use crate::spec::windows;

use super::error::Place;
use super::play::Play;
use super::{DeviceState, Problem, Scenario, Vm};

/// VMs, and the index of the VM of each captured machine by its place in the capture.
type Machines = (Vec<Vm>, BTreeMap<u32, usize>);

/// The VMs of a scenario and of the captured host, and the VM of each captured machine by its
/// place in the capture. Captured machines without devices are left out where neither a VM nor a
/// step of the scenario names them.
///
/// # Errors
/// Two VMs have a name that the scenario uses.
pub(super) fn machines(host: &Host<'_>, scenario: &Scenario) -> Result<Machines, (Problem, Place)> {
    let mut of_scenario: BTreeMap<String, usize> = BTreeMap::new();
    for (index, vm) in scenario.vm.iter().enumerate() {
        if of_scenario.insert(vm.name.to_lowercase(), index).is_some() {
            return Err((Problem::TwoVms(vm.name.clone()), Place::Vm(index)));
        }
    }
    let mut vms: Vec<Vm> = scenario.vm.iter().map(|vm| Vm::of(vm, None)).collect();
    let mut places = BTreeMap::new();
    if !scenario.platform.policy().is_hyperv() {
        return Ok((vms, places));
    }
    let named: BTreeSet<String> = scenario
        .step
        .iter()
        .filter_map(|step| step.vm())
        .map(str::to_lowercase)
        .chain(of_scenario.keys().cloned())
        .collect();
    // In the order of the machines, as these are gone through below.
    let mut stale = host.nodes().stale_assignments().peekable();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for (place, machine) in (0_u32..).zip(host.nodes().machines()) {
        let mut gone = Vec::new();
        while let Some((_, device)) = stale.next_if(|(of, _)| std::ptr::eq(*of, machine)) {
            let path = device.instance_path.as_ref();
            gone.extend(path.or(device.location_path.as_ref()).cloned());
        }
        let name = machine.name.to_lowercase();
        let has_devices = machine.devices.iter().flatten().next().is_some();
        let is_named = named.contains(&name);
        if !has_devices && !is_named {
            continue;
        }
        // Hyper-V allows equal names; a step could then mean either.
        if !seen.insert(name.clone()) && is_named {
            return Err((Problem::TwoVms(machine.name.clone()), Place::Capture));
        }
        let mut vm = Vm::captured(machine);
        vm.stale = gone;
        let settings = of_scenario.get(&name);
        let settings = settings.and_then(|&index| Some((index, scenario.vm.get(index)?)));
        match settings {
            Some((index, settings)) => {
                if let Some(of_scenario) = vms.get_mut(index) {
                    *of_scenario = Vm::of(settings, Some(vm));
                }
                places.insert(place, index);
            }
            None => {
                places.insert(place, vms.len());
                vms.push(vm);
            }
        }
    }
    Ok((vms, places))
}

/// What Windows reports of itself and a scenario can say as well.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Windows {
    /// A client edition.
    pub(super) client_edition: bool,
    /// `RequireSecureDeviceAssignment` is 0.
    pub(super) relaxed_policies: bool,
}

impl Windows {
    pub(super) fn of(host: &Host<'_>, policy: Policy) -> Self {
        let nodes = host.nodes();
        if !policy.is_hyperv() {
            return Self::default();
        }
        let kind = nodes.windows().and_then(|own| own.product_type.as_deref());
        Self {
            client_edition: kind.is_some_and(|kind| kind.eq_ignore_ascii_case("workstation")),
            relaxed_policies: nodes.registry_number(windows::SECURE_ASSIGNMENT_POLICY) == Some(0),
        }
    }
}

impl Play<'_, '_, '_> {
    /// Takes over what is not the host's when the scenario begins: devices in the pool, at
    /// guests, or only remembered.
    pub(super) fn take_over(&mut self) {
        let (host, topology) = (self.facts.host, self.facts.topology);
        for (id, _) in host.iter() {
            if topology.kind(id).is_bridge() {
                continue;
            }
            let state = DeviceState::captured(host, id, self.policy, &self.captured_vms);
            if matches!(state, DeviceState::Enabled | DeviceState::Disabled) {
                continue;
            }
            self.track(id);
            if let DeviceState::Assigned { vm } = state
                && let Some(vm) = self.vms.get_mut(vm)
            {
                vm.devices.push(id);
            }
        }
    }
}
