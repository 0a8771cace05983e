//! Plays an assignment on the model of a host: states, transitions, refusals.
//!
//! Nothing is executed. The states and transitions of Hyper-V are those of Microsoft's cmdlet
//! reference and posts; those of VFIO follow the kernel's vfio-pci and its group rule.

mod hyperv;
pub mod instance;
mod remark;
pub mod scenario;
mod state;
mod vfio;

#[cfg(test)]
mod tests;

pub use remark::{Codes, Kind, Remark};
pub use scenario::{Config, Platform, Scenario, Step};
pub use state::{DeviceState, DeviceTrack, Vm};

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::Facts;
use crate::analysis::groups::{Groups, Options};
use crate::host::FunctionId;
use crate::policy::Policy;
use crate::select::Selector;
use crate::sim::guest::GuestStudy;
use crate::sim::host_space;

/// What the rules say about devices under the scenario's platform. Filled by whoever asks the
/// rules; the simulation asks none itself.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Gates(pub BTreeMap<FunctionId, Gate>);

/// What the rules say about one device.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Gate {
    /// Codes of findings that block and that force overrides.
    pub forcible: Codes,
    /// Codes of findings that block, whatever one does.
    pub blockers: Codes,
    /// Codes of blocking rules that lacked evidence.
    pub open: Codes,
    /// The class is not one that Microsoft supports, so that a mitigation driver is needed.
    pub needs_mitigation: bool,
}

/// A scenario that was played.
#[derive(Clone, PartialEq, Debug)]
pub struct Simulation {
    /// The platform.
    pub policy: Policy,
    /// Every device that a step touched, by address.
    pub devices: Vec<DeviceTrack>,
    /// Every VM, in the order of the scenario, as it ends.
    pub vms: Vec<Vm>,
    /// What happened, in order.
    pub steps: Vec<Played>,
    /// The layout of every VM that has devices at the end, by index of the VM.
    pub layouts: Vec<(usize, GuestStudy)>,
}

/// One step as played, on one device where it concerns devices.
#[derive(Clone, PartialEq, Debug)]
pub struct Played {
    /// Index of the step in the scenario.
    pub step: usize,
    /// What was done.
    pub action: Action,
    /// Device.
    pub device: Option<FunctionId>,
    /// Index of the VM.
    pub vm: Option<usize>,
    /// State of the device before.
    pub before: Option<DeviceState>,
    /// State of the device after; the same where the step was refused.
    pub after: Option<DeviceState>,
    /// What there is to say, refusals first.
    pub remarks: Vec<Remark>,
}

/// What was done.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Action {
    /// Disable on the host.
    Disable,
    /// Restart the host.
    RestartHost,
    /// Dismount.
    Dismount {
        /// By force.
        force: bool,
    },
    /// Bind to vfio-pci.
    Bind,
    /// Give back to the host's driver.
    Unbind,
    /// Add to a VM.
    Add,
    /// Add whatever the pool gives.
    AddAny,
    /// Remove from a VM.
    Remove,
    /// Mount on the host.
    Mount,
    /// Enable on the host.
    Enable,
    /// Change a VM.
    Set(Config),
    /// Start a VM.
    Start,
    /// Turn a VM off.
    Stop,
    /// Save a VM.
    Save,
    /// Take a checkpoint.
    Checkpoint,
    /// Move while running.
    Migrate,
    /// Delete a VM.
    Delete,
}

/// A scenario that cannot be played at all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ScenarioError {
    /// No device of the capture is meant by this.
    NoDevice(Selector),
    /// No VM has this name.
    NoVm(String),
    /// Two VMs have this name.
    TwoVms(String),
    /// The step belongs to another platform.
    WrongPlatform {
        /// Index of the step.
        step: usize,
        /// The platform of the scenario.
        policy: Policy,
    },
    /// More steps on devices than a scenario may have.
    TooLong,
}

/// Steps on devices that a scenario may have at most.
const MOST_STEPS: usize = 100_000;

/// A scenario being played.
struct Play<'f, 'h, 'c> {
    facts: &'f Facts<'h, 'c>,
    policy: Policy,
    gates: &'f Gates,
    devices: BTreeMap<FunctionId, DeviceTrack>,
    vms: Vec<Vm>,
    host_bits: Option<u8>,
    client: bool,
    relaxed: bool,
    mitigated: BTreeSet<FunctionId>,
    groups: Groups,
    steps: Vec<Played>,
}

/// Plays a scenario.
///
/// # Errors
/// The scenario names devices or VMs that do not exist, or steps of another platform.
pub fn play(
    facts: &Facts<'_, '_>,
    scenario: &Scenario,
    gates: &Gates,
) -> Result<Simulation, ScenarioError> {
    let mut play = Play::start(facts, scenario, gates)?;
    for (number, step) in scenario.step.iter().enumerate() {
        play.step(number, step)?;
        if play.steps.len() > MOST_STEPS {
            return Err(ScenarioError::TooLong);
        }
    }
    Ok(play.end())
}

