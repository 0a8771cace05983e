//! Process Address Space ID (PCIe 6.0, 6.20 and 7.8.9): one function, several address spaces.

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Requests can ask for execute permission.
pub const EXECUTE: Field = Field::flag("Execute Permission Supported", 0x04, 1);
/// Requests can be made in privileged mode.
pub const PRIVILEGED: Field = Field::flag("Privileged Mode Supported", 0x04, 2);
/// Bits of a PASID that the function can use.
pub const WIDTH: Field = Field::number("Max PASID Width", 0x04, 8, 5);
/// The function may send PASIDs.
pub const ENABLE: Field = Field::flag("PASID Enable", 0x06, 0);

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::PASID),
    Document::Pcie60.at("7.8.9 PASID Extended Capability Structure"),
    |_| REGISTERS.to_vec(),
);

const REGISTERS: &[Register] = &[
    Register::new(
        "PASID Capability",
        0x04,
        2,
        &[
            EXECUTE,
            PRIVILEGED,
            Field::flag("Translated Requests with PASID Supported", 0x04, 3),
            WIDTH,
        ],
    ),
    Register::new(
        "PASID Control",
        0x06,
        2,
        &[
            ENABLE,
            Field::flag("Execute Permission Enable", 0x06, 1),
            Field::flag("Privileged Mode Enable", 0x06, 2),
            Field::flag("Translated Requests with PASID Enable", 0x06, 3),
        ],
    ),
];

/// A function's PASID capability.
#[derive(Clone, Copy, Debug)]
pub struct Pasid<'a> {
    window: Window<'a>,
}

impl<'a> Pasid<'a> {
    /// Views the capability that starts at the window.
    pub const fn new(window: Window<'a>) -> Self {
        Self { window }
    }

    /// The bytes behind the view.
    pub const fn window(self) -> Window<'a> {
        self.window
    }

    /// Whether the function may send PASIDs.
    pub fn enabled(self) -> Option<bool> {
        self.window.flag(ENABLE)
    }

    /// Bits of a PASID that the function can use, 0 to 20.
    pub fn width(self) -> Option<u8> {
        let width = self.window.field(WIDTH)?;
        u8::try_from(width).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ConfigImage;

    #[test]
    fn a_function_with_20_bits_and_privileged_mode() {
        let image = ConfigImage::from_bytes(vec![
            0x1b, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x04, 0x14, // privileged mode, 20 bits
            0x05, 0x00, // on, privileged mode on
        ]);
        let pasid = Pasid::new(image.window(0));
        assert_eq!((pasid.enabled(), pasid.width()), (Some(true), Some(20)));
        assert_eq!(pasid.window().flag(EXECUTE), Some(false));
        assert_eq!(pasid.window().flag(PRIVILEGED), Some(true));
    }
}
