//! PCI-X (PCI-X Protocol Addendum 2.0, 7.2 and 8.6.2): faster conventional PCI. Devices and
//! bridges have different registers; mode 2 adds error correction.

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pci::{self, CapId, HeaderType};
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Standard(CapId::PCI_X),
    Document::PciX20.at("7.2 PCI-X Capabilities List Item"),
    registers,
);

fn registers(window: Window<'_>) -> Vec<Register> {
    match window.image().field(pci::HEADER_LAYOUT) {
        Some(layout) if layout == u64::from(HeaderType::BRIDGE.0) => {
            let mut registers = BRIDGE.to_vec();
            if window.bits(0x02, 12, 2).is_some_and(|version| version > 0) {
                registers.extend(ECC.iter().map(|register| register.moved(8)));
            }
            registers
        }
        Some(_) => {
            let mut registers = DEVICE.to_vec();
            if window.bits(0x02, 12, 2).is_some_and(|version| version > 0) {
                registers.extend(ECC);
            }
            registers
        }
        None => Vec::new(),
    }
}

const READ_COUNTS: &[(u64, &str)] = &[
    (0, "512 bytes"),
    (1, "1024 bytes"),
    (2, "2048 bytes"),
    (3, "4096 bytes"),
];
const TRANSACTIONS: &[(u64, &str)] = &[
    (0, "1"),
    (1, "2"),
    (2, "3"),
    (3, "4"),
    (4, "8"),
    (5, "12"),
    (6, "16"),
    (7, "32"),
];

const DEVICE: [Register; 2] = [
    Register::new(
        "PCI-X Command",
        0x02,
        2,
        &[
            Field::flag("Data Parity Error Recovery Enable", 0x02, 0),
            Field::flag("Enable Relaxed Ordering", 0x02, 1),
            Field::code("Maximum Memory Read Byte Count", 0x02, 2, 2, READ_COUNTS),
            Field::code(
                "Maximum Outstanding Split Transactions",
                0x02,
                4,
                3,
                TRANSACTIONS,
            ),
            Field::number("Version", 0x02, 12, 2),
        ],
    ),
    Register::new(
        "PCI-X Status",
        0x04,
        4,
        &[
            Field::hex("Function Number", 0x04, 0, 3),
            Field::hex("Device Number", 0x04, 3, 5),
            Field::hex("Bus Number", 0x04, 8, 8),
            Field::flag("64-bit Device", 0x04, 16),
            Field::flag("133 MHz Capable", 0x04, 17),
            Field::flag("Split Completion Discarded", 0x04, 18),
            Field::flag("Unexpected Split Completion", 0x04, 19),
            Field::flag("Device Complexity", 0x04, 20),
            Field::code(
                "Designed Maximum Memory Read Byte Count",
                0x04,
                21,
                2,
                READ_COUNTS,
            ),
            Field::code(
                "Designed Maximum Outstanding Split Transactions",
                0x04,
                23,
                3,
                TRANSACTIONS,
            ),
            Field::power(
                "Designed Maximum Cumulative Read Size",
                0x04,
                26,
                3,
                1024,
                "bytes",
            ),
            Field::flag("Received Split Completion Error Message", 0x04, 29),
            Field::flag("266 MHz Capable", 0x04, 30),
            Field::flag("533 MHz Capable", 0x04, 31),
        ],
    ),
];

