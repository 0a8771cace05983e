//! Page Request Interface (PCIe 6.0, 10.5.2): the function can ask for pages that are not
//! there.

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// The function may send page requests.
pub const ENABLE: Field = Field::flag("Enable", 0x04, 0);
/// No request is in flight after the interface was switched off.
pub const STOPPED: Field = Field::flag("Stopped", 0x06, 8);
/// Responses must carry the PASID of the request.
pub const PASID_REQUIRED: Field = Field::flag("PRG Response PASID Required", 0x06, 15);

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::PRI),
    Document::Pcie60.at("10.5.2 Page Request Extended Capability Structure"),
    |_| REGISTERS.to_vec(),
);

const REGISTERS: &[Register] = &[
    Register::new(
        "Page Request Control",
        0x04,
        2,
        &[ENABLE, Field::flag("Reset", 0x04, 1)],
    ),
    Register::new(
        "Page Request Status",
        0x06,
        2,
        &[
            Field::flag("Response Failure", 0x06, 0),
            Field::flag("Unexpected Page Request Group Index", 0x06, 1),
            STOPPED,
            PASID_REQUIRED,
        ],
    ),
    Register::plain("Outstanding Page Request Capacity", 0x08, 4),
    Register::plain("Outstanding Page Request Allocation", 0x0c, 4),
];

/// A function's page request capability.
#[derive(Clone, Copy, Debug)]
pub struct Pri<'a> {
    window: Window<'a>,
}

impl<'a> Pri<'a> {
    /// Views the capability that starts at the window.
    pub const fn new(window: Window<'a>) -> Self {
        Self { window }
    }

    /// The bytes behind the view.
    pub const fn window(self) -> Window<'a> {
        self.window
    }

    /// Whether the function may send page requests.
    pub fn enabled(self) -> Option<bool> {
        self.window.flag(ENABLE)
    }

    /// Whether no request is in flight any more.
    pub fn stopped(self) -> Option<bool> {
        self.window.flag(STOPPED)
    }

    /// Whether responses must carry the PASID of the request.
    pub fn pasid_required(self) -> Option<bool> {
        self.window.flag(PASID_REQUIRED)
    }

    /// Requests that the function can have in flight.
    pub fn capacity(self) -> Option<u32> {
        self.window.u32(0x08)
    }

    /// Requests that software allows it.
    pub fn allocation(self) -> Option<u32> {
        self.window.u32(0x0c)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ConfigImage;

    #[test]
    fn an_enabled_interface_with_part_of_its_capacity() {
        let image = ConfigImage::from_bytes(vec![
            0x13, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x01, 0x00, // enabled
            0x00, 0x81, // stopped, PASID required
            0x00, 0x02, 0x00, 0x00, // 512 requests
            0x20, 0x00, 0x00, 0x00, // 32 of them
        ]);
        let pri = Pri::new(image.window(0));
        assert_eq!((pri.enabled(), pri.stopped()), (Some(true), Some(true)));
        assert_eq!(pri.pasid_required(), Some(true));
        assert_eq!((pri.capacity(), pri.allocation()), (Some(512), Some(32)));
    }
}
