//! Secondary PCI Express (PCIe 6.0, 7.7.3): equalization at 8 GT/s.

use super::lanes;
use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::SECONDARY_PCIE),
    Document::Pcie60.at("7.7.3 Secondary PCI Express Extended Capability"),
    registers,
);

fn registers(window: Window<'_>) -> Vec<Register> {
    let mut registers = vec![
        LINK_CONTROL_3,
        Register::plain("Lane Error Status", 0x08, 4),
    ];
    registers.extend(lanes::each(window, &[EQUALIZATION], 2));
    registers
}

const LINK_CONTROL_3: Register = Register::new(
    "Link Control 3",
    0x04,
    4,
    &[
        Field::flag("Perform Equalization", 0x04, 0),
        Field::flag("Link Equalization Request Interrupt Enable", 0x04, 1),
        Field::hex("Enable Lower SKP OS Generation Vector", 0x04, 9, 7),
    ],
);
/// Of the first lane.
const EQUALIZATION: Register = Register::new(
    "Lane Equalization Control",
    0x0c,
    2,
    &[
        Field::number("Downstream Port Transmitter Preset", 0x0c, 0, 4),
        Field::number("Downstream Port Receiver Preset Hint", 0x0c, 4, 3),
        Field::number("Upstream Port Transmitter Preset", 0x0c, 8, 4),
        Field::number("Upstream Port Receiver Preset Hint", 0x0c, 12, 3),
    ],
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows_of;

    #[test]
    fn each_lane_has_its_presets() {
        let bytes = [
            0x19, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x02, 0x02, 0x00, 0x00, // interrupt on, lower SKP at 2.5 GT/s
            0x02, 0x00, 0x00, 0x00, // errors on lane 1
            0x27, 0x48, 0x00, 0x00, // lane 0: 7 and 2, 8 and 4
        ];
        shows_of(
            &STRUCTURE,
            &bytes,
            Some((4, 2)),
            &[
                ("Link Equalization Request Interrupt Enable", "+"),
                ("Enable Lower SKP OS Generation Vector", "0x01"),
                ("Lane Error Status", "00000002"),
                ("Downstream Port Transmitter Preset", "7"),
                ("Downstream Port Receiver Preset Hint", "2"),
                ("Upstream Port Transmitter Preset", "8"),
                ("Upstream Port Receiver Preset Hint", "4"),
            ],
        );
    }

    #[test]
    fn without_a_link_width_only_the_common_part_is_certain() {
        let bytes = [0x19, 0x00, 0x01, 0x00, 0, 0, 0, 0, 0, 0, 0, 0];
        shows_of(
            &STRUCTURE,
            &bytes,
            Some((4, 0)),
            &[("Perform Equalization", "-")],
        );
    }
}
