//! What all readers of Windows exports fill: device nodes and facts about the host.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::key::{property_key, property_type};
use super::relpath;
use crate::capture::{
    Capture, DeviceNode, DeviceNodes, Failure, HyperV, Method, NodeProperty, NodeResource, Origin,
    PoolDevice, Reported, VirtualMachine, WindowsHost, property_number,
};
use crate::spec::windows;

/// Nodes kept of one text: Windows servers have some hundred, and thousands of phantoms.
const MAX_NODES: usize = 100_000;
/// Longest value that is kept.
const MAX_VALUE: usize = 16 << 10;

/// Named values that belong together: a row, a block of lines, a JSON object.
pub(super) type Record = Map<String, Value>;

/// Collects what an export says.
pub(super) struct Builder {
    source: String,
    nodes: Vec<DeviceNode>,
    by_id: BTreeMap<String, usize>,
    /// Last addresses by first one, from rows about memory and ports.
    memory: BTreeMap<u64, Vec<u64>>,
    ports: BTreeMap<u64, Vec<u64>>,
    allocations: Vec<(String, NodeResource, u32)>,
    allocation_rows: bool,
    /// The exporter says that it asked for all properties.
    pub(super) all_properties: bool,
    /// Lines of the source before the part that is being read.
    pub(super) lines_before: u32,
    pub(super) windows: WindowsHost,
    pub(super) hyperv: HyperV,
    pub(super) tables: BTreeMap<String, Vec<u8>>,
    pub(super) capture: Capture,
}

/// Columns and members that hold an instance id.
const ID_NAMES: &[&str] = &[
    "instanceid",
    "pnpdeviceid",
    "deviceid",
    "deviceinstanceid",
    "deviceinstancepath",
];

/// Plain names of cmdlets and WMI classes for device properties.
const PLAIN_NAMES: &[(&str, &str)] = &[
    ("friendlyname", windows::FRIENDLY_NAME.key),
    ("name", windows::FRIENDLY_NAME.key),
    ("caption", windows::FRIENDLY_NAME.key),
    ("description", windows::DESCRIPTION.key),
    ("devicedescription", windows::DESCRIPTION.key),
    ("hardwareid", windows::HARDWARE_IDS.key),
    ("hardwareids", windows::HARDWARE_IDS.key),
    ("compatibleid", "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 4"),
    ("compatibleids", "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 4"),
    ("service", windows::SERVICE.key),
    ("class", "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 9"),
    ("pnpclass", "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 9"),
    ("classname", "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 9"),
    ("classguid", "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 10"),
    ("manufacturer", "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 13"),
    (
        "manufacturername",
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 13",
    ),
    ("locationpaths", windows::LOCATION_PATHS.key),
    ("locationpath", windows::LOCATION_PATHS.key),
    ("locationinfo", windows::LOCATION_INFO.key),
    ("locationinformation", windows::LOCATION_INFO.key),
    ("location", windows::LOCATION_INFO.key),
    ("busnumber", windows::BUS_NUMBER.key),
    ("address", windows::ADDRESS.key),
    ("parent", windows::PARENT.key),
    ("parentdevice", windows::PARENT.key),
    ("configmanagererrorcode", windows::PROBLEM_CODE.key),
    ("problem", windows::PROBLEM_CODE.key),
    ("problemcode", windows::PROBLEM_CODE.key),
    ("present", windows::IS_PRESENT.key),
    ("ispresent", windows::IS_PRESENT.key),
    ("devnodestatus", windows::NODE_STATUS.key),
    ("biosdevicename", windows::BIOS_NAME.key),
];

/// The key behind a plain name of a property.
pub(super) fn plain_key(name: &str) -> Option<&'static str> {
    let plain: String = name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .collect::<String>()
        .to_ascii_lowercase();
    PLAIN_NAMES
        .iter()
        .find(|(known, _)| *known == plain)
        .map(|(_, key)| *key)
}

