//! Facts about the machine as a whole.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Capture, text};
use crate::capture::limits::MAX_HOST;
use crate::import::tree::path::{function as function_name, resolve, root_bus};
use crate::import::tree::{Entry, Tree};

/// `host/iommu.json`: remapping units and groups as the kernel shows them.
#[derive(Serialize, Default)]
struct Iommu {
    units: BTreeMap<String, Unit>,
    groups: BTreeMap<u32, Group>,
}

#[derive(Serialize, Default)]
struct Unit {
    /// The PCI function that the unit itself is (AMD).
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<String>,
    /// Attributes such as `intel-iommu/cap`, as text.
    attributes: BTreeMap<String, String>,
    /// Functions that it serves.
    devices: Vec<String>,
}

#[derive(Serialize, Default)]
struct Group {
    /// Name that a driver of the platform gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Type of its default domain.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    devices: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reserved_regions: Option<Vec<String>>,
}

/// `host/root-buses.json`: one entry for each root bus.
#[derive(Serialize, Default)]
struct RootBus {
    /// ACPI object of the host bridge.
    #[serde(skip_serializing_if = "Option::is_none")]
    acpi_path: Option<String>,
    /// Its `_UID`, in the kernel's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    acpi_uid: Option<String>,
    /// Its `_HID`.
    #[serde(skip_serializing_if = "Option::is_none")]
    acpi_hid: Option<String>,
}

/// `host/kernel.json`: what else decides about assignment.
#[derive(Serialize, Default)]
struct Kernel {
    /// Modules about PCI, IOMMU, VFIO and KVM, built in or loaded, with their parameters.
    modules: BTreeMap<String, BTreeMap<String, String>>,
    /// `none [integrity] confidentiality`: the mode in brackets is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    lockdown: Option<String>,
    /// Booted by UEFI; absent where it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    efi: Option<bool>,
}

/// Takes over everything that is about no single function.
pub(super) fn read(tree: Tree, capture: &mut Capture) {
    let iommu = iommu(&tree);
    if !iommu.units.is_empty() || !iommu.groups.is_empty() {
        insert_json(capture, "iommu.json", &iommu);
    }
    let buses = root_buses(&tree);
    if !buses.is_empty() {
        insert_json(capture, "root-buses.json", &buses);
    }
    let kernel = kernel(&tree);
    if !kernel.modules.is_empty() || kernel.lockdown.is_some() || kernel.efi.is_some() {
        insert_json(capture, "kernel.json", &kernel);
    }
    platform(&tree, capture);
    for (path, entry) in tree.into_entries() {
        let Entry::File(bytes) = entry else { continue };
        if let Some(table) = path.strip_prefix("sys/firmware/acpi/tables/") {
            acpi_table(capture, table, bytes);
        } else if let Some(name) = path.strip_prefix("proc/") {
            let bytes = match name {
                "cpuinfo" => first_processor(bytes),
                "iomem" | "ioports" if hidden(&bytes) => continue,
                _ => bytes,
            };
            capture.host.insert(name.to_owned(), bytes);
        } else if matches!(
            path.as_str(),
            "extra/dmesg.txt" | "dmesg" | "var/log/dmesg" | "sos_commands/kernel/dmesg"
        ) {
            capture.host.entry("log.txt".to_owned()).or_insert(bytes);
        }
    }
}

/// A table is known by its signature. What firmware left below `data/` is none.
fn acpi_table(capture: &mut Capture, path: &str, bytes: Vec<u8>) {
    let name = path.rsplit('/').next().unwrap_or(path);
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !plain || bytes.len() as u64 > MAX_HOST {
        return;
    }
    let signature = name.get(..4).unwrap_or(name);
    if bytes.starts_with(signature.as_bytes()) && bytes.len() >= 36 {
        let known = capture.tables.values().any(|table| *table == bytes);
        if !known {
            let name = crate::capture::table_name(&capture.tables, name);
            capture.tables.insert(name, bytes);
        }
    } else {
        capture.host.insert(format!("acpi-data-{name}"), bytes);
    }
}

/// To an ordinary user the kernel shows every address as zero.
fn hidden(map: &[u8]) -> bool {
    let text = String::from_utf8_lossy(map);
    let zero = |address: &str| address.bytes().all(|byte| byte == b'0');
    text.lines().all(|line| {
        let range = line.split(':').next().unwrap_or_default().trim();
        range.split('-').all(zero)
    })
}

