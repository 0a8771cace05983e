//! Device 3 (PCIe 6.0, 7.7.9): more of what the Express capability has no room for.

use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::DEVICE_3),
    Document::Pcie60.at("7.7.9 Device 3 Extended Capability"),
    |_| REGISTERS.to_vec(),
);

const REGISTERS: [Register; 3] = [
    Register::new(
        "Device Capabilities 3",
        0x04,
        4,
        &[
            Field::flag("DMWr Request Routing Supported", 0x04, 0),
            Field::flag("14-Bit Tag Completer Supported", 0x04, 1),
            Field::flag("14-Bit Tag Requester Supported", 0x04, 2),
            Field::flag("Receiver L0p Supported", 0x04, 3),
            Field::code("Port L0p Exit Latency", 0x04, 4, 3, LATENCIES),
            Field::code("Retimer L0p Exit Latency", 0x04, 7, 3, LATENCIES),
        ],
    ),
    Register::new(
        "Device Control 3",
        0x08,
        4,
        &[
            Field::flag("DMWr Requester Enable", 0x08, 0),
            Field::flag("DMWr Egress Blocking", 0x08, 1),
            Field::flag("14-Bit Tag Requester Enable", 0x08, 2),
            Field::flag("L0p Enable", 0x08, 3),
            Field::code(
                "Target Link Width",
                0x08,
                4,
                3,
                &[
                    (0, "x1"),
                    (1, "x2"),
                    (2, "x4"),
                    (3, "x8"),
                    (4, "x16"),
                    (7, "dynamic"),
                ],
            ),
        ],
    ),
    Register::new(
        "Device Status 3",
        0x0c,
        4,
        &[
            Field::code(
                "Initial Link Width",
                0x0c,
                0,
                3,
                &[(0, "x1"), (1, "x2"), (2, "x4"), (3, "x8"), (4, "x16")],
            ),
            Field::flag("Segment Captured", 0x0c, 3),
            Field::flag("Remote L0p Supported", 0x0c, 4),
        ],
    ),
];

const LATENCIES: &[(u64, &str)] = &[
    (0, "less than 1 us"),
    (1, "1 us to 2 us"),
    (2, "2 us to 4 us"),
    (3, "4 us to 8 us"),
    (4, "8 us to 16 us"),
    (5, "16 us to 32 us"),
    (6, "32 us to 64 us"),
    (7, "more than 64 us"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn the_segment_and_the_partial_width_of_a_link() {
        let bytes = [
            0x2f, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x1e, 0x01, 0x00, 0x00, // 14-bit tags, L0p, 1 to 2 us, 2 to 4 us
            0x7c, 0x00, 0x00, 0x00, // 14-bit tags, L0p, dynamic
            0x1c, 0x00, 0x00, 0x00, // x16, segment captured, remote L0p
        ];
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("14-Bit Tag Completer Supported", "+"),
                ("Port L0p Exit Latency", "1 us to 2 us"),
                ("Retimer L0p Exit Latency", "2 us to 4 us"),
                ("DMWr Requester Enable", "-"),
                ("Target Link Width", "dynamic"),
                ("Initial Link Width", "x16"),
                ("Segment Captured", "+"),
            ],
        );
    }
}
