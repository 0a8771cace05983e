//! Link registers.

use crate::decode::config::cap::express::{
    LINK_SPEED, LINK_WIDTH, MAX_LINK_SPEED, MAX_LINK_WIDTH, PORT_NUMBER, TARGET_SPEED,
};
use crate::spec::{Field, Register};

pub(super) const FIRST: &[Register] = &[
    Register::new(
        "Link Capabilities",
        0x0c,
        4,
        &[
            MAX_LINK_SPEED,
            MAX_LINK_WIDTH,
            Field::code("ASPM Support", 0x0c, 10, 2, ASPM),
            Field::code("L0s Exit Latency", 0x0c, 12, 3, L0S_EXIT),
            Field::code("L1 Exit Latency", 0x0c, 15, 3, L1_EXIT),
            Field::flag("Clock Power Management", 0x0c, 18),
            Field::flag("Surprise Down Error Reporting Capable", 0x0c, 19),
            Field::flag("Data Link Layer Link Active Reporting Capable", 0x0c, 20),
            Field::flag("Link Bandwidth Notification Capability", 0x0c, 21),
            Field::flag("ASPM Optionality Compliance", 0x0c, 22),
            PORT_NUMBER,
        ],
    ),
    Register::new(
        "Link Control",
        0x10,
        2,
        &[
            Field::code("ASPM Control", 0x10, 0, 2, ASPM),
            Field::flag("PTM Propagation Delay Adaptation Interpretation B", 0x10, 2),
            Field::power("Read Completion Boundary", 0x10, 3, 1, 64, "bytes"),
            Field::flag("Link Disable", 0x10, 4),
            Field::flag("Retrain Link", 0x10, 5),
            Field::flag("Common Clock Configuration", 0x10, 6),
            Field::flag("Extended Synch", 0x10, 7),
            Field::flag("Enable Clock Power Management", 0x10, 8),
            Field::flag("Hardware Autonomous Width Disable", 0x10, 9),
            Field::flag("Link Bandwidth Management Interrupt Enable", 0x10, 10),
            Field::flag("Link Autonomous Bandwidth Interrupt Enable", 0x10, 11),
            Field::flag("SRIS Clocking", 0x10, 12),
            Field::flag("Flit Mode Disable", 0x10, 13),
            Field::number("DRS Signaling Control", 0x10, 14, 2),
        ],
    ),
    Register::new(
        "Link Status",
        0x12,
        2,
        &[
            LINK_SPEED,
            LINK_WIDTH,
            Field::flag("Training Error (1.0a)", 0x12, 10),
            Field::flag("Link Training", 0x12, 11),
            Field::flag("Slot Clock Configuration", 0x12, 12),
            Field::flag("Data Link Layer Link Active", 0x12, 13),
            Field::flag("Link Bandwidth Management Status", 0x12, 14),
            Field::flag("Link Autonomous Bandwidth Status", 0x12, 15),
        ],
    ),
];

/// The registers that version 2 added.
pub(super) const SECOND: &[Register] = &[
    Register::new(
        "Link Capabilities 2",
        0x2c,
        4,
        &[
            Field::flag("Supported Link Speed 2.5 GT/s", 0x2c, 1),
            Field::flag("Supported Link Speed 5 GT/s", 0x2c, 2),
            Field::flag("Supported Link Speed 8 GT/s", 0x2c, 3),
            Field::flag("Supported Link Speed 16 GT/s", 0x2c, 4),
            Field::flag("Supported Link Speed 32 GT/s", 0x2c, 5),
            Field::flag("Supported Link Speed 64 GT/s", 0x2c, 6),
            Field::flag("Crosslink Supported", 0x2c, 8),
            Field::hex(
                "Lower SKP OS Generation Supported Speeds Vector",
                0x2c,
                9,
                7,
            ),
            Field::hex(
                "Lower SKP OS Reception Supported Speeds Vector",
                0x2c,
                16,
                7,
            ),
            Field::flag("Retimer Presence Detect Supported", 0x2c, 23),
            Field::flag("Two Retimers Presence Detect Supported", 0x2c, 24),
            Field::flag("DRS Supported", 0x2c, 31),
        ],
    ),
    Register::new(
        "Link Control 2",
        0x30,
        2,
        &[
            TARGET_SPEED,
            Field::flag("Enter Compliance", 0x30, 4),
            Field::flag("Hardware Autonomous Speed Disable", 0x30, 5),
            Field::code("Selectable De-emphasis", 0x30, 6, 1, DE_EMPHASIS),
            Field::number("Transmit Margin", 0x30, 7, 3),
            Field::flag("Enter Modified Compliance", 0x30, 10),
            Field::flag("Compliance SOS", 0x30, 11),
            Field::number("Compliance Preset/De-emphasis", 0x30, 12, 4),
        ],
    ),
    Register::new(
        "Link Status 2",
        0x32,
        2,
        &[
            Field::code("Current De-emphasis Level", 0x32, 0, 1, DE_EMPHASIS),
            Field::flag("Equalization 8.0 GT/s Complete", 0x32, 1),
            Field::flag("Equalization 8.0 GT/s Phase 1 Successful", 0x32, 2),
            Field::flag("Equalization 8.0 GT/s Phase 2 Successful", 0x32, 3),
            Field::flag("Equalization 8.0 GT/s Phase 3 Successful", 0x32, 4),
            Field::flag("Link Equalization Request 8.0 GT/s", 0x32, 5),
            Field::flag("Retimer Presence Detected", 0x32, 6),
            Field::flag("Two Retimers Presence Detected", 0x32, 7),
            Field::number("Crosslink Resolution", 0x32, 8, 2),
            Field::flag("Flit Mode Status", 0x32, 10),
            Field::number("Downstream Component Presence", 0x32, 12, 3),
            Field::flag("DRS Message Received", 0x32, 15),
        ],
    ),
];

/// Link speeds as they are coded everywhere in the capability.
pub(in crate::decode::config::cap::express) const SPEEDS: &[(u64, &str)] = &[
    (1, "2.5 GT/s"),
    (2, "5 GT/s"),
    (3, "8 GT/s"),
    (4, "16 GT/s"),
    (5, "32 GT/s"),
    (6, "64 GT/s"),
];
const L0S_EXIT: &[(u64, &str)] = &[
    (0, "less than 64 ns"),
    (1, "64 ns to 128 ns"),
    (2, "128 ns to 256 ns"),
    (3, "256 ns to 512 ns"),
    (4, "512 ns to 1 us"),
    (5, "1 us to 2 us"),
    (6, "2 us to 4 us"),
    (7, "more than 4 us"),
];
const L1_EXIT: &[(u64, &str)] = &[
    (0, "less than 1 us"),
    (1, "1 us to 2 us"),
    (2, "2 us to 4 us"),
    (3, "4 us to 8 us"),
    (4, "8 us to 16 us"),
    (5, "16 us to 32 us"),
    (6, "32 us to 64 us"),
    (7, "more than 64 us"),
];
const ASPM: &[(u64, &str)] = &[(0, "none"), (1, "L0s"), (2, "L1"), (3, "L0s and L1")];
const DE_EMPHASIS: &[(u64, &str)] = &[(0, "-6 dB"), (1, "-3.5 dB")];
