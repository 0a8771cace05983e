//! Slot Identification (PCI-to-PCI Bridge 1.2, 13.4): expansion chassis of conventional PCI.

use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pci::CapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Standard(CapId::SLOT_ID),
    Document::PciBridge12.at("13.4 Slot Numbering Capabilities List Item"),
    |_| REGISTERS.to_vec(),
);

const REGISTERS: &[Register] = &[
    Register::new(
        "Expansion Slot",
        0x02,
        1,
        &[
            Field::number("Expansion Slots Provided", 0x02, 0, 5),
            Field::flag("First in Chassis", 0x02, 5),
        ],
    ),
    Register::plain("Chassis Number", 0x03, 1),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn the_first_bridge_of_a_chassis_with_four_slots() {
        // id, end of list, four slots and first, chassis 2
        shows(
            &STRUCTURE,
            &[0x04, 0x00, 0x24, 0x02],
            &[
                ("Expansion Slots Provided", "4"),
                ("First in Chassis", "+"),
                ("Chassis Number", "02"),
            ],
        );
    }
}
