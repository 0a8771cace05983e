//! Readiness Time Reporting (PCIe 6.0, 7.9.16): how long the function needs after a reset.

use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table. A time is a 9-bit value and a 3-bit scale of 32^n ns.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::READINESS_TIME),
    Document::Pcie60.at("7.9.16 Readiness Time Reporting Extended Capability"),
    |_| REGISTERS.to_vec(),
);

const REGISTERS: &[Register] = &[
    Register::new(
        "Readiness Time Reporting 1",
        0x04,
        4,
        &[
            Field::number("Reset Time Value", 0x04, 0, 9),
            Field::number("Reset Time Scale", 0x04, 9, 3),
            Field::number("DL_Up Time Value", 0x04, 12, 9),
            Field::number("DL_Up Time Scale", 0x04, 21, 3),
            Field::flag("Valid", 0x04, 31),
        ],
    ),
    Register::new(
        "Readiness Time Reporting 2",
        0x08,
        4,
        &[
            Field::number("FLR Time Value", 0x08, 0, 9),
            Field::number("FLR Time Scale", 0x08, 9, 3),
            Field::number("D3hot to D0 Time Value", 0x08, 12, 9),
            Field::number("D3hot to D0 Time Scale", 0x08, 21, 3),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn each_reset_has_its_time() {
        let bytes = [
            0x22, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x0a, 0x48, 0x60, 0x80, // 10 * 32^4 ns; 4 * 32^3 ns; valid
            0x05, 0x04, 0x00, 0x00, // 5 * 32^2 ns
        ];
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("Reset Time Value", "10"),
                ("Reset Time Scale", "4"),
                ("DL_Up Time Value", "4"),
                ("DL_Up Time Scale", "3"),
                ("Valid", "+"),
                ("FLR Time Value", "5"),
                ("FLR Time Scale", "2"),
            ],
        );
    }
}
