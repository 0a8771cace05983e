//! Which member holds what: the one place that knows the layout, for reading and writing.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::error::CaptureError;
use super::limits::{MAX_CONFIG, MAX_HOST, MAX_PROPERTIES, MAX_SOURCE, MAX_TABLE, MAX_VPD};
use super::{Capture, FileEntry, FunctionProperties, names};
use crate::addr::Sbdf;

/// Name of the manifest.
pub(crate) const MANIFEST: &str = "manifest.json";
/// Name of the Windows device nodes.
const DEVNODES: &str = "pnp/devnodes.json";
/// Member of `properties.json` that belongs to the configuration space.
pub(crate) const CONFIG_SIZE: &str = "config_size";

/// What a member is, by its name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Member {
    Manifest,
    Config(Sbdf),
    Known(Sbdf),
    Properties(Sbdf),
    Vpd(Sbdf),
    Devnodes,
    Table(String),
    Host(String),
    Source(String),
    /// Not of this version; kept as it is.
    Unknown,
}

impl Member {
    /// Only the canonical spelling of an address counts, so that no function has two folders.
    pub(crate) fn of(name: &str) -> Self {
        match name {
            MANIFEST => return Self::Manifest,
            DEVNODES => return Self::Devnodes,
            _ => {}
        }
        let Some((folder, rest)) = name.split_once('/') else {
            return Self::Unknown;
        };
        if folder == "pci" {
            return Self::of_function(rest).unwrap_or(Self::Unknown);
        }
        if rest.contains('/') {
            return Self::Unknown;
        }
        match folder {
            "acpi" => Self::Table(rest.to_owned()),
            "host" => Self::Host(rest.to_owned()),
            "source" => Self::Source(rest.to_owned()),
            _ => Self::Unknown,
        }
    }

    fn of_function(rest: &str) -> Option<Self> {
        let (folder, file) = rest.split_once('/')?;
        let at = Sbdf::from_file_name(folder).ok()?;
        if at.file_name() != folder {
            return None;
        }
        match file {
            "config" => Some(Self::Config(at)),
            "config.known" => Some(Self::Known(at)),
            "properties.json" => Some(Self::Properties(at)),
            "vpd" => Some(Self::Vpd(at)),
            _ => None,
        }
    }

    /// Bytes of such a member that are read at most.
    pub(crate) const fn limit(&self) -> u64 {
        match self {
            Self::Config(_) | Self::Known(_) => MAX_CONFIG,
            Self::Properties(_) => MAX_PROPERTIES,
            Self::Vpd(_) => MAX_VPD,
            Self::Table(_) | Self::Unknown => MAX_TABLE,
            Self::Manifest | Self::Host(_) | Self::Devnodes => MAX_HOST,
            Self::Source(_) => MAX_SOURCE,
        }
    }
}

/// Whether a capture of this version may have a member of this name.
#[cfg(feature = "analyzer")]
pub(crate) fn is_member(name: &str) -> bool {
    Member::of(name) != Member::Unknown
}

/// `properties.json` as written: the properties, and the size of the configuration space,
/// which in memory belongs to the image.
#[derive(Serialize)]
#[cfg_attr(feature = "analyzer", derive(schemars::JsonSchema))]
pub struct PropertiesFile<'a> {
    /// Size of the whole configuration space in bytes (256 or 4096), where the source knew
    /// it. It may exceed the length of `config`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_size: Option<u16>,
    /// Everything else.
    #[serde(flatten)]
    pub properties: Cow<'a, FunctionProperties>,
}

