//! Root Complex Register Block Header (PCIe 6.0, 7.9.7).

use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::RCRB),
    Document::Pcie60.at("7.9.7 RCRB Header Extended Capability"),
    |_| REGISTERS.to_vec(),
);

const REGISTERS: &[Register] = &[
    Register::plain("Vendor ID", 0x04, 2),
    Register::plain("Device ID", 0x06, 2),
    Register::new(
        "RCRB Capabilities",
        0x08,
        4,
        &[Field::flag(
            "Configuration RRS Software Visibility",
            0x08,
            0,
        )],
    ),
    Register::new(
        "RCRB Control",
        0x0c,
        4,
        &[Field::flag(
            "Configuration RRS Software Visibility Enable",
            0x0c,
            0,
        )],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn a_register_block_has_ids_of_its_own() {
        let bytes = [
            0x0a, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x86, 0x80, 0x34, 0x12, // 8086:1234
            0x01, 0x00, 0x00, 0x00, // software visibility
            0x00, 0x00, 0x00, 0x00, // off
        ];
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("Vendor ID", "8086"),
                ("Device ID", "1234"),
                ("Configuration RRS Software Visibility", "+"),
                ("Configuration RRS Software Visibility Enable", "-"),
            ],
        );
    }
}
