//! A scenario being played: who has what, and what each step changes.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::Facts;
use crate::analysis::groups::{Groups, Settings};
use crate::host::FunctionId;
use crate::policy::Policy;
use crate::select::Selector;
use crate::sim::guest::GuestStudy;
use crate::sim::host_space;

use super::error::Place;
use super::{
    Action, DeviceState, DeviceTrack, Gate, Gates, Kind, Played, Problem, Remark, Scenario,
    Simulation, Step, Vm, captured,
};

/// A scenario being played.
pub(super) struct Play<'f, 'h, 'c> {
    pub(super) facts: &'f Facts<'h, 'c>,
    pub(super) policy: Policy,
    pub(super) gates: &'f Gates,
    pub(super) devices: BTreeMap<FunctionId, DeviceTrack>,
    pub(super) vms: Vec<Vm>,
    pub(super) host_bits: Option<u8>,
    pub(super) client: bool,
    pub(super) relaxed: bool,
    pub(super) mitigated: BTreeSet<FunctionId>,
    pub(super) groups: Groups,
    /// Indices of the VMs by name, in lower case.
    pub(super) names: BTreeMap<String, usize>,
    /// The VM of each captured machine, by its place in the capture.
    pub(super) captured_vms: BTreeMap<u32, usize>,
    pub(super) steps: Vec<Played>,
}

impl<'f, 'h, 'c> Play<'f, 'h, 'c> {
    pub(super) fn start(
        facts: &'f Facts<'h, 'c>,
        scenario: &Scenario,
        gates: &'f Gates,
    ) -> Result<Self, (Problem, Place)> {
        let (host, topology) = (facts.host, facts.topology);
        let policy = scenario.platform.policy();
        let (vms, captured_vms) = captured::machines(host, scenario)?;
        let windows = captured::Windows::of(host, policy);
        let mut play = Self {
            facts,
            policy,
            gates,
            devices: BTreeMap::new(),
            vms,
            host_bits: scenario
                .host
                .address_bits
                .or_else(|| host_space::address_bits(host)),
            client: scenario.host.client_edition || windows.client_edition,
            relaxed: scenario.host.relaxed_policies || windows.relaxed_policies,
            mitigated: BTreeSet::new(),
            groups: Groups::predict(
                host,
                topology,
                &facts.iommu,
                &Settings::for_host(host).with_remapping(),
            ),
            names: BTreeMap::new(),
            captured_vms,
            steps: Vec::new(),
        };
        let of_host = |problem| (problem, Place::Host);
        // The first of equal names: a scenario cannot mean any of them.
        for (index, vm) in play.vms.iter().enumerate() {
            play.names.entry(vm.name.to_lowercase()).or_insert(index);
        }
        play.take_over();
        for device in &scenario.host.mitigation_driver {
            let devices = play.select(&device.0).map_err(of_host)?;
            play.mitigated.extend(devices);
        }
        for device in &scenario.host.restart_needed {
            for id in play.select(&device.0).map_err(of_host)? {
                play.track(id).restart_pending = true;
            }
        }
        Ok(play)
    }

    fn select(&self, selector: &Selector) -> Result<Vec<FunctionId>, Problem> {
        let topology = self.facts.topology;
        let mut devices = selector.matches(self.facts.host, topology);
        // A class or vendor means devices; a bridge is named by its address or path.
        if matches!(selector, Selector::Class { .. } | Selector::Ids { .. }) {
            devices.retain(|&id| !topology.kind(id).is_bridge());
        }
        if devices.is_empty() {
            return Err(Problem::NoDevice(selector.clone()));
        }
        Ok(devices)
    }

    fn vm(&self, name: &str) -> Result<usize, Problem> {
        let index = self.names.get(&name.to_lowercase()).copied();
        index
            .filter(|&index| self.vms.get(index).is_some_and(|vm| !vm.deleted))
            .ok_or_else(|| Problem::NoVm(name.to_owned()))
    }

