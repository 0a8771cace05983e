//! Windows' device nodes, and what Windows and Hyper-V report about the host.

use std::collections::BTreeMap;

use super::Function;
use crate::addr::Sbdf;
use crate::capture::{
    Capture, DeviceNode, DeviceNodes, HyperV, PoolDevice, VirtualMachine, WindowsHost,
    instance_tail as tail, property_number,
};
use crate::spec::windows;

/// Everything about a Windows host that belongs to no single function.
#[derive(Debug, Default)]
pub struct Nodes {
    nodes: DeviceNodes,
    hyperv: Option<HyperV>,
    windows: Option<WindowsHost>,
    /// Members that are there and cannot be understood, and why.
    broken: Vec<(&'static str, String)>,
    /// Nodes by instance id in upper case.
    by_id: BTreeMap<String, usize>,
    /// Nodes by the address of their function.
    by_function: BTreeMap<Sbdf, usize>,
    assigned_ids: BTreeMap<String, u32>,
    assigned_paths: BTreeMap<String, u32>,
    pool_ids: BTreeMap<String, ()>,
    pool_paths: BTreeMap<String, ()>,
}

impl Nodes {
    pub(super) fn of(capture: &Capture) -> Self {
        let mut this = Self::default();
        if let Some(bytes) = &capture.devnodes {
            match DeviceNodes::parse(bytes) {
                Ok(nodes) => this.nodes = nodes,
                Err(error) => this.broken.push(("pnp/devnodes.json", error.to_string())),
            }
        }
        let host = |name: &str| capture.host.get(name);
        if let Some(bytes) = host(HyperV::NAME) {
            match serde_json::from_slice(bytes) {
                Ok(hyperv) => this.hyperv = Some(hyperv),
                Err(error) => this.broken.push(("host/hyperv.json", error.to_string())),
            }
        }
        if let Some(bytes) = host(WindowsHost::NAME) {
            match serde_json::from_slice(bytes) {
                Ok(windows) => this.windows = Some(windows),
                Err(error) => this.broken.push(("host/windows.json", error.to_string())),
            }
        }
        this.index();
        this
    }

    fn index(&mut self) {
        for (index, node) in self.nodes.nodes.iter().enumerate() {
            if let Some(id) = &node.instance_id {
                self.by_id.entry(id.to_ascii_uppercase()).or_insert(index);
            }
            if let Some(at) = node.function.as_deref().and_then(|at| at.parse().ok()) {
                self.by_function.entry(at).or_insert(index);
            }
        }
        let hyperv = self.hyperv.take().unwrap_or_default();
        for (machine, vm) in (0_u32..).zip(hyperv.machines.iter().flatten()) {
            for device in vm.devices.iter().flatten() {
                if let Some(id) = &device.instance_path {
                    self.assigned_ids.entry(tail(id)).or_insert(machine);
                }
                if let Some(path) = &device.location_path {
                    let path = path.to_ascii_uppercase();
                    self.assigned_paths.entry(path).or_insert(machine);
                }
            }
        }
        for device in hyperv.pool.iter().flatten() {
            if let Some(id) = &device.instance_path {
                self.pool_ids.insert(tail(id), ());
            }
            if let Some(path) = &device.location_path {
                self.pool_paths.insert(path.to_ascii_uppercase(), ());
            }
        }
        if hyperv != HyperV::default() {
            self.hyperv = Some(hyperv);
        }
    }

    /// Every device node as exported.
    pub fn all(&self) -> &[DeviceNode] {
        &self.nodes.nodes
    }

    /// Whether the export lists the resources of every node.
    pub const fn resources_complete(&self) -> bool {
        self.nodes.resources_complete
    }

    /// Whether the export asked every node for all its properties.
    pub const fn properties_complete(&self) -> bool {
        self.nodes.properties_complete
    }

    /// The nodes whose instance id begins with this one, in any case; itself among them.
    pub fn like(&self, instance_id: &str) -> Vec<&DeviceNode> {
        let prefix = instance_id.to_ascii_uppercase();
        self.by_id
            .range(prefix.clone()..)
            .take_while(|(id, _)| id.starts_with(&prefix))
            .filter_map(|(_, &index)| self.nodes.nodes.get(index))
            .collect()
    }

