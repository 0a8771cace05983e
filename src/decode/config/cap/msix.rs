//! MSI-X capability (PCI 3.0, 6.8.2; PCIe 6.0, 7.7.2).

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pci::CapId;
use crate::spec::{Document, Field, Register};

/// Number of table entries less one.
pub const TABLE_SIZE: Field = Field::number("Table Size - 1", 0x02, 0, 11);
/// All vectors of the function are masked.
pub const FUNCTION_MASK: Field = Field::flag("Function Mask", 0x02, 14);
/// MSI-X is on.
pub const ENABLE: Field = Field::flag("MSI-X Enable", 0x02, 15);
/// BAR in which the vector table lies.
pub const TABLE_BIR: Field = Field::code("Table BIR", 0x04, 0, 3, BIR);
/// Where in that BAR the vector table starts.
pub const TABLE_OFFSET: Field = Field::address("Table Offset", 0x04, 3, 29);
/// BAR in which the pending bits lie.
pub const PBA_BIR: Field = Field::code("PBA BIR", 0x08, 0, 3, BIR);
/// Where in that BAR the pending bits start.
pub const PBA_OFFSET: Field = Field::address("PBA Offset", 0x08, 3, 29);

const BIR: &[(u64, &str)] = &[
    (0, "BAR 0"),
    (1, "BAR 1"),
    (2, "BAR 2"),
    (3, "BAR 3"),
    (4, "BAR 4"),
    (5, "BAR 5"),
];

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Standard(CapId::MSI_X),
    Document::Pcie60.at("7.7.2 MSI-X Capability and Table Structure"),
    |_| {
        vec![
            Register::new(
                "Message Control",
                0x02,
                2,
                &[TABLE_SIZE, FUNCTION_MASK, ENABLE],
            ),
            Register::new(
                "Table Offset/Table BIR",
                0x04,
                4,
                &[TABLE_BIR, TABLE_OFFSET],
            ),
            Register::new("PBA Offset/PBA BIR", 0x08, 4, &[PBA_BIR, PBA_OFFSET]),
        ]
    },
);

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

    /// The bytes behind the view.
    pub const fn window(self) -> Window<'a> {
        self.window
    }

    /// Whether MSI-X is on.
    pub fn enabled(self) -> Option<bool> {
        self.window.flag(ENABLE)
    }

    /// Whether all vectors of the function are masked.
    pub fn function_masked(self) -> Option<bool> {
        self.window.flag(FUNCTION_MASK)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ConfigImage;

    #[test]
    fn table_and_pending_bits_may_lie_in_different_bars() {
        let image = ConfigImage::from_bytes(vec![
            0x11, 0x00, // id, end of list
            0x40, 0x80, // 65 vectors, on, not masked
            0x03, 0x20, 0x00, 0x00, // BAR 3, 2000h
            0x05, 0x00, 0x01, 0x00, // BAR 5, 10000h
        ]);
        let msix = MsiX::new(image.window(0));
        assert_eq!(msix.vectors(), Some(65));
        assert_eq!(
            (msix.enabled(), msix.function_masked()),
            (Some(true), Some(false))
        );
        assert_eq!(
            msix.table(),
            Some(BarOffset {
                bar: 3,
                offset: 0x2000
            })
        );
        assert_eq!(
            msix.pending(),
            Some(BarOffset {
                bar: 5,
                offset: 0x1_0000
            })
        );
    }

    #[test]
    fn the_largest_table_has_2048_vectors() {
        let image = ConfigImage::from_bytes(vec![0x11, 0, 0xff, 0x47]);
        let msix = MsiX::new(image.window(0));
        assert_eq!(msix.vectors(), Some(2048));
        assert_eq!(
            (msix.enabled(), msix.function_masked()),
            (Some(false), Some(true))
        );
        assert_eq!(msix.table(), None);
    }
}
