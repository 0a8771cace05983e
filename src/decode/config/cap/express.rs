//! PCI Express capability (PCIe 6.0, 7.5.3).

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pci::CapId;
use crate::spec::pcie::PortType;
use crate::spec::{Document, Field, Register};

/// Capability version: 2 since PCIe 2.0.
pub const VERSION: Field = Field::number("Capability Version", 0x02, 0, 4);
/// Device/Port Type.
pub const PORT_TYPE: Field = Field::code("Device/Port Type", 0x02, 4, 4, PORT_TYPES);
/// The port leads to a slot.
pub const SLOT_IMPLEMENTED: Field = Field::flag("Slot Implemented", 0x02, 8);
/// Function level reset.
pub const FLR: Field = Field::flag("Function Level Reset Capability", 0x04, 28);
/// ARI forwarding supported.
pub const ARI_FORWARDING: Field = Field::flag("ARI Forwarding Supported", 0x24, 5);
/// ARI forwarding enabled.
pub const ARI_FORWARDING_ENABLE: Field = Field::flag("ARI Forwarding Enable", 0x28, 5);

const PORT_TYPES: &[(u64, &str)] = &[
    (0x0, "Express Endpoint"),
    (0x1, "Legacy Endpoint"),
    (0x4, "Root Port"),
    (0x5, "Upstream Port"),
    (0x6, "Downstream Port"),
    (0x7, "PCIe-to-PCI Bridge"),
    (0x8, "PCI-to-PCIe Bridge"),
    (0x9, "Root Complex Integrated Endpoint"),
    (0xa, "Root Complex Event Collector"),
];

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure {
    id: CapabilityId::Standard(CapId::EXPRESS),
    spec: Document::Pcie60.at("7.5.3 PCI Express Capability Structure"),
    registers: |window| Express::new(window).registers(),
};

/// A function's PCI Express capability.
#[derive(Clone, Copy, Debug)]
pub struct Express<'a> {
    window: Window<'a>,
}

impl<'a> Express<'a> {
    /// Views the capability that starts at the window.
    pub const fn new(window: Window<'a>) -> Self {
        Self { window }
    }

    /// The bytes behind the view.
    pub const fn window(self) -> Window<'a> {
        self.window
    }

    /// Device/Port Type.
    pub fn port_type(self) -> Option<PortType> {
        let code = self.window.field(PORT_TYPE)?;
        u8::try_from(code).ok().map(PortType)
    }

    /// Capability version, 1 or 2.
    pub fn version(self) -> Option<u8> {
        self.window
            .field(VERSION)
            .and_then(|v| u8::try_from(v).ok())
    }

    /// Whether the function can be reset on its own (PCIe 6.0, 6.6.2).
    pub fn has_flr(self) -> Option<bool> {
        self.window.flag(FLR)
    }

    /// Whether a downstream port forwards to all 256 functions of the device below it.
    /// Version 1 structures end before the register: then it cannot.
    pub fn ari_forwarding_enabled(self) -> Option<bool> {
        match self.version()? {
            0 | 1 => Some(false),
            _ => self.window.flag(ARI_FORWARDING_ENABLE),
        }
    }

    /// Whether the port leads to a slot.
    pub fn slot_implemented(self) -> Option<bool> {
        self.window.flag(SLOT_IMPLEMENTED)
    }

    fn registers(self) -> Vec<Register> {
        vec![Register::new(
            "PCI Express Capabilities",
            0x02,
            2,
            &[VERSION, PORT_TYPE, SLOT_IMPLEMENTED],
        )]
    }
}
