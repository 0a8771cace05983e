//! Physical Layer 64.0 GT/s (PCIe 6.0, 7.7.7): equalization.

use super::lanes;
use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::PHY_64GT),
    Document::Pcie60.at("7.7.7 Physical Layer 64.0 GT/s Extended Capability"),
    registers,
);

fn registers(window: Window<'_>) -> Vec<Register> {
    let mut registers = REGISTERS.to_vec();
    registers.extend(lanes::each(window, &[PRESETS], 1));
    registers
}

const REGISTERS: [Register; 3] = [
    Register::plain("64.0 GT/s Capabilities", 0x04, 4),
    Register::plain("64.0 GT/s Control", 0x08, 4),
    Register::new(
        "64.0 GT/s Status",
        0x0c,
        4,
        &[
            Field::flag("Equalization Complete", 0x0c, 0),
            Field::flag("Equalization Phase 1 Successful", 0x0c, 1),
            Field::flag("Equalization Phase 2 Successful", 0x0c, 2),
            Field::flag("Equalization Phase 3 Successful", 0x0c, 3),
            Field::flag("Link Equalization Request", 0x0c, 4),
            Field::flag("Transmitter Precoding On", 0x0c, 5),
            Field::flag("Transmitter Precode Request", 0x0c, 6),
            Field::flag("No Equalization Needed Received", 0x0c, 7),
        ],
    ),
];
/// Of the first lane.
const PRESETS: Register = Register::new(
    "Lane Equalization Control",
    0x10,
    1,
    &[
        Field::number("Downstream Port Transmitter Preset", 0x10, 0, 4),
        Field::number("Upstream Port Transmitter Preset", 0x10, 4, 4),
    ],
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows_of;

    #[test]
    fn lanes_follow_the_status() {
        let bytes = [
            0x31, 0x00, 0x01, 0x00, // id, version 1, end of list
            0, 0, 0, 0, 0, 0, 0, 0, //
            0x21, 0x00, 0x00, 0x00, // complete, precoding
            0x74, 0x00, // two lanes
        ];
        shows_of(
            &STRUCTURE,
            &bytes,
            Some((4, 2)),
            &[
                ("Equalization Complete", "+"),
                ("Transmitter Precoding On", "+"),
                ("Downstream Port Transmitter Preset", "4"),
                ("Upstream Port Transmitter Preset", "7"),
            ],
        );
    }
}
