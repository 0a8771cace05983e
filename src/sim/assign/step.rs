//! The steps of a scenario, and how it names devices.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::parse::shortened;
use super::scenario::Config;
use crate::select::Selector;

/// One thing that is done.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Step {
    /// Hyper-V: disable a device on the host.
    Disable {
        /// Which.
        device: Device,
    },
    /// Hyper-V: restart the host; every VM is stopped.
    RestartHost {},
    /// Hyper-V: dismount a device from the host into the pool.
    Dismount {
        /// Which.
        device: Device,
        /// `-Force`: skip the checks for isolation and for a mitigation driver.
        #[serde(default)]
        force: bool,
    },
    /// VFIO: take a device from its driver and bind it to vfio-pci.
    Bind {
        /// Which.
        device: Device,
    },
    /// VFIO: give a device back to the driver of the host.
    Unbind {
        /// Which.
        device: Device,
    },
    /// Add a device to a VM.
    Add {
        /// Which.
        device: Device,
        /// The VM.
        vm: String,
    },
    /// Hyper-V: add any devices of the pool to a VM.
    AddAny {
        /// The VM.
        vm: String,
        /// How many.
        #[serde(default = "one")]
        count: u32,
    },
    /// Remove a device from its VM.
    Remove {
        /// Which.
        device: Device,
        /// The VM.
        vm: String,
    },
    /// Hyper-V: mount a device of the pool back on the host.
    Mount {
        /// Which.
        device: Device,
    },
    /// Hyper-V: enable a device on the host.
    Enable {
        /// Which.
        device: Device,
    },
    /// Change a VM.
    Set {
        /// The VM.
        vm: String,
        /// What becomes what.
        #[serde(flatten)]
        config: Config,
    },
    /// Start a VM.
    Start {
        /// The VM.
        vm: String,
    },
    /// Turn a VM off.
    Stop {
        /// The VM.
        vm: String,
    },
    /// Save the state of a VM.
    Save {
        /// The VM.
        vm: String,
    },
    /// Take a checkpoint of a VM.
    Checkpoint {
        /// The VM.
        vm: String,
    },
    /// Move a running VM to another host.
    Migrate {
        /// The VM.
        vm: String,
    },
    /// Delete a VM.
    Delete {
        /// The VM.
        vm: String,
    },
}

/// One or more devices: address, location path, instance id, `vendor:device`, or class.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Device(pub Selector);

impl Step {
    /// The VM that it is about.
    pub fn vm(&self) -> Option<&str> {
        match self {
            Self::Disable { .. }
            | Self::RestartHost {}
            | Self::Dismount { .. }
            | Self::Bind { .. }
            | Self::Unbind { .. }
            | Self::Mount { .. }
            | Self::Enable { .. } => None,
            Self::Add { vm, .. }
            | Self::AddAny { vm, .. }
            | Self::Remove { vm, .. }
            | Self::Set { vm, .. }
            | Self::Start { vm }
            | Self::Stop { vm }
            | Self::Save { vm }
            | Self::Checkpoint { vm }
            | Self::Migrate { vm }
            | Self::Delete { vm } => Some(vm),
        }
    }
}

impl Serialize for Device {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Device {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map(Self).map_err(|error| {
            let text = shortened(&text);
            de::Error::custom(format!("'{text}' is no device: {error}"))
        })
    }
}

impl JsonSchema for Device {
    fn schema_name() -> Cow<'static, str> {
        "Device".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "Address (0000:41:00.0), location path (PCIROOT(0)#PCI(0100)), \
                            instance id (PCI\\VEN_…), ids (144d:a820, 10de:*), or class (gpu, nvme).",
        })
    }
}

const fn one() -> u32 {
    1
}
