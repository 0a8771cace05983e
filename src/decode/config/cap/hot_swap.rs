//! CompactPCI Hot Swap (PICMG 2.1, 3.1): status of a board that is put in or taken out.

use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pci::CapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Standard(CapId::HOT_SWAP),
    Document::Picmg21.at("Hot Swap Control and Status Register"),
    |_| REGISTERS.to_vec(),
);

const REGISTERS: &[Register] = &[Register::new(
    "Hot Swap Control and Status",
    0x02,
    1,
    &[
        Field::flag("Device Hiding Arm", 0x02, 0),
        Field::flag("ENUM# Signal Mask", 0x02, 1),
        Field::flag("Pending Insert or Extract", 0x02, 2),
        Field::flag("LED On", 0x02, 3),
        Field::number("Programming Interface", 0x02, 4, 2),
        Field::flag("ENUM# Extraction", 0x02, 6),
        Field::flag("ENUM# Insertion", 0x02, 7),
    ],
)];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn a_board_about_to_be_taken_out() {
        // id, end of list, extraction, interface 1, LED
        shows(
            &STRUCTURE,
            &[0x06, 0x00, 0x58],
            &[
                ("ENUM# Extraction", "+"),
                ("ENUM# Insertion", "-"),
                ("Programming Interface", "1"),
                ("LED On", "+"),
            ],
        );
    }
}
