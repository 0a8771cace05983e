//! The description of a machine as a TOML text holds it (`docs/synth.md`).
//!
//! Only what differs from the usual needs to be said; [`super::profile`] fills in the rest.

mod bar;
mod device;
mod options;
mod text;

pub use bar::{Bar, BarAddress};
pub use device::Device;
pub use options::{
    Acs, AcsState, AcsWords, AdvancedFeatures, Ats, EaEntry, Express, ExpressWords, Forwards, Msi,
    MsiX, MsiXPlace, Patch, PowerManagement, PowerWords, RawCapability, ResizableBar, Sriov,
};
pub use text::{Address, ByteRange, Class, HexBytes, Ids, Number, Position, Window};

use std::collections::BTreeMap;

use serde::Deserialize;

use super::error::SynthError;
use crate::capture::Conflict;

/// A whole machine.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// The host as a whole.
    #[serde(default)]
    pub host: Host,
    /// The host bridges, each with its root bus.
    #[serde(default)]
    pub root: Vec<Root>,
}

/// The host as a whole.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Host {
    /// Operating system in the manifest.
    pub os: String,
    /// Its release or build.
    pub os_release: Option<String>,
    /// Machine identity (DMI).
    pub platform: BTreeMap<String, String>,
    /// Kernel command line.
    pub cmdline: Option<String>,
    /// Texts below `host/`, by name.
    pub files: BTreeMap<String, String>,
    /// ACPI tables below `acpi/`, by signature.
    pub tables: BTreeMap<String, HexBytes>,
    /// Facts that two sources of the capture state differently.
    pub conflicts: Vec<Conflict>,
    /// Whether the operating system reports ids, resources and the tree, as sysfs does. What
    /// a device entry states itself is reported in any case.
    pub facts: bool,
    /// An unprivileged capture holds 64 bytes of each function (128 of a CardBus bridge).
    pub privileged: bool,
}

/// A host bridge with its root bus.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    /// PCI segment; the one before where absent, and the next where that has no room left.
    pub segment: Option<u32>,
    /// Number of the root bus; the next free one where absent.
    pub bus: Option<u8>,
    /// Function that the root bus hangs below, as a VMD domain does.
    pub parent: Option<Address>,
    /// NUMA node of everything below.
    pub numa: Option<u32>,
    /// Number of such roots.
    pub repeat: Option<u32>,
    /// What is on the root bus.
    #[serde(default)]
    pub device: Vec<Device>,
}

impl Machine {
    /// Reads a description.
    pub fn parse(description: &str) -> Result<Self, SynthError> {
        toml::from_str(description).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let before = description.get(..start).unwrap_or(description);
            SynthError::Text {
                line: 1 + before.matches('\n').count(),
                message: error.message().to_owned(),
            }
        })
    }
}

impl Default for Host {
    fn default() -> Self {
        Self {
            os: "linux".to_owned(),
            os_release: None,
            platform: BTreeMap::new(),
            cmdline: None,
            files: BTreeMap::new(),
            tables: BTreeMap::new(),
            conflicts: Vec::new(),
            facts: true,
            privileged: true,
        }
    }
}
