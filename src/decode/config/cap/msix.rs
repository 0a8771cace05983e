//! MSI-X capability (PCI 3.0, 6.8.2; PCIe 6.0, 7.7.2).

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pci::CapId;
use crate::spec::{Document, Field, Register};

/// Number of table entries less one.
pub const TABLE_SIZE: Field = Field::number("Table Size - 1", 0x02, 0, 11);
/// MSI-X is on.
pub const ENABLE: Field = Field::flag("MSI-X Enable", 0x02, 15);

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure {
    id: CapabilityId::Standard(CapId::MSI_X),
    spec: Document::Pcie60.at("7.7.2 MSI-X Capability and Table Structure"),
    registers: |_| {
        vec![Register::new(
            "Message Control",
            0x02,
            2,
            &[TABLE_SIZE, ENABLE],
        )]
    },
};

/// A function's MSI-X capability.
#[derive(Clone, Copy, Debug)]
pub struct MsiX<'a> {
    window: Window<'a>,
}

/// A place within one of the function's BARs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BarOffset {
    /// BAR number; 6 and 7 are reserved.
    pub bar: u8,
    /// Bytes from the start of the BAR.
    pub offset: u32,
}

impl<'a> MsiX<'a> {
    /// Views the capability that starts at the window.
    pub const fn new(window: Window<'a>) -> Self {
        Self { window }
    }

    /// Whether MSI-X is on.
    pub fn enabled(self) -> Option<bool> {
        self.window.flag(ENABLE)
    }

    /// Number of vectors, 1 to 2048.
    pub fn vectors(self) -> Option<u16> {
        let last = self.window.field(TABLE_SIZE)?;
        u16::try_from(last + 1).ok()
    }

    /// Where the vector table lies: 16 bytes for each vector.
    pub fn table(self) -> Option<BarOffset> {
        self.window.u32(0x04).map(bar_offset)
    }

    /// Where the pending bits lie: one bit for each vector, in units of 8 bytes.
    pub fn pending(self) -> Option<BarOffset> {
        self.window.u32(0x08).map(bar_offset)
    }
}

const fn bar_offset(register: u32) -> BarOffset {
    BarOffset {
        bar: register.to_le_bytes()[0] & 7,
        offset: register & !7,
    }
}
