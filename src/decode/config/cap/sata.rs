//! SATA Data/Index Configuration (Serial ATA AHCI 1.3.1, 2.4): an index and data register pair
//! in a BAR or here.

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pci::CapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Standard(CapId::SATA),
    Document::Ahci131.at("2.4 Serial ATA Capability"),
    registers,
);

fn registers(window: Window<'_>) -> Vec<Register> {
    let mut registers = REGISTERS.to_vec();
    // Only where the pair is in configuration space.
    if window.bits(0x04, 0, 4) != Some(0xf) {
        registers.truncate(2);
    }
    registers
}

const REGISTERS: [Register; 4] = [
    Register::new(
        "Serial ATA Capability Register 0",
        0x02,
        2,
        &[
            Field::number("Minor Revision", 0x02, 0, 4),
            Field::number("Major Revision", 0x02, 4, 4),
        ],
    ),
    Register::new(
        "Serial ATA Capability Register 1",
        0x04,
        4,
        &[
            Field::code("BAR Location", 0x04, 0, 4, LOCATIONS),
            Field::hex("BAR Offset (dwords)", 0x04, 4, 20),
        ],
    ),
    Register::plain("Index", 0x08, 4),
    Register::plain("Data", 0x0c, 4),
];

const LOCATIONS: &[(u64, &str)] = &[
    (4, "BAR 0"),
    (5, "BAR 1"),
    (6, "BAR 2"),
    (7, "BAR 3"),
    (8, "BAR 4"),
    (9, "BAR 5"),
    (15, "configuration space"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn the_pair_lies_in_a_bar_or_here() {
        let bytes = [
            0x12, 0x00, 0x10, 0x00, // id, end of list, revision 1.0
            0x48, 0x00, 0x00, 0x00, // BAR 4, offset 4 dwords
        ];
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("Major Revision", "1"),
                ("BAR Location", "BAR 4"),
                ("BAR Offset (dwords)", "0x00004"),
            ],
        );
        let mut here = [0; 16];
        here[..5].copy_from_slice(&[0x12, 0x00, 0x10, 0x00, 0x0f]);
        shows(
            &STRUCTURE,
            &here,
            &[
                ("BAR Location", "configuration space"),
                ("Data", "00000000"),
            ],
        );
    }
}
