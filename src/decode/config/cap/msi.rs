//! MSI capability (PCI 3.0, 6.8.1; PCIe 6.0, 7.7.1).

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pci::CapId;
use crate::spec::{Document, Field, Register};

/// MSI is on.
pub const ENABLE: Field = Field::flag("MSI Enable", 0x02, 0);
/// Binary logarithm of the vectors that the function asks for.
pub const CAPABLE: Field = Field::power("Multiple Message Capable", 0x02, 1, 3, 1, "vectors");

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure {
    id: CapabilityId::Standard(CapId::MSI),
    spec: Document::Pcie60.at("7.7.1 MSI Capability Structures"),
    registers: |_| {
        vec![Register::new(
            "Message Control",
            0x02,
            2,
            &[ENABLE, CAPABLE],
        )]
    },
};

/// A function's MSI capability.
#[derive(Clone, Copy, Debug)]
pub struct Msi<'a> {
    window: Window<'a>,
}

impl<'a> Msi<'a> {
    /// Views the capability that starts at the window.
    pub const fn new(window: Window<'a>) -> Self {
        Self { window }
    }

    /// Whether MSI is on.
    pub fn enabled(self) -> Option<bool> {
        self.window.flag(ENABLE)
    }

    /// Number of vectors that the function asks for, 1 to 32 (the codes 6 and 7 are reserved
    /// and read as 64 and 128).
    pub fn vectors(self) -> Option<u16> {
        self.window.field(CAPABLE).map(|log| 1 << (log & 7))
    }
}