impl<'f, 'h, 'c> Play<'f, 'h, 'c> {
    fn start(
        facts: &'f Facts<'h, 'c>,
        scenario: &Scenario,
        gates: &'f Gates,
    ) -> Result<Self, ScenarioError> {
        let mut names = BTreeSet::new();
        for vm in &scenario.vm {
            if !names.insert(vm.name.to_lowercase()) {
                return Err(ScenarioError::TwoVms(vm.name.clone()));
            }
        }
        let (host, topology) = (facts.host, facts.topology);
        let mut play = Self {
            facts,
            policy: scenario.platform.policy(),
            gates,
            devices: BTreeMap::new(),
            vms: scenario.vm.iter().map(Vm::of).collect(),
            host_bits: scenario
                .host
                .address_bits
                .or_else(|| host_space::address_bits(host)),
            client: scenario.host.client_edition,
            relaxed: scenario.host.relaxed_policies,
            mitigated: BTreeSet::new(),
            groups: Groups::predict(host, topology, &facts.iommu, Options::for_host(host)),
            steps: Vec::new(),
        };
        for device in &scenario.host.mitigation_driver {
            let devices = play.select(&device.0)?;
            play.mitigated.extend(devices);
        }
        for device in &scenario.host.restart_needed {
            for id in play.select(&device.0)? {
                play.track(id).restart_pending = true;
            }
        }
        Ok(play)
    }

    fn select(&self, selector: &Selector) -> Result<Vec<FunctionId>, ScenarioError> {
        let topology = self.facts.topology;
        let mut devices = selector.matches(self.facts.host, topology);
        // A class or vendor means devices; a bridge is named by its address or path.
        if matches!(selector, Selector::Class { .. } | Selector::Ids { .. }) {
            devices.retain(|&id| !topology.kind(id).is_bridge());
        }
        if devices.is_empty() {
            return Err(ScenarioError::NoDevice(selector.clone()));
        }
        Ok(devices)
    }

    fn vm(&self, name: &str) -> Result<usize, ScenarioError> {
        self.vms
            .iter()
            .position(|vm| vm.name.eq_ignore_ascii_case(name) && !vm.deleted)
            .ok_or_else(|| ScenarioError::NoVm(name.to_owned()))
    }

    fn track(&mut self, id: FunctionId) -> &mut DeviceTrack {
        let (host, policy) = (self.facts.host, self.policy);
        self.devices.entry(id).or_insert_with(|| {
            let state = DeviceState::captured(host, id, policy);
            DeviceTrack {
                id,
                initial: state,
                state,
                restart_pending: false,
            }
        })
    }

    /// The state of a device, whether a step touched it or not.
    fn state(&self, id: FunctionId) -> DeviceState {
        match self.devices.get(&id) {
            Some(track) => track.state,
            None => DeviceState::captured(self.facts.host, id, self.policy),
        }
    }

    fn gate(&self, id: FunctionId) -> Gate {
        self.gates.0.get(&id).cloned().unwrap_or_default()
    }

    fn step(&mut self, number: usize, step: &Step) -> Result<(), ScenarioError> {
        let wrong = ScenarioError::WrongPlatform {
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
    fn add_any(&mut self, number: usize, vm: &str, count: u32) -> Result<(), ScenarioError> {
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

    fn layout(&self, vm: &Vm) -> GuestStudy {
        let options = vm.options(self.host_bits);
        GuestStudy::of(self.facts.host, &vm.devices, &[], options)
    }

    /// Remarks about power states that no platform allows.
    fn check_power(&self, action: Action, vm: &Vm) -> Option<Remark> {
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

    fn end(self) -> Simulation {
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
            steps: self.steps,
            layouts,
        }
    }
}

impl Simulation {
    /// Whether every step went through.
    pub fn succeeds(&self) -> bool {
        !self.steps.iter().any(Played::is_refused)
    }

    /// The devices that nobody has and that are held for guests.
    pub fn pool(&self) -> impl Iterator<Item = &DeviceTrack> {
        self.devices
            .iter()
            .filter(|track| track.state == DeviceState::Dismounted)
    }

    /// A VM by its index.
    pub fn vm(&self, index: usize) -> Option<&Vm> {
        self.vms.get(index)
    }
}

impl Played {
    /// Whether the step was refused.
    pub fn is_refused(&self) -> bool {
        self.remarks.iter().any(|remark| remark.refuses)
    }
}

impl std::fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoDevice(selector) => write!(f, "no device of the capture matches {selector}"),
            Self::NoVm(name) => write!(f, "the scenario has no virtual machine '{name}'"),
            Self::TwoVms(name) => write!(f, "two virtual machines are called '{name}'"),
            Self::WrongPlatform { step, policy } => {
                write!(f, "step {} does not exist under {policy}", step + 1)
            }
            Self::TooLong => write!(
                f,
                "the scenario has more than {MOST_STEPS} steps on devices"
            ),
        }
    }
}

impl std::error::Error for ScenarioError {}
