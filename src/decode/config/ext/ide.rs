//! Integrity and Data Encryption (PCIe 6.0, 7.9.26): which streams of packets are encrypted.

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::IDE),
    Document::Pcie60.at("7.9.26 IDE Extended Capability"),
    registers,
);

/// One register block for each traffic class with link streams, then one for each selective
/// stream, as long as it says.
fn registers(window: Window<'_>) -> Vec<Register> {
    let mut registers = COMMON.to_vec();
    let Some(capability) = window.u32(0x04) else {
        return registers;
    };
    let mut at = 0x0c_u16;
    if capability & LINK_SUPPORTED != 0 {
        let classes = (capability >> 13 & 7) + 1;
        for _ in 0..classes {
            registers.extend(LINK_STREAM.iter().map(|register| register.moved(at)));
            at += 8;
        }
    }
    if capability & SELECTIVE_SUPPORTED != 0 {
        let streams = (capability >> 16 & 0xff) + 1;
        for _ in 0..streams {
            let Some(blocks) = window.bits(at, 0, 4) else {
                break;
            };
            registers.extend(SELECTIVE.iter().map(|register| register.moved(at)));
            at += 0x14;
            for _ in 0..blocks {
                registers.extend(ASSOCIATION.iter().map(|register| register.moved(at)));
                at += 0x0c;
            }
            if at >= 0xf00 {
                break;
            }
        }
    }
    registers
}

const LINK_SUPPORTED: u32 = 1;
const SELECTIVE_SUPPORTED: u32 = 1 << 1;

const ALGORITHMS: &[(u64, &str)] = &[(0, "AES-GCM 256, 96-bit MAC")];
const STATES: &[(u64, &str)] = &[(0, "insecure"), (2, "secure")];

const COMMON: [Register; 2] = [
    Register::new(
        "IDE Capability",
        0x04,
        4,
        &[
            Field::flag("Link IDE Stream Supported", 0x04, 0),
            Field::flag("Selective IDE Streams Supported", 0x04, 1),
            Field::flag("Flow-Through IDE Stream Supported", 0x04, 2),
            Field::flag("Partial Header Encryption Supported", 0x04, 3),
            Field::flag("Aggregation Supported", 0x04, 4),
            Field::flag("PCRC Supported", 0x04, 5),
            Field::flag("IDE_KM Protocol Supported", 0x04, 6),
            Field::flag(
                "Selective IDE for Configuration Requests Supported",
                0x04,
                7,
            ),
            Field::code("Supported Algorithms", 0x04, 8, 5, ALGORITHMS),
            Field::number("Number of TCs for Link IDE Minus One", 0x04, 13, 3),
            Field::number("Number of Selective IDE Streams Minus One", 0x04, 16, 8),
            Field::flag("TEE-Limited Stream Supported", 0x04, 24),
            Field::flag("XT Supported", 0x04, 25),
        ],
    ),
    Register::new(
        "IDE Control",
        0x08,
        4,
        &[Field::flag("Flow-Through IDE Stream Enabled", 0x08, 2)],
    ),
];

/// At the start of its block.
const LINK_STREAM: [Register; 2] = [
    Register::new(
        "Link IDE Stream Control",
        0x00,
        4,
        &[
            Field::flag("Link IDE Stream Enable", 0x00, 0),
            Field::number("Tx Aggregation Mode NPR", 0x00, 2, 2),
            Field::number("Tx Aggregation Mode PR", 0x00, 4, 2),
            Field::number("Tx Aggregation Mode CPL", 0x00, 6, 2),
            Field::flag("PCRC Enable", 0x00, 8),
            Field::number("Partial Header Encryption Mode", 0x00, 10, 4),
            Field::code("Selected Algorithm", 0x00, 14, 5, ALGORITHMS),
            Field::number("TC", 0x00, 19, 3),
            Field::number("Stream ID", 0x00, 24, 8),
        ],
    ),
    Register::new("Link IDE Stream Status", 0x04, 4, &status(0x04)),
];

