//! Lane Margining at the Receiver (PCIe 6.0, 7.7.8): how much margin each lane has.

use super::lanes;
use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::LANE_MARGINING),
    Document::Pcie60.at("7.7.8 Lane Margining at the Receiver Extended Capability"),
    registers,
);

fn registers(window: Window<'_>) -> Vec<Register> {
    let mut registers = PORT.to_vec();
    registers.extend(lanes::each(window, &LANE, 4));
    registers
}

const PORT: [Register; 2] = [
    Register::new(
        "Margining Port Capabilities",
        0x04,
        2,
        &[Field::flag("Margining Uses Driver Software", 0x04, 0)],
    ),
    Register::new(
        "Margining Port Status",
        0x06,
        2,
        &[
            Field::flag("Margining Ready", 0x06, 0),
            Field::flag("Margining Software Ready", 0x06, 1),
        ],
    ),
];
/// Of the first lane.
const LANE: [Register; 2] = [
    Register::new("Margining Lane Control", 0x08, 2, &lane(0x08)),
    Register::new("Margining Lane Status", 0x0a, 2, &lane(0x0a)),
];

const fn lane(offset: u16) -> [Field; 4] {
    [
        Field::number("Receiver Number", offset, 0, 3),
        Field::number("Margin Type", offset, 3, 3),
        Field::number("Usage Model", offset, 6, 1),
        Field::hex("Margin Payload", offset, 8, 8),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows_of;

    #[test]
    fn each_lane_has_control_and_status() {
        let bytes = [
            0x27, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x01, 0x00, 0x03, 0x00, // driver software; ready
            0x39, 0x9c, 0x31, 0x05, // lane 0: receiver 1, type 7; receiver 1, type 6
        ];
        shows_of(
            &STRUCTURE,
            &bytes,
            Some((4, 1)),
            &[
                ("Margining Uses Driver Software", "+"),
                ("Margining Software Ready", "+"),
                ("Margining Lane Control/Receiver Number", "1"),
                ("Margining Lane Control/Margin Type", "7"),
                ("Margining Lane Control/Margin Payload", "0x9c"),
                ("Margining Lane Status/Margin Type", "6"),
            ],
        );
    }
}
