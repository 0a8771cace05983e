//! Data Link Feature (PCIe 6.0, 7.7.4): what the two ends of a link told each other.

use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::DATA_LINK_FEATURE),
    Document::Pcie60.at("7.7.4 Data Link Feature Extended Capability"),
    |_| REGISTERS.to_vec(),
);

const REGISTERS: &[Register] = &[
    Register::new(
        "Data Link Feature Capabilities",
        0x04,
        4,
        &[
            Field::flag("Local Scaled Flow Control Supported", 0x04, 0),
            Field::flag("Local Immediate Readiness", 0x04, 1),
            Field::number("Local Extended VC Count", 0x04, 2, 3),
            Field::number("Local L0p Exit Latency", 0x04, 5, 3),
            Field::hex("Other Local Features", 0x04, 8, 15),
            Field::flag("Data Link Feature Exchange Enable", 0x04, 31),
        ],
    ),
    Register::new(
        "Data Link Feature Status",
        0x08,
        4,
        &[
            Field::flag("Remote Scaled Flow Control Supported", 0x08, 0),
            Field::flag("Remote Immediate Readiness", 0x08, 1),
            Field::number("Remote Extended VC Count", 0x08, 2, 3),
            Field::number("Remote L0p Exit Latency", 0x08, 5, 3),
            Field::hex("Other Remote Features", 0x08, 8, 15),
            Field::flag("Remote Data Link Feature Supported Valid", 0x08, 31),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn both_ends_scale_their_credits() {
        let bytes = [
            0x25, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x01, 0x00, 0x00, 0x80, // scaled flow control, exchange on
            0x03, 0x00, 0x00, 0x80, // and immediate readiness, valid
        ];
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("Local Scaled Flow Control Supported", "+"),
                ("Local Immediate Readiness", "-"),
                ("Data Link Feature Exchange Enable", "+"),
                ("Remote Immediate Readiness", "+"),
                ("Remote Data Link Feature Supported Valid", "+"),
            ],
        );
    }
}