const BRIDGE: [Register; 4] = [
    Register::new(
        "PCI-X Secondary Status",
        0x02,
        2,
        &[
            Field::flag("64-bit Device", 0x02, 0),
            Field::flag("133 MHz Capable", 0x02, 1),
            Field::flag("Split Completion Discarded", 0x02, 2),
            Field::flag("Unexpected Split Completion", 0x02, 3),
            Field::flag("Split Completion Overrun", 0x02, 4),
            Field::flag("Split Request Delayed", 0x02, 5),
            Field::code("Secondary Bus Mode and Frequency", 0x02, 6, 4, FREQUENCIES),
            Field::number("Version", 0x02, 12, 2),
            Field::flag("266 MHz Capable", 0x02, 14),
            Field::flag("533 MHz Capable", 0x02, 15),
        ],
    ),
    Register::new(
        "PCI-X Bridge Status",
        0x04,
        4,
        &[
            Field::hex("Function Number", 0x04, 0, 3),
            Field::hex("Device Number", 0x04, 3, 5),
            Field::hex("Bus Number", 0x04, 8, 8),
            Field::flag("64-bit Device", 0x04, 16),
            Field::flag("133 MHz Capable", 0x04, 17),
            Field::flag("Split Completion Discarded", 0x04, 18),
            Field::flag("Unexpected Split Completion", 0x04, 19),
            Field::flag("Split Completion Overrun", 0x04, 20),
            Field::flag("Split Request Delayed", 0x04, 21),
            Field::flag("Device ID Messaging Capable", 0x04, 29),
            Field::flag("266 MHz Capable", 0x04, 30),
            Field::flag("533 MHz Capable", 0x04, 31),
        ],
    ),
    Register::new("Upstream Split Transaction Control", 0x08, 4, &split(0x08)),
    Register::new(
        "Downstream Split Transaction Control",
        0x0c,
        4,
        &split(0x0c),
    ),
];

const FREQUENCIES: &[(u64, &str)] = &[
    (0, "conventional PCI"),
    (1, "mode 1, 66 MHz"),
    (2, "mode 1, 100 MHz"),
    (3, "mode 1, 133 MHz"),
    (5, "mode 1 with ECC, 66 MHz"),
    (6, "mode 1 with ECC, 100 MHz"),
    (7, "mode 1 with ECC, 133 MHz"),
    (9, "mode 2, 266 MHz at 66 MHz"),
    (10, "mode 2, 266 MHz at 100 MHz"),
    (11, "mode 2, 266 MHz at 133 MHz"),
    (13, "mode 2, 533 MHz at 66 MHz"),
    (14, "mode 2, 533 MHz at 100 MHz"),
    (15, "mode 2, 533 MHz at 133 MHz"),
];

const fn split(offset: u16) -> [Field; 2] {
    [
        Field::number("Split Transaction Capacity", offset, 0, 16),
        Field::number("Split Transaction Commitment Limit", offset, 16, 16),
    ]
}

/// Of a device at 08h, of a bridge at 10h.
const ECC: [Register; 4] = [
    Register::plain("ECC Control and Status", 0x08, 4),
    Register::plain("ECC First Address", 0x0c, 4),
    Register::plain("ECC Second Address", 0x10, 4),
    Register::plain("ECC Attribute", 0x14, 4),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ConfigImage;
    use crate::decode::config::testing::shows;

    #[test]
    fn a_device_tells_its_address_and_limits() {
        let bytes = [
            0x07, 0x00, 0x22, 0x00, // id, end of list; relaxed ordering, 3 transactions
            0x09, 0x02, 0x43, 0x01, // 02:01.1, 64 bits, 133 MHz, 2048 bytes, 3 transactions
        ];
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("Enable Relaxed Ordering", "+"),
                ("Maximum Memory Read Byte Count", "512 bytes"),
                ("Maximum Outstanding Split Transactions", "3"),
                ("Bus Number", "0x02"),
                ("Device Number", "0x01"),
                ("Function Number", "0x1"),
                ("133 MHz Capable", "+"),
                ("Designed Maximum Memory Read Byte Count", "2048 bytes"),
                ("Designed Maximum Outstanding Split Transactions", "3"),
            ],
        );
    }

    #[test]
    fn version_and_header_decide_the_length() {
        let length = |layout: u8, version: u8| {
            let mut bytes = vec![0; 0x100];
            bytes[0x0e] = layout;
            bytes[0x83] = version << 4;
            let image = ConfigImage::from_bytes(bytes);
            STRUCTURE.certain_length(image.window(0x80))
        };
        assert_eq!((length(0, 0), length(0, 1)), (8, 24));
        assert_eq!((length(1, 0), length(1, 1)), (16, 32));
    }
}
