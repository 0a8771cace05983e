//! `manifest.json`: how a capture was made, and the checksum of each member.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::CaptureError;

/// The manifest of a capture.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "analyzer", derive(schemars::JsonSchema))]
pub struct Manifest {
    /// Always [`Manifest::FORMAT`].
    pub format: String,
    /// Major version of the layout. A reader refuses a greater one than it knows.
    pub version: u32,
    /// The program that wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collector: Option<Collector>,
    /// Operating system of the host, e.g. `linux` or `windows`, and its release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// Kernel release or Windows build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os_release: Option<String>,
    /// Machine identity from DMI: vendor, product, firmware version.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub platform: BTreeMap<String, String>,
    /// What the collector was allowed to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privileges: Option<Privileges>,
    /// When it was made, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// What the collector was asked for, option by option.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub request: BTreeMap<String, String>,
    /// What could not be read, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<Failure>,
    /// Where two sources of this machine disagreed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<Conflict>,
    /// What was taken out for privacy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redaction: Option<Redaction>,
    /// Length and SHA-256 of every other member. Made by the writer and checked by the
    /// reader; empty in memory.
    #[serde(default)]
    pub files: BTreeMap<String, FileEntry>,
    /// Members of newer versions.
    #[serde(flatten)]
    pub other: BTreeMap<String, serde_json::Value>,
}

/// The program that wrote a capture.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "analyzer", derive(schemars::JsonSchema))]
pub struct Collector {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What a collector was allowed to read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "analyzer", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Privileges {
    /// Administrator or root: everything.
    Full,
    /// An ordinary user: 64 bytes of each configuration space, no firmware tables.
    User,
}

/// Something that could not be read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "analyzer", derive(schemars::JsonSchema))]
pub struct Failure {
    /// What: a path on the host, or a file and place of an imported text.
    pub what: String,
    /// Why, in the words of whoever failed.
    pub why: String,
}

/// Two sources that disagree about one fact.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "analyzer", derive(schemars::JsonSchema))]
pub struct Conflict {
    /// The function concerned, `dddd:bb:dd.f`; absent for facts about the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// The fact.
    pub fact: String,
    /// What was kept, with its origin.
    pub kept: String,
    /// What was set aside, with its origin.
    pub other: String,
}

/// What was taken out for privacy.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "analyzer", derive(schemars::JsonSchema))]
pub struct Redaction {
    /// Each place that was changed.
    pub changed: Vec<String>,
}

/// Checksum of a member.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "analyzer", derive(schemars::JsonSchema))]
pub struct FileEntry {
    /// Length in bytes.
    pub length: u64,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
}

impl Manifest {
    /// The name of the format.
    pub const FORMAT: &str = "assignable-capture";
    /// The version that this crate writes.
    pub const VERSION: u32 = 1;
}

impl Default for Manifest {
    fn default() -> Self {
        Self {
            format: Self::FORMAT.to_owned(),
            version: Self::VERSION,
            collector: None,
            os: None,
            os_release: None,
            platform: BTreeMap::new(),
            privileges: None,
            time: None,
            request: BTreeMap::new(),
            failures: Vec::new(),
            conflicts: Vec::new(),
            redaction: None,
            files: BTreeMap::new(),
            other: BTreeMap::new(),
        }
    }
}

/// The two members that say whether the rest can be understood. All else is skipped.
#[derive(Deserialize)]
pub(super) struct Header {
    format: Option<String>,
    version: Option<u64>,
}

impl Header {
    /// Reads the header of a manifest.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// Whether it is the manifest of a capture, of whatever version.
    pub(super) fn is_ours(&self) -> bool {
        self.format.as_deref() == Some(Manifest::FORMAT)
    }
}

/// Parses a manifest that stands beside `members` members.
pub(super) fn parse(file: &str, bytes: &[u8], members: usize) -> Result<Manifest, CaptureError> {
    let broken = |error: serde_json::Error| CaptureError::Manifest {
        file: file.to_owned(),
        offset: offset_of(bytes, &error),
        problem: error.to_string(),
    };
    // An honest manifest has one object for each member and each failure or conflict.
    let count = |sign| bytes.iter().filter(|&&byte| byte == sign).count();
    let swollen = count(b'{') > members + 100_000 || count(b',') > 4 * members + 800_000;
    let parsed = match swollen {
        true => None,
        false => Some(serde_json::from_slice(bytes)),
    };
    if let Some(Ok(manifest)) = parsed {
        let manifest: Manifest = manifest;
        if manifest.format == Manifest::FORMAT && manifest.version <= Manifest::VERSION {
            return Ok(manifest);
        }
    }
    // What it says of itself tells more than where it cannot be understood.
    let header = Header::read(bytes).map_err(broken)?;
    if !header.is_ours() {
        let format = header.format.unwrap_or_default().chars().take(64).collect();
        return Err(CaptureError::OtherFormat {
            file: file.to_owned(),
            format,
        });
    }
    if let Some(found) = header.version
        && found > u64::from(Manifest::VERSION)
    {
        let known = Manifest::VERSION;
        return Err(CaptureError::NewerVersion {
            file: file.to_owned(),
            found,
            known,
        });
    }
    if swollen {
        let what = "values in manifest.json";
        return Err(CaptureError::TooMany {
            file: file.to_owned(),
            what,
            limit: 800_000,
        });
    }
    serde_json::from_slice(bytes).map_err(broken)
}

/// The byte at which a JSON text is broken.
pub(super) fn offset_of(bytes: &[u8], error: &serde_json::Error) -> u64 {
    let line_start = match error.line() {
        0 | 1 => 0,
        line => bytes
            .iter()
            .enumerate()
            .filter(|&(_, &byte)| byte == b'\n')
            .nth(line - 2)
            .map_or(bytes.len(), |(at, _)| at + 1),
    };
    (line_start + error.column().saturating_sub(1)).min(bytes.len()) as u64
}