    pub(super) fn track(&mut self, id: FunctionId) -> &mut DeviceTrack {
        let (host, policy, vms) = (self.facts.host, self.policy, &self.captured_vms);
        self.devices.entry(id).or_insert_with(|| {
            let state = DeviceState::captured(host, id, policy, vms);
            DeviceTrack {
                id,
                initial: state,
                state,
                restart_pending: false,
            }
        })
    }

    /// The state of a device, whether a step touched it or not.
    pub(super) fn state(&self, id: FunctionId) -> DeviceState {
        match self.devices.get(&id) {
            Some(track) => track.state,
            None => DeviceState::captured(self.facts.host, id, self.policy, &self.captured_vms),
        }
    }

    pub(super) fn gate(&self, id: FunctionId) -> Gate {
        self.gates.0.get(&id).cloned().unwrap_or_default()
    }

    pub(super) fn step(&mut self, number: usize, step: &Step) -> Result<(), Problem> {
        let wrong = Problem::WrongPlatform {
            step: number,
            policy: self.policy,
        };
        let hyperv = self.policy.is_hyperv();
        let (action, device, vm) = match step {
            Step::Bind { .. } | Step::Unbind { .. } if hyperv => return Err(wrong),
            Step::Disable { .. }
            | Step::RestartHost {}
            | Step::Dismount { .. }
            | Step::AddAny { .. }
            | Step::Mount { .. }
            | Step::Enable { .. }
                if !hyperv =>
            {
                return Err(wrong);
            }
            Step::Disable { device } => (Action::Disable, Some(device), None),
            Step::RestartHost {} => (Action::RestartHost, None, None),
            Step::Dismount { device, force } => {
                (Action::Dismount { force: *force }, Some(device), None)
            }
            Step::Bind { device } => (Action::Bind, Some(device), None),
            Step::Unbind { device } => (Action::Unbind, Some(device), None),
            Step::Add { device, vm } => (Action::Add, Some(device), Some(vm)),
            Step::AddAny { vm, count } => return self.add_any(number, vm, *count),
            Step::Remove { device, vm } => (Action::Remove, Some(device), Some(vm)),
            Step::Mount { device } => (Action::Mount, Some(device), None),
            Step::Enable { device } => (Action::Enable, Some(device), None),
            Step::Set { vm, config } => (Action::Set(*config), None, Some(vm)),
            Step::Start { vm } => (Action::Start, None, Some(vm)),
            Step::Stop { vm } => (Action::Stop, None, Some(vm)),
            Step::Save { vm } => (Action::Save, None, Some(vm)),
            Step::Checkpoint { vm } => (Action::Checkpoint, None, Some(vm)),
            Step::Migrate { vm } => (Action::Migrate, None, Some(vm)),
            Step::Delete { vm } => (Action::Delete, None, Some(vm)),
        };
        let vm = vm.map(|name| self.vm(name)).transpose()?;
        match device {
            Some(device) => {
                for id in self.select(&device.0)? {
                    self.act(number, action, Some(id), vm);
                }
            }
            None => self.act(number, action, None, vm),
        }
        Ok(())
    }

    /// Hyper-V: takes devices from the pool by address.
    fn add_any(&mut self, number: usize, vm: &str, count: u32) -> Result<(), Problem> {
        let vm = self.vm(vm)?;
        let pool: Vec<FunctionId> = self
            .devices
            .values()
            .filter(|track| track.state == DeviceState::Dismounted)
            .map(|track| track.id)
            .collect();
        let there = u32::try_from(pool.len()).unwrap_or(u32::MAX);
        for id in pool.into_iter().take(count as usize) {
            self.act(number, Action::AddAny, Some(id), Some(vm));
        }
        if there < count {
            let kind = Kind::PoolExhausted {
                wanted: count,
                there,
            };
            self.steps.push(Played {
                step: number,
                action: Action::AddAny,
                device: None,
                vm: Some(vm),
                before: None,
                after: None,
                remarks: vec![Remark::refusal(kind)],
            });
        }
        Ok(())
    }

