//! Secure Device (PCI Code and ID Assignment 1.11, chapter 2). AMD's IOMMUs have it (48882,
//! 3.2): where their registers lie and which functions they stand before.

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pci::CapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Standard(CapId::SECURE_DEVICE),
    Document::AmdIommu.at("3.2 IOMMU PCI Capability Block"),
    registers,
);

/// The registers of type 3, an IOMMU. The extension bit tells of the last one.
fn registers(window: Window<'_>) -> Vec<Register> {
    let Some(kind) = window.bits(0x02, 0, 3) else {
        return Vec::new();
    };
    if kind != 3 {
        return vec![HEADER];
    }
    let mut registers = vec![HEADER];
    registers.extend(REGISTERS);
    if window.bits(0x02, 12, 1) != Some(1) {
        registers.pop();
    }
    registers
}

const HEADER: Register = Register::new(
    "IOMMU Capability Header",
    0x02,
    2,
    &[
        Field::code("Capability Type", 0x02, 0, 3, &[(3, "IOMMU")]),
        Field::number("Revision", 0x02, 3, 5),
        Field::flag("IotlbSup", 0x02, 8),
        Field::flag("HtTunnel", 0x02, 9),
        Field::flag("NpCache", 0x02, 10),
        Field::flag("EFRSup", 0x02, 11),
        Field::flag("CapExt", 0x02, 12),
    ],
);

const REGISTERS: [Register; 5] = [
    Register::new(
        "Base Address Low",
        0x04,
        4,
        &[
            Field::flag("Enable", 0x04, 0),
            Field::address("Base Address [31:14]", 0x04, 14, 18),
        ],
    ),
    Register::plain("Base Address High", 0x08, 4),
    Register::new(
        "Range",
        0x0c,
        4,
        &[
            Field::number("UnitID", 0x0c, 0, 5),
            Field::flag("RngValid", 0x0c, 7),
            Field::hex("BusNumber", 0x0c, 8, 8),
            Field::hex("FirstDevice", 0x0c, 16, 8),
            Field::hex("LastDevice", 0x0c, 24, 8),
        ],
    ),
    Register::new(
        "Miscellaneous Information 0",
        0x10,
        4,
        &[
            Field::number("MsiNum", 0x10, 0, 5),
            Field::number("GvaSize", 0x10, 5, 3),
            Field::number("PaSize", 0x10, 8, 7),
            Field::number("VaSize", 0x10, 15, 7),
            Field::flag("HtAtsResv", 0x10, 22),
            Field::number("MsiNumPpr", 0x10, 27, 5),
        ],
    ),
    Register::new(
        "Miscellaneous Information 1",
        0x14,
        4,
        &[Field::number("MsiNumGa", 0x14, 0, 5)],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn an_iommu_tells_its_registers_and_address_sizes() {
        let bytes = [
            0x0f, 0x00, 0x0b,
            0x19, // id, end of list; IOMMU, revision 1, IOTLB, EFR, extension
            0x01, 0x00, 0x58, 0xfd, // enabled, fd580000h
            0x00, 0x00, 0x00, 0x00, // upper half
            0x80, 0x00, 0x08, 0xff, // valid, bus 0, 08h to ffh
            0x40, 0x30, 0x20, 0x00, // 48-bit physical, 64-bit virtual addresses
            0x02, 0x00, 0x00, 0x00, // MSI 2 for the guest log
        ];
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("Capability Type", "IOMMU"),
                ("Revision", "1"),
                ("IotlbSup", "+"),
                ("EFRSup", "+"),
                ("Enable", "+"),
                ("Base Address [31:14]", "0xfd580000"),
                ("FirstDevice", "0x08"),
                ("LastDevice", "0xff"),
                ("PaSize", "48"),
                ("VaSize", "64"),
                ("MsiNumGa", "2"),
            ],
        );
    }

    #[test]
    fn another_type_has_only_its_header() {
        shows(
            &STRUCTURE,
            &[0x0f, 0x00, 0x05, 0x00],
            &[("Capability Type", "unknown (0x5)")],
        );
    }
}
