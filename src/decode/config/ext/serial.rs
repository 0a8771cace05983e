//! Device Serial Number (PCIe 6.0, 7.9.3).

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::SERIAL_NUMBER),
    Document::Pcie60.at("7.9.3 Device Serial Number Extended Capability"),
    |_| {
        vec![
            Register::plain("Serial Number (Lower DW)", 0x04, 4),
            Register::plain("Serial Number (Upper DW)", 0x08, 4),
        ]
    },
);

/// A device's serial number.
#[derive(Clone, Copy, Debug)]
pub struct SerialNumber<'a> {
    window: Window<'a>,
}

impl<'a> SerialNumber<'a> {
    /// Views the capability that starts at the window.
    pub const fn new(window: Window<'a>) -> Self {
        Self { window }
    }

    /// The bytes behind the view.
    pub const fn window(self) -> Window<'a> {
        self.window
    }

    /// The number, an EUI-64: the manufacturer's part is in the upper bits. Every function of
    /// a device has the same.
    pub fn number(self) -> Option<u64> {
        let (low, high) = (self.window.u32(0x04)?, self.window.u32(0x08)?);
        Some(u64::from(high) << 32 | u64::from(low))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ConfigImage;

    #[test]
    fn the_lower_half_comes_first() {
        let image = ConfigImage::from_bytes(vec![
            0x03, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x78, 0x56, 0x34, 0x12, // lower half
            0xff, 0x21, 0x1b, 0x00, // upper half
        ]);
        let serial = SerialNumber::new(image.window(0));
        assert_eq!(serial.number(), Some(0x001b_21ff_1234_5678));
        let cut = ConfigImage::from_bytes(vec![0x03, 0, 1, 0, 1, 2, 3, 4]);
        assert_eq!(SerialNumber::new(cut.window(0)).number(), None);
    }
}
