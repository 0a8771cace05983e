//! FRS Queueing (PCIe 6.0, 7.8.9): messages of functions that have become ready.

use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::FRS_QUEUEING),
    Document::Pcie60.at("7.8.9 FRS Queueing Extended Capability"),
    |_| REGISTERS.to_vec(),
);

const REGISTERS: &[Register] = &[
    Register::new(
        "FRS Queueing Capability",
        0x04,
        4,
        &[
            Field::number("FRS Queue Max Depth", 0x04, 0, 12),
            Field::number("FRS Interrupt Message Number", 0x04, 16, 5),
        ],
    ),
    Register::new(
        "FRS Queueing Status",
        0x08,
        2,
        &[
            Field::flag("FRS Message Received", 0x08, 0),
            Field::flag("FRS Message Overflow", 0x08, 1),
        ],
    ),
    Register::new(
        "FRS Queueing Control",
        0x0a,
        2,
        &[Field::flag("FRS Interrupt Enable", 0x0a, 0)],
    ),
    Register::new(
        "FRS Message Queue",
        0x0c,
        4,
        &[
            Field::hex("FRS Message Queue Function ID", 0x0c, 0, 16),
            Field::number("FRS Message Queue Reason", 0x0c, 16, 4),
            Field::number("FRS Message Queue Depth", 0x0c, 20, 12),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn the_first_message_of_the_queue() {
        let bytes = [
            0x21, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x10, 0x00, 0x03, 0x00, // 16 messages, interrupt 3
            0x01, 0x00, 0x01, 0x00, // received; interrupt on
            0x00, 0x02, 0x12, 0x00, // function 02:00.0, reason 2, one in the queue
        ];
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("FRS Queue Max Depth", "16"),
                ("FRS Interrupt Message Number", "3"),
                ("FRS Message Received", "+"),
                ("FRS Interrupt Enable", "+"),
                ("FRS Message Queue Function ID", "0x0200"),
                ("FRS Message Queue Reason", "2"),
                ("FRS Message Queue Depth", "1"),
            ],
        );
    }
}