    /// Whether the root bus with this base number has native control of PCI Express, as Windows
    /// reports of the host bridge; `None` where it says nothing.
    pub fn native_control(&self, root: u8) -> Option<bool> {
        let path = format!("PCIROOT({root:X})");
        let mut bridges = self.all().iter().filter(|node| {
            node.list(windows::LOCATION_PATHS)
                .any(|own| own.eq_ignore_ascii_case(&path))
        });
        bridges.find_map(|node| node.number(windows::ROOT_NATIVE_CONTROL).map(|is| is != 0))
    }

    /// What Hyper-V reported.
    pub const fn hyperv(&self) -> Option<&HyperV> {
        self.hyperv.as_ref()
    }

    /// What Windows reported about itself.
    pub const fn windows(&self) -> Option<&WindowsHost> {
        self.windows.as_ref()
    }

    /// A registry value below `HKEY_LOCAL_MACHINE`, in any case, where it is a number.
    pub fn registry_number(&self, path: &str) -> Option<u32> {
        let mut values = self.windows()?.registry.iter();
        let (_, value) = values.find(|(own, _)| own.eq_ignore_ascii_case(path))?;
        property_number(value)
    }

    /// Members of the capture that cannot be understood, and why.
    pub fn broken(&self) -> &[(&'static str, String)] {
        &self.broken
    }

    /// Virtual machines in the order of the capture.
    pub fn machines(&self) -> &[VirtualMachine] {
        let machines = self
            .hyperv
            .as_ref()
            .and_then(|hyperv| hyperv.machines.as_ref());
        machines.map_or(&[], Vec::as_slice)
    }

    /// The node that stands for a function.
    pub fn of_function(&self, function: &Function<'_>) -> Option<&DeviceNode> {
        let index = self.by_function.get(&function.at)?;
        self.nodes.nodes.get(*index)
    }

    /// The virtual machine whose settings name the function: its place in [`Self::machines`].
    pub fn machine_of(&self, function: &Function<'_>) -> Option<u32> {
        look_up(&self.assigned_ids, &self.assigned_paths, function).copied()
    }

    /// Whether the host's pool lists the function.
    pub fn pool_holds(&self, function: &Function<'_>) -> bool {
        look_up(&self.pool_ids, &self.pool_paths, function).is_some()
    }

    /// Devices that virtual machines name and no present node stands for.
    pub fn stale_assignments(&self) -> impl Iterator<Item = (&VirtualMachine, &PoolDevice)> {
        let present: std::collections::BTreeSet<String> = self
            .all()
            .iter()
            .filter(|node| node.is_present() != Some(false))
            .flat_map(|node| {
                let paths = node.list(windows::LOCATION_PATHS);
                node.tail()
                    .into_iter()
                    .chain(paths.map(str::to_ascii_uppercase))
            })
            .collect();
        let known = !self.all().is_empty();
        self.machines().iter().flat_map(move |machine| {
            let present = present.clone();
            let devices = machine.devices.iter().flatten().filter(move |device| {
                let id = device.instance_path.as_deref().map(tail);
                let path = device.location_path.as_ref();
                let path = path.map(|path| path.to_ascii_uppercase());
                let named = id.is_some() || path.is_some();
                let seen = [id, path].iter().flatten().any(|key| present.contains(key));
                known && named && !seen
            });
            devices.map(move |device| (machine, device))
        })
    }
}

fn look_up<'m, T>(
    ids: &'m BTreeMap<String, T>,
    paths: &'m BTreeMap<String, T>,
    function: &Function<'_>,
) -> Option<&'m T> {
    if ids.is_empty() && paths.is_empty() {
        return None;
    }
    let id = function.windows_text(windows::INSTANCE_ID);
    if let Some(found) = id.and_then(|id| ids.get(&tail(id))) {
        return Some(found);
    }
    function
        .windows_list(windows::LOCATION_PATHS)
        .find_map(|path| paths.get(&path.to_ascii_uppercase()))
}
