//! What Hyper-V says to a step.

use crate::host::FunctionId;
use crate::policy::Policy;
use crate::sim::policy::hyperv::LOW_RANGE;

use super::scenario::StopAction;
use super::{Action, Config, DeviceState, Kind, Play, Remark, Vm};

impl Play<'_, '_, '_> {
    pub(super) fn check_hyperv(
        &self,
        action: Action,
        device: Option<FunctionId>,
        vm: Option<usize>,
    ) -> Vec<Remark> {
        let mut remarks = Vec::new();
        if let Some(id) = device {
            remarks.extend(self.check_device(action, id, vm));
        }
        if let Some(vm) = vm.and_then(|vm| self.vms.get(vm)) {
            remarks.extend(self.check_vm(action, device, vm));
        }
        remarks
    }

    fn check_device(&self, action: Action, id: FunctionId, vm: Option<usize>) -> Vec<Remark> {
        let state = self.state(id);
        let refusal = |kind| vec![Remark::refusal(kind)];
        match (action, state) {
            (Action::Disable, DeviceState::Enabled) => Vec::new(),
            (Action::Enable, DeviceState::Disabled) => Vec::new(),
            (Action::Disable | Action::Enable, state) => refusal(Kind::WrongState(state)),
            (Action::Dismount { force }, _) => self.check_dismount(id, state, force),
            (Action::Mount, DeviceState::Dismounted) => Vec::new(),
            (
                Action::Mount | Action::Add | Action::AddAny,
                DeviceState::Assigned { .. } | DeviceState::AssignedElsewhere,
            ) => refusal(Kind::InUse),
            (Action::Mount, state) => refusal(Kind::WrongState(state)),
            (Action::Add | Action::AddAny, DeviceState::Dismounted) => Vec::new(),
            (Action::Add | Action::AddAny, state) => refusal(Kind::NotInPool(state)),
            (Action::Remove, DeviceState::Assigned { vm: owner }) if Some(owner) == vm => {
                Vec::new()
            }
            (Action::Remove, _) => refusal(Kind::NotInVm),
            _ => Vec::new(),
        }
    }

    fn check_dismount(&self, id: FunctionId, state: DeviceState, force: bool) -> Vec<Remark> {
        let mut remarks = Vec::new();
        if self.client {
            remarks.push(Remark::refusal(Kind::ClientEdition));
        }
        match state {
            DeviceState::Enabled => remarks.push(Remark::refusal(Kind::NotDisabled)),
            DeviceState::Disabled => {}
            DeviceState::Dismounted => remarks.push(Remark::refusal(Kind::WrongState(state))),
            DeviceState::Assigned { .. } | DeviceState::AssignedElsewhere => {
                remarks.push(Remark::refusal(Kind::InUse));
            }
            DeviceState::Absent => remarks.push(Remark::refusal(Kind::WrongState(state))),
        }
        let pending = self
            .devices
            .get(&id)
            .is_some_and(|track| track.restart_pending);
        if pending && state == DeviceState::Disabled {
            remarks.push(Remark::refusal(Kind::RestartPending));
        }
        let gate = self.gate(id);
        if !gate.blockers.is_empty() {
            remarks.push(Remark::refusal(Kind::Blocked(gate.blockers)));
        }
        let mitigated = !gate.needs_mitigation || self.mitigated.contains(&id);
        if force {
            let mut skipped = gate.forcible;
            if !mitigated {
                skipped.push("DDA005");
            }
            if !skipped.is_empty() {
                remarks.push(Remark::warning(Kind::Forced(skipped)));
            }
        } else {
            if !gate.forcible.is_empty() {
                remarks.push(Remark::refusal(Kind::NotIsolated(gate.forcible)));
            }
            if !mitigated {
                remarks.push(Remark::refusal(Kind::NoMitigation));
            }
        }
        if !gate.open.is_empty() {
            remarks.push(Remark::warning(Kind::Unsettled(gate.open)));
        }
        remarks
    }

    fn check_vm(&self, action: Action, device: Option<FunctionId>, vm: &Vm) -> Vec<Remark> {
        let mut remarks: Vec<Remark> = self.check_power(action, vm).into_iter().collect();
        let has_devices = !vm.devices.is_empty();
        match action {
            Action::Add | Action::AddAny => {
                if vm.stop_action_is_open() {
                    // What has a device already is not saved.
                    if !has_devices {
                        remarks.push(Remark::warning(Kind::StopActionOpen));
                    }
                } else if vm.stop_action() == StopAction::Save {
                    remarks.push(Remark::refusal(Kind::StopActionSaves));
                }
                if vm.clustered {
                    remarks.push(clustered(self.policy));
                }
                if !vm.guest.is_supported() {
                    remarks.push(Remark::refusal(Kind::GuestNotSupported));
                }
                if vm.running {
                    let mut with_it = vm.clone();
                    with_it.devices.extend(device);
                    remarks.extend(self.check_layout(&with_it));
                    remarks.extend(device.and_then(|id| self.check_reset(id)));
                }
            }
            Action::Remove if vm.running => remarks.push(Remark::warning(Kind::HotRemove)),
            Action::Set(config) => remarks.extend(check_set(config, vm)),
            Action::Start => remarks.extend(self.check_start(vm)),
            Action::Save | Action::Checkpoint if has_devices => {
                remarks.push(Remark::refusal(Kind::CannotSaveState));
            }
            Action::Migrate if has_devices => {
                remarks.push(Remark::refusal(Kind::CannotMigrate));
            }
            Action::Delete if has_devices => {
                let count = u32::try_from(vm.devices.len()).unwrap_or(u32::MAX);
                remarks.push(Remark::warning(Kind::LeftDismounted(count)));
            }
            _ => {}
        }
        remarks
    }

    fn check_start(&self, vm: &Vm) -> Vec<Remark> {
        let mut remarks = Vec::new();
        for path in &vm.stale {
            remarks.push(Remark::refusal(Kind::StaleAssignment(path.clone())));
        }
        if vm.devices.is_empty() {
            return remarks;
        }
        if vm.config.dynamic_memory == Some(true) {
            remarks.push(Remark::refusal(Kind::DynamicMemory));
        }
        if vm.config.nested == Some(true) {
            remarks.push(Remark::warning(Kind::Nested));
        }
        for &id in &vm.devices {
            remarks.extend(self.check_reset(id));
            let class = self.facts.host.function(id).identity.class;
            if class.is_some_and(|class| class.is_display()) && vm.config.cache_types != Some(true)
            {
                remarks.push(Remark::warning(Kind::CacheTypes).about(Some(id)));
            }
        }
        remarks.extend(self.check_layout(vm));
        remarks
    }

    /// The power-on policies ask for a way to reset the device. They are in force on Windows
    /// Server 2022 and later unless they are set to 0; about earlier versions nothing is known.
    fn check_reset(&self, id: FunctionId) -> Option<Remark> {
        if self.relaxed || self.facts.profile(id).resets.function_level() != Some(false) {
            return None;
        }
        let enforced = matches!(self.policy, Policy::HyperV2022 | Policy::HyperV2025);
        let kind = Kind::NoFunctionReset { enforced };
        let remark = if enforced {
            Remark::refusal(kind)
        } else {
            Remark::warning(kind)
        };
        Some(remark.about(Some(id)))
    }

    fn check_layout(&self, vm: &Vm) -> Vec<Remark> {
        let study = self.layout(vm);
        let gaps = vm.gaps();
        let of = |index: usize| vm.devices.get(index).copied();
        let mut remarks = Vec::new();
        // The gaps of a captured machine may be other than the defaults.
        let low_is_open = vm.captured && vm.config.low_mmio.is_none();
        let high_is_open = vm.captured && vm.config.high_mmio.is_none();
        let mut open = false;
        if let Some(shortfall) = study.hyperv.low_shortfall {
            open |= low_is_open;
            if !low_is_open {
                let kind = Kind::LowGapTooSmall(shortfall);
                remarks.push(Remark::refusal(kind).about(of(shortfall.request)));
            }
        }
        if let Some(shortfall) = study.hyperv.high_shortfall {
            open |= high_is_open;
            if !high_is_open {
                let kind = Kind::HighGapTooSmall(shortfall);
                remarks.push(Remark::refusal(kind).about(of(shortfall.request)));
            }
        }
        if open {
            remarks.push(Remark::warning(Kind::GapsOpen));
        }
        if let Some(bits) = self.host_bits.filter(|&bits| !gaps.within(bits)) {
            remarks.push(Remark::refusal(Kind::HighGapBeyondWidth {
                end: gaps.high_end(),
                bits,
            }));
        }
        if !study.is_complete() {
            remarks.push(Remark::warning(Kind::SizesUnknown));
        }
        remarks
    }
}

fn clustered(policy: Policy) -> Remark {
    let pools = policy == Policy::HyperV2025;
    let kind = Kind::Clustered { pools };
    if pools {
        Remark::warning(kind)
    } else {
        Remark::refusal(kind)
    }
}

fn check_set(config: Config, vm: &Vm) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let address_space = config.low_mmio.is_some()
        || config.high_mmio.is_some()
        || config.high_mmio_base.is_some()
        || config.cache_types.is_some();
    if vm.running && address_space {
        remarks.push(Remark::refusal(Kind::RunningVm));
    }
    if let Some(low) = config.low_mmio
        && !(LOW_RANGE.0..=LOW_RANGE.1).contains(&low.0)
    {
        remarks.push(Remark::refusal(Kind::LowGapOutOfRange(low.0)));
    }
    if config.stop_action == Some(StopAction::Save) && !vm.devices.is_empty() {
        remarks.push(Remark::refusal(Kind::StopActionSaves));
    }
    remarks
}
