//! `host/windows.json` and `host/hyperv.json`: facts about a Windows host as a whole.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `host/windows.json`. What is absent was not captured.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "analyzer", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct WindowsHost {
    /// Edition, e.g. `ServerDatacenter`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edition: Option<String>,
    /// Name of the product, e.g. `Windows Server 2022 Datacenter`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// `workstation` for client editions, else `server` or `domain-controller`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_type: Option<String>,
    /// Build number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build: Option<u32>,
    /// Boot options by name, as `bcdedit` prints them (`hypervisoriommupolicy`, …).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub boot: BTreeMap<String, String>,
    /// Registry values that bear on assignment, by path below `HKEY_LOCAL_MACHINE`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub registry: BTreeMap<String, Value>,
    /// Width of physical addresses in bits (CPUID 8000_0008h).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub physical_address_bits: Option<u8>,
    /// Members of newer versions.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// `host/hyperv.json`: what the Hyper-V role reported. Absent where the role is not installed.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "analyzer", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct HyperV {
    /// `(Get-VMHost).IovSupport`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iov_support: Option<bool>,
    /// `(Get-VMHost).IovSupportReasons`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub iov_support_reasons: Vec<String>,
    /// Devices in the host's pools (`Get-VMHostAssignableDevice`); absent where not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<Vec<PoolDevice>>,
    /// Every virtual machine; absent where not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub machines: Option<Vec<VirtualMachine>>,
    /// Members of newer versions.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// A device of the host's pool, or of a virtual machine's settings.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "analyzer", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct PoolDevice {
    /// Instance path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_path: Option<String>,
    /// Location path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_path: Option<String>,
    /// Resource pool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// Members of newer versions.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// The settings of a virtual machine that bear on assignment.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "analyzer", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct VirtualMachine {
    /// Its name.
    pub name: String,
    /// `Running`, `Off`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// 1 or 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<u8>,
    /// `TurnOff`, `Save` or `ShutDown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub automatic_stop_action: Option<String>,
    /// Whether its memory is dynamic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dynamic_memory: Option<bool>,
    /// Bytes of the low MMIO gap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low_mmio_bytes: Option<u64>,
    /// Bytes of the high MMIO gap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high_mmio_bytes: Option<u64>,
    /// First address of the high MMIO gap, in MB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high_mmio_base_megabytes: Option<u64>,
    /// Whether the guest controls cache types.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guest_controlled_cache_types: Option<bool>,
    /// Whether nested virtualization is exposed to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nested_virtualization: Option<bool>,
    /// Whether it is a role of a cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clustered: Option<bool>,
    /// Whether a partition of a GPU (GPU-P) is attached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu_partition: Option<bool>,
    /// Devices assigned to it; absent where not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub devices: Option<Vec<PoolDevice>>,
    /// Members of newer versions.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

impl WindowsHost {
    /// Its name below `host/`.
    pub const NAME: &str = "windows.json";

    /// The value of a boot option, by its name in any case.
    pub fn boot_option(&self, name: &str) -> Option<&str> {
        let mut options = self.boot.iter();
        let found = options.find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

impl HyperV {
    /// Its name below `host/`.
    pub const NAME: &str = "hyperv.json";
}