fn kernel(tree: &Tree) -> Kernel {
    let mut kernel = Kernel {
        lockdown: text(tree, "sys/kernel/security/lockdown"),
        efi: tree.exists("sys/firmware/efi").then_some(true),
        ..Kernel::default()
    };
    for (path, _) in tree.below("sys/module") {
        let parts: Vec<&str> = path.split('/').collect();
        let Some(&module) = parts.first() else {
            continue;
        };
        let parameters = kernel.modules.entry(module.to_owned()).or_default();
        if let [_, "parameters", name] = parts[..]
            && let Some(value) = text(tree, &format!("sys/module/{path}"))
        {
            parameters.insert(name.to_owned(), value);
        }
    }
    kernel
}

/// The processors are alike; what is asked of them is the vendor and the address width.
fn first_processor(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes
        .windows(2)
        .position(|pair| pair == b"\n\n")
        .map_or(bytes.len(), |end| end + 1);
    bytes.truncate(end);
    bytes
}

/// Vendor, product and firmware; and the release of the kernel.
fn platform(tree: &Tree, capture: &mut Capture) {
    for folder in ["sys/class/dmi/id", "sys/devices/virtual/dmi/id"] {
        for (name, _) in tree.below(folder) {
            if let Some(value) = text(tree, &format!("{folder}/{name}")) {
                capture
                    .manifest
                    .platform
                    .entry(name.to_owned())
                    .or_insert(value);
            }
        }
    }
    let version = text(tree, "proc/version");
    let release = version
        .as_deref()
        .and_then(|text| text.strip_prefix("Linux version "));
    capture.manifest.os_release = release
        .and_then(|text| text.split_ascii_whitespace().next())
        .map(str::to_owned);
}

fn iommu(tree: &Tree) -> Iommu {
    let mut iommu = Iommu::default();
    for (path, entry) in tree.iter() {
        let parts: Vec<&str> = path.split('/').collect();
        match parts[..] {
            ["sys", "kernel", "iommu_groups", number, ref below @ ..] => {
                let Ok(number) = number.parse() else { continue };
                let group = iommu.groups.entry(number).or_default();
                match (below, entry) {
                    (["devices", name], _) => group.devices.push((*name).to_owned()),
                    (["name"], Entry::File(_)) => group.name = text(tree, path),
                    (["type"], Entry::File(_)) => group.kind = text(tree, path),
                    (["reserved_regions"], Entry::File(bytes)) => {
                        let lines = String::from_utf8_lossy(bytes);
                        let lines = lines.lines().map(str::to_owned).collect();
                        group.reserved_regions = Some(lines);
                    }
                    _ => {}
                }
            }
            [.., "iommu", unit] if *entry == Entry::Exists => {
                _ = iommu.units.entry(unit.into()).or_default();
            }
            [ref above @ .., "iommu", unit, folder, attribute] => {
                let unit = iommu.units.entry(unit.to_owned()).or_default();
                let owner = above.last().copied().and_then(function_name);
                unit.function = owner.map(|at| at.to_string()).or(unit.function.take());
                if folder == "devices" && !unit.devices.iter().any(|known| known == attribute) {
                    unit.devices.push(attribute.to_owned());
                } else if let Some(value) = text(tree, path) {
                    unit.attributes
                        .insert(format!("{folder}/{attribute}"), value);
                }
            }
            _ => {}
        }
    }
    iommu
}

fn root_buses(tree: &Tree) -> BTreeMap<String, RootBus> {
    let mut buses: BTreeMap<String, RootBus> = BTreeMap::new();
    for (path, entry) in tree.iter() {
        let parts: Vec<&str> = path.split('/').collect();
        let ["sys", "devices", ..] = parts[..] else {
            continue;
        };
        for name in parts.iter().filter(|name| root_bus(name).is_some()) {
            let name = name.trim_start_matches("pci");
            buses.entry(name.to_owned()).or_default();
        }
        let [.., bus, "firmware_node"] = parts[..] else {
            continue;
        };
        let (Entry::Link(target), Some(_)) = (entry, root_bus(bus)) else {
            continue;
        };
        let Some(object) = resolve(path, target) else {
            continue;
        };
        let of = |name: &str| text(tree, &format!("{object}/{name}"));
        let root = RootBus {
            acpi_path: of("path"),
            acpi_uid: of("uid"),
            acpi_hid: of("hid"),
        };
        buses.insert(bus.trim_start_matches("pci").to_owned(), root);
    }
    buses
}

fn insert_json<T: Serialize>(capture: &mut Capture, name: &str, value: &T) {
    if let Ok(mut text) = serde_json::to_vec_pretty(value) {
        text.push(b'\n');
        capture.host.insert(name.to_owned(), text);
    }
}
