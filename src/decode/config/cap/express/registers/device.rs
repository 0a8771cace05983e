//! Express and device registers.

use super::POWER_SCALE;
use crate::decode::config::cap::express::{
    ARI_FORWARDING, ARI_FORWARDING_ENABLE, END_END_PREFIX, EXTENDED_TAGS, FLR, MAX_PAYLOAD,
    MAX_PAYLOAD_SUPPORTED, MAX_READ_REQUEST, NO_SNOOP, PORT_TYPE, RELAXED_ORDERING,
    ROLE_BASED_ERRORS, SLOT_IMPLEMENTED, TIMEOUT_DISABLE, TRANSACTIONS_PENDING, VERSION,
};
use crate::spec::{Field, Register};

pub(super) const EXPRESS: Register = Register::new(
    "PCI Express Capabilities",
    0x02,
    2,
    &[
        VERSION,
        PORT_TYPE,
        SLOT_IMPLEMENTED,
        Field::number("Interrupt Message Number", 0x02, 9, 5),
        Field::flag("Flit Mode Supported", 0x02, 15),
    ],
);
pub(super) const CAPABILITIES: Register = Register::new(
    "Device Capabilities",
    0x04,
    4,
    &[
        MAX_PAYLOAD_SUPPORTED,
        Field::code("Phantom Functions Supported", 0x04, 3, 2, PHANTOM),
        EXTENDED_TAGS,
        Field::code(
            "Endpoint L0s Acceptable Latency",
            0x04,
            6,
            3,
            L0S_ACCEPTABLE,
        ),
        Field::code("Endpoint L1 Acceptable Latency", 0x04, 9, 3, L1_ACCEPTABLE),
        Field::flag("Attention Button Present (1.0a)", 0x04, 12),
        Field::flag("Attention Indicator Present (1.0a)", 0x04, 13),
        Field::flag("Power Indicator Present (1.0a)", 0x04, 14),
        ROLE_BASED_ERRORS,
        Field::flag("ERR_COR Subclass Capable", 0x04, 16),
        Field::flag("Rx_MPS_Fixed", 0x04, 17),
        Field::number("Captured Slot Power Limit Value", 0x04, 18, 8),
        Field::code("Captured Slot Power Limit Scale", 0x04, 26, 2, POWER_SCALE),
        FLR,
        Field::flag("Mixed_MPS_Supported", 0x04, 29),
        Field::flag("TEE-IO Supported", 0x04, 30),
    ],
);
/// Bit 15 means something else on a bridge to conventional PCI.
const fn control(bit_15: &'static str) -> [Field; 12] {
    [
        Field::flag("Correctable Error Reporting Enable", 0x08, 0),
        Field::flag("Non-Fatal Error Reporting Enable", 0x08, 1),
        Field::flag("Fatal Error Reporting Enable", 0x08, 2),
        Field::flag("Unsupported Request Reporting Enable", 0x08, 3),
        RELAXED_ORDERING,
        MAX_PAYLOAD,
        Field::flag("Extended Tag Field Enable", 0x08, 8),
        Field::flag("Phantom Functions Enable", 0x08, 9),
        Field::flag("Aux Power PM Enable", 0x08, 10),
        NO_SNOOP,
        MAX_READ_REQUEST,
        Field::flag(bit_15, 0x08, 15),
    ]
}
pub(super) const CONTROL: Register = Register::new(
    "Device Control",
    0x08,
    2,
    &control("Initiate Function Level Reset"),
);
pub(super) const BRIDGE_CONTROL: Register = Register::new(
    "Device Control",
    0x08,
    2,
    &control("Bridge Configuration Retry Enable"),
);
pub(super) const STATUS: Register = Register::new(
    "Device Status",
    0x0a,
    2,
    &[
        Field::flag("Correctable Error Detected", 0x0a, 0),
        Field::flag("Non-Fatal Error Detected", 0x0a, 1),
        Field::flag("Fatal Error Detected", 0x0a, 2),
        Field::flag("Unsupported Request Detected", 0x0a, 3),
        Field::flag("AUX Power Detected", 0x0a, 4),
        TRANSACTIONS_PENDING,
        Field::flag("Emergency Power Reduction Detected", 0x0a, 6),
    ],
);

