//! Flattening Portal Bridge (PCIe 6.0, 7.8.11): a bridge that decodes requester ids and memory
//! by bit vectors instead of ranges.

use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pci::CapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Standard(CapId::FLATTENING_PORTAL),
    Document::Pcie60.at("7.8.11 Flattening Portal Bridge (FPB) Capability"),
    |_| REGISTERS.to_vec(),
);

const REGISTERS: [Register; 8] = [
    Register::new(
        "FPB Capabilities",
        0x04,
        4,
        &[
            Field::flag("FPB RID Decode Mechanism Supported", 0x04, 0),
            Field::flag("FPB MEM Low Decode Mechanism Supported", 0x04, 1),
            Field::flag("FPB MEM High Decode Mechanism Supported", 0x04, 2),
            Field::number("FPB Num Sec Dev", 0x04, 3, 5),
            Field::number("FPB RID Vector Size Supported", 0x04, 8, 3),
            Field::number("FPB MEM Low Vector Size Supported", 0x04, 16, 3),
            Field::number("FPB MEM High Vector Size Supported", 0x04, 24, 3),
        ],
    ),
    Register::new(
        "FPB RID Vector Control 1",
        0x08,
        4,
        &[
            Field::flag("FPB RID Decode Mechanism Enable", 0x08, 0),
            Field::hex("FPB RID Vector Granularity", 0x08, 4, 4),
            Field::hex("FPB RID Vector Start", 0x08, 19, 13),
        ],
    ),
    Register::new(
        "FPB RID Vector Control 2",
        0x0c,
        4,
        &[Field::hex("RID Secondary Start", 0x0c, 3, 13)],
    ),
    Register::new(
        "FPB MEM Low Vector Control",
        0x10,
        4,
        &[
            Field::flag("FPB MEM Low Decode Mechanism Enable", 0x10, 0),
            Field::hex("FPB MEM Low Vector Granularity", 0x10, 4, 4),
            Field::hex("FPB MEM Low Vector Start", 0x10, 20, 12),
        ],
    ),
    Register::new(
        "FPB MEM High Vector Control 1",
        0x14,
        4,
        &[
            Field::flag("FPB MEM High Decode Mechanism Enable", 0x14, 0),
            Field::hex("FPB MEM High Vector Granularity", 0x14, 4, 4),
            Field::hex("FPB MEM High Vector Start Lower", 0x14, 28, 4),
        ],
    ),
    Register::plain("FPB MEM High Vector Control 2", 0x18, 4),
    Register::new(
        "FPB Vector Access Control",
        0x1c,
        4,
        &[
            Field::hex("FPB Vector Access Offset", 0x1c, 0, 8),
            Field::code(
                "FPB Vector Select",
                0x1c,
                14,
                2,
                &[(0, "RID"), (1, "MEM Low"), (2, "MEM High")],
            ),
        ],
    ),
    Register::plain("FPB Vector Access Data", 0x20, 4),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn each_mechanism_has_its_enable() {
        let mut bytes = [0; 0x24];
        bytes[..12].copy_from_slice(&[
            0x15, 0x00, 0x00, 0x00, // id, end of list
            0x03, 0x02, 0x01, 0x00, // RID and MEM Low; vector sizes 2 and 1
            0x11, 0x00, 0x08, 0x00, // RID on, granularity 1, start 1
        ]);
        bytes[0x1d] = 0x40;
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("FPB RID Decode Mechanism Supported", "+"),
                ("FPB MEM High Decode Mechanism Supported", "-"),
                ("FPB RID Vector Size Supported", "2"),
                ("FPB MEM Low Vector Size Supported", "1"),
                ("FPB RID Decode Mechanism Enable", "+"),
                ("FPB RID Vector Granularity", "0x1"),
                ("FPB RID Vector Start", "0x0001"),
                ("FPB MEM Low Decode Mechanism Enable", "-"),
                ("FPB Vector Select", "MEM Low"),
            ],
        );
    }
}
