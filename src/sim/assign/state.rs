//! States of devices and virtual machines while a scenario is played.

use std::collections::BTreeMap;

use crate::capture::VirtualMachine;
use crate::host::{Assignment, DeviceState as Captured, FunctionId, Host};
use crate::policy::Policy;
use crate::sim::Bytes;
use crate::sim::guest::GuestOptions;
use crate::sim::policy::hyperv::{self, Gaps};
use crate::sim::policy::qemu::{Machine, Vendor};

use super::scenario::{Config, Firmware, GuestSystem, StopAction, VmSettings};

/// Who has a device.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum DeviceState {
    /// The host, with a driver of its own.
    Enabled,
    /// Nobody: disabled in Windows, without a driver in Linux.
    Disabled,
    /// Nobody, held for guests: in Hyper-V's pool, or bound to vfio-pci.
    Dismounted,
    /// A virtual machine.
    Assigned {
        /// Its index.
        vm: usize,
    },
    /// A virtual machine that the capture does not name.
    AssignedElsewhere,
    /// It is not there; Windows only remembers it.
    Absent,
}

/// A device that a scenario touches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DeviceTrack {
    /// The function.
    pub id: FunctionId,
    /// As captured.
    pub initial: DeviceState,
    /// Now, or at the end.
    pub state: DeviceState,
    /// Windows has to be restarted before it lets the device go.
    pub restart_pending: bool,
}

/// A virtual machine while a scenario is played.
#[derive(Clone, PartialEq, Debug)]
pub struct Vm {
    /// Its name.
    pub name: String,
    /// Guest system.
    pub guest: GuestSystem,
    /// Hyper-V generation; `None` where it was not captured.
    pub generation: Option<u8>,
    /// It runs.
    pub running: bool,
    /// It is a resource of a failover cluster.
    pub clustered: bool,
    /// It was deleted.
    pub deleted: bool,
    /// It is a machine of the captured host: what was not set, was not captured.
    pub captured: bool,
    /// What was set at the start.
    pub initial: Config,
    /// What is set.
    pub config: Config,
    /// Devices that its settings name and that the host has not, by instance or location path.
    pub stale: Vec<String>,
    /// Its devices, in the order in which they were added.
    pub devices: Vec<FunctionId>,
}

impl DeviceState {
    /// The state in which a device was captured: by what Windows and Hyper-V report, or by the
    /// driver under Linux. `vms` has the index of each captured machine's VM. A device about
    /// which nothing is known counts as in use.
    pub fn captured(
        host: &Host<'_>,
        id: FunctionId,
        policy: Policy,
        vms: &BTreeMap<u32, usize>,
    ) -> Self {
        if policy.is_hyperv() {
            return match host.device_state(id) {
                Some(Captured::Disabled) => Self::Disabled,
                Some(Captured::Dismounted) => Self::Dismounted,
                Some(Captured::Assigned(Assignment::Machine(machine))) => vms
                    .get(&machine)
                    .map_or(Self::AssignedElsewhere, |&vm| Self::Assigned { vm }),
                Some(Captured::Assigned(Assignment::Reported)) => Self::AssignedElsewhere,
                Some(Captured::NotPresent) => Self::Absent,
                Some(Captured::Started | Captured::Problem(_)) | None => Self::Enabled,
            };
        }
        match host.function(id).reported.driver.as_ref() {
            Some(driver) if driver.value == "vfio-pci" => Self::Dismounted,
            Some(_) => Self::Enabled,
            None => Self::Disabled,
        }
    }

    /// Its name on a platform.
    pub const fn name(self, policy: Policy) -> &'static str {
        match (self, policy.is_hyperv()) {
            (Self::Enabled, true) => "enabled",
            (Self::Disabled, true) => "disabled",
            (Self::Dismounted, true) => "dismounted",
            (Self::Enabled, false) => "used by the host",
            (Self::Disabled, false) => "without a driver",
            (Self::Dismounted, false) => "bound to vfio-pci",
            (Self::Assigned { .. }, _) => "assigned",
            (Self::AssignedElsewhere, _) => "assigned to a guest that was not captured",
            (Self::Absent, _) => "not present",
        }
    }
}

