//! The header as a register table (PCIe 6.0, 7.5.1).

mod bridge;

use super::bar_registers;
use crate::bytes::ConfigImage;
use crate::decode::config::bar::bar_count;
use crate::spec::pci::{self, HeaderType};
use crate::spec::{Field, Register};

/// The registers of the header, in order of offset: those of its layout, or only the first 16
/// bytes where the layout is unknown.
pub fn header_registers(image: &ConfigImage) -> Vec<Register> {
    let layout = image
        .field(pci::HEADER_LAYOUT)
        .and_then(|layout| u8::try_from(layout).ok())
        .map(HeaderType);
    let mut registers = COMMON.to_vec();
    let rest: &[Register] = match layout {
        Some(HeaderType::ENDPOINT) => TYPE_0,
        Some(HeaderType::BRIDGE) => bridge::TYPE_1,
        Some(HeaderType::CARDBUS) => bridge::TYPE_2,
        _ => return registers,
    };
    if layout != Some(HeaderType::CARDBUS) {
        let count = layout.map_or(0, bar_count);
        registers.extend(bar_registers::registers(
            image.window(0),
            0x10,
            count,
            &BARS,
        ));
    }
    registers.extend_from_slice(rest);
    registers
}

const BARS: [&str; 6] = [
    "Base Address Register 0",
    "Base Address Register 1",
    "Base Address Register 2",
    "Base Address Register 3",
    "Base Address Register 4",
    "Base Address Register 5",
];
const DEVSEL: &[(u64, &str)] = &[(0, "fast"), (1, "medium"), (2, "slow")];
const PINS: &[(u64, &str)] = &[
    (0, "none"),
    (1, "INTA"),
    (2, "INTB"),
    (3, "INTC"),
    (4, "INTD"),
];

const COMMON: &[Register] = &[
    Register::plain("Vendor ID", 0x00, 2),
    Register::plain("Device ID", 0x02, 2),
    Register::new(
        "Command",
        0x04,
        2,
        &[
            pci::COMMAND_IO,
            pci::COMMAND_MEMORY,
            pci::COMMAND_MASTER,
            Field::flag("Special Cycle Enable", 0x04, 3),
            Field::flag("Memory Write and Invalidate", 0x04, 4),
            Field::flag("VGA Palette Snoop", 0x04, 5),
            Field::flag("Parity Error Response", 0x04, 6),
            Field::flag("IDSEL Stepping/Wait Cycle Control", 0x04, 7),
            Field::flag("SERR# Enable", 0x04, 8),
            Field::flag("Fast Back-to-Back Transactions Enable", 0x04, 9),
            pci::COMMAND_INTX_DISABLE,
        ],
    ),
    Register::new(
        "Status",
        0x06,
        2,
        &[
            Field::flag("Immediate Readiness", 0x06, 0),
            Field::flag("Interrupt Status", 0x06, 3),
            pci::STATUS_CAPABILITIES,
            Field::flag("66 MHz Capable", 0x06, 5),
            Field::flag("Fast Back-to-Back Transactions Capable", 0x06, 7),
            Field::flag("Master Data Parity Error", 0x06, 8),
            Field::code("DEVSEL Timing", 0x06, 9, 2, DEVSEL),
            Field::flag("Signaled Target Abort", 0x06, 11),
            Field::flag("Received Target Abort", 0x06, 12),
            Field::flag("Received Master Abort", 0x06, 13),
            Field::flag("Signaled System Error", 0x06, 14),
            Field::flag("Detected Parity Error", 0x06, 15),
        ],
    ),
    Register::plain("Revision ID", 0x08, 1),
    Register::plain("Programming Interface", 0x09, 1),
    Register::plain("Sub-Class Code", 0x0a, 1),
    Register::plain("Base Class Code", 0x0b, 1),
    Register::new(
        "Cache Line Size",
        0x0c,
        1,
        &[Field::number("Cache Line Size (in 4 bytes)", 0x0c, 0, 8)],
    ),
    Register::new(
        "Latency Timer",
        0x0d,
        1,
        &[Field::number("Latency Timer", 0x0d, 0, 8)],
    ),
    Register::new(
        "Header Type",
        0x0e,
        1,
        &[
            Field::code("Header Layout", 0x0e, 0, 7, HeaderType::CODES),
            pci::MULTI_FUNCTION,
        ],
    ),
    Register::new(
        "BIST",
        0x0f,
        1,
        &[
            Field::number("Completion Code", 0x0f, 0, 4),
            Field::flag("Start BIST", 0x0f, 6),
            Field::flag("BIST Capable", 0x0f, 7),
        ],
    ),
];

const CAPABILITIES_POINTER: Register = Register::plain("Capabilities Pointer", 0x34, 1);
const INTERRUPT_LINE: Register = Register::new(
    "Interrupt Line",
    0x3c,
    1,
    &[Field::number("Interrupt Line", 0x3c, 0, 8)],
);
const INTERRUPT_PIN: Register = Register::new(
    "Interrupt Pin",
    0x3d,
    1,
    &[Field::code("Interrupt Pin", 0x3d, 0, 8, PINS)],
);

const TYPE_0: &[Register] = &[
    Register::plain("CardBus CIS Pointer", 0x28, 4),
    Register::plain("Subsystem Vendor ID", 0x2c, 2),
    Register::plain("Subsystem ID", 0x2e, 2),
    Register::new("Expansion ROM Base Address", 0x30, 4, &rom(0x30)),
    CAPABILITIES_POINTER,
    INTERRUPT_LINE,
    INTERRUPT_PIN,
    Register::new("Min_Gnt", 0x3e, 1, &[Field::number("Min_Gnt", 0x3e, 0, 8)]),
    Register::new("Max_Lat", 0x3f, 1, &[Field::number("Max_Lat", 0x3f, 0, 8)]),
];

