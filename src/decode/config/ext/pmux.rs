//! Protocol Multiplexing (PCIe 3.1, appendix G; withdrawn later): other protocols on a link.

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::PMUX),
    Document::Pcie31.at("appendix G Protocol Multiplexing"),
    registers,
);

fn registers(window: Window<'_>) -> Vec<Register> {
    let mut registers = REGISTERS.to_vec();
    let size = window.bits(0x04, 0, 6).unwrap_or(0);
    let entries = 0..u16::try_from(size).unwrap_or(0);
    registers.extend(entries.map(|entry| PROTOCOL.moved(4 * entry)));
    registers
}

const REGISTERS: [Register; 3] = [
    Register::new(
        "PMUX Capability",
        0x04,
        4,
        &[Field::number("PMUX Protocol Array Size", 0x04, 0, 6)],
    ),
    Register::plain("PMUX Control", 0x08, 4),
    Register::plain("PMUX Status", 0x0c, 4),
];
/// The first one.
const PROTOCOL: Register = Register::new(
    "PMUX Protocol",
    0x10,
    4,
    &[
        Field::hex("Protocol ID", 0x10, 0, 16),
        Field::hex("Authority ID", 0x10, 16, 16),
    ],
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn each_protocol_names_its_authority() {
        let bytes = [
            0x1a, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x01, 0x00, 0x00, 0x00, // one protocol
            0, 0, 0, 0, 0, 0, 0, 0, //
            0x02, 0x00, 0x86, 0x80, // protocol 2 of 8086h
        ];
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("PMUX Protocol Array Size", "1"),
                ("Protocol ID", "0x0002"),
                ("Authority ID", "0x8086"),
            ],
        );
    }
}
