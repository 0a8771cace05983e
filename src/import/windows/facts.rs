//! What a device node says about its function.

use std::collections::BTreeMap;
use std::fmt;

use super::path::{Hops, windows_path};
use crate::capture::{
    DeviceNode, FunctionProperties, FunctionRecord, Method, NodeResource, Origin, Reported,
    Resource,
};
use crate::spec::windows;

/// Vendor and device id, and subsystem and revision, as an instance id has them.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Ids {
    pub(super) vendor: Option<u16>,
    device: Option<u16>,
    subsystem: Option<(u16, u16)>,
    revision: Option<u8>,
}

impl Ids {
    /// From the instance id, else from the hardware ids.
    pub(super) fn of(node: &DeviceNode) -> Self {
        let mut ids = Self::default();
        let own = node.instance_id.as_deref();
        for text in own.into_iter().chain(node.list(windows::HARDWARE_IDS)) {
            ids.add(text);
        }
        ids
    }

    /// The ids that a record has.
    pub(super) fn in_record(record: &FunctionRecord) -> Self {
        let reported = |fact: &Option<Reported<u16>>| fact.as_ref().map(|fact| fact.value);
        // All ones is no id: virtual functions have none of their own.
        let raw = |offset| record.config.u16(offset).filter(|&id| id != 0xffff);
        Self {
            vendor: raw(0).or_else(|| reported(&record.properties.vendor)),
            device: raw(2).or_else(|| reported(&record.properties.device)),
            ..Self::default()
        }
    }

    /// Whether a record may be the same device.
    pub(super) fn fit(self, record: &FunctionRecord) -> bool {
        let other = Self::in_record(record);
        let same = |mine: Option<u16>, theirs: Option<u16>| {
            mine.is_none() || theirs.is_none() || mine == theirs
        };
        same(self.vendor, other.vendor) && same(self.device, other.device)
    }

    fn add(&mut self, text: &str) {
        let upper = text.to_ascii_uppercase();
        let part = |name: &str, digits: usize| {
            let at = upper.find(name)?;
            let start = at + name.len();
            u32::from_str_radix(upper.get(start..start + digits)?, 16).ok()
        };
        let word = |number: u32| u16::try_from(number & 0xffff).ok();
        self.vendor = self.vendor.or_else(|| part("VEN_", 4).and_then(word));
        self.device = self.device.or_else(|| part("&DEV_", 4).and_then(word));
        let subsystem = part("SUBSYS_", 8).and_then(|both| Some((word(both)?, word(both >> 16)?)));
        self.subsystem = self.subsystem.or(subsystem);
        let revision = part("&REV_", 2).and_then(|number| u8::try_from(number).ok());
        self.revision = self.revision.or(revision);
    }
}

impl fmt::Display for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.vendor, self.device) {
            (Some(vendor), Some(device)) => write!(f, "{vendor:04x}:{device:04x}"),
            _ => f.write_str("unknown ids"),
        }
    }
}

