//! Physical Layer 32.0 GT/s (PCIe 6.0, 7.7.6): equalization, and training sets that other
//! protocols use.

use super::lanes;
use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::PHY_32GT),
    Document::Pcie60.at("7.7.6 Physical Layer 32.0 GT/s Extended Capability"),
    registers,
);

fn registers(window: Window<'_>) -> Vec<Register> {
    let mut registers = REGISTERS.to_vec();
    registers.extend(lanes::each(window, &[lanes::PRESETS], 1));
    registers
}

const REGISTERS: [Register; 7] = [
    Register::new(
        "32.0 GT/s Capabilities",
        0x04,
        4,
        &[
            Field::flag("Equalization Bypass to Highest Rate Supported", 0x04, 0),
            Field::flag("No Equalization Needed Supported", 0x04, 1),
            Field::flag("Modified TS Usage Mode 0 Supported", 0x04, 8),
            Field::flag("Modified TS Usage Mode 1 Supported", 0x04, 9),
            Field::flag("Modified TS Usage Mode 2 Supported", 0x04, 10),
        ],
    ),
    Register::new(
        "32.0 GT/s Control",
        0x08,
        4,
        &[
            Field::flag("Equalization Bypass to Highest Rate Disable", 0x08, 0),
            Field::flag("No Equalization Needed Disable", 0x08, 1),
            Field::code(
                "Modified TS Usage Mode Selected",
                0x08,
                8,
                3,
                &[
                    (0, "PCI Express"),
                    (1, "training set messages"),
                    (2, "alternate protocol"),
                ],
            ),
        ],
    ),
    Register::new(
        "32.0 GT/s Status",
        0x0c,
        4,
        &[
            Field::flag("Equalization Complete", 0x0c, 0),
            Field::flag("Equalization Phase 1 Successful", 0x0c, 1),
            Field::flag("Equalization Phase 2 Successful", 0x0c, 2),
            Field::flag("Equalization Phase 3 Successful", 0x0c, 3),
            Field::flag("Link Equalization Request", 0x0c, 4),
            Field::flag("Modified TS Received", 0x0c, 5),
            Field::code(
                "Received Enhanced Link Behavior Control",
                0x0c,
                6,
                2,
                &[
                    (0, "full equalization"),
                    (1, "equalization bypass"),
                    (2, "no equalization needed"),
                ],
            ),
            Field::flag("Transmitter Precoding On", 0x0c, 8),
            Field::flag("Transmitter Precode Request", 0x0c, 9),
            Field::flag("No Equalization Needed Received", 0x0c, 10),
        ],
    ),
    Register::new("Received Modified TS Data 1", 0x10, 4, &data_1(0x10)),
    Register::new("Received Modified TS Data 2", 0x14, 4, &data_2(0x14)),
    Register::new("Transmitted Modified TS Data 1", 0x18, 4, &data_1(0x18)),
    Register::new("Transmitted Modified TS Data 2", 0x1c, 4, &data_2(0x1c)),
];

const fn data_1(offset: u16) -> [Field; 3] {
    [
        Field::number("Modified TS Usage Mode", offset, 0, 3),
        Field::hex("Modified TS Information 1", offset, 3, 13),
        Field::hex("Modified TS Vendor ID", offset, 16, 16),
    ]
}

const fn data_2(offset: u16) -> [Field; 2] {
    [
        Field::hex("Modified TS Information 2", offset, 0, 24),
        Field::number("Alternate Protocol Negotiation Status", offset, 24, 2),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows_of;

    #[test]
    fn the_status_tells_how_training_went() {
        let mut bytes = [0; 0x21];
        bytes[..16].copy_from_slice(&[
            0x2a, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x03, 0x05, 0x00, 0x00, // bypass, none needed; modes 0 and 2
            0x00, 0x02, 0x00, 0x00, // alternate protocol
            0x2f, 0x01, 0x00, 0x00, // complete, all phases; modified TS; precoding
        ]);
        bytes[0x10..0x14].copy_from_slice(&[0x02, 0x00, 0x98, 0x1e]);
        bytes[0x20] = 0x55;
        shows_of(
            &STRUCTURE,
            &bytes,
            Some((4, 1)),
            &[
                ("No Equalization Needed Supported", "+"),
                ("Modified TS Usage Mode 2 Supported", "+"),
                ("Modified TS Usage Mode Selected", "alternate protocol"),
                ("Equalization Complete", "+"),
                ("Modified TS Received", "+"),
                ("Transmitter Precoding On", "+"),
                (
                    "Received Modified TS Data 1/Modified TS Vendor ID",
                    "0x1e98",
                ),
                ("Downstream Port Transmitter Preset", "5"),
            ],
        );
    }
}
