//! States of devices and virtual machines while a scenario is played.

use crate::host::{FunctionId, Host};
use crate::policy::Policy;
use crate::sim::guest::GuestOptions;
use crate::sim::policy::hyperv::{self, Gaps};
use crate::sim::policy::qemu::{Machine, Vendor};
use crate::spec::windows;

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
    /// Hyper-V generation.
    pub generation: u8,
    /// It runs.
    pub running: bool,
    /// It is a resource of a failover cluster.
    pub clustered: bool,
    /// It was deleted.
    pub deleted: bool,
    /// What was set.
    pub config: Config,
    /// Its devices, in the order in which they were added.
    pub devices: Vec<FunctionId>,
}

impl DeviceState {
    /// The state in which a device was captured: by Windows' problem code, or by the driver
    /// under Linux. A device about which neither is known counts as in use.
    pub fn captured(host: &Host<'_>, id: FunctionId, policy: Policy) -> Self {
        let function = host.function(id);
        if policy.is_hyperv() {
            return match function.windows.problem_code {
                Some(windows::PROBLEM_DISABLED) => Self::Disabled,
                _ => Self::Enabled,
            };
        }
        match function.reported.driver.as_ref() {
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
        }
    }
}

impl Vm {
    pub(super) fn of(settings: &VmSettings) -> Self {
        Self {
            name: settings.name.clone(),
            guest: settings.guest,
            generation: settings.generation,
            running: settings.running,
            clustered: settings.clustered,
            deleted: false,
            config: settings.config,
            devices: Vec::new(),
        }
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
