//! Flit Logging (PCIe 6.0, 7.7.8): errors of a link that carries flits, and how often bits flip.

use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Register};

/// Layout for the structure table. The registers are shown as numbers: their fields differ
/// between revisions of the specification.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::FLIT_LOGGING),
    Document::Pcie60.at("7.7.8 Flit Logging Extended Capability"),
    |_| REGISTERS.to_vec(),
);

const REGISTERS: &[Register] = &[
    Register::plain("Flit Error Log 1", 0x04, 4),
    Register::plain("Flit Error Log 2", 0x08, 4),
    Register::plain("Flit Error Counter Control", 0x0c, 2),
    Register::plain("Flit Error Counter Status", 0x0e, 2),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn the_log_and_the_counter_are_shown() {
        let bytes = [
            0x32, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x01, 0x00, 0x00, 0x80, 0x02, 0x00, 0x00, 0x00, // log
            0x01, 0x00, 0x07, 0x00, // control, status
        ];
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("Flit Error Log 1", "80000001"),
                ("Flit Error Log 2", "00000002"),
                ("Flit Error Counter Control", "0001"),
                ("Flit Error Counter Status", "0007"),
            ],
        );
    }
}
