//! Windows: device nodes, resources, ACPI tables and settings, without a driver.
//!
//! What only Windows can give comes through [`Source`], which is safe to implement: the calls
//! into Windows are in the collector's binary, and tests put in what Wine lacks.

mod boot;
pub mod hyperv;
mod registry;
mod resource;
#[cfg(test)]
mod tests;
mod value;

pub use registry::RegistryValue;
pub use resource::RawResource;

use std::collections::BTreeMap;

use super::time;
use crate::capture::{
    Capture, Collector, DeviceNode, DeviceNodes, Failure, HyperV, Method, NodeProperty, Origin,
    Privileges, Reported, WindowsHost, table_name,
};
use crate::spec::windows;

/// One device node as Windows gives it.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct RawNode {
    /// Instance id.
    pub instance_id: String,
    /// It is among the nodes that are present.
    pub present: bool,
    /// All its properties.
    pub properties: Vec<RawProperty>,
    /// Values below its `Device Parameters` key that bear on assignment, by path.
    pub registry: BTreeMap<String, u32>,
}

/// One device property as bytes.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct RawProperty {
    /// `{FMTID} pid`, the format id in upper case.
    pub key: String,
    /// `DEVPROP_TYPE_` number.
    pub kind: u32,
    /// The value.
    pub bytes: Vec<u8>,
}

/// A Windows host. What cannot be read is an error in words; the rest is collected all the
/// same.
pub trait Source {
    /// Every node of the enumerators PCI and PCIP, and of the PCI root buses, present or not.
    ///
    /// # Errors
    /// Why there is no list.
    fn nodes(&mut self) -> Result<Vec<RawNode>, String>;
    /// The resources allocated to a present node.
    ///
    /// # Errors
    /// Why they cannot be read.
    fn resources(&mut self, instance_id: &str) -> Result<Vec<RawResource>, String>;
    /// Every ACPI table with its header.
    ///
    /// # Errors
    /// Why there is none.
    fn tables(&mut self) -> Result<Vec<Vec<u8>>, String>;
    /// Edition, build and settings of Windows, but for the boot options.
    fn windows(&mut self) -> WindowsHost;
    /// A value of the registry: key below `HKEY_LOCAL_MACHINE`, and name; `None` where there is
    /// no such key or value.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn registry(&mut self, key: &str, name: &str) -> Result<Option<RegistryValue>, String>;
    /// The entry of the boot configuration that started the system, as `{GUID}`, where Windows
    /// says it.
    fn boot_entry(&mut self) -> Option<String>;
    /// What [`hyperv::COMMAND`] prints; `None` where the Hyper-V role is not installed.
    ///
    /// # Errors
    /// Why it was not asked, or gave no answer.
    fn hyperv(&mut self) -> Result<Option<Vec<u8>>, String>;
    /// Machine identity under the names of `/sys/class/dmi/id`.
    fn platform(&mut self) -> BTreeMap<String, String>;
    /// Whether the collector runs as administrator.
    fn elevated(&mut self) -> bool;
}

/// Reads a host. Nothing is changed.
pub fn collect(source: &mut dyn Source) -> Capture {
    let mut capture = Capture::default();
    let mut failures = Vec::new();
    let fail = |what: &str, why: String| Failure {
        what: what.to_owned(),
        why,
    };
    match source.nodes() {
        Ok(raw) => {
            let nodes = nodes(source, raw, &mut failures);
            if !nodes.nodes.is_empty() {
                capture.devnodes = Some(nodes.to_bytes());
            }
        }
        Err(why) => failures.push(fail("device nodes", why)),
    }
    match source.tables() {
        Ok(tables) => {
            for table in tables {
                add_table(&mut capture.tables, table, &mut failures);
            }
        }
        Err(why) => failures.push(fail("ACPI tables", why)),
    }
    let mut windows = source.windows();
    match boot::options(source) {
        Ok(options) => windows.boot = options,
        Err(why) => failures.push(fail("boot options", why)),
    }
    let manifest = &mut capture.manifest;
    manifest.os_release = windows.build.map(|build| build.to_string());
    if windows != WindowsHost::default() {
        let text = serde_json::to_vec_pretty(&windows).unwrap_or_default();
        capture.host.insert(WindowsHost::NAME.to_owned(), text);
    }
    let answer = source.hyperv().and_then(|printed| {
        let read = printed.map(|printed| hyperv::read(&printed));
        read.transpose()
    });
    match answer {
        Ok(None) => {}
        Ok(Some((hyperv, missing))) => {
            let text = serde_json::to_vec_pretty(&hyperv).unwrap_or_default();
            capture.host.insert(HyperV::NAME.to_owned(), text);
            failures.extend(missing);
        }
        Err(why) => failures.push(fail("Hyper-V", why)),
    }
    manifest.os = Some("windows".to_owned());
    manifest.platform = source.platform();
    manifest.privileges = Some(match source.elevated() {
        true => Privileges::Full,
        false => Privileges::User,
    });
    manifest.collector = Some(Collector {
        name: "assignable-collect".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    });
    manifest.time = time::now();
    manifest.failures = failures;
    capture
}

fn nodes(source: &mut dyn Source, raw: Vec<RawNode>, failures: &mut Vec<Failure>) -> DeviceNodes {
    let origin = Origin::of(Method::WindowsProperty);
    let mut nodes = DeviceNodes {
        properties_complete: true,
        resources_complete: true,
        ..DeviceNodes::default()
    };
    for raw in raw {
        let mut node = DeviceNode {
            instance_id: Some(raw.instance_id.clone()),
            ..DeviceNode::default()
        };
        for property in raw.properties {
            let value = value::decode(property.kind, &property.bytes);
            let property = (property.key, property.kind, value);
            let (key, kind, value) = property;
            let fact = NodeProperty {
                value,
                kind: Some(kind),
                origin: origin.clone(),
            };
            node.properties.insert(key, fact);
        }
        let present = windows::IS_PRESENT.key.to_owned();
        node.properties.entry(present).or_insert(NodeProperty {
            value: raw.present.into(),
            kind: None,
            origin: origin.clone(),
        });
        let numbers = raw.registry.into_iter();
        node.registry = numbers.map(|(path, value)| (path, value.into())).collect();
        if raw.present {
            match source.resources(&raw.instance_id) {
                Ok(list) => {
                    let list = list.iter().filter_map(RawResource::decode);
                    let facts = list.map(|value| Reported::new(value, origin.clone()));
                    node.resources = facts.collect();
                }
                Err(why) => {
                    // One line for all: it is the same for every node.
                    if nodes.resources_complete {
                        let what = "allocated resources".to_owned();
                        failures.push(Failure { what, why });
                    }
                    nodes.resources_complete = false;
                }
            }
        }
        nodes.nodes.push(node);
    }
    nodes
}

/// A table under its signature; one that is there already adds nothing.
fn add_table(tables: &mut BTreeMap<String, Vec<u8>>, table: Vec<u8>, failures: &mut Vec<Failure>) {
    let signature = table.get(..4).map(|name| {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        (
            name.iter().all(plain),
            String::from_utf8_lossy(name).into_owned(),
        )
    });
    match signature {
        Some((true, name)) if table.len() >= 36 => {
            if !tables.values().any(|known| *known == table) {
                tables.insert(table_name(tables, &name), table);
            }
        }
        _ => failures.push(Failure {
            what: "ACPI table".to_owned(),
            why: format!("{} bytes without a header", table.len()),
        }),
    }
}
