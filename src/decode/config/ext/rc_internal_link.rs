//! Root Complex Internal Link Control (PCIe 6.0, 7.9.9): link registers of a link inside the
//! root complex.

use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::RC_INTERNAL_LINK),
    Document::Pcie60.at("7.9.9 Root Complex Internal Link Control Extended Capability"),
    |_| REGISTERS.to_vec(),
);

const ASPM: &[(u64, &str)] = &[(0, "none"), (1, "L0s"), (2, "L1"), (3, "L0s and L1")];
const SPEEDS: &[(u64, &str)] = &[
    (1, "2.5 GT/s"),
    (2, "5 GT/s"),
    (3, "8 GT/s"),
    (4, "16 GT/s"),
    (5, "32 GT/s"),
    (6, "64 GT/s"),
];

const REGISTERS: [Register; 3] = [
    Register::new(
        "Root Complex Link Capabilities",
        0x04,
        4,
        &[
            Field::code("Max Link Speed", 0x04, 0, 4, SPEEDS),
            Field::number("Maximum Link Width", 0x04, 4, 6),
            Field::code("ASPM Support", 0x04, 10, 2, ASPM),
            Field::number("L0s Exit Latency", 0x04, 12, 3),
            Field::number("L1 Exit Latency", 0x04, 15, 3),
        ],
    ),
    Register::new(
        "Root Complex Link Control",
        0x08,
        2,
        &[
            Field::code("ASPM Control", 0x08, 0, 2, ASPM),
            Field::flag("Extended Synch", 0x08, 7),
        ],
    ),
    Register::new(
        "Root Complex Link Status",
        0x0a,
        2,
        &[
            Field::code("Current Link Speed", 0x0a, 0, 4, SPEEDS),
            Field::number("Negotiated Link Width", 0x0a, 4, 6),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn an_internal_link_has_speed_and_width() {
        let bytes = [
            0x06, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x41, 0x0c, 0x00, 0x00, // 2.5 GT/s, x4, L0s and L1
            0x01, 0x00, 0x11, 0x00, // L0s; 2.5 GT/s, x1
        ];
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("Max Link Speed", "2.5 GT/s"),
                ("Maximum Link Width", "4"),
                ("ASPM Support", "L0s and L1"),
                ("ASPM Control", "L0s"),
                ("Negotiated Link Width", "1"),
            ],
        );
    }
}
