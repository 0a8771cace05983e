//! Structures of the CXL consortium (CXL 3.0, 8.1.3 to 8.1.9), by their DVSEC id.

use crate::bytes::Window;
use crate::spec::{Field, Register};

/// Registers behind the two DVSEC headers; empty for ids without a layout here.
pub(super) fn registers(window: Window<'_>, id: u16, length: u16) -> Vec<Register> {
    let mut registers = match id {
        0 => DEVICE.to_vec(),
        2 => (0..8).map(|index| FUNCTION_MAP.moved(4 * index)).collect(),
        3 => PORT_EXTENSIONS.to_vec(),
        4 => GPF_PORT.to_vec(),
        5 => GPF_DEVICE.to_vec(),
        7 => FLEX_BUS_PORT.to_vec(),
        8 => {
            let blocks = length.saturating_sub(0x0c) / 8;
            let copies = (0..blocks.min(0x1f0)).flat_map(|block| {
                LOCATOR
                    .iter()
                    .map(move |register| register.moved(8 * block))
            });
            copies.collect()
        }
        9 => MLD.to_vec(),
        _ => Vec::new(),
    };
    // What the structure says it is too short for is not there.
    let known = window.bits(0x04, 20, 12).is_some();
    registers.retain(|register| {
        known && register.offset.saturating_add(register.bytes.into()) <= length
    });
    registers
}

const DEVICE: [Register; 15] = [
    Register::new(
        "CXL Capability",
        0x0a,
        2,
        &[
            Field::flag("Cache Capable", 0x0a, 0),
            Field::flag("IO Capable", 0x0a, 1),
            Field::flag("Mem Capable", 0x0a, 2),
            Field::flag("Mem HwInit Mode", 0x0a, 3),
            Field::number("HDM Count", 0x0a, 4, 2),
            Field::flag("Cache Writeback and Invalidate Capable", 0x0a, 6),
            Field::flag("CXL Reset Capable", 0x0a, 7),
            Field::code(
                "CXL Reset Timeout",
                0x0a,
                8,
                3,
                &[
                    (0, "10 ms"),
                    (1, "100 ms"),
                    (2, "1 s"),
                    (3, "10 s"),
                    (4, "100 s"),
                ],
            ),
            Field::flag("CXL Reset Mem Clr Capable", 0x0a, 11),
            Field::flag("TSP Capable", 0x0a, 12),
            Field::flag("Multiple Logical Device", 0x0a, 13),
            Field::flag("Viral Capable", 0x0a, 14),
            Field::flag("PM Init Completion Reporting Capable", 0x0a, 15),
        ],
    ),
    Register::new(
        "CXL Control",
        0x0c,
        2,
        &[
            Field::flag("Cache Enable", 0x0c, 0),
            Field::flag("IO Enable", 0x0c, 1),
            Field::flag("Mem Enable", 0x0c, 2),
            Field::number("Cache SF Coverage", 0x0c, 3, 5),
            Field::number("Cache SF Granularity", 0x0c, 8, 3),
            Field::flag("Cache Clean Eviction", 0x0c, 11),
            Field::flag("Viral Enable", 0x0c, 14),
        ],
    ),
    Register::new(
        "CXL Status",
        0x0e,
        2,
        &[Field::flag("Viral Status", 0x0e, 14)],
    ),
    Register::new(
        "CXL Control 2",
        0x10,
        2,
        &[
            Field::flag("Disable Caching", 0x10, 0),
            Field::flag("Initiate Cache Write Back and Invalidation", 0x10, 1),
            Field::flag("Initiate CXL Reset", 0x10, 2),
            Field::flag("CXL Reset Mem Clr Enable", 0x10, 3),
        ],
    ),
    Register::new(
        "CXL Status 2",
        0x12,
        2,
        &[
            Field::flag("Cache Invalid", 0x12, 0),
            Field::flag("CXL Reset Complete", 0x12, 1),
            Field::flag("CXL Reset Error", 0x12, 2),
            Field::flag("Power Management Initialization Complete", 0x12, 15),
        ],
    ),
    Register::new("CXL Lock", 0x14, 2, &[Field::flag("CONFIG_LOCK", 0x14, 0)]),
    Register::new(
        "CXL Capability 2",
        0x16,
        2,
        &[
            Field::number("Cache Size Unit", 0x16, 0, 4),
            Field::number("Cache Size", 0x16, 8, 8),
        ],
    ),
    Register::plain("Range 1 Size High", 0x18, 4),
    Register::new("Range 1 Size Low", 0x1c, 4, &size_low(0x1c)),
    Register::plain("Range 1 Base High", 0x20, 4),
    Register::new("Range 1 Base Low", 0x24, 4, &base_low(0x24)),
    Register::plain("Range 2 Size High", 0x28, 4),
    Register::new("Range 2 Size Low", 0x2c, 4, &size_low(0x2c)),
    Register::plain("Range 2 Base High", 0x30, 4),
    Register::new("Range 2 Base Low", 0x34, 4, &base_low(0x34)),
];

const fn size_low(offset: u16) -> [Field; 6] {
    [
        Field::flag("Memory Info Valid", offset, 0),
        Field::flag("Memory Active", offset, 1),
        Field::code(
            "Media Type",
            offset,
            2,
            3,
            &[(0, "volatile"), (1, "non-volatile")],
        ),
        Field::number("Memory Class", offset, 5, 3),
        Field::number("Desired Interleave", offset, 8, 5),
        Field::address("Memory Size Low", offset, 28, 4),
    ]
}

const fn base_low(offset: u16) -> [Field; 1] {
    [Field::address("Memory Base Low", offset, 28, 4)]
}

/// The first of eight.
const FUNCTION_MAP: Register = Register::plain("Non-CXL Function Map", 0x0c, 4);

