//! What VFIO and QEMU say to a step.

use crate::host::FunctionId;

use super::scenario::Firmware;
use super::{Action, DeviceState, Kind, Play, Remark, Vm};

impl Play<'_, '_, '_> {
    pub(super) fn check_vfio(
        &self,
        action: Action,
        device: Option<FunctionId>,
        vm: Option<usize>,
    ) -> Vec<Remark> {
        let mut remarks = Vec::new();
        if let Some(id) = device {
            remarks.extend(self.check_function(action, id, vm));
        }
        if let Some(vm) = vm.and_then(|vm| self.vms.get(vm)) {
            remarks.extend(self.check_power(action, vm));
            match action {
                Action::Add if vm.running => {
                    let mut with_it = vm.clone();
                    with_it.devices.extend(device);
                    remarks.extend(self.check_guest(&with_it));
                    remarks.extend(device.and_then(|id| self.check_group(id, vm)));
                }
                Action::Remove if vm.running => remarks.push(Remark::warning(Kind::HotRemove)),
                Action::Start => {
                    remarks.extend(self.check_guest(vm));
                    let groups = vm.devices.iter();
                    remarks.extend(groups.filter_map(|&id| self.check_group(id, vm)));
                }
                Action::Save | Action::Checkpoint if !vm.devices.is_empty() => {
                    remarks.push(Remark::refusal(Kind::CannotSaveState));
                }
                Action::Migrate if !vm.devices.is_empty() => {
                    remarks.push(Remark::refusal(Kind::CannotMigrate));
                }
                Action::Delete if !vm.devices.is_empty() => {
                    let count = u32::try_from(vm.devices.len()).unwrap_or(u32::MAX);
                    remarks.push(Remark::warning(Kind::LeftBound(count)));
                }
                _ => {}
            }
        }
        remarks
    }

    fn check_function(&self, action: Action, id: FunctionId, vm: Option<usize>) -> Vec<Remark> {
        let state = self.state(id);
        let refusal = |kind| vec![Remark::refusal(kind)];
        match (action, state) {
            (Action::Bind, DeviceState::Enabled | DeviceState::Disabled) => self.check_bind(id),
            (Action::Unbind, DeviceState::Dismounted) => Vec::new(),
            (Action::Bind | Action::Unbind | Action::Add, DeviceState::Assigned { .. }) => {
                refusal(Kind::InUseVfio)
            }
            (Action::Bind | Action::Unbind, state) => refusal(Kind::WrongState(state)),
            (Action::Add, DeviceState::Dismounted) => {
                let mut remarks = Vec::new();
                if self.has_no_reset(id) {
                    remarks.push(Remark::warning(Kind::NoReset));
                }
                remarks
            }
            (Action::Add, state) => refusal(Kind::NotBound(state)),
            (Action::Remove, DeviceState::Assigned { vm: owner }) if Some(owner) == vm => {
                Vec::new()
            }
            (Action::Remove, _) => refusal(Kind::NotInVm),
            _ => Vec::new(),
        }
    }

    fn check_bind(&self, id: FunctionId) -> Vec<Remark> {
        let gate = self.gate(id);
        let mut remarks = Vec::new();
        let blockers: Vec<_> = gate.forcible.into_iter().chain(gate.blockers).collect();
        if !blockers.is_empty() {
            remarks.push(Remark::refusal(Kind::BlockedVfio(blockers)));
        }
        if !gate.open.is_empty() {
            remarks.push(Remark::warning(Kind::Unsettled(gate.open)));
        }
        if self.acs_override() {
            remarks.push(Remark::warning(Kind::AcsOverride));
        }
        remarks
    }

    fn has_no_reset(&self, id: FunctionId) -> bool {
        self.facts.profile(id).resets.on_its_own() == Some(false)
    }

    /// Whether the kernel was told to split groups that the hardware does not isolate.
    fn acs_override(&self) -> bool {
        let files = &self.facts.host.capture().host;
        let line = files.get("cmdline");
        line.is_some_and(|line| String::from_utf8_lossy(line).contains("pcie_acs_override="))
    }

    /// A group is opened as a whole: no other function of it may be in use by the host, nor by
    /// another guest. Bridges and functions without a driver do not matter.
    fn check_group(&self, id: FunctionId, vm: &Vm) -> Option<Remark> {
        let (mut host, mut guests) = (Vec::new(), Vec::new());
        for other in self.group(id) {
            if other == id || self.facts.topology.kind(other).is_bridge() {
                continue;
            }
            match self.state(other) {
                DeviceState::Enabled => host.push(other),
                DeviceState::Assigned { vm: owner }
                    if self
                        .vms
                        .get(owner)
                        .is_some_and(|owner| owner.name != vm.name) =>
                {
                    guests.push(other);
                }
                _ => {}
            }
        }
        let kind = match (host.is_empty(), guests.is_empty()) {
            (true, true) => return None,
            (false, _) => Kind::GroupInUse(host),
            (true, false) => Kind::GroupSplit(guests),
        };
        Some(Remark::refusal(kind).about(Some(id)))
    }

    /// The members of a group, as the kernel reported it, or else as predicted.
    fn group(&self, id: FunctionId) -> Vec<FunctionId> {
        let host = self.facts.host;
        match &host.function(id).reported.iommu_group {
            Some(group) => host
                .iter()
                .filter(|(_, function)| {
                    let reported = function.reported.iommu_group.as_ref();
                    reported.is_some_and(|other| other.value == group.value)
                })
                .map(|(id, _)| id)
                .collect(),
            None => self.groups.companions(id).to_vec(),
        }
    }

    fn check_guest(&self, vm: &Vm) -> Vec<Remark> {
        let mut remarks = Vec::new();
        if vm.devices.is_empty() {
            return remarks;
        }
        let study = self.layout(vm);
        if let Err(refused) = study.qemu {
            remarks.push(Remark::refusal(Kind::AddressWidth(refused)));
        }
        let layout = match vm.firmware() {
            Firmware::Ovmf => &study.ovmf,
            Firmware::Seabios => &study.seabios.layout,
        };
        if vm.firmware() == Firmware::Seabios && study.seabios.panics {
            remarks.push(Remark::refusal(Kind::FirmwareStops));
        } else {
            remarks.extend(layout.unplaced.iter().map(|unplaced| {
                let device = unplaced.item.path.first();
                let device = device.and_then(|&device| vm.devices.get(device).copied());
                Remark::refusal(Kind::NoGuestRoom(unplaced.clone())).about(device)
            }));
        }
        if !study.is_complete() {
            remarks.push(Remark::warning(Kind::SizesUnknown));
        }
        remarks
    }
}