const fn rom(offset: u16) -> [Field; 4] {
    [
        Field::flag("Expansion ROM Enable", offset, 0),
        Field::number("Expansion ROM Validation Status", offset, 1, 3),
        Field::number("Expansion ROM Validation Details", offset, 4, 4),
        Field::address("Expansion ROM Base Address", offset, 11, 21),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(layout: u8, patches: &[(usize, &[u8])]) -> ConfigImage {
        let mut bytes = vec![0; 0x48];
        bytes[0x0e] = layout;
        for (offset, patch) in patches {
            bytes[*offset..offset + patch.len()].copy_from_slice(patch);
        }
        ConfigImage::from_bytes(bytes)
    }

    fn value(image: &ConfigImage, register: &str, field: &str) -> Option<u64> {
        header_registers(image)
            .iter()
            .find(|candidate| candidate.name == register)?
            .fields
            .iter()
            .find(|candidate| candidate.name == field)
            .and_then(|field| image.field(*field))
    }

    #[test]
    fn a_bridge_header_names_its_windows_and_its_control_bits() {
        let image = image(
            0x81,
            &[
                (0x04, &[0x07, 0x04, 0x10, 0x00]), // I/O, memory, master, INTx off; list
                (0x18, &[0x00, 0x02, 0x05, 0x00]), // buses 0, 2, 5
                (0x1c, &[0x21, 0x31, 0x00, 0x20]), // I/O 2000h-3fffh; master abort
                (0x20, &[0x10, 0xfe, 0x20, 0xfe]), // memory fe100000h-fe2fffffh
                (0x24, &[0x01, 0x00, 0xf1, 0x0f]), // 64-bit prefetchable
                (0x3d, &[0x01, 0x48, 0x00]),       // INTA; VGA, secondary bus reset
            ],
        );
        for (register, field, expected) in [
            ("Command", "Bus Master Enable", 1),
            ("Command", "Interrupt Disable", 1),
            ("Command", "SERR# Enable", 0),
            ("Status", "Capabilities List", 1),
            ("Header Type", "Header Layout", 1),
            ("Header Type", "Multi-Function Device", 1),
            ("I/O Base", "I/O Addressing Capability", 1),
            ("I/O Base", "I/O Base Address [15:12]", 2),
            ("I/O Limit", "I/O Limit Address [15:12]", 3),
            ("Secondary Status", "Received Master Abort", 1),
            ("Memory Base", "Memory Base Address [31:20]", 0xfe1),
            ("Memory Limit", "Memory Limit Address [31:20]", 0xfe2),
            (
                "Prefetchable Memory Base",
                "64-bit Addressing Capability",
                1,
            ),
            (
                "Prefetchable Memory Limit",
                "Prefetchable Memory Limit Address [31:20]",
                0xff,
            ),
            ("Interrupt Pin", "Interrupt Pin", 1),
            ("Bridge Control", "VGA Enable", 1),
            ("Bridge Control", "Secondary Bus Reset", 1),
            ("Bridge Control", "ISA Enable", 0),
        ] {
            assert_eq!(
                value(&image, register, field),
                Some(expected),
                "{register}: {field}"
            );
        }
    }

    #[test]
    fn each_layout_covers_its_header_to_the_end() {
        let end = |layout| {
            let registers = header_registers(&image(layout, &[]));
            registers
                .iter()
                .map(|register| register.offset + u16::from(register.bytes))
                .max()
        };
        assert_eq!(end(0), Some(0x40));
        assert_eq!(end(1), Some(0x40));
        assert_eq!(end(2), Some(0x48));
        assert_eq!(end(3), Some(0x10));
    }

    #[test]
    fn an_endpoint_has_six_bars_and_a_bridge_two() {
        let bars = |layout| {
            let registers = header_registers(&image(layout, &[]));
            registers
                .iter()
                .filter(|register| register.name.starts_with("Base Address"))
                .count()
        };
        assert_eq!((bars(0), bars(1), bars(2)), (6, 2, 0));
    }

    #[test]
    fn a_rom_shares_its_register_with_the_enable_bit() {
        let image = image(0, &[(0x30, &[0x01, 0x08, 0xf0, 0xfe])]);
        let rom = "Expansion ROM Base Address";
        assert_eq!(value(&image, rom, "Expansion ROM Enable"), Some(1));
        assert_eq!(value(&image, rom, rom), Some(0xfef0_0800 >> 11));
    }

    #[test]
    fn a_cardbus_bridge_has_its_windows_at_other_places() {
        let image = image(
            2,
            &[
                (0x1c, &[0x00, 0x00, 0x00, 0xd0]),
                (0x2c, &[0x01, 0x20, 0, 0]),
                (0x3e, &[0x40, 0x01]),
            ],
        );
        assert_eq!(
            value(&image, "Memory Base 0", "Memory Base 0"),
            Some(0xd_0000)
        );
        assert_eq!(
            value(&image, "I/O Base 0", "I/O Address"),
            Some(0x2000 >> 2)
        );
        assert_eq!(value(&image, "Bridge Control", "CardBus Reset"), Some(1));
        assert_eq!(
            value(&image, "Bridge Control", "Memory 0 Prefetch Enable"),
            Some(1)
        );
    }
}