/// At the start of its block.
const SELECTIVE: [Register; 5] = [
    Register::new(
        "Selective IDE Stream Capability",
        0x00,
        4,
        &[Field::number(
            "Number of Address Association Register Blocks",
            0x00,
            0,
            4,
        )],
    ),
    Register::new(
        "Selective IDE Stream Control",
        0x04,
        4,
        &[
            Field::flag("Selective IDE Stream Enable", 0x04, 0),
            Field::number("Tx Aggregation Mode NPR", 0x04, 2, 2),
            Field::number("Tx Aggregation Mode PR", 0x04, 4, 2),
            Field::number("Tx Aggregation Mode CPL", 0x04, 6, 2),
            Field::flag("PCRC Enable", 0x04, 8),
            Field::flag("Selective IDE for Configuration Requests Enable", 0x04, 9),
            Field::number("Partial Header Encryption Mode", 0x04, 10, 4),
            Field::code("Selected Algorithm", 0x04, 14, 5, ALGORITHMS),
            Field::number("TC", 0x04, 19, 3),
            Field::flag("Default Stream", 0x04, 22),
            Field::flag("TEE-Limited Stream", 0x04, 23),
            Field::number("Stream ID", 0x04, 24, 8),
        ],
    ),
    Register::new("Selective IDE Stream Status", 0x08, 4, &status(0x08)),
    Register::new(
        "IDE RID Association 1",
        0x0c,
        4,
        &[Field::hex("RID Limit", 0x0c, 8, 16)],
    ),
    Register::new(
        "IDE RID Association 2",
        0x10,
        4,
        &[
            Field::flag("Valid", 0x10, 0),
            Field::hex("RID Base", 0x10, 8, 16),
            Field::hex("Segment Base", 0x10, 24, 8),
        ],
    ),
];

/// At the start of its block.
const ASSOCIATION: [Register; 3] = [
    Register::new(
        "IDE Address Association 1",
        0x00,
        4,
        &[
            Field::flag("Valid", 0x00, 0),
            Field::hex("Memory Base Lower", 0x00, 8, 12),
            Field::hex("Memory Limit Lower", 0x00, 20, 12),
        ],
    ),
    Register::plain("IDE Address Association 2 (Memory Limit Upper)", 0x04, 4),
    Register::plain("IDE Address Association 3 (Memory Base Upper)", 0x08, 4),
];

const fn status(offset: u16) -> [Field; 2] {
    [
        Field::code("Stream State", offset, 0, 4, STATES),
        Field::flag("Received Integrity Check Fail Message", offset, 31),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn link_streams_come_before_selective_ones() {
        let mut bytes = [0; 0x0c + 8 + 0x14 + 0x0c];
        bytes[..0x0c].copy_from_slice(&[
            0x30, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x43, 0x00, 0x00, 0x00, // link and selective, IDE_KM; one of each
            0x04, 0x00, 0x00, 0x00, // flow-through on
        ]);
        bytes[0x0c..0x14].copy_from_slice(&[0x01, 0x00, 0x00, 0x05, 0x02, 0x00, 0x00, 0x00]);
        bytes[0x14] = 0x01; // one address block
        bytes[0x18..0x1c].copy_from_slice(&[0x01, 0x02, 0x00, 0x07]);
        bytes[0x1c..0x20].copy_from_slice(&[0x02, 0x00, 0x00, 0x80]);
        bytes[0x20..0x24].copy_from_slice(&[0x00, 0xff, 0x01, 0x00]);
        bytes[0x24..0x28].copy_from_slice(&[0x01, 0x00, 0x01, 0x02]);
        bytes[0x28..0x2c].copy_from_slice(&[0x01, 0x10, 0x00, 0xff]);
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("Link IDE Stream Supported", "+"),
                ("IDE_KM Protocol Supported", "+"),
                ("Flow-Through IDE Stream Enabled", "+"),
                ("Link IDE Stream Enable", "+"),
                ("Link IDE Stream Control/Stream ID", "5"),
                ("Link IDE Stream Status/Stream State", "secure"),
                ("Number of Address Association Register Blocks", "1"),
                ("Selective IDE Stream Control/Stream ID", "7"),
                ("Selective IDE for Configuration Requests Enable", "+"),
                (
                    "Selective IDE Stream Status/Received Integrity Check Fail Message",
                    "+",
                ),
                ("RID Limit", "0x01ff"),
                ("RID Base", "0x0100"),
                ("Segment Base", "0x02"),
                ("Memory Base Lower", "0x010"),
                ("Memory Limit Lower", "0xff0"),
            ],
        );
    }

    #[test]
    fn a_stream_that_was_not_captured_is_left_out() {
        let bytes = [0x30, 0x00, 0x01, 0x00, 0x40, 0, 0, 0, 0, 0, 0, 0];
        shows(&STRUCTURE, &bytes, &[("Link IDE Stream Supported", "-")]);
    }
}
