//! Precision Time Measurement (PCIe 6.0, 6.21 and 7.9.15).

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// The function can ask for the time.
pub const REQUESTER: Field = Field::flag("PTM Requester Capable", 0x04, 0);
/// The port can tell the time.
pub const RESPONDER: Field = Field::flag("PTM Responder Capable", 0x04, 1);
/// The port can be the source of the time.
pub const ROOT: Field = Field::flag("PTM Root Capable", 0x04, 2);
/// PTM is on.
pub const ENABLE: Field = Field::flag("PTM Enable", 0x08, 0);
/// The port is the source of the time.
pub const ROOT_SELECT: Field = Field::flag("Root Select", 0x08, 1);

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::PTM),
    Document::Pcie60.at("7.9.15 Precision Time Measurement Extended Capability"),
    |_| REGISTERS.to_vec(),
);

const REGISTERS: &[Register] = &[
    Register::new(
        "PTM Capability",
        0x04,
        4,
        &[
            REQUESTER,
            RESPONDER,
            ROOT,
            Field::flag("ePTM Capable", 0x04, 3),
            Field::flag("PTM Propagation Delay Adaptation Capable", 0x04, 4),
            Field::number("Local Clock Granularity", 0x04, 8, 8),
        ],
    ),
    Register::new(
        "PTM Control",
        0x08,
        4,
        &[
            ENABLE,
            ROOT_SELECT,
            Field::number("Effective Granularity", 0x08, 8, 8),
        ],
    ),
];

/// A function's PTM capability.
#[derive(Clone, Copy, Debug)]
pub struct Ptm<'a> {
    window: Window<'a>,
}

impl<'a> Ptm<'a> {
    /// Views the capability that starts at the window.
    pub const fn new(window: Window<'a>) -> Self {
        Self { window }
    }

    /// The bytes behind the view.
    pub const fn window(self) -> Window<'a> {
        self.window
    }

    /// Whether PTM is on.
    pub fn enabled(self) -> Option<bool> {
        self.window.flag(ENABLE)
    }

    /// Whether the port is the source of the time for what lies below it.
    pub fn is_root(self) -> Option<bool> {
        self.window.flag(ROOT_SELECT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ConfigImage;

    #[test]
    fn a_root_port_that_is_the_clock() {
        let image = ConfigImage::from_bytes(vec![
            0x1f, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x06, 0x04, 0x00, 0x00, // responder, root; 4 ns
            0x03, 0x04, 0x00, 0x00, // on, root; 4 ns
        ]);
        let ptm = Ptm::new(image.window(0));
        assert_eq!((ptm.enabled(), ptm.is_root()), (Some(true), Some(true)));
        let flags = [REQUESTER, RESPONDER, ROOT].map(|flag| ptm.window().flag(flag));
        assert_eq!(flags, [Some(false), Some(true), Some(true)]);
    }
}
