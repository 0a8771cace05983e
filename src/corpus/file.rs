//! `case.toml`: where a case comes from, and how it is derived.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::error::CaseError;
use super::truth::{self, Truth};
use crate::addr::Sbdf;
use crate::synth::HexBytes;

/// A `case.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    /// What the case is, in one line.
    pub title: String,
    /// Where it comes from.
    pub origin: Origin,
    /// How it was made, so that it can be made again.
    pub made: String,
    /// What is special about it: why it deserves its room.
    pub special: String,

    /// Description for the synthesiser, beside `case.toml`.
    #[serde(default)]
    pub synth: Option<String>,
    /// Dumps beside `case.toml` that are parts of one machine: listings, logs, tables, trees.
    #[serde(default)]
    pub inputs: Vec<String>,
    /// Case from which this one is derived. Without `synth`, `inputs` and `base` there is a
    /// folder `capture` or a file `capture.zip`.
    #[serde(default)]
    pub base: Option<String>,
    /// ACPI tables of another case.
    #[serde(default)]
    pub tables_from: Option<TablesFrom>,
    /// ACPI tables by signature, in place of those of the same name.
    #[serde(default)]
    pub tables: BTreeMap<String, HexBytes>,
    /// Left out: functions by address, other members by name (`acpi/DMAR`, `host/cmdline`).
    #[serde(default)]
    pub omit: Vec<String>,
    /// Bytes of each configuration space that are kept.
    #[serde(default)]
    pub captured_bytes: Option<CutBytes>,
    /// Changed bytes.
    #[serde(default)]
    pub patch: Vec<ConfigPatch>,
    /// Changed facts.
    #[serde(default)]
    pub set: Vec<SetProperties>,
    /// JSON members below `host/`, each merged into what is there: objects key by key, all
    /// else in its place.
    #[serde(default)]
    pub host: BTreeMap<String, serde_json::Value>,
    /// Device nodes, put behind those that are there.
    #[serde(default)]
    pub nodes: Vec<crate::capture::DeviceNode>,

    /// What is known from elsewhere.
    #[serde(default)]
    pub truth: Option<Truth>,
    /// What is known from elsewhere is in `truth.json`.
    #[serde(default)]
    pub truth_file: bool,
}

/// Where a case comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Made from a description.
    Synthetic,
    /// Captured from a machine of the QEMU lab.
    Lab,
    /// Derived from another case.
    Derived,
    /// Captured from real hardware.
    Hardware,
}

/// ACPI tables of another case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TablesFrom {
    /// The case.
    pub case: String,
    /// Names of the tables; all where absent.
    #[serde(default)]
    pub tables: Option<Vec<String>>,
}

/// How much of each configuration space is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "u16")]
pub struct CutBytes(
    /// 0 to 4096.
    pub u16,
);

/// Changed bytes of one configuration space.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigPatch {
    /// The function.
    #[serde(deserialize_with = "truth::address")]
    pub function: Sbdf,
    /// Checksum of its configuration space before the first patch
    /// ([`super::config_sha256`]).
    pub sha256: String,
    /// Offset from the start of the space.
    pub offset: u16,
    /// The new bytes, which are known from then on.
    pub bytes: HexBytes,
}

/// Changed facts of one function.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetProperties {
    /// The function.
    #[serde(deserialize_with = "truth::address")]
    pub function: Sbdf,
    /// New values by the names of `properties.json`, without their origin: it becomes
    /// `synthetic`.
    #[serde(default)]
    pub properties: BTreeMap<String, serde_json::Value>,
    /// Facts that are no longer reported.
    #[serde(default)]
    pub unset: Vec<String>,
}

impl CaseFile {
    /// Reads a `case.toml`.
    pub fn parse(case: &str, text: &str) -> Result<Self, CaseError> {
        toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let before = text.get(..start).unwrap_or(text);
            CaseError::Text {
                case: case.to_owned(),
                file: "case.toml",
                line: 1 + before.matches('\n').count(),
                problem: error.message().to_owned(),
            }
        })
    }
}

impl TryFrom<u16> for CutBytes {
    type Error = &'static str;

    fn try_from(bytes: u16) -> Result<Self, Self::Error> {
        if bytes > crate::spec::pci::EXPRESS_SIZE {
            return Err("no configuration space has more than 4096 bytes");
        }
        Ok(Self(bytes))
    }
}
