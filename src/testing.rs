//! Small machines for unit tests, made of raw bytes.
//!
//! [`Dev`] starts from a device that nothing stands against; a test changes one thing.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

pub(crate) mod tables;

use crate::addr::Sbdf;
use crate::analysis::Facts;
use crate::bytes::ConfigImage;
use crate::capture::{
    Capture, FunctionProperties, FunctionRecord, Method, Origin, Reported, Resource,
};
use crate::host::{FunctionId, Host};
use crate::spec::pcie::PortType;
use crate::spec::windows::DeviceProperty;
use crate::topology::Topology;

/// A DMAR table with these flags around remapping structures.
pub(crate) fn dmar(flags: u8, structures: &[u8]) -> Vec<u8> {
    let mut bytes = b"DMAR".to_vec();
    bytes.extend([0; 32]);
    bytes.extend([46, flags]);
    bytes.extend([0; 10]);
    bytes.extend_from_slice(structures);
    let length = u32::try_from(bytes.len()).unwrap();
    bytes[4..8].copy_from_slice(&length.to_le_bytes());
    let sum = bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    bytes[9] = bytes[9].wrapping_sub(sum);
    bytes
}

/// A machine under construction.
#[derive(Default)]
pub(crate) struct Machine {
    pub(crate) capture: Capture,
}

/// A function under construction.
pub(crate) struct Dev {
    header: [u8; 64],
    express: Option<PortType>,
    pub(crate) flr: bool,
    pub(crate) ari_forwarding: bool,
    /// Power management, and whether D3hot keeps the state.
    pub(crate) power: Option<bool>,
    pub(crate) msi: bool,
    /// Vectors, table register, pending bits register.
    pub(crate) msix: Option<(u16, u32, u32)>,
    standard: Vec<Vec<u8>>,
    extended: Vec<(u16, Vec<u8>)>,
    pokes: Vec<(usize, Vec<u8>)>,
    size: usize,
    properties: FunctionProperties,
}

/// A fact as sysfs would report it.
pub(crate) fn reported<T>(value: T) -> Reported<T> {
    Reported::new(value, Origin::of(Method::Sysfs))
}

/// An address within segment 0, or with its segment.
pub(crate) fn at(text: &str) -> Sbdf {
    text.parse().unwrap()
}

/// The function at an address.
pub(crate) fn find(facts: &Facts<'_, '_>, address: &str) -> FunctionId {
    facts.host.find(at(address)).unwrap()
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A root port with full ACS at 00:01.0, bus 1 below it.
    pub(crate) fn with_port() -> Self {
        Self::new().with("00:01.0", Dev::root_port(1).acs(0x5f, 0x1d))
    }

    /// The same with one device at 01:00.0.
    pub(crate) fn with_device(device: Dev) -> Self {
        Self::with_port().with("01:00.0", device)
    }

    pub(crate) fn with(mut self, address: &str, device: Dev) -> Self {
        self.capture.functions.insert(at(address), device.build());
        self
    }

    pub(crate) fn with_table(mut self, name: &str) -> Self {
        self.capture.tables.insert(name.to_owned(), Vec::new());
        self
    }

    pub(crate) fn with_table_bytes(mut self, name: &str, bytes: Vec<u8>) -> Self {
        self.capture.tables.insert(name.to_owned(), bytes);
        self
    }

    /// The kernel's log.
    pub(crate) fn with_log(mut self, log: &str) -> Self {
        let log = log.as_bytes().to_vec();
        self.capture.host.insert("log.txt".to_owned(), log);
        self
    }

    /// What Hyper-V reported (`host/hyperv.json`).
    pub(crate) fn with_hyperv(mut self, hyperv: &serde_json::Value) -> Self {
        let text = hyperv.to_string().into_bytes();
        self.capture.host.insert("hyperv.json".to_owned(), text);
        self
    }

    /// What Windows says of itself (`host/windows.json`).
    pub(crate) fn with_windows(mut self, windows: &serde_json::Value) -> Self {
        let text = windows.to_string().into_bytes();
        self.capture.host.insert("windows.json".to_owned(), text);
        self
    }

    /// Device nodes (`pnp/devnodes.json`).
    pub(crate) fn with_nodes(mut self, nodes: &serde_json::Value) -> Self {
        self.capture.devnodes = Some(nodes.to_string().into_bytes());
        self
    }

    /// Analyses the machine.
    pub(crate) fn facts<R>(&self, ask: impl FnOnce(&Facts<'_, '_>) -> R) -> R {
        let host = Host::from_capture(&self.capture);
        let topology = Topology::of(&host);
        ask(&Facts::of(&host, &topology))
    }
}

