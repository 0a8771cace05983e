//! Root Complex Link Declaration (PCIe 6.0, 7.9.8): how the parts of a root complex hang
//! together.

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::RC_LINK),
    Document::Pcie60.at("7.9.8 Root Complex Link Declaration Extended Capability"),
    registers,
);

fn registers(window: Window<'_>) -> Vec<Register> {
    let mut registers = vec![ELEMENT];
    // As many as fit in the space: the count is a byte, an entry has 16 bytes.
    let count = window.bits(0x04, 8, 8).unwrap_or(0).min(0xef);
    for link in 0..u16::try_from(count).unwrap_or(0) {
        registers.extend(LINK.iter().map(|register| register.moved(0x10 * link)));
    }
    registers
}

const ELEMENT: Register = Register::new(
    "Element Self Description",
    0x04,
    4,
    &[
        Field::code(
            "Element Type",
            0x04,
            0,
            4,
            &[
                (0, "configuration space element"),
                (1, "system egress port or internal sink"),
                (2, "internal root complex link"),
            ],
        ),
        Field::number("Number of Link Entries", 0x04, 8, 8),
        Field::hex("Component ID", 0x04, 16, 8),
        Field::hex("Port Number", 0x04, 24, 8),
    ],
);

/// Of the first link.
const LINK: [Register; 2] = [
    Register::new(
        "Link Description",
        0x10,
        4,
        &[
            Field::flag("Link Valid", 0x10, 0),
            Field::code(
                "Link Type",
                0x10,
                1,
                1,
                &[(0, "memory-mapped space"), (1, "configuration space")],
            ),
            Field::flag("Associate RCRB Header", 0x10, 2),
            Field::hex("Target Component ID", 0x10, 16, 8),
            Field::hex("Target Port Number", 0x10, 24, 8),
        ],
    ),
    Register::plain("Link Address", 0x18, 8),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn each_link_has_its_target() {
        let bytes = [
            0x05, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x00, 0x01, 0x02, 0x0f, // configuration space, one link, component 2, port 15
            0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, // reserved
            0x01, 0x00, 0x01, 0x00, // valid, memory, component 1, port 0
            0x00, 0x00, 0x00, 0x00, // reserved
            0x00, 0x90, 0xd1, 0xfe, 0x00, 0x00, 0x00, 0x00, // fed19000h
        ];
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("Element Type", "configuration space element"),
                ("Number of Link Entries", "1"),
                ("Component ID", "0x02"),
                ("Port Number", "0x0f"),
                ("Link Valid", "+"),
                ("Link Type", "memory-mapped space"),
                ("Target Component ID", "0x01"),
                ("Link Address", "00000000fed19000"),
            ],
        );
    }
}
