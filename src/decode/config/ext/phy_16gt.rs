//! Physical Layer 16.0 GT/s (PCIe 6.0, 7.7.5): equalization and parity errors.

use super::lanes;
use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::PHY_16GT),
    Document::Pcie60.at("7.7.5 Physical Layer 16.0 GT/s Extended Capability"),
    registers,
);

fn registers(window: Window<'_>) -> Vec<Register> {
    let mut registers = REGISTERS.to_vec();
    registers.extend(lanes::each(window, &[lanes::PRESETS], 1));
    registers
}

const REGISTERS: [Register; 6] = [
    Register::plain("16.0 GT/s Capabilities", 0x04, 4),
    Register::plain("16.0 GT/s Control", 0x08, 4),
    Register::new(
        "16.0 GT/s Status",
        0x0c,
        4,
        &[
            Field::flag("Equalization Complete", 0x0c, 0),
            Field::flag("Equalization Phase 1 Successful", 0x0c, 1),
            Field::flag("Equalization Phase 2 Successful", 0x0c, 2),
            Field::flag("Equalization Phase 3 Successful", 0x0c, 3),
            Field::flag("Link Equalization Request", 0x0c, 4),
        ],
    ),
    Register::plain("Local Data Parity Mismatch Status", 0x10, 4),
    Register::plain("First Retimer Data Parity Mismatch Status", 0x14, 4),
    Register::plain("Second Retimer Data Parity Mismatch Status", 0x18, 4),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows_of;

    #[test]
    fn each_lane_has_a_byte_of_presets() {
        let mut bytes = [0; 0x22];
        bytes[..4].copy_from_slice(&[0x26, 0x00, 0x01, 0x00]);
        bytes[0x0c] = 0x0f; // complete, all phases
        bytes[0x10] = 0x02; // parity mismatch on lane 1
        bytes[0x20] = 0x75; // lane 0
        shows_of(
            &STRUCTURE,
            &bytes,
            Some((4, 2)),
            &[
                ("Equalization Complete", "+"),
                ("Equalization Phase 3 Successful", "+"),
                ("Link Equalization Request", "-"),
                ("Local Data Parity Mismatch Status", "00000002"),
                ("Downstream Port Transmitter Preset", "5"),
                ("Upstream Port Transmitter Preset", "7"),
            ],
        );
    }
}
