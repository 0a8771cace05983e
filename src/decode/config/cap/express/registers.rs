//! Registers of the PCI Express capability (PCIe 6.0, 7.5.3.2 to 7.5.3.23).

use super::{
    ARI_FORWARDING, ARI_FORWARDING_ENABLE, END_END_PREFIX, Express, FLR, HOT_PLUG_CAPABLE,
    HOT_PLUG_SURPRISE, LINK_SPEED, LINK_WIDTH, MAX_LINK_SPEED, MAX_LINK_WIDTH, MAX_PAYLOAD,
    MAX_PAYLOAD_SUPPORTED, PORT_NUMBER, PORT_TYPE, SLOT_IMPLEMENTED, SLOT_NUMBER,
    TRANSACTIONS_PENDING, VERSION,
};
use crate::spec::pcie::PortType;
use crate::spec::{Field, Register};

/// The registers that an instance certainly has. Version 1 structures end where the port type
/// needs no more (PCIe 1.1, 7.8); version 2 structures go on at 24h.
pub(super) fn of(express: Express<'_>) -> Vec<Register> {
    let port = express.port_type();
    let control = if port == Some(PortType::PCIE_TO_PCI) {
        BRIDGE_DEVICE_CONTROL
    } else {
        DEVICE_CONTROL
    };
    let [link, slot, root] =
        [express.has_link(), express.has_slot(), express.has_root()].map(|part| part == Some(true));
    let mut registers = vec![CAPABILITIES, DEVICE_CAPABILITIES, control, DEVICE_STATUS];
    let mut add = |present: bool, part: &[Register]| {
        if present {
            registers.extend_from_slice(part);
        }
    };
    add(link, LINK);
    add(slot, SLOT);
    add(root, ROOT);
    let second = express.version().is_some_and(|version| version >= 2);
    add(second, DEVICE_2);
    add(second && link, LINK_2);
    add(second && slot, SLOT_2);
    registers
}

