//! Vendor-Specific capability (PCI 3.0, appendix H; PCIe 6.0, 7.9.4): a header, the rest is
//! the vendor's.

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pci::CapId;
use crate::spec::{Document, Field, Register};

/// Length of the structure in bytes, list header included.
pub const LENGTH: Field = Field::number("Capability Length", 0x02, 0, 8);

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Standard(CapId::VENDOR),
    Document::Pcie60.at("7.9.4 Vendor-Specific Capability"),
    |_| vec![Register::new("Capability Length", 0x02, 1, &[LENGTH])],
)
.with_length(|window| VendorSpecific::new(window).length().map(u16::from));

/// A vendor-specific capability.
#[derive(Clone, Copy, Debug)]
pub struct VendorSpecific<'a> {
    window: Window<'a>,
}

impl<'a> VendorSpecific<'a> {
    /// Views the capability that starts at the window.
    pub const fn new(window: Window<'a>) -> Self {
        Self { window }
    }

    /// The bytes behind the view.
    pub const fn window(self) -> Window<'a> {
        self.window
    }

    /// Length of the structure in bytes as it states it, list header included. Less than 3 is
    /// malformed.
    pub fn length(self) -> Option<u8> {
        self.window.u8(LENGTH.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ConfigImage;

    #[test]
    fn the_length_counts_the_list_header() {
        let image = ConfigImage::from_bytes(vec![
            0x09, 0x00, // id, end of list
            0x14, // length
            0x02, 0xde, 0xad, // the vendor's
        ]);
        let vendor = VendorSpecific::new(image.window(0));
        assert_eq!(vendor.length(), Some(0x14));
        assert_eq!(STRUCTURE.certain_length(vendor.window()), 0x14);
    }

    #[test]
    fn a_length_below_the_header_is_not_believed() {
        let image = ConfigImage::from_bytes(vec![0x09, 0x00, 0x00]);
        assert_eq!(STRUCTURE.certain_length(image.window(0)), 3);
    }
}