impl Vm {
    /// A VM of a scenario: a new one, or one of the captured host, of which the scenario changes
    /// what it names.
    pub(super) fn of(settings: &VmSettings, captured: Option<Self>) -> Self {
        let base = captured.unwrap_or_else(|| Self {
            name: String::new(),
            guest: settings.guest,
            generation: Some(2),
            running: false,
            clustered: false,
            deleted: false,
            captured: false,
            initial: Config::default(),
            config: Config::default(),
            stale: Vec::new(),
            devices: Vec::new(),
        });
        let config = base.config.with(settings.config);
        Self {
            name: settings.name.clone(),
            guest: settings.guest,
            generation: settings.generation.or(base.generation),
            running: settings.running.unwrap_or(base.running),
            clustered: settings.clustered.unwrap_or(base.clustered),
            initial: config,
            config,
            ..base
        }
    }

    /// A machine of the captured host, as Hyper-V reports it; without its devices.
    pub(super) fn captured(machine: &VirtualMachine) -> Self {
        let is = |text: &Option<String>, word: &str| {
            let text = text.as_deref().map(str::trim);
            text.is_some_and(|text| text.eq_ignore_ascii_case(word))
        };
        let action = &machine.automatic_stop_action;
        let stop_action = [
            ("Save", StopAction::Save),
            ("TurnOff", StopAction::TurnOff),
            ("ShutDown", StopAction::ShutDown),
        ]
        .into_iter()
        .find_map(|(word, value)| is(action, word).then_some(value));
        let base = machine.high_mmio_base_megabytes;
        let config = Config {
            stop_action,
            dynamic_memory: machine.dynamic_memory,
            low_mmio: machine.low_mmio_bytes.map(Bytes),
            high_mmio: machine.high_mmio_bytes.map(Bytes),
            high_mmio_base: base.and_then(|base| base.checked_mul(1 << 20)).map(Bytes),
            cache_types: machine.guest_controlled_cache_types,
            nested: machine.nested_virtualization,
            ..Config::default()
        };
        Self {
            name: machine.name.clone(),
            guest: GuestSystem::default(),
            generation: machine.generation,
            running: is(&machine.state, "Running") || is(&machine.state, "Paused"),
            clustered: machine.clustered.unwrap_or(false),
            deleted: false,
            captured: true,
            initial: config,
            config,
            stale: Vec::new(),
            devices: Vec::new(),
        }
    }

    /// Whether the automatic stop action was not captured, so that it may be any.
    pub const fn stop_action_is_open(&self) -> bool {
        self.captured && self.config.stop_action.is_none()
    }

    /// What happens to it when the host shuts down: Hyper-V saves a VM by default.
    pub fn stop_action(&self) -> StopAction {
        self.config.stop_action.unwrap_or(StopAction::Save)
    }

    /// Its firmware under QEMU.
    pub fn firmware(&self) -> Firmware {
        self.config.firmware.unwrap_or(Firmware::Ovmf)
    }

    /// Its MMIO gaps under Hyper-V.
    pub fn gaps(&self) -> Gaps {
        let defaults = Gaps::default();
        Gaps {
            low: self.config.low_mmio.map_or(defaults.low, |size| size.0),
            high: self.config.high_mmio.map_or(defaults.high, |size| size.0),
            high_base: self
                .config
                .high_mmio_base
                .map_or(hyperv::HIGH_BASE, |base| base.0),
        }
    }

    /// Bytes of memory.
    pub fn memory(&self) -> u64 {
        self.config.memory.map_or(4 << 30, |memory| memory.0)
    }

    /// The guest as far as its address space depends on it.
    pub fn options(&self, host_bits: Option<u8>) -> GuestOptions {
        let amd = self.config.amd.unwrap_or(false);
        GuestOptions {
            gaps: self.gaps(),
            machine: Machine {
                ram: self.memory(),
                address_bits: self.config.address_bits.unwrap_or(40).clamp(32, 52),
                vendor: if amd { Vendor::Amd } else { Vendor::Intel },
                mmio64_hint_mib: self.config.mmio64_mb,
                hole64: self.config.hole64.map(|size| size.0),
                ..Machine::default()
            },
            host_bits,
        }
    }
}