pub(super) const SPEEDS: &[(u64, &str)] = &[
    (1, "2.5 GT/s"),
    (2, "5 GT/s"),
    (3, "8 GT/s"),
    (4, "16 GT/s"),
    (5, "32 GT/s"),
    (6, "64 GT/s"),
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
const POWER_SCALE: &[(u64, &str)] = &[(0, "1 W"), (1, "0.1 W"), (2, "0.01 W"), (3, "0.001 W")];
const INDICATOR: &[(u64, &str)] = &[(1, "on"), (2, "blinking"), (3, "off")];
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

const CAPABILITIES: Register = Register::new(
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
const DEVICE_CAPABILITIES: Register = Register::new(
    "Device Capabilities",
    0x04,
    4,
    &[
        MAX_PAYLOAD_SUPPORTED,
        Field::code("Phantom Functions Supported", 0x04, 3, 2, PHANTOM),
        Field::flag("Extended Tag Field Supported", 0x04, 5),
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
        Field::flag("Role-Based Error Reporting", 0x04, 15),
        Field::flag("ERR_COR Subclass Capable", 0x04, 16),
        Field::flag("Rx_MPS_Fixed", 0x04, 17),
        Field::number("Captured Slot Power Limit Value", 0x04, 18, 8),
        Field::code("Captured Slot Power Limit Scale", 0x04, 26, 2, POWER_SCALE),
        FLR,
        Field::flag("Mixed_MPS_Supported", 0x04, 29),
        Field::flag("TEE-IO Supported", 0x04, 30),
    ],
);
const CORRECTABLE_ENABLE: Field = Field::flag("Correctable Error Reporting Enable", 0x08, 0);
const NON_FATAL_ENABLE: Field = Field::flag("Non-Fatal Error Reporting Enable", 0x08, 1);
const FATAL_ENABLE: Field = Field::flag("Fatal Error Reporting Enable", 0x08, 2);
const UNSUPPORTED_ENABLE: Field = Field::flag("Unsupported Request Reporting Enable", 0x08, 3);
const RELAXED_ORDERING: Field = Field::flag("Enable Relaxed Ordering", 0x08, 4);
const EXTENDED_TAG_ENABLE: Field = Field::flag("Extended Tag Field Enable", 0x08, 8);
const PHANTOM_ENABLE: Field = Field::flag("Phantom Functions Enable", 0x08, 9);
const AUX_POWER_ENABLE: Field = Field::flag("Aux Power PM Enable", 0x08, 10);
const NO_SNOOP_ENABLE: Field = Field::flag("Enable No Snoop", 0x08, 11);
const READ_REQUEST: Field = Field::power("Max_Read_Request_Size", 0x08, 12, 3, 128, "bytes");
const DEVICE_CONTROL: Register = Register::new(
    "Device Control",
    0x08,
    2,
    &[
        CORRECTABLE_ENABLE,
        NON_FATAL_ENABLE,
        FATAL_ENABLE,
        UNSUPPORTED_ENABLE,
        RELAXED_ORDERING,
        MAX_PAYLOAD,
        EXTENDED_TAG_ENABLE,
        PHANTOM_ENABLE,
        AUX_POWER_ENABLE,
        NO_SNOOP_ENABLE,
        READ_REQUEST,
        Field::flag("Initiate Function Level Reset", 0x08, 15),
    ],
);
/// Bit 15 means something else on a bridge to conventional PCI.
const BRIDGE_DEVICE_CONTROL: Register = Register::new(
    "Device Control",
    0x08,
    2,
    &[
        CORRECTABLE_ENABLE,
        NON_FATAL_ENABLE,
        FATAL_ENABLE,
        UNSUPPORTED_ENABLE,
        RELAXED_ORDERING,
        MAX_PAYLOAD,
        EXTENDED_TAG_ENABLE,
        PHANTOM_ENABLE,
        AUX_POWER_ENABLE,
        NO_SNOOP_ENABLE,
        READ_REQUEST,
        Field::flag("Bridge Configuration Retry Enable", 0x08, 15),
    ],
);
const DEVICE_STATUS: Register = Register::new(
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

const LINK: &[Register] = &[
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

const SLOT: &[Register] = &[
    Register::new(
        "Slot Capabilities",
        0x14,
        4,
        &[
            Field::flag("Attention Button Present", 0x14, 0),
            Field::flag("Power Controller Present", 0x14, 1),
            Field::flag("MRL Sensor Present", 0x14, 2),
            Field::flag("Attention Indicator Present", 0x14, 3),
            Field::flag("Power Indicator Present", 0x14, 4),
            HOT_PLUG_SURPRISE,
            HOT_PLUG_CAPABLE,
            Field::number("Slot Power Limit Value", 0x14, 7, 8),
            Field::code("Slot Power Limit Scale", 0x14, 15, 2, POWER_SCALE),
            Field::flag("Electromechanical Interlock Present", 0x14, 17),
            Field::flag("No Command Completed Support", 0x14, 18),
            SLOT_NUMBER,
        ],
    ),
    Register::new(
        "Slot Control",
        0x18,
        2,
        &[
            Field::flag("Attention Button Pressed Enable", 0x18, 0),
            Field::flag("Power Fault Detected Enable", 0x18, 1),
            Field::flag("MRL Sensor Changed Enable", 0x18, 2),
            Field::flag("Presence Detect Changed Enable", 0x18, 3),
            Field::flag("Command Completed Interrupt Enable", 0x18, 4),
            Field::flag("Hot-Plug Interrupt Enable", 0x18, 5),
            Field::code("Attention Indicator Control", 0x18, 6, 2, INDICATOR),
            Field::code("Power Indicator Control", 0x18, 8, 2, INDICATOR),
            Field::code(
                "Power Controller Control",
                0x18,
                10,
                1,
                &[(0, "on"), (1, "off")],
            ),
            Field::flag("Electromechanical Interlock Control", 0x18, 11),
            Field::flag("Data Link Layer State Changed Enable", 0x18, 12),
            Field::flag("Auto Slot Power Limit Disable", 0x18, 13),
            Field::flag("In-Band PD Disable", 0x18, 14),
        ],
    ),
    Register::new(
        "Slot Status",
        0x1a,
        2,
        &[
            Field::flag("Attention Button Pressed", 0x1a, 0),
            Field::flag("Power Fault Detected", 0x1a, 1),
            Field::flag("MRL Sensor Changed", 0x1a, 2),
            Field::flag("Presence Detect Changed", 0x1a, 3),
            Field::flag("Command Completed", 0x1a, 4),
            Field::code(
                "MRL Sensor State",
                0x1a,
                5,
                1,
                &[(0, "closed"), (1, "open")],
            ),
            Field::flag("Presence Detect State", 0x1a, 6),
            Field::flag("Electromechanical Interlock Status", 0x1a, 7),
            Field::flag("Data Link Layer State Changed", 0x1a, 8),
        ],
    ),
];

const ROOT: &[Register] = &[
    Register::new(
        "Root Control",
        0x1c,
        2,
        &[
            Field::flag("System Error on Correctable Error Enable", 0x1c, 0),
            Field::flag("System Error on Non-Fatal Error Enable", 0x1c, 1),
            Field::flag("System Error on Fatal Error Enable", 0x1c, 2),
            Field::flag("PME Interrupt Enable", 0x1c, 3),
            Field::flag("Configuration RRS Software Visibility Enable", 0x1c, 4),
        ],
    ),
    Register::new(
        "Root Capabilities",
        0x1e,
        2,
        &[Field::flag(
            "Configuration RRS Software Visibility",
            0x1e,
            0,
        )],
    ),
    Register::new(
        "Root Status",
        0x20,
        4,
        &[
            Field::hex("PME Requester ID", 0x20, 0, 16),
            Field::flag("PME Status", 0x20, 16),
            Field::flag("PME Pending", 0x20, 17),
        ],
    ),
];

const DEVICE_2: &[Register] = &[
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
            Field::flag("Completion Timeout Disable Supported", 0x24, 4),
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

const LINK_2: &[Register] = &[
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
            Field::code("Target Link Speed", 0x30, 0, 4, SPEEDS),
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
const DE_EMPHASIS: &[(u64, &str)] = &[(0, "-6 dB"), (1, "-3.5 dB")];

const SLOT_2: &[Register] = &[
    Register::new(
        "Slot Capabilities 2",
        0x34,
        4,
        &[Field::flag("In-Band PD Disable Supported", 0x34, 0)],
    ),
    Register::plain("Slot Control 2", 0x38, 2),
    Register::plain("Slot Status 2", 0x3a, 2),
];