/// Whether a text looks like a device instance id of any bus.
pub(super) fn is_instance_id(text: &str) -> bool {
    let parts: Vec<&str> = text.trim().split('\\').collect();
    let plain = |part: &&str| !part.is_empty() && !part.contains(|c: char| c.is_control());
    (2..=4).contains(&parts.len())
        && text.len() < 512
        && !text.contains("...")
        && !text.contains('…')
        && parts.iter().all(plain)
        && parts
            .first()
            .is_some_and(|bus| bus.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
}

impl Builder {
    pub(super) fn new(source: &str) -> Self {
        Self {
            source: source.to_owned(),
            nodes: Vec::new(),
            by_id: BTreeMap::new(),
            memory: BTreeMap::new(),
            ports: BTreeMap::new(),
            allocations: Vec::new(),
            allocation_rows: false,
            all_properties: false,
            lines_before: 0,
            windows: WindowsHost::default(),
            hyperv: HyperV::default(),
            tables: BTreeMap::new(),
            capture: Capture::default(),
        }
    }

    pub(super) fn origin(&self, line: u32) -> Origin {
        match line {
            0 => Origin {
                method: Method::WindowsProperty,
                source: Some(self.source.clone()),
                line: None,
            },
            line => {
                let line = self.lines_before.saturating_add(line);
                Origin::line(Method::WindowsProperty, &self.source, line)
            }
        }
    }

    /// The node with an instance id, created where it is new.
    pub(super) fn node(&mut self, id: &str) -> Option<&mut DeviceNode> {
        let id = id.trim();
        let key = id.to_ascii_uppercase();
        let index = match self.by_id.get(&key) {
            Some(&index) => index,
            None if self.nodes.len() >= MAX_NODES => return None,
            None => {
                self.by_id.insert(key, self.nodes.len());
                self.nodes.push(DeviceNode {
                    instance_id: Some(id.to_owned()),
                    ..DeviceNode::default()
                });
                self.nodes.len() - 1
            }
        };
        self.nodes.get_mut(index)
    }

    /// A node that the source names in words alone.
    pub(super) fn nameless(&mut self, node: DeviceNode) {
        if self.nodes.len() < MAX_NODES {
            self.nodes.push(node);
        }
    }

    /// A property of a node; the first value stands.
    pub(super) fn property(
        &mut self,
        id: &str,
        key: &str,
        value: Value,
        kind: Option<u32>,
        line: u32,
    ) {
        // A row of the type "empty" says that the device has no such property.
        let absent = value.is_null() && matches!(kind, Some(0 | 1));
        if !absent && (value.is_null() || !says_something(&value)) {
            return;
        }
        let origin = self.origin(line);
        if let Some(node) = self.node(id) {
            node.properties
                .entry(key.to_owned())
                .or_insert(NodeProperty {
                    value,
                    kind,
                    origin,
                });
        }
    }

    /// A record about whatever it is about. `owner` is the node that it lies within.
    pub(super) fn record(&mut self, record: &Record, owner: Option<&str>, line: u32) {
        let fields = Fields(record);
        if self.allocation(&fields, line) || self.range(&fields) || self.host(&fields) {
            return;
        }
        let own = fields.text(ID_NAMES).filter(|id| is_instance_id(id));
        let Some(id) = own.or(owner).map(str::to_owned) else {
            return;
        };
        if let Some(key) = fields.key() {
            let value = fields
                .value(&["data", "value"])
                .cloned()
                .unwrap_or_default();
            let kind = fields.value(&["type", "datatype"]).and_then(type_number);
            self.property(&id, &key, value, kind, line);
            return;
        }
        if own.is_some() {
            let _ = self.node(&id);
        }
        for (name, value) in record {
            let key = property_key(name).or_else(|| plain_key(name).map(str::to_owned));
            match (key, value) {
                (Some(key), Value::Object(inner)) => {
                    let inner = Fields(inner);
                    let data = inner.value(&["data", "value"]).cloned().unwrap_or_default();
                    let kind = inner.value(&["type"]).and_then(type_number);
                    self.property(&id, &key, data, kind, line);
                }
                (Some(key), value) => self.property(&id, &key, value.clone(), None, line),
                (None, Value::Object(inner)) if name.eq_ignore_ascii_case("registry") => {
                    if let Some(node) = self.node(&id) {
                        node.registry
                            .extend(inner.iter().map(|(k, v)| (k.clone(), v.clone())));
                    }
                }
                (None, Value::Object(inner)) => self.record(inner, Some(&id), line),
                (None, Value::Array(items)) => {
                    for item in items {
                        if let Value::Object(inner) = item {
                            self.record(inner, Some(&id), line);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// A row of Win32_PnPAllocatedResource.
    fn allocation(&mut self, fields: &Fields<'_>, line: u32) -> bool {
        let whole = fields.text(&["__relpath", "relpath"]);
        let from_whole = whole.and_then(relpath::allocation);
        let parts = fields
            .value(&["antecedent"])
            .zip(fields.value(&["dependent"]))
            .and_then(|(resource, device)| {
                Some((relpath::device(device)?, relpath::resource(resource)?))
            });
        let Some((id, resource)) = from_whole.or(parts) else {
            return false;
        };
        self.allocation_rows = true;
        if self.allocations.len() < MAX_NODES {
            self.allocations.push((id, resource, line));
        }
        true
    }

    /// A row of Win32_DeviceMemoryAddress or Win32_PortResource.
    fn range(&mut self, fields: &Fields<'_>) -> bool {
        let start = fields.value(&["startingaddress"]).and_then(wide);
        let end = fields.value(&["endingaddress"]).and_then(wide);
        let (Some(start), Some(end)) = (start, end) else {
            return false;
        };
        let class = fields.text(&["__class", "creationclassname", "cimclass", "caption"]);
        let is_port =
            class.is_some_and(|class| class.contains("Port")) || (class.is_none() && end <= 0xffff);
        let to = if is_port {
            &mut self.ports
        } else {
            &mut self.memory
        };
        let ends = to.entry(start).or_default();
        if ends.len() < 16 {
            ends.push(end);
        }
        true
    }

    /// Answers of the Hyper-V cmdlets.
    fn host(&mut self, fields: &Fields<'_>) -> bool {
        if let Some(support) = fields.value(&["iovsupport"]) {
            self.hyperv.iov_support = property_number(support).map(|is| is != 0);
            let reasons = fields.value(&["iovsupportreasons"]);
            let reasons = crate::capture::property_texts(reasons);
            self.hyperv
                .iov_support_reasons
                .extend(reasons.map(str::to_owned));
            return true;
        }
        let name = fields.text(&["vmname", "name"]);
        if let (Some(action), Some(name)) = (fields.value(&["automaticstopaction"]), name) {
            let number = |names: &[&str]| fields.value(names).and_then(wide);
            let truth = |names: &[&str]| fields.value(names).and_then(property_number);
            let machine = VirtualMachine {
                name: name.to_owned(),
                state: fields.value(&["state"]).and_then(vm_state),
                generation: number(&["generation"]).and_then(|n| u8::try_from(n).ok()),
                automatic_stop_action: stop_action(action),
                dynamic_memory: truth(&["dynamicmemoryenabled"]).map(|is| is != 0),
                low_mmio_bytes: number(&["lowmemorymappediospace"]),
                high_mmio_bytes: number(&["highmemorymappediospace"]),
                high_mmio_base_megabytes: number(&["highmmiogapbase"]),
                guest_controlled_cache_types: truth(&["guestcontrolledcachetypes"])
                    .map(|is| is != 0),
                nested_virtualization: truth(&["exposevirtualizationextensions"]).map(|is| is != 0),
                clustered: truth(&["isclustered"]).map(|is| is != 0),
                ..VirtualMachine::default()
            };
            let machines = self.hyperv.machines.get_or_insert_default();
            let known = machines.iter_mut().find(|known| known.name == machine.name);
            if let Some(known) = known {
                let devices = known.devices.take();
                *known = VirtualMachine { devices, ..machine };
            } else if machines.len() < MAX_NODES {
                machines.push(machine);
            }
            return true;
        }
        self.assigned(fields)
    }

    /// A row of Get-VMAssignableDevice or Get-VMHostAssignableDevice.
    fn assigned(&mut self, fields: &Fields<'_>) -> bool {
        let path = fields.text(&["locationpath"]);
        let instance = fields.text(&["instancepath", "instanceid"]);
        let pool = fields.text(&["resourcepoolname", "poolname"]);
        let vm = fields.text(&["vmname"]);
        let hyperv = vm.is_some() || pool.is_some() || fields.text(&["instancepath"]).is_some();
        if !hyperv || (path.is_none() && instance.is_none()) {
            return false;
        }
        let device = PoolDevice {
            instance_path: instance.map(str::to_owned),
            location_path: path.map(str::to_owned),
            pool: pool.map(str::to_owned),
            other: BTreeMap::new(),
        };
        match vm.filter(|vm| !vm.is_empty()) {
            None => {
                let list = self.hyperv.pool.get_or_insert_default();
                if list.len() < MAX_NODES {
                    list.push(device);
                }
            }
            Some(vm) => {
                let machines = self.hyperv.machines.get_or_insert_default();
                let index = machines.iter().position(|machine| machine.name == vm);
                let index = index.unwrap_or_else(|| {
                    machines.push(VirtualMachine {
                        name: vm.to_owned(),
                        ..VirtualMachine::default()
                    });
                    machines.len() - 1
                });
                if let Some(machine) = machines.get_mut(index) {
                    machine.devices.get_or_insert_default().push(device);
                }
            }
        }
        true
    }

    /// Says that something could not be read.
    pub(super) fn failure(&mut self, what: &str, why: &str) {
        self.capture.manifest.failures.push(Failure {
            what: what.to_owned(),
            why: why.to_owned(),
        });
    }

    /// Everything as a capture; `None` where the text held nothing of use.
    pub(super) fn finish(mut self, text: Vec<u8>) -> Option<Capture> {
        for (id, resource, line) in std::mem::take(&mut self.allocations) {
            let resources = self.completed(resource);
            let origin = self.origin(line);
            if let Some(node) = self.node(&id) {
                for resource in resources {
                    let fact = Reported::new(resource, origin.clone());
                    if !node.resources.iter().any(|known| known.value == fact.value) {
                        node.resources.push(fact);
                    }
                }
            }
        }
        let mut capture = self.capture;
        if !self.nodes.is_empty() {
            let nodes = DeviceNodes {
                nodes: self.nodes,
                resources_complete: self.allocation_rows,
                properties_complete: self.all_properties,
                other: BTreeMap::new(),
            };
            capture.devnodes = Some(nodes.to_bytes());
        }
        capture.tables.extend(self.tables);
        if self.hyperv != HyperV::default() {
            let text = serde_json::to_vec_pretty(&self.hyperv).unwrap_or_default();
            capture.host.insert(HyperV::NAME.to_owned(), text);
        }
        if self.windows != WindowsHost::default() {
            let text = serde_json::to_vec_pretty(&self.windows).unwrap_or_default();
            capture.host.insert(WindowsHost::NAME.to_owned(), text);
        }
        let useful = !capture.is_empty() || !capture.host.is_empty();
        useful.then(|| {
            capture
                .manifest
                .os
                .get_or_insert_with(|| "windows".to_owned());
            capture.sources.insert(self.source, text);
            capture
        })
    }

    /// A range with its last address: one for each row that has the same first one.
    fn completed(&self, resource: NodeResource) -> Vec<NodeResource> {
        let ends = |from: &BTreeMap<u64, Vec<u64>>, start: u64| {
            from.get(&start).cloned().unwrap_or_default()
        };
        match resource {
            NodeResource::Memory { start, end: None } => match ends(&self.memory, start) {
                ends if ends.is_empty() => vec![resource],
                ends => {
                    let full = |end| NodeResource::Memory {
                        start,
                        end: Some(end),
                    };
                    ends.into_iter().map(full).collect()
                }
            },
            NodeResource::Port { start, end: None } => match ends(&self.ports, start) {
                ends if ends.is_empty() => vec![resource],
                ends => {
                    let full = |end| NodeResource::Port {
                        start,
                        end: Some(end),
                    };
                    ends.into_iter().map(full).collect()
                }
            },
            other => vec![other],
        }
    }
}

/// The named values of a record; names are compared without case.
struct Fields<'r>(&'r Record);

impl Fields<'_> {
    fn value(&self, names: &[&str]) -> Option<&Value> {
        names.iter().find_map(|wanted| {
            let mut found = self.0.iter().filter(|(name, value)| {
                name.trim().eq_ignore_ascii_case(wanted) && !value.is_null()
            });
            found.next().map(|(_, value)| value)
        })
    }

    fn text(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.value(&[name])?.as_str())
    }

    /// The key of a record that is one property.
    fn key(&self) -> Option<String> {
        let names = ["keyname", "key", "property", "propertykey"];
        names
            .iter()
            .find_map(|name| property_key(self.text(&[name])?))
    }
}

/// A number of up to 64 bits, as a number or as decimal or hexadecimal text.
pub(super) fn wide(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => {
            let text = text.trim();
            match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
                Some(digits) => u64::from_str_radix(digits, 16).ok(),
                None => text.parse().ok(),
            }
        }
        _ => None,
    }
}

/// A type as a number, a name, or an object that PowerShell made of an enumeration.
fn type_number(value: &Value) -> Option<u32> {
    match value {
        Value::Number(number) => u32::try_from(number.as_u64()?).ok(),
        Value::String(text) => property_type(text),
        Value::Object(inner) => Fields(inner).value(&["value"]).and_then(type_number),
        _ => None,
    }
}

/// Whether a value is more than what a tool prints for something that it cannot print.
fn says_something(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            let flat = text.starts_with("System.") && text.ends_with("[]");
            text.len() <= MAX_VALUE && !flat && !text.trim().is_empty()
        }
        Value::Array(items) => items.len() <= MAX_VALUE,
        _ => true,
    }
}

/// Microsoft.HyperV.PowerShell.StopAction as a number or by its name.
fn stop_action(value: &Value) -> Option<String> {
    let name = match value {
        Value::String(text) => text.as_str(),
        // 2 turn off, 3 save, 4 shut down: Msvm_VirtualSystemSettingData.AutomaticShutdownAction.
        Value::Number(number) => match number.as_u64()? {
            2 => "TurnOff",
            3 => "Save",
            4 => "ShutDown",
            _ => return None,
        },
        Value::Object(inner) => return Fields(inner).text(&["value"]).map(str::to_owned),
        _ => return None,
    };
    Some(name.to_owned())
}

/// The state of a virtual machine as a number or by its name.
fn vm_state(value: &Value) -> Option<String> {
    let name = match value {
        Value::String(text) => text.as_str(),
        Value::Number(number) => match number.as_u64()? {
            2 => "Running",
            3 => "Off",
            6 => "Saved",
            9 => "Paused",
            _ => return None,
        },
        _ => return None,
    };
    Some(name.to_owned())
}
