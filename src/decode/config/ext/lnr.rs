//! LN Requester (PCIe 5.0, 7.8.10; withdrawn later): lightweight notification of changed cache
//! lines.

use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::LNR),
    Document::Pcie50.at("7.8.10 LN Requester Extended Capability"),
    |_| REGISTERS.to_vec(),
);

const REGISTERS: &[Register] = &[
    Register::new(
        "LNR Capability",
        0x04,
        2,
        &[
            Field::flag("LNR-64 Supported", 0x04, 0),
            Field::flag("LNR-128 Supported", 0x04, 1),
            Field::number("LNR Registration MAX", 0x04, 8, 5),
        ],
    ),
    Register::new(
        "LNR Control",
        0x06,
        2,
        &[
            Field::flag("LNR Enable", 0x06, 0),
            Field::flag("LNR CLS", 0x06, 1),
            Field::number("LNR Registration Limit", 0x06, 8, 5),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn line_sizes_and_registrations() {
        // id, version 1; both sizes, 2^10 registrations; on, 128 bytes, limit 2^4
        let bytes = [0x1c, 0x00, 0x01, 0x00, 0x03, 0x0a, 0x03, 0x04];
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("LNR-128 Supported", "+"),
                ("LNR Registration MAX", "10"),
                ("LNR Enable", "+"),
                ("LNR CLS", "+"),
                ("LNR Registration Limit", "4"),
            ],
        );
    }
}