/// Every member of a capture by name, the manifest with fresh checksums among them.
pub(super) fn members(capture: &Capture) -> Result<BTreeMap<String, Cow<'_, [u8]>>, CaptureError> {
    let mut members = BTreeMap::new();
    for (at, record) in &capture.functions {
        let folder = format!("pci/{}", at.file_name());
        if !record.config.is_empty() {
            add(
                &mut members,
                format!("{folder}/config"),
                record.config.bytes(),
            )?;
        }
        if let Some(known) = record.config.known_mask() {
            add(&mut members, format!("{folder}/config.known"), known)?;
        }
        let properties = PropertiesFile {
            config_size: record.config.size(),
            properties: Cow::Borrowed(&record.properties),
        };
        let name = format!("{folder}/properties.json");
        let text = json(&name, &properties)?;
        add(&mut members, name, text)?;
    }
    for (at, vpd) in &capture.vpd {
        let name = format!("pci/{}/vpd", at.file_name());
        add(&mut members, name, vpd.as_slice())?;
    }
    if let Some(devnodes) = &capture.devnodes {
        add(&mut members, DEVNODES.to_owned(), devnodes.as_slice())?;
    }
    for (folder, files) in [
        ("acpi", &capture.tables),
        ("host", &capture.host),
        ("source", &capture.sources),
    ] {
        for (name, bytes) in files {
            add(&mut members, format!("{folder}/{name}"), bytes.as_slice())?;
        }
    }
    for (name, bytes) in &capture.unknown {
        add(&mut members, name.clone(), bytes.as_slice())?;
    }
    let mut manifest = capture.manifest.clone();
    manifest.files = members
        .iter()
        .map(|(name, bytes)| (name.clone(), entry(bytes)))
        .collect();
    let text = json(MANIFEST, &manifest)?;
    add(&mut members, MANIFEST.to_owned(), text)?;
    Ok(members)
}

fn add<'a>(
    members: &mut BTreeMap<String, Cow<'a, [u8]>>,
    name: String,
    bytes: impl Into<Cow<'a, [u8]>>,
) -> Result<(), CaptureError> {
    if let Err(why) = names::check(&name) {
        return Err(CaptureError::UnsafeName { member: name, why });
    }
    match members.insert(name.clone(), bytes.into()) {
        None => Ok(()),
        Some(_) => Err(CaptureError::SameName { member: name }),
    }
}

fn json<T: Serialize>(name: &str, value: &T) -> Result<Vec<u8>, CaptureError> {
    let mut text = serde_json::to_vec_pretty(value)
        .map_err(|error| CaptureError::io(name, std::io::Error::from(error)))?;
    text.push(b'\n');
    Ok(text)
}

/// Length and checksum of a member.
pub(super) fn entry(bytes: &[u8]) -> FileEntry {
    let mut sha256 = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        for digit in [byte >> 4, byte & 0xf] {
            let base = if digit < 10 { b'0' } else { b'a' - 10 };
            sha256.push(char::from(base + digit));
        }
    }
    FileEntry {
        length: bytes.len() as u64,
        sha256,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_address_names_a_function() {
        let at = "10000:e0:06.0".parse().unwrap();
        assert_eq!(Member::of("pci/10000-e0-06.0/config"), Member::Config(at));
        assert_eq!(
            Member::of("pci/10000-e0-06.0/config.known"),
            Member::Known(at)
        );
        assert_eq!(
            Member::of("pci/10000-e0-06.0/properties.json"),
            Member::Properties(at)
        );
        assert_eq!(Member::of("pci/10000-e0-06.0/vpd"), Member::Vpd(at));
        for name in [
            "pci/010000-e0-06.0/config",
            "pci/10000-E0-06.0/config",
            "pci/10000-e0-6.0/config",
            "pci/0000-00-20.0/config",
            "pci/10000-e0-06.0/trace",
            "pci/10000-e0-06.0",
            "pci/x",
            "acpi/data/BERT",
            "ACPI/DMAR",
            "config",
            "manifest.json/x",
        ] {
            assert_eq!(Member::of(name), Member::Unknown, "{name}");
        }
        assert_eq!(Member::of("acpi/SSDT1"), Member::Table("SSDT1".to_owned()));
    }

    #[test]
    fn the_checksum_is_sha_256() {
        // The first example of FIPS 180-2, B.1.
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".to_owned();
        assert_eq!(entry(b"abc"), FileEntry { length: 3, sha256 });
    }
}
