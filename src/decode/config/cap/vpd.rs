//! Vital Product Data capability (PCI 3.0, appendix I; PCIe 6.0, 7.9.18).
//!
//! A mailbox: the data itself is read by writing addresses, which no dump does.

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pci::CapId;
use crate::spec::{Document, Field, Register};

/// Address of the last access.
pub const ADDRESS: Field = Field::hex("VPD Address", 0x02, 0, 15);
/// Set by hardware when a read is done, cleared when a write is.
pub const FLAG: Field = Field::flag("F", 0x02, 15);

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Standard(CapId::VPD),
    Document::Pcie60.at("7.9.18 Vital Product Data Capability"),
    |_| {
        vec![
            Register::new("VPD Address", 0x02, 2, &[ADDRESS, FLAG]),
            Register::plain("VPD Data", 0x04, 4),
        ]
    },
);

/// A function's vital product data capability.
#[derive(Clone, Copy, Debug)]
pub struct Vpd<'a> {
    window: Window<'a>,
}

impl<'a> Vpd<'a> {
    /// Views the capability that starts at the window.
    pub const fn new(window: Window<'a>) -> Self {
        Self { window }
    }

    /// The bytes behind the view.
    pub const fn window(self) -> Window<'a> {
        self.window
    }

    /// Address of the last access, in bytes into the product data.
    pub fn address(self) -> Option<u16> {
        let address = self.window.field(ADDRESS)?;
        u16::try_from(address).ok()
    }

    /// The four bytes read last.
    pub fn data(self) -> Option<u32> {
        self.window.u32(0x04)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ConfigImage;

    #[test]
    fn the_flag_is_no_part_of_the_address() {
        let image = ConfigImage::from_bytes(vec![
            0x03, 0x00, // id, end of list
            0x7c, 0x80, // address 7ch, F set
            0x82, 0x2f, 0x00, 0x44, // data
        ]);
        let vpd = Vpd::new(image.window(0));
        assert_eq!(vpd.address(), Some(0x7c));
        assert_eq!(vpd.window().flag(FLAG), Some(true));
        assert_eq!(vpd.data(), Some(0x4400_2f82));
    }
}
