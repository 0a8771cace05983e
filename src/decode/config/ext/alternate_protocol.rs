//! Alternate Protocol (PCIe 6.0, 7.9.21): other protocols that the link can be trained for.

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::ALTERNATE_PROTOCOL),
    Document::Pcie60.at("7.9.21 Alternate Protocol Extended Capability"),
    registers,
);

fn registers(window: Window<'_>) -> Vec<Register> {
    let mut registers = REGISTERS.to_vec();
    if window.bits(0x04, 8, 1) != Some(1) {
        registers.pop();
    }
    registers
}

const REGISTERS: [Register; 5] = [
    Register::new(
        "Alternate Protocol Capabilities",
        0x04,
        4,
        &[
            Field::number("Alternate Protocol Count", 0x04, 0, 8),
            Field::flag("Alternate Protocol Selective Enable Supported", 0x04, 8),
        ],
    ),
    Register::new(
        "Alternate Protocol Control",
        0x08,
        4,
        &[
            Field::number("Alternate Protocol Index Select", 0x08, 0, 8),
            Field::flag("Alternate Protocol Negotiation Global Enable", 0x08, 8),
        ],
    ),
    Register::new(
        "Alternate Protocol Data 1",
        0x0c,
        4,
        &[
            Field::number("Alternate Protocol Usage Information", 0x0c, 0, 3),
            Field::hex("Alternate Protocol Details", 0x0c, 5, 11),
            Field::hex("Alternate Protocol Vendor ID", 0x0c, 16, 16),
        ],
    ),
    Register::new(
        "Alternate Protocol Data 2",
        0x10,
        4,
        &[Field::hex("Modified TS 2 Information", 0x10, 0, 24)],
    ),
    Register::plain("Alternate Protocol Selective Enable Mask", 0x14, 4),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn the_mask_is_there_where_protocols_can_be_chosen() {
        let mut bytes = [0; 0x18];
        bytes[..16].copy_from_slice(&[
            0x2b, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x02, 0x01, 0x00, 0x00, // two protocols, selective
            0x01, 0x01, 0x00, 0x00, // the second shown, negotiation on
            0x02, 0x00, 0x98, 0x1e, // CXL
        ]);
        bytes[0x14] = 0x03;
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("Alternate Protocol Count", "2"),
                ("Alternate Protocol Negotiation Global Enable", "+"),
                ("Alternate Protocol Vendor ID", "0x1e98"),
                ("Alternate Protocol Selective Enable Mask", "00000003"),
            ],
        );
        bytes[5] = 0;
        shows(
            &STRUCTURE,
            &bytes[..0x14],
            &[("Alternate Protocol Count", "2")],
        );
    }
}
