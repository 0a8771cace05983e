//! Alternative Routing-ID Interpretation (PCIe 6.0, 6.13 and 7.8.8): devices with more than
//! eight functions.

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Functions can be put into ACS groups.
pub const ACS_GROUPS_CAPABLE: Field = Field::flag("ACS Function Groups Capability", 0x04, 1);
/// Next function of the device; 0 in the last one.
pub const NEXT_FUNCTION: Field = Field::number("Next Function Number", 0x04, 8, 8);
/// The egress control vector counts groups instead of functions.
pub const ACS_GROUPS_ENABLE: Field = Field::flag("ACS Function Groups Enable", 0x06, 1);
/// Group of this function.
pub const FUNCTION_GROUP: Field = Field::number("Function Group", 0x06, 4, 3);

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::ARI),
    Document::Pcie60.at("7.8.8 ARI Extended Capability"),
    |_| REGISTERS.to_vec(),
);

const REGISTERS: &[Register] = &[
    Register::new(
        "ARI Capability",
        0x04,
        2,
        &[MFVC_GROUPS_CAPABLE, ACS_GROUPS_CAPABLE, NEXT_FUNCTION],
    ),
    Register::new(
        "ARI Control",
        0x06,
        2,
        &[MFVC_GROUPS_ENABLE, ACS_GROUPS_ENABLE, FUNCTION_GROUP],
    ),
];

const MFVC_GROUPS_CAPABLE: Field = Field::flag("MFVC Function Groups Capability", 0x04, 0);
const MFVC_GROUPS_ENABLE: Field = Field::flag("MFVC Function Groups Enable", 0x06, 0);

/// A function's ARI capability.
#[derive(Clone, Copy, Debug)]
pub struct Ari<'a> {
    window: Window<'a>,
}

impl<'a> Ari<'a> {
    /// Views the capability that starts at the window.
    pub const fn new(window: Window<'a>) -> Self {
        Self { window }
    }

    /// The bytes behind the view.
    pub const fn window(self) -> Window<'a> {
        self.window
    }

    /// Number of the device's next function; 0 in the last one. Each is higher than the one
    /// before it, so that the chain ends.
    pub fn next_function(self) -> Option<u8> {
        let next = self.window.field(NEXT_FUNCTION)?;
        u8::try_from(next).ok()
    }

    /// Whether ACS egress control works on groups of functions.
    pub fn acs_groups_enabled(self) -> Option<bool> {
        self.window.flag(ACS_GROUPS_ENABLE)
    }

    /// Group of this function, 0 to 7.
    pub fn function_group(self) -> Option<u8> {
        let group = self.window.field(FUNCTION_GROUP)?;
        u8::try_from(group).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ConfigImage;

    #[test]
    fn the_next_function_may_exceed_seven() {
        let image = ConfigImage::from_bytes(vec![
            0x0e, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x02, 0x81, // ACS groups possible, next function 81h
            0x52, 0x00, // ACS groups on, group 5
        ]);
        let ari = Ari::new(image.window(0));
        assert_eq!(ari.next_function(), Some(0x81));
        assert_eq!(ari.window().flag(ACS_GROUPS_CAPABLE), Some(true));
        assert_eq!(ari.acs_groups_enabled(), Some(true));
        assert_eq!(ari.function_group(), Some(5));
    }

    #[test]
    fn a_text_without_the_control_word_leaves_it_unknown() {
        let image = ConfigImage::from_bytes(vec![0x0e, 0, 1, 0, 0, 0]);
        let ari = Ari::new(image.window(0));
        assert_eq!(ari.next_function(), Some(0));
        assert_eq!(
            (ari.acs_groups_enabled(), ari.function_group()),
            (None, None)
        );
    }
}
