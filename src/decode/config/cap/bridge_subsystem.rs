//! Subsystem ID and Subsystem Vendor ID capability (PCI-to-PCI Bridge 1.2, 3.2.5.13;
//! PCIe 6.0, 7.9.23): what type 0 headers hold at 2ch.

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pci::CapId;
use crate::spec::{Document, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Standard(CapId::BRIDGE_SUBSYSTEM),
    Document::Pcie60.at("7.9.23 Subsystem ID and Subsystem Vendor ID Capability"),
    |_| {
        vec![
            Register::plain("Subsystem Vendor ID", 0x04, 2),
            Register::plain("Subsystem ID", 0x06, 2),
        ]
    },
);

/// A bridge's subsystem ids.
#[derive(Clone, Copy, Debug)]
pub struct BridgeSubsystem<'a> {
    window: Window<'a>,
}

impl<'a> BridgeSubsystem<'a> {
    /// Views the capability that starts at the window.
    pub const fn new(window: Window<'a>) -> Self {
        Self { window }
    }

    /// The bytes behind the view.
    pub const fn window(self) -> Window<'a> {
        self.window
    }

    /// Vendor of the board.
    pub fn vendor(self) -> Option<u16> {
        self.window.u16(0x04)
    }

    /// The board, in the vendor's numbering.
    pub fn device(self) -> Option<u16> {
        self.window.u16(0x06)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ConfigImage;

    #[test]
    fn the_vendor_comes_before_the_device() {
        let image = ConfigImage::from_bytes(vec![
            0x0d, 0x00, 0x00, 0x00, // id, end of list, reserved
            0x43, 0x10, 0x80, 0x86, // 1043:8680
        ]);
        let ids = BridgeSubsystem::new(image.window(0));
        assert_eq!((ids.vendor(), ids.device()), (Some(0x1043), Some(0x8680)));
    }
}
