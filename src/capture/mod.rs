//! A capture: one machine's artefacts as they were read, without interpretation.
//!
//! Every importer and the collector fill the same [`Capture`]; everything after it reads
//! nothing else. On disk it is a folder or a zip of that folder (`docs/capture-format.md`).

mod devnodes;
mod error;
mod hyperv;
pub(crate) mod layout;
pub(crate) mod limits;
pub(crate) mod load;
mod manifest;
mod merge;
pub(crate) mod names;
mod open_ended;
mod origin;
mod properties;
mod store;
mod verify;

pub use devnodes::{
    DeviceNode, DeviceNodes, DismountRefusal, NodeProperty, NodeResource, ScriptAnswer,
    ScriptSentence, instance_tail, property_number, property_problem, property_texts,
};
pub use error::CaptureError;
pub use hyperv::{HyperV, PoolDevice, VirtualMachine, WindowsHost};
pub use layout::PropertiesFile;
pub use load::{from_zip, load};
pub use manifest::{Collector, Conflict, Failure, FileEntry, Manifest, Privileges, Redaction};
#[cfg(any(feature = "analyzer", feature = "collector"))]
pub(crate) use merge::table_name;
pub use names::{UnsafeName, safe_name, unique_name};
pub use origin::{Method, Origin, Reported, SourceLines};
pub use properties::{FunctionProperties, Resource};
pub use store::{to_folder, to_zip, to_zip_file};
pub use verify::{Difference, verify};

use std::collections::BTreeMap;

use crate::addr::Sbdf;
use crate::bytes::ConfigImage;

/// One machine's artefacts.
///
/// Names of tables, host files and sources are those of the capture layout without their
/// folder: `DMAR`, `SSDT2`; `cmdline`, `iommu.json`; `lspci.txt`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Capture {
    /// How, when and by whom it was made, and what failed.
    pub manifest: Manifest,
    /// Every function with what is known of it.
    pub functions: BTreeMap<Sbdf, FunctionRecord>,
    /// Vital Product Data of functions, as read.
    pub vpd: BTreeMap<Sbdf, Vec<u8>>,
    /// Raw ACPI tables by signature, numbered where a signature repeats.
    pub tables: BTreeMap<String, Vec<u8>>,
    /// Facts about the host as a whole.
    pub host: BTreeMap<String, Vec<u8>>,
    /// Windows device nodes (`pnp/devnodes.json`), kept as read.
    pub devnodes: Option<Vec<u8>>,
    /// The texts that were imported, so that evidence can cite a line.
    pub sources: BTreeMap<String, Vec<u8>>,
    /// Members that this version does not know, kept so that a rewrite loses nothing.
    pub unknown: BTreeMap<String, Vec<u8>>,
}

/// One function as captured.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FunctionRecord {
    /// Its configuration space, as far as known.
    pub config: ConfigImage,
    /// What the operating system or a tool reported about it.
    pub properties: FunctionProperties,
}

impl Capture {
    /// The record of a function, created where it is new.
    pub fn function(&mut self, at: Sbdf) -> &mut FunctionRecord {
        self.functions.entry(at).or_default()
    }

    /// Whether there is nothing in it that could be analysed.
    pub fn is_empty(&self) -> bool {
        self.functions.is_empty() && self.tables.is_empty() && self.devnodes.is_none()
    }
    /// Bytes of its members, without the facts about functions.
    #[cfg(feature = "analyzer")]
    pub(crate) fn bytes(&self) -> u64 {
        let files = [&self.tables, &self.host, &self.sources, &self.unknown];
        let files = files.into_iter().flat_map(BTreeMap::values).map(Vec::len);
        let spaces = self
            .functions
            .values()
            .map(|record| record.config.bytes().len());
        let devnodes = self.devnodes.as_ref().map(Vec::len);
        let vpd = self.vpd.values().map(Vec::len);
        files
            .chain(spaces)
            .chain(vpd)
            .chain(devnodes)
            .sum::<usize>() as u64
    }
}