const PORT_EXTENSIONS: [Register; 10] = [
    Register::new(
        "CXL Port Extension Status",
        0x0a,
        2,
        &[
            Field::flag("Port Power Management Initialization Complete", 0x0a, 0),
            Field::flag("Viral Status", 0x0a, 14),
        ],
    ),
    Register::new(
        "Port Control Extensions",
        0x0c,
        2,
        &[
            Field::flag("Unmask SBR", 0x0c, 0),
            Field::flag("Unmask Link Disable", 0x0c, 1),
            Field::flag("Alt Memory and ID Space Enable", 0x0c, 2),
            Field::flag("Alt BME", 0x0c, 3),
            Field::flag("UIO to HDM Enable", 0x0c, 4),
            Field::flag("Viral Enable", 0x0c, 14),
        ],
    ),
    Register::plain("Alternate Bus Base", 0x0e, 1),
    Register::plain("Alternate Bus Limit", 0x0f, 1),
    Register::plain("Alternate Memory Base", 0x10, 2),
    Register::plain("Alternate Memory Limit", 0x12, 2),
    Register::plain("Alternate Prefetchable Memory Base", 0x14, 2),
    Register::plain("Alternate Prefetchable Memory Limit", 0x16, 2),
    Register::plain("Alternate Memory Prefetchable Base High", 0x18, 4),
    Register::plain("Alternate Prefetchable Memory Limit High", 0x1c, 4),
];

const GPF_PORT: [Register; 2] = [
    Register::plain("GPF Phase 1 Control", 0x0c, 2),
    Register::plain("GPF Phase 2 Control", 0x0e, 2),
];

const GPF_DEVICE: [Register; 2] = [
    Register::plain("GPF Phase 2 Duration", 0x0a, 2),
    Register::plain("GPF Phase 2 Power", 0x0c, 4),
];

const FLEX_BUS_PORT: [Register; 7] = [
    Register::new(
        "DVSEC Flex Bus Port Capability",
        0x0a,
        2,
        &[
            Field::flag("Cache", 0x0a, 0),
            Field::flag("IO", 0x0a, 1),
            Field::flag("Mem", 0x0a, 2),
            Field::flag("68B Flit and VH", 0x0a, 5),
            Field::flag("Multi-Logical Device", 0x0a, 6),
            Field::flag("Latency-Optimized 256B Flit", 0x0a, 13),
            Field::flag("PBR Flit", 0x0a, 14),
        ],
    ),
    Register::new(
        "DVSEC Flex Bus Port Control",
        0x0c,
        2,
        &[
            Field::flag("Cache", 0x0c, 0),
            Field::flag("IO", 0x0c, 1),
            Field::flag("Mem", 0x0c, 2),
            Field::flag("Sync Header Bypass", 0x0c, 3),
            Field::flag("Drift Buffer", 0x0c, 4),
            Field::flag("68B Flit and VH", 0x0c, 5),
            Field::flag("Multi-Logical Device", 0x0c, 6),
            Field::flag("Disable RCD Training", 0x0c, 7),
            Field::flag("Retimer 1 Present", 0x0c, 8),
            Field::flag("Retimer 2 Present", 0x0c, 9),
            Field::flag("Latency-Optimized 256B Flit", 0x0c, 13),
            Field::flag("PBR Flit", 0x0c, 14),
        ],
    ),
    Register::new(
        "DVSEC Flex Bus Port Status",
        0x0e,
        2,
        &[
            Field::flag("Cache", 0x0e, 0),
            Field::flag("IO", 0x0e, 1),
            Field::flag("Mem", 0x0e, 2),
            Field::flag("Sync Header Bypass", 0x0e, 3),
            Field::flag("Drift Buffer", 0x0e, 4),
            Field::flag("68B Flit and VH", 0x0e, 5),
            Field::flag("Multi-Logical Device", 0x0e, 6),
            Field::flag("Correctable Protocol ID Framing Error", 0x0e, 10),
            Field::flag("Uncorrectable Protocol ID Framing Error", 0x0e, 11),
            Field::flag("Unexpected Protocol ID Dropped", 0x0e, 12),
            Field::flag("Latency-Optimized 256B Flit", 0x0e, 13),
            Field::flag("PBR Flit", 0x0e, 14),
        ],
    ),
    Register::plain("DVSEC Flex Bus Port Received Modified TS Data", 0x10, 4),
    Register::new(
        "DVSEC Flex Bus Port Capability 2",
        0x14,
        4,
        &[Field::flag("NOP Hint Capable", 0x14, 0)],
    ),
    Register::new(
        "DVSEC Flex Bus Port Control 2",
        0x18,
        4,
        &[Field::flag("NOP Hint Enable", 0x18, 0)],
    ),
    Register::new(
        "DVSEC Flex Bus Port Status 2",
        0x1c,
        4,
        &[Field::number("NOP Hint Info", 0x1c, 0, 2)],
    ),
];

/// Of the first block.
const LOCATOR: [Register; 2] = [
    Register::new(
        "Register Block Offset Low",
        0x0c,
        4,
        &[
            Field::number("Register BIR", 0x0c, 0, 3),
            Field::code(
                "Register Block Identifier",
                0x0c,
                8,
                8,
                &[
                    (0, "empty"),
                    (1, "component registers"),
                    (2, "BAR virtualization ACL"),
                    (3, "CXL device registers"),
                    (4, "CPMU registers"),
                    (255, "designated vendor specific"),
                ],
            ),
            Field::address("Register Block Offset Low", 0x0c, 16, 16),
        ],
    ),
    Register::plain("Register Block Offset High", 0x10, 4),
];

const MLD: [Register; 1] = [Register::plain("Number of LDs Supported", 0x0a, 2)];
