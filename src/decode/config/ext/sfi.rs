//! System Firmware Intermediary (PCIe 6.0, 7.9.23): firmware between a slot and the system.

use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::SFI),
    Document::Pcie60.at("7.9.23 System Firmware Intermediary Extended Capability"),
    |_| REGISTERS.to_vec(),
);

const REGISTERS: &[Register] = &[
    Register::plain("SFI Capability", 0x04, 2),
    Register::plain("SFI Control", 0x06, 2),
    Register::plain("SFI Status", 0x08, 2),
    Register::plain("SFI CAM Address", 0x0c, 4),
    Register::plain("SFI CAM Data", 0x10, 4),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn configuration_accesses_go_through_a_window() {
        let bytes = [
            0x2c, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x01, 0x00, 0x00, 0x00, // capability, control
            0x00, 0x00, 0x00, 0x00, // status, reserved
            0x00, 0x00, 0x00, 0x00, // register 0 of the function below
            0x86, 0x80, 0x34, 0x12, // what it reads: vendor and device
        ];
        shows(
            &STRUCTURE,
            &bytes,
            &[("SFI Capability", "0001"), ("SFI CAM Data", "12348086")],
        );
    }
}