/// Everything that a node says. `raw` = the configuration space is captured, so that ranges
/// without BAR numbers add nothing.
pub(super) fn of(node: &DeviceNode, raw: bool) -> FunctionProperties {
    let origin = node
        .properties
        .values()
        .map(|property| &property.origin)
        .next()
        .cloned()
        .unwrap_or(Origin::of(Method::WindowsProperty));
    let fact = |property: windows::DeviceProperty| {
        let origin = node.properties.get(property.key).map(|p| p.origin.clone());
        origin.unwrap_or_else(|| Origin::of(Method::WindowsProperty))
    };
    let ids = Ids::of(node);
    let own = |value: Option<u16>| value.map(|value| Reported::new(value, origin.clone()));
    let text = |property: windows::DeviceProperty| {
        let value = node.text(property)?.trim();
        (!value.is_empty()).then(|| Reported::new(value.to_owned(), fact(property)))
    };
    let mut properties = FunctionProperties {
        vendor: own(ids.vendor),
        device: own(ids.device),
        subsystem_vendor: own(ids.subsystem.map(|ids| ids.0)),
        subsystem_device: own(ids.subsystem.map(|ids| ids.1)),
        revision: ids
            .revision
            .map(|value| Reported::new(value, origin.clone())),
        name: text(windows::FRIENDLY_NAME).or_else(|| text(windows::DESCRIPTION)),
        driver: text(windows::SERVICE),
        acpi_path: text(windows::BIOS_NAME),
        numa_node: node
            .number(windows::NUMA_NODE)
            .map(|value| Reported::new(value, fact(windows::NUMA_NODE))),
        root_bus: windows_path(node)
            .map(|path| Reported::new(path.root, fact(windows::LOCATION_PATHS))),
        ..FunctionProperties::default()
    };
    match class_of(node) {
        Some((class, true)) => properties.class = Some(Reported::new(class, origin.clone())),
        Some((class, false)) => {
            let class = u16::try_from(class >> 8).unwrap_or(u16::MAX);
            properties.base_class = Some(Reported::new(class, origin.clone()));
        }
        None => {}
    }
    for (key, property) in &node.properties {
        let fact = Reported::new(property.value.clone(), property.origin.clone());
        properties.windows.insert(key.clone(), fact);
    }
    if let Some(id) = &node.instance_id {
        let fact = Reported::new(id.clone().into(), origin.clone());
        let key = windows::INSTANCE_ID.key.to_owned();
        properties.windows.entry(key).or_insert(fact);
    }
    let bridge = properties.class_code().is_some_and(|class| class >> 8 == 6);
    if !raw && !bridge {
        add_resources(node, &mut properties);
    }
    properties
}

/// The class code, and whether its last byte is known: from the properties, else from the
/// `CC_` form of a hardware id.
fn class_of(node: &DeviceNode) -> Option<(u32, bool)> {
    let byte = |property| node.number(property).filter(|&number| number <= 0xff);
    if let (Some(base), Some(sub)) = (byte(windows::BASE_CLASS), byte(windows::SUB_CLASS)) {
        let interface = byte(windows::PROG_IF);
        return Some((
            base << 16 | sub << 8 | interface.unwrap_or(0),
            interface.is_some(),
        ));
    }
    let code = |digits: usize| {
        node.list(windows::HARDWARE_IDS).find_map(|id| {
            let upper = id.to_ascii_uppercase();
            let rest = upper.split_once("CC_")?.1;
            (rest.len() == digits).then(|| u32::from_str_radix(rest, 16).ok())?
        })
    };
    let full = code(6).map(|class| (class, true));
    full.or_else(|| code(4).map(|class| (class << 8, false)))
}

/// Kind bits as Linux has them (include/linux/ioport.h).
const FLAG_IO: u64 = 0x100;
const FLAG_MEMORY: u64 = 0x200;
const FLAG_MEM_64: u64 = 0x10_0000;

/// Ranges that a display controller owns beside its BARs.
fn is_legacy(resource: &NodeResource) -> bool {
    match resource {
        NodeResource::Memory { start, .. } => (0xa_0000..0x10_0000).contains(start),
        NodeResource::Port { start, .. } => (0x3b0..0x3e0).contains(start),
        _ => false,
    }
}

/// The allocated ranges as BARs without numbers.
fn add_resources(node: &DeviceNode, properties: &mut FunctionProperties) {
    let mut index = 0_u8;
    for reported in node.resources.iter().filter(|r| !is_legacy(&r.value)) {
        let (start, end, memory) = match reported.value {
            NodeResource::Memory { start, end } => (start, end, true),
            NodeResource::Port { start, end } => (start, end, false),
            _ => continue,
        };
        let len = match end {
            Some(end) if end >= start => (end - start).checked_add(1),
            Some(_) => continue,
            None => None,
        };
        let wide = memory && (start >> 32 != 0 || only_64_bit(node));
        if index > 5 || (wide && index > 4) {
            break;
        }
        let flags = match (memory, wide) {
            (false, _) => FLAG_IO,
            (true, false) => FLAG_MEMORY,
            (true, true) => FLAG_MEMORY | FLAG_MEM_64,
        };
        let resource = Resource {
            index,
            start,
            len,
            flags: Some(flags),
            unassigned: false,
        };
        let origin = reported.origin.clone();
        properties.resources.push(Reported::new(resource, origin));
        index += if wide { 2 } else { 1 };
    }
    if !properties.resources.is_empty() {
        let origin = Origin::of(Method::WindowsProperty);
        properties.resource_indices_inferred = Some(Reported::new(true, origin));
    }
}