    /// Checks a step, records it, and does it where nothing refuses it.
    fn act(&mut self, step: usize, action: Action, device: Option<FunctionId>, vm: Option<usize>) {
        if let Some(id) = device {
            self.track(id);
        }
        let before = device.map(|id| self.state(id));
        let mut remarks = if self.policy.is_hyperv() {
            self.check_hyperv(action, device, vm)
        } else {
            self.check_vfio(action, device, vm)
        };
        remarks.sort_by_key(|remark| !remark.refuses);
        let refused = remarks.iter().any(|remark| remark.refuses);
        if !refused {
            self.apply(action, device, vm);
        }
        self.steps.push(Played {
            step,
            action,
            device,
            vm,
            before,
            after: device.map(|id| self.state(id)),
            remarks,
        });
    }

    fn apply(&mut self, action: Action, device: Option<FunctionId>, vm: Option<usize>) {
        let to = match (action, vm) {
            (Action::Disable | Action::Mount, _) => Some(DeviceState::Disabled),
            (Action::Dismount { .. } | Action::Bind | Action::Remove, _) => {
                Some(DeviceState::Dismounted)
            }
            (Action::Add | Action::AddAny, Some(vm)) => Some(DeviceState::Assigned { vm }),
            (Action::Enable | Action::Unbind, _) => Some(DeviceState::Enabled),
            _ => None,
        };
        if let (Some(id), Some(to)) = (device, to) {
            self.track(id).state = to;
        }
        if let (Action::RestartHost, None) = (action, vm) {
            self.devices
                .values_mut()
                .for_each(|track| track.restart_pending = false);
            self.vms.iter_mut().for_each(|vm| vm.running = false);
        }
        let freed: Vec<FunctionId> = match (action, vm) {
            (Action::Delete, Some(vm)) => self.devices_of(vm),
            _ => Vec::new(),
        };
        for id in freed {
            self.track(id).state = DeviceState::Dismounted;
        }
        let Some(vm) = vm.and_then(|vm| self.vms.get_mut(vm)) else {
            return;
        };
        match action {
            Action::Add | Action::AddAny => vm.devices.extend(device),
            Action::Remove => vm.devices.retain(|&id| Some(id) != device),
            Action::Set(config) => vm.config = vm.config.with(config),
            Action::Start => vm.running = true,
            Action::Stop | Action::Save => vm.running = false,
            Action::Delete => {
                vm.deleted = true;
                vm.devices.clear();
            }
            _ => {}
        }
    }

    fn devices_of(&self, vm: usize) -> Vec<FunctionId> {
        self.vms
            .get(vm)
            .map_or_else(Vec::new, |vm| vm.devices.clone())
    }

    pub(super) fn layout(&self, vm: &Vm) -> GuestStudy {
        let options = vm.options(self.host_bits);
        GuestStudy::of(self.facts.host, &vm.devices, &[], options)
    }

    /// Remarks about power states that no platform allows.
    pub(super) fn check_power(&self, action: Action, vm: &Vm) -> Option<Remark> {
        let wrong = match action {
            Action::Start => vm.running,
            Action::Stop | Action::Save | Action::Migrate => !vm.running,
            Action::Delete => vm.running,
            _ => false,
        };
        wrong.then_some(Remark::refusal(Kind::VmState {
            running: vm.running,
        }))
    }

    pub(super) fn end(self) -> Simulation {
        let layouts = self
            .vms
            .iter()
            .enumerate()
            .filter(|(_, vm)| !vm.devices.is_empty())
            .map(|(index, vm)| (index, self.layout(vm)))
            .collect();
        Simulation {
            policy: self.policy,
            devices: self.devices.into_values().collect(),
            vms: self.vms,
            host_bits: self.host_bits,
            steps: self.steps,
            layouts,
        }
    }
}
