//! Standard Hot-Plug Controller (SHPC 1.0, 4.2): a window to the controller's registers, for
//! where they are not in a BAR.

use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pci::CapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Standard(CapId::HOT_PLUG),
    Document::Shpc10.at("4.2 SHPC Capabilities List Item"),
    |_| REGISTERS.to_vec(),
);

const REGISTERS: &[Register] = &[
    Register::plain("Dword Select", 0x02, 1),
    Register::new(
        "Pending",
        0x03,
        1,
        &[
            Field::flag("Controller Interrupt Pending", 0x03, 6),
            Field::flag("Controller SERR Pending", 0x03, 7),
        ],
    ),
    Register::plain("Dword Data", 0x04, 4),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn one_register_is_seen_at_a_time() {
        let bytes = [
            0x0c, 0x00, 0x02, 0x40, // id, end of list, second register, interrupt pending
            0x78, 0x56, 0x34, 0x12,
        ];
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("Dword Select", "02"),
                ("Controller Interrupt Pending", "+"),
                ("Controller SERR Pending", "-"),
                ("Dword Data", "12345678"),
            ],
        );
    }
}
