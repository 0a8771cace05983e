//! Headers of bridges: type 1 (PCI-to-PCI Bridge 1.2, chapter 3) and type 2 (PC Card
//! Standard 8.0, volume 8).

use super::{CAPABILITIES_POINTER, DEVSEL, INTERRUPT_LINE, INTERRUPT_PIN, rom};
use crate::spec::{Field, Register};

pub(super) const TYPE_1: &[Register] = &[
    Register::plain("Primary Bus Number", 0x18, 1),
    Register::plain("Secondary Bus Number", 0x19, 1),
    Register::plain("Subordinate Bus Number", 0x1a, 1),
    Register::new(
        "Secondary Latency Timer",
        0x1b,
        1,
        &[Field::number("Secondary Latency Timer", 0x1b, 0, 8)],
    ),
    Register::new(
        "I/O Base",
        0x1c,
        1,
        &[
            Field::code("I/O Addressing Capability", 0x1c, 0, 4, IO_WIDTH),
            Field::hex("I/O Base Address [15:12]", 0x1c, 4, 4),
        ],
    ),
    Register::new(
        "I/O Limit",
        0x1d,
        1,
        &[
            Field::code("I/O Addressing Capability", 0x1d, 0, 4, IO_WIDTH),
            Field::hex("I/O Limit Address [15:12]", 0x1d, 4, 4),
        ],
    ),
    Register::new("Secondary Status", 0x1e, 2, &secondary_status(0x1e)),
    Register::new(
        "Memory Base",
        0x20,
        2,
        &[Field::hex("Memory Base Address [31:20]", 0x20, 4, 12)],
    ),
    Register::new(
        "Memory Limit",
        0x22,
        2,
        &[Field::hex("Memory Limit Address [31:20]", 0x22, 4, 12)],
    ),
    Register::new(
        "Prefetchable Memory Base",
        0x24,
        2,
        &[
            Field::code("64-bit Addressing Capability", 0x24, 0, 4, MEMORY_WIDTH),
            Field::hex("Prefetchable Memory Base Address [31:20]", 0x24, 4, 12),
        ],
    ),
    Register::new(
        "Prefetchable Memory Limit",
        0x26,
        2,
        &[
            Field::code("64-bit Addressing Capability", 0x26, 0, 4, MEMORY_WIDTH),
            Field::hex("Prefetchable Memory Limit Address [31:20]", 0x26, 4, 12),
        ],
    ),
    Register::plain("Prefetchable Base Upper 32 Bits", 0x28, 4),
    Register::plain("Prefetchable Limit Upper 32 Bits", 0x2c, 4),
    Register::plain("I/O Base Upper 16 Bits", 0x30, 2),
    Register::plain("I/O Limit Upper 16 Bits", 0x32, 2),
    CAPABILITIES_POINTER,
    Register::new("Expansion ROM Base Address", 0x38, 4, &rom(0x38)),
    INTERRUPT_LINE,
    INTERRUPT_PIN,
    Register::new(
        "Bridge Control",
        0x3e,
        2,
        &[
            Field::flag("Parity Error Response Enable", 0x3e, 0),
            Field::flag("SERR# Enable", 0x3e, 1),
            Field::flag("ISA Enable", 0x3e, 2),
            Field::flag("VGA Enable", 0x3e, 3),
            Field::flag("VGA 16-bit Decode", 0x3e, 4),
            Field::flag("Master Abort Mode", 0x3e, 5),
            Field::flag("Secondary Bus Reset", 0x3e, 6),
            Field::flag("Fast Back-to-Back Transactions Enable", 0x3e, 7),
            Field::flag("Primary Discard Timer", 0x3e, 8),
            Field::flag("Secondary Discard Timer", 0x3e, 9),
            Field::flag("Discard Timer Status", 0x3e, 10),
            Field::flag("Discard Timer SERR# Enable", 0x3e, 11),
        ],
    ),
];