/// The registers that version 2 added.
pub(super) const SECOND: &[Register] = &[
    Register::new(
        "Device Capabilities 2",
        0x24,
        4,
        &[
            Field::code(
                "Completion Timeout Ranges Supported",
                0x24,
                0,
                4,
                TIMEOUT_RANGES,
            ),
            TIMEOUT_DISABLE,
            ARI_FORWARDING,
            Field::flag("AtomicOp Routing Supported", 0x24, 6),
            Field::flag("32-bit AtomicOp Completer Supported", 0x24, 7),
            Field::flag("64-bit AtomicOp Completer Supported", 0x24, 8),
            Field::flag("128-bit CAS Completer Supported", 0x24, 9),
            Field::flag("No RO-enabled PR-PR Passing", 0x24, 10),
            Field::flag("LTR Mechanism Supported", 0x24, 11),
            Field::code("TPH Completer Supported", 0x24, 12, 2, TPH),
            Field::code("LN System CLS (to 5.0)", 0x24, 14, 2, LN_CLS),
            Field::flag("10-Bit Tag Completer Supported", 0x24, 16),
            Field::flag("10-Bit Tag Requester Supported", 0x24, 17),
            Field::code("OBFF Supported", 0x24, 18, 2, OBFF_SUPPORT),
            Field::flag("Extended Fmt Field Supported", 0x24, 20),
            END_END_PREFIX,
            Field::count("Max End-End TLP Prefixes", 0x24, 22, 2),
            Field::number("Emergency Power Reduction Supported", 0x24, 24, 2),
            Field::flag(
                "Emergency Power Reduction Initialization Required",
                0x24,
                26,
            ),
            Field::flag("DMWr Completer Supported", 0x24, 28),
            Field::power("DMWr Lengths Supported", 0x24, 29, 2, 64, "bytes"),
            Field::flag("FRS Supported", 0x24, 31),
        ],
    ),
    Register::new(
        "Device Control 2",
        0x28,
        2,
        &[
            Field::code("Completion Timeout Value", 0x28, 0, 4, TIMEOUTS),
            Field::flag("Completion Timeout Disable", 0x28, 4),
            ARI_FORWARDING_ENABLE,
            Field::flag("AtomicOp Requester Enable", 0x28, 6),
            Field::flag("AtomicOp Egress Blocking", 0x28, 7),
            Field::flag("IDO Request Enable", 0x28, 8),
            Field::flag("IDO Completion Enable", 0x28, 9),
            Field::flag("LTR Mechanism Enable", 0x28, 10),
            Field::flag("Emergency Power Reduction Request", 0x28, 11),
            Field::flag("10-Bit Tag Requester Enable", 0x28, 12),
            Field::code("OBFF Enable", 0x28, 13, 2, OBFF_ENABLE),
            Field::flag("End-End TLP Prefix Blocking", 0x28, 15),
        ],
    ),
    Register::plain("Device Status 2", 0x2a, 2),
];

const PHANTOM: &[(u64, &str)] = &[(0, "none"), (1, "1 bit"), (2, "2 bits"), (3, "3 bits")];
const L0S_ACCEPTABLE: &[(u64, &str)] = &[
    (0, "64 ns"),
    (1, "128 ns"),
    (2, "256 ns"),
    (3, "512 ns"),
    (4, "1 us"),
    (5, "2 us"),
    (6, "4 us"),
    (7, "no limit"),
];
const L1_ACCEPTABLE: &[(u64, &str)] = &[
    (0, "1 us"),
    (1, "2 us"),
    (2, "4 us"),
    (3, "8 us"),
    (4, "16 us"),
    (5, "32 us"),
    (6, "64 us"),
    (7, "no limit"),
];
const TPH: &[(u64, &str)] = &[(0, "none"), (1, "TPH"), (3, "TPH and Extended TPH")];
const LN_CLS: &[(u64, &str)] = &[
    (0, "none"),
    (1, "64-byte cachelines"),
    (2, "128-byte cachelines"),
];
const OBFF_SUPPORT: &[(u64, &str)] = &[
    (0, "none"),
    (1, "message"),
    (2, "WAKE#"),
    (3, "message and WAKE#"),
];
const OBFF_ENABLE: &[(u64, &str)] = &[
    (0, "off"),
    (1, "message (variation A)"),
    (2, "message (variation B)"),
    (3, "WAKE#"),
];
const TIMEOUT_RANGES: &[(u64, &str)] = &[
    (0x0, "not programmable"),
    (0x1, "A"),
    (0x2, "B"),
    (0x3, "A and B"),
    (0x6, "B and C"),
    (0x7, "A, B and C"),
    (0xe, "B, C and D"),
    (0xf, "A, B, C and D"),
];
const TIMEOUTS: &[(u64, &str)] = &[
    (0x0, "50 us to 50 ms"),
    (0x1, "50 us to 100 us"),
    (0x2, "1 ms to 10 ms"),
    (0x5, "16 ms to 55 ms"),
    (0x6, "65 ms to 210 ms"),
    (0x9, "260 ms to 900 ms"),
    (0xa, "1 s to 3.5 s"),
    (0xd, "4 s to 13 s"),
    (0xe, "17 s to 64 s"),
];