impl Dev {
    /// An NVMe controller with MSI-X and FLR, a 64-bit BAR of 16 KiB at fe000000h.
    pub(crate) fn endpoint() -> Self {
        let mut header = [0; 64];
        header[..4].copy_from_slice(&[0x36, 0x1b, 0x10, 0x00]); // 1b36:0010
        header[4] = 0x06; // memory decoding, bus mastering
        header[6] = 0x10; // capability list
        header[9..12].copy_from_slice(&[0x02, 0x08, 0x01]); // class 010802
        header[0x10..0x14].copy_from_slice(&0xfe00_0004_u32.to_le_bytes());
        header[0x34] = 0x40;
        header[0x3d] = 1; // INTA#
        Self {
            header,
            express: Some(PortType::ENDPOINT),
            flr: true,
            ari_forwarding: false,
            power: Some(true),
            msi: false,
            msix: Some((8, 0x2000, 0x3000)),
            standard: Vec::new(),
            extended: Vec::new(),
            pokes: Vec::new(),
            size: 0x1000,
            properties: FunctionProperties::default(),
        }
        .resource(0, 0xfe00_0000, 0x4000, 0x14_0204)
    }

    /// The same with another port type.
    pub(crate) fn express(port_type: PortType) -> Self {
        Self {
            express: Some(port_type),
            ..Self::endpoint()
        }
    }

    /// The same without an Express capability, in 256 bytes.
    pub(crate) fn conventional() -> Self {
        Self {
            express: None,
            size: 0x100,
            ..Self::endpoint()
        }
    }

    pub(crate) fn root_port(secondary: u8) -> Self {
        Self::port(PortType::ROOT_PORT, secondary, secondary)
    }

    /// A port or bridge with its secondary and subordinate bus.
    pub(crate) fn port(port_type: PortType, secondary: u8, subordinate: u8) -> Self {
        let mut port = Self::express(port_type).class(0x06_04_00);
        (port.flr, port.msix, port.msi) = (false, None, true);
        port.properties.resources.clear();
        port.header[0x0e] = 1;
        port.header[0x10..0x3c].fill(0);
        port.header[0x19..0x1b].copy_from_slice(&[secondary, subordinate]);
        port.header[0x34] = 0x40;
        port
    }

    /// A conventional PCI-to-PCI bridge.
    pub(crate) fn pci_bridge(secondary: u8) -> Self {
        Self {
            express: None,
            size: 0x100,
            ..Self::port(PortType::PCIE_TO_PCI, secondary, secondary)
        }
    }

    pub(crate) fn ids(mut self, vendor: u16, device: u16) -> Self {
        self.header[..2].copy_from_slice(&vendor.to_le_bytes());
        self.header[2..4].copy_from_slice(&device.to_le_bytes());
        self
    }

    pub(crate) fn class(mut self, class: u32) -> Self {
        let [_, base, sub, interface] = class.to_be_bytes();
        self.header[9..12].copy_from_slice(&[interface, sub, base]);
        self
    }

    pub(crate) fn multi_function(self) -> Self {
        self.byte(0x0e, 0x80)
    }

    /// One byte of the header.
    pub(crate) fn byte(mut self, offset: usize, value: u8) -> Self {
        self.header[offset] = value;
        self
    }

    /// A BAR register, its reported resource taken away.
    pub(crate) fn bar(mut self, index: u8, register: u32) -> Self {
        let offset = 0x10 + 4 * usize::from(index);
        self.header[offset..offset + 4].copy_from_slice(&register.to_le_bytes());
        let resources = &mut self.properties.resources;
        resources.retain(|resource| resource.value.index != index);
        self
    }

    /// A standard capability; the first byte of the body follows the next pointer.
    pub(crate) fn standard(mut self, id: u8, body: &[u8]) -> Self {
        self.standard.push([&[id, 0], body].concat());
        self
    }

    /// An extended capability; the body follows the header.
    pub(crate) fn extended(mut self, id: u16, body: &[u8]) -> Self {
        self.extended.push((id, body.to_vec()));
        self
    }

    /// ACS with its capability and control words.
    pub(crate) fn acs(self, capability: u16, control: u16) -> Self {
        let words = [capability.to_le_bytes(), control.to_le_bytes()].concat();
        self.extended(0x0d, &words)
    }