pub(super) const TYPE_2: &[Register] = &[
    Register::new(
        "CardBus Socket Registers/ExCA Base Address",
        0x10,
        4,
        &[Field::address("Base Address", 0x10, 12, 20)],
    ),
    Register::plain("Capabilities Pointer", 0x14, 1),
    Register::new("Secondary Status", 0x16, 2, &secondary_status(0x16)),
    Register::plain("PCI Bus Number", 0x18, 1),
    Register::plain("CardBus Bus Number", 0x19, 1),
    Register::plain("Subordinate Bus Number", 0x1a, 1),
    Register::new(
        "CardBus Latency Timer",
        0x1b,
        1,
        &[Field::number("CardBus Latency Timer", 0x1b, 0, 8)],
    ),
    Register::new(
        "Memory Base 0",
        0x1c,
        4,
        &[Field::address("Memory Base 0", 0x1c, 12, 20)],
    ),
    Register::new(
        "Memory Limit 0",
        0x20,
        4,
        &[Field::address("Memory Limit 0", 0x20, 12, 20)],
    ),
    Register::new(
        "Memory Base 1",
        0x24,
        4,
        &[Field::address("Memory Base 1", 0x24, 12, 20)],
    ),
    Register::new(
        "Memory Limit 1",
        0x28,
        4,
        &[Field::address("Memory Limit 1", 0x28, 12, 20)],
    ),
    Register::new("I/O Base 0", 0x2c, 4, &cardbus_io(0x2c)),
    Register::new("I/O Limit 0", 0x30, 4, &cardbus_io(0x30)),
    Register::new("I/O Base 1", 0x34, 4, &cardbus_io(0x34)),
    Register::new("I/O Limit 1", 0x38, 4, &cardbus_io(0x38)),
    INTERRUPT_LINE,
    INTERRUPT_PIN,
    Register::new(
        "Bridge Control",
        0x3e,
        2,
        &[
            Field::flag("Parity Error Response Enable", 0x3e, 0),
            Field::flag("SERR# Enable", 0x3e, 1),
            Field::flag("ISA Enable", 0x3e, 2),
            Field::flag("VGA Enable", 0x3e, 3),
            Field::flag("Master Abort Mode", 0x3e, 5),
            Field::flag("CardBus Reset", 0x3e, 6),
            Field::flag("IREQ-INT Enable", 0x3e, 7),
            Field::flag("Memory 0 Prefetch Enable", 0x3e, 8),
            Field::flag("Memory 1 Prefetch Enable", 0x3e, 9),
            Field::flag("Write Posting Enable", 0x3e, 10),
        ],
    ),
    Register::plain("Subsystem Vendor ID", 0x40, 2),
    Register::plain("Subsystem ID", 0x42, 2),
    Register::plain("Legacy Mode Base Address", 0x44, 4),
];

const IO_WIDTH: &[(u64, &str)] = &[(0, "16-bit"), (1, "32-bit")];
const MEMORY_WIDTH: &[(u64, &str)] = &[(0, "32-bit"), (1, "64-bit")];

const fn cardbus_io(offset: u16) -> [Field; 2] {
    [
        Field::code("I/O Addressing Capability", offset, 0, 2, IO_WIDTH),
        Field::address("I/O Address", offset, 2, 30),
    ]
}

const fn secondary_status(offset: u16) -> [Field; 9] {
    [
        Field::flag("66 MHz Capable", offset, 5),
        Field::flag("Fast Back-to-Back Transactions Capable", offset, 7),
        Field::flag("Master Data Parity Error", offset, 8),
        Field::code("DEVSEL Timing", offset, 9, 2, DEVSEL),
        Field::flag("Signaled Target Abort", offset, 11),
        Field::flag("Received Target Abort", offset, 12),
        Field::flag("Received Master Abort", offset, 13),
        Field::flag("Received System Error", offset, 14),
        Field::flag("Detected Parity Error", offset, 15),
    ]
}
