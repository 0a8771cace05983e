//! A scenario: virtual machines, and what is done one step after the other.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::parse::Lines;
use super::step::{Device, Step};
use crate::policy::Policy;
use crate::sim::Bytes;

/// A scenario file (TOML).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is about, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The platform on which it is played.
    #[serde(default)]
    pub platform: Platform,
    /// What a capture does not say about the host.
    #[serde(default)]
    pub host: HostSettings,
    /// The virtual machines.
    #[serde(default)]
    pub vm: Vec<VmSettings>,
    /// What is done, in order.
    #[serde(default)]
    pub step: Vec<Step>,
    /// Codes of the rules by which steps must be refused; empty where every step must succeed.
    /// Absent: anything goes. `simulate` exits with 1 where it comes out otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect_refusals: Option<Vec<String>>,
    /// Where it stands in its file.
    #[serde(skip)]
    pub lines: Lines,
}

/// The platform of a scenario.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug, Serialize, Deserialize, JsonSchema,
)]
pub enum Platform {
    /// Windows Server 2016.
    #[serde(rename = "hyperv-2016")]
    HyperV2016,
    /// Windows Server 2019.
    #[serde(rename = "hyperv-2019")]
    HyperV2019,
    /// Windows Server 2022.
    #[serde(rename = "hyperv-2022")]
    HyperV2022,
    /// Windows Server 2025.
    #[default]
    #[serde(rename = "hyperv-2025")]
    HyperV2025,
    /// VFIO with QEMU on Linux.
    #[serde(rename = "vfio")]
    Vfio,
}

/// What a capture does not say about the host.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HostSettings {
    /// Hyper-V: the host runs a client edition of Windows.
    pub client_edition: bool,
    /// Hyper-V: devices for which a mitigation (partitioning) driver is installed.
    pub mitigation_driver: Vec<Device>,
    /// Hyper-V: devices that Windows cannot release before it is restarted.
    pub restart_needed: Vec<Device>,
    /// Hyper-V: the policies `RequireSecureDeviceAssignment` and
    /// `RequireSupportedDeviceAssignment` are 0.
    pub relaxed_policies: bool,
    /// Physical address width, where it is not the captured one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 32, max = 64))]
    pub address_bits: Option<u8>,
}

/// A virtual machine. One that the captured host has under the same name is that machine, with
/// its devices and settings; what stands here takes their place.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VmSettings {
    /// Its name, not empty.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Guest system.
    #[serde(default)]
    pub guest: GuestSystem,
    /// Hyper-V generation, 1 or 2; of a captured machine as captured, else 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 2))]
    pub generation: Option<u8>,
    /// It runs from the start; of a captured machine as captured, else false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<bool>,
    /// Hyper-V: it is a resource of a failover cluster; of a captured machine as captured, else
    /// false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clustered: Option<bool>,
    /// Everything that `set` can change.
    #[serde(flatten)]
    pub config: Config,
}

/// What can be set on a virtual machine; absent members stay as they are. A new machine has
/// the platform's defaults.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Config {
    /// Memory; 4G.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Bytes>,
    /// Hyper-V: `-AutomaticStopAction`; `save`, as Hyper-V has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_action: Option<StopAction>,
    /// Hyper-V: `-DynamicMemory`; false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dynamic_memory: Option<bool>,
    /// Hyper-V: `-LowMemoryMappedIoSpace`; 128M.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low_mmio: Option<Bytes>,
    /// Hyper-V: `-HighMemoryMappedIoSpace`; 512M.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high_mmio: Option<Bytes>,
    /// Hyper-V: `HighMmioGapBase`; 65024M.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high_mmio_base: Option<Bytes>,
    /// Hyper-V: `-GuestControlledCacheTypes`; false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_types: Option<bool>,
    /// Nested virtualization; false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nested: Option<bool>,
    /// QEMU: firmware; OVMF.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firmware: Option<Firmware>,
    /// QEMU: physical address bits of the guest; 40.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 32, max = 52))]
    pub address_bits: Option<u8>,
    /// QEMU: the virtual processor is one of AMD's; false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amd: Option<bool>,
    /// OVMF: `opt/ovmf/X-PciMmio64Mb`, in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mmio64_mb: Option<u64>,
    /// QEMU: `pci-hole64-size`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hole64: Option<Bytes>,
}

/// What Hyper-V does with a VM when the host shuts down.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StopAction {
    /// Saves its state.
    Save,
    /// Turns it off.
    TurnOff,
    /// Shuts its guest down.
    ShutDown,
}

/// Firmware of a QEMU guest.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Firmware {
    /// UEFI.
    Ovmf,
    /// BIOS.
    Seabios,
}

/// Guest system.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GuestSystem {
    /// Windows 7 or 8.1.
    #[serde(rename = "windows-8.1")]
    Windows81,
    /// Windows 10.
    #[serde(rename = "windows-10")]
    Windows10,
    /// Windows 11.
    #[serde(rename = "windows-11")]
    Windows11,
    /// Windows Server 2012.
    #[serde(rename = "windows-server-2012")]
    Server2012,
    /// Windows Server 2012 R2 with KB3133690.
    #[serde(rename = "windows-server-2012-r2")]
    Server2012R2,
    /// Windows Server 2016 to 2022.
    #[serde(rename = "windows-server-2016")]
    Server2016,
    /// Windows Server 2019.
    #[serde(rename = "windows-server-2019")]
    Server2019,
    /// Windows Server 2022.
    #[serde(rename = "windows-server-2022")]
    Server2022,
    /// Windows Server 2025.
    #[serde(rename = "windows-server-2025")]
    Server2025,
    /// Linux.
    #[default]
    Linux,
}

impl Config {
    /// The same with what another one sets.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            memory: other.memory.or(self.memory),
            stop_action: other.stop_action.or(self.stop_action),
            dynamic_memory: other.dynamic_memory.or(self.dynamic_memory),
            low_mmio: other.low_mmio.or(self.low_mmio),
            high_mmio: other.high_mmio.or(self.high_mmio),
            high_mmio_base: other.high_mmio_base.or(self.high_mmio_base),
            cache_types: other.cache_types.or(self.cache_types),
            nested: other.nested.or(self.nested),
            firmware: other.firmware.or(self.firmware),
            address_bits: other.address_bits.or(self.address_bits),
            amd: other.amd.or(self.amd),
            mmio64_mb: other.mmio64_mb.or(self.mmio64_mb),
            hole64: other.hole64.or(self.hole64),
        }
    }
}

impl Platform {
    /// The policy that judges devices for it.
    pub const fn policy(self) -> Policy {
        match self {
            Self::HyperV2016 => Policy::HyperV2016,
            Self::HyperV2019 => Policy::HyperV2019,
            Self::HyperV2022 => Policy::HyperV2022,
            Self::HyperV2025 => Policy::HyperV2025,
            Self::Vfio => Policy::Vfio,
        }
    }

    /// The platform of a policy.
    pub const fn of(policy: Policy) -> Self {
        match policy {
            Policy::HyperV2016 => Self::HyperV2016,
            Policy::HyperV2019 => Self::HyperV2019,
            Policy::HyperV2022 => Self::HyperV2022,
            Policy::HyperV2025 => Self::HyperV2025,
            Policy::Vfio => Self::Vfio,
        }
    }
}

impl GuestSystem {
    /// Whether Microsoft supports devices in such a guest (planning for DDA).
    pub const fn is_supported(self) -> bool {
        !matches!(self, Self::Windows81 | Self::Server2012)
    }
}