    /// SR-IOV: VFs on or off, their number, the first VF's offset and the stride.
    pub(crate) fn sriov(self, enabled: bool, count: u16, offset: u16, stride: u16) -> Self {
        let mut body = [0; 0x3c];
        body[0x04] = u8::from(enabled);
        body[0x0c..0x0e].copy_from_slice(&count.to_le_bytes());
        body[0x10..0x12].copy_from_slice(&offset.to_le_bytes());
        body[0x12..0x14].copy_from_slice(&stride.to_le_bytes());
        self.extended(0x10, &body)
    }

    /// What a virtual function's header reads.
    pub(crate) fn virtual_function() -> Self {
        let mut vf = Self::endpoint().ids(0xffff, 0xffff);
        vf.header[4] = 0;
        vf.header[0x10..0x34].fill(0);
        vf.header[0x3d] = 0;
        vf
    }

    /// Bytes as they shall be, over whatever was built.
    pub(crate) fn poke(mut self, offset: usize, bytes: &[u8]) -> Self {
        self.pokes.push((offset, bytes.to_vec()));
        self
    }

    /// Only so many bytes are captured.
    pub(crate) fn cut(self, size: usize) -> Self {
        Self { size, ..self }
    }

    pub(crate) fn resource(self, index: u8, start: u64, len: u64, flags: u64) -> Self {
        let resource = Resource {
            index,
            start,
            len: Some(len),
            flags: Some(flags),
            unassigned: false,
        };
        self.report(|properties| {
            properties
                .resources
                .retain(|other| other.value.index != index);
            properties.resources.push(reported(resource));
        })
    }

    pub(crate) fn group(self, group: u32) -> Self {
        self.report(|properties| properties.iommu_group = Some(reported(group)))
    }

    pub(crate) fn windows(
        self,
        property: DeviceProperty,
        value: impl Into<serde_json::Value>,
    ) -> Self {
        let fact = Reported::new(value.into(), Origin::of(Method::WindowsProperty));
        self.report(|properties| {
            properties.windows.insert(property.key.to_owned(), fact);
        })
    }

    pub(crate) fn report(mut self, edit: impl FnOnce(&mut FunctionProperties)) -> Self {
        edit(&mut self.properties);
        self
    }

    /// Without configuration space, as an export from Windows holds it.
    pub(crate) fn unread(self) -> Self {
        self.cut(0)
            .report(|properties| properties.resources.clear())
    }

    pub(crate) fn build(self) -> FunctionRecord {
        let mut bytes = vec![0; 0x1000];
        bytes[..64].copy_from_slice(&self.header);
        let mut offset = 0x40;
        let mut link = 0x34;
        for capability in self.standard_capabilities() {
            bytes[link] = u8::try_from(offset).unwrap();
            bytes[offset..offset + capability.len()].copy_from_slice(&capability);
            link = offset + 1;
            offset += capability.len().next_multiple_of(4);
        }
        let mut offset = 0x100;
        for (index, (id, body)) in self.extended.iter().enumerate() {
            let end = offset + 4 + body.len().next_multiple_of(4);
            let next = if index + 1 < self.extended.len() {
                end
            } else {
                0
            };
            let header = u32::from(*id) | 1 << 16 | u32::try_from(next).unwrap() << 20;
            bytes[offset..offset + 4].copy_from_slice(&header.to_le_bytes());
            bytes[offset + 4..offset + 4 + body.len()].copy_from_slice(body);
            offset = end;
        }
        for (offset, poke) in &self.pokes {
            bytes[*offset..offset + poke.len()].copy_from_slice(poke);
        }
        bytes.truncate(self.size);
        FunctionRecord {
            config: ConfigImage::from_bytes(bytes),
            properties: self.properties,
        }
    }

    fn standard_capabilities(&self) -> Vec<Vec<u8>> {
        let mut capabilities = Vec::new();
        if let Some(keeps_state) = self.power {
            capabilities.push(vec![0x01, 0, 3, 0, u8::from(keeps_state) << 3, 0, 0, 0]);
        }
        if self.msi {
            let mut msi = vec![0; 14];
            (msi[0], msi[2]) = (0x05, 0x80);
            capabilities.push(msi);
        }
        if let Some(port_type) = self.express {
            let mut express = vec![0; 0x3c];
            (express[0], express[2]) = (0x10, 2 | port_type.0 << 4);
            express[7] = u8::from(self.flr) << 4;
            express[0x28] = u8::from(self.ari_forwarding) << 5;
            capabilities.push(express);
        }
        if let Some((vectors, table, pending)) = self.msix {
            let words = [table.to_le_bytes(), pending.to_le_bytes()].concat();
            let control = (vectors - 1).to_le_bytes();
            capabilities.push([&[0x11, 0], &control[..], &words].concat());
        }
        capabilities.extend(self.standard.iter().cloned());
        capabilities
    }
}