/// Whether the property BarTypes counts no memory BAR of 32 bits.
fn only_64_bit(node: &DeviceNode) -> bool {
    node.number(windows::BAR_TYPES).is_some_and(|types| {
        let [_, non_prefetchable, prefetchable, wide] = types.to_le_bytes();
        non_prefetchable == 0 && prefetchable == 0 && wide > 0
    })
}

/// The bridge above each placed node, by index: its address, or an empty text on a root bus.
/// By the property Parent, else by the location path, else by the hops in the instance id.
pub(super) fn parents(nodes: &[DeviceNode]) -> BTreeMap<usize, String> {
    let mut by_id: BTreeMap<String, &str> = BTreeMap::new();
    let mut by_path: BTreeMap<Hops, &str> = BTreeMap::new();
    let mut by_chain: BTreeMap<String, Option<&str>> = BTreeMap::new();
    for node in nodes {
        let Some(function) = node.function.as_deref() else {
            continue;
        };
        if let Some(id) = &node.instance_id {
            by_id.insert(id.to_ascii_uppercase(), function);
        }
        if let Some(path) = windows_path(node) {
            by_path.insert(path, function);
        }
        if let Some(chain) = chain(node) {
            // Two root buses may have the same hops below them.
            let slot = by_chain.entry(chain).or_insert(Some(function));
            if *slot != Some(function) {
                *slot = None;
            }
        }
    }
    let mut parents = BTreeMap::new();
    for (index, node) in nodes.iter().enumerate() {
        if node.function.is_none() {
            continue;
        }
        let reported = node.text(windows::PARENT).and_then(|parent| {
            let upper = parent.to_ascii_uppercase();
            let bus = upper.split('\\').next().unwrap_or_default();
            match bus {
                windows::ENUMERATOR_PCI => by_id.get(&upper).map(|at| (*at).to_owned()),
                // Host bridges are nodes of ACPI, or of the virtual machine bus in a guest.
                "ACPI" | "VMBUS" => Some(String::new()),
                _ => None,
            }
        });
        let by_path = || {
            let path = windows_path(node)?;
            match path.above() {
                None => Some(String::new()),
                Some(above) => by_path.get(&above).map(|at| (*at).to_owned()),
            }
        };
        let by_chain = || {
            let own = chain(node)?;
            match own.get(2..)? {
                "" => Some(String::new()),
                above => by_chain.get(above).copied().flatten().map(str::to_owned),
            }
        };
        if let Some(parent) = reported.or_else(by_path).or_else(by_chain) {
            parents.insert(index, parent);
        }
    }
    parents
}

/// The hops at the end of an instance id, two digits each, the device first and the root last.
/// The number before them grows with each bridge, so that a serial number is not taken for
/// hops.
pub(super) fn chain(node: &DeviceNode) -> Option<String> {
    let tail = node.instance_id.as_ref()?.rsplit('\\').next()?;
    let parts: Vec<&str> = tail.split('&').collect();
    let [depth, _, _, hops] = parts.as_slice() else {
        return None;
    };
    let depth: usize = depth.parse().ok()?;
    let hex = hops.bytes().all(|byte| byte.is_ascii_hexdigit());
    (hex && !hops.is_empty() && hops.len() % 2 == 0 && depth.checked_sub(2)? == hops.len() / 2)
        .then(|| hops.to_ascii_uppercase())
}
