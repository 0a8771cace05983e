//! Data Object Exchange (PCIe 6.0, 7.9.24): a mailbox for attestation, encryption keys and CXL.

use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::DOE),
    Document::Pcie60.at("7.9.24 Data Object Exchange Extended Capability"),
    |_| REGISTERS.to_vec(),
);

const REGISTERS: [Register; 5] = [
    Register::new(
        "DOE Capabilities",
        0x04,
        4,
        &[
            Field::flag("DOE Interrupt Support", 0x04, 0),
            Field::number("DOE Interrupt Message Number", 0x04, 1, 11),
            Field::flag("DOE Attention Mechanism Support", 0x04, 12),
            Field::flag("DOE Async Message Support", 0x04, 13),
        ],
    ),
    Register::new(
        "DOE Control",
        0x08,
        4,
        &[
            Field::flag("DOE Abort", 0x08, 0),
            Field::flag("DOE Interrupt Enable", 0x08, 1),
            Field::flag("DOE Attention Not Needed", 0x08, 2),
            Field::flag("DOE Async Message Enable", 0x08, 3),
            Field::flag("DOE Go", 0x08, 31),
        ],
    ),
    Register::new(
        "DOE Status",
        0x0c,
        4,
        &[
            Field::flag("DOE Busy", 0x0c, 0),
            Field::flag("DOE Interrupt Status", 0x0c, 1),
            Field::flag("DOE Error", 0x0c, 2),
            Field::flag("DOE Async Message Status", 0x0c, 3),
            Field::flag("DOE At Attention", 0x0c, 4),
            Field::flag("Data Object Ready", 0x0c, 31),
        ],
    ),
    Register::plain("DOE Write Data Mailbox", 0x10, 4),
    Register::plain("DOE Read Data Mailbox", 0x14, 4),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn a_mailbox_with_an_object_to_read() {
        let bytes = [
            0x2e, 0x00, 0x02, 0x00, // id, version 2, end of list
            0x03, 0x10, 0x00, 0x00, // interrupts, message 1; attention
            0x02, 0x00, 0x00, 0x00, // interrupt on
            0x02, 0x00, 0x00, 0x80, // interrupt status, object ready
            0, 0, 0, 0, 0x01, 0x00, 0x01, 0x00,
        ];
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("DOE Interrupt Support", "+"),
                ("DOE Interrupt Message Number", "1"),
                ("DOE Attention Mechanism Support", "+"),
                ("DOE Interrupt Enable", "+"),
                ("DOE Busy", "-"),
                ("DOE Interrupt Status", "+"),
                ("Data Object Ready", "+"),
                ("DOE Read Data Mailbox", "00010001"),
            ],
        );
    }
}
