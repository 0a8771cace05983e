//! HyperTransport (HyperTransport I/O Link Specification 3.10, chapter 7): one id for a family
//! of structures. Which one it is, the highest bits of the command register say: three bits
//! for links, five for all others.

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pci::CapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Standard(CapId::HYPER_TRANSPORT),
    Document::HyperTransport.at("chapter 7 HyperTransport Configuration Accesses"),
    registers,
);

fn registers(window: Window<'_>) -> Vec<Register> {
    match (window.bits(0x02, 13, 3), window.bits(0x02, 11, 5)) {
        (Some(0), _) => SLAVE.to_vec(),
        (Some(1), _) => HOST.to_vec(),
        (_, Some(0b10000)) => INTERRUPT.to_vec(),
        (_, Some(0b10101)) => {
            let mut registers = MSI_MAPPING.to_vec();
            // A fixed mapping has no address registers.
            if window.bits(0x02, 1, 1) != Some(0) {
                registers.truncate(1);
            }
            registers
        }
        (Some(_), Some(_)) => vec![OTHER],
        _ => Vec::new(),
    }
}

const TYPES: &[(u64, &str)] = &[
    (0b10000, "interrupt discovery and configuration"),
    (0b10001, "revision id"),
    (0b10010, "unit id clumping"),
    (0b10011, "extended configuration space access"),
    (0b10100, "address mapping"),
    (0b10101, "MSI mapping"),
    (0b10110, "direct route"),
    (0b10111, "virtual channel set"),
    (0b11000, "retry mode"),
    (0b11001, "x86 encoding"),
    (0b11010, "generation 3"),
    (0b11011, "function-level extension"),
    (0b11100, "power management"),
];
const LINK_TYPES: &[(u64, &str)] = &[(0, "slave or primary"), (1, "host or secondary")];

const OTHER: Register = Register::new(
    "Command",
    0x02,
    2,
    &[Field::code("Capability Type", 0x02, 11, 5, TYPES)],
);

const MSI_MAPPING: [Register; 3] = [
    Register::new(
        "Command",
        0x02,
        2,
        &[
            Field::flag("Enable", 0x02, 0),
            Field::flag("Fixed", 0x02, 1),
            Field::code("Capability Type", 0x02, 11, 5, TYPES),
        ],
    ),
    Register::new(
        "MSI Mapping Address Low",
        0x04,
        4,
        &[Field::address("Mapping Address", 0x04, 20, 12)],
    ),
    Register::plain("MSI Mapping Address High", 0x08, 4),
];

const INTERRUPT: [Register; 2] = [
    Register::new(
        "Command",
        0x02,
        2,
        &[
            Field::hex("Index", 0x02, 0, 8),
            Field::code("Capability Type", 0x02, 11, 5, TYPES),
        ],
    ),
    Register::plain("Dataport", 0x04, 4),
];

const SLAVE: [Register; 16] = [
    Register::new(
        "Command",
        0x02,
        2,
        &[
            Field::number("Base Unit ID", 0x02, 0, 5),
            Field::number("Unit Count", 0x02, 5, 5),
            Field::flag("Master Host", 0x02, 10),
            Field::flag("Default Direction", 0x02, 11),
            Field::flag("Drop on Uninitialized Link", 0x02, 12),
            Field::code("Capability Type", 0x02, 13, 3, LINK_TYPES),
        ],
    ),
    Register::new("Link Control 0", 0x04, 2, &control(0x04)),
    Register::new("Link Configuration 0", 0x06, 2, &configuration(0x06)),
    Register::new("Link Control 1", 0x08, 2, &control(0x08)),
    Register::new("Link Configuration 1", 0x0a, 2, &configuration(0x0a)),
    Register::new("Revision ID", 0x0c, 1, &revision(0x0c)),
    Register::new("Link Frequency 0", 0x0d, 1, &frequency(0x0d)),
    Register::new("Link Frequency Capability 0", 0x0e, 2, &frequencies(0x0e)),
    Register::new("Feature Capability", 0x10, 1, &features(0x10)),
    Register::new("Link Frequency 1", 0x11, 1, &frequency(0x11)),
    Register::new("Link Frequency Capability 1", 0x12, 2, &frequencies(0x12)),
    Register::plain("Enumeration Scratchpad", 0x14, 2),
    Register::new("Error Handling", 0x16, 2, &error_handling(0x16)),
    Register::plain("Memory Base Upper", 0x18, 1),
    Register::plain("Memory Limit Upper", 0x19, 1),
    Register::plain("Bus Number", 0x1a, 1),
];

const HOST: [Register; 11] = [
    Register::new(
        "Command",
        0x02,
        2,
        &[
            Field::flag("Warm Reset", 0x02, 0),
            Field::flag("Double Ended", 0x02, 1),
            Field::number("Device Number", 0x02, 2, 5),
            Field::flag("Chain Side", 0x02, 7),
            Field::flag("Host Hide", 0x02, 8),
            Field::flag("Act as Slave", 0x02, 10),
            Field::flag("Host Inbound End of Chain Error", 0x02, 11),
            Field::flag("Drop on Uninitialized Link", 0x02, 12),
            Field::code("Capability Type", 0x02, 13, 3, LINK_TYPES),
        ],
    ),
    Register::new("Link Control", 0x04, 2, &control(0x04)),
    Register::new("Link Configuration", 0x06, 2, &configuration(0x06)),
    Register::new("Revision ID", 0x08, 1, &revision(0x08)),
    Register::new("Link Frequency", 0x09, 1, &frequency(0x09)),
    Register::new("Link Frequency Capability", 0x0a, 2, &frequencies(0x0a)),
    Register::new("Feature Capability", 0x0c, 2, &host_features(0x0c)),
    Register::plain("Enumeration Scratchpad", 0x10, 2),
    Register::new("Error Handling", 0x12, 2, &error_handling(0x12)),
    Register::plain("Memory Base Upper", 0x14, 1),
    Register::plain("Memory Limit Upper", 0x15, 1),
];

const fn control(offset: u16) -> [Field; 12] {
    [
        Field::flag("CRC Flood Enable", offset, 1),
        Field::flag("CRC Start Test", offset, 2),
        Field::flag("CRC Force Error", offset, 3),
        Field::flag("Link Failure", offset, 4),
        Field::flag("Initialization Complete", offset, 5),
        Field::flag("End of Chain", offset, 6),
        Field::flag("Transmitter Off", offset, 7),
        Field::hex("CRC Error", offset, 8, 4),
        Field::flag("Isochronous Enable", offset, 12),
        Field::flag("LDTSTOP# Tristate Enable", offset, 13),
        Field::flag("Extended CTL", offset, 14),
        Field::flag("64-bit Addressing Enable", offset, 15),
    ]
}

const WIDTHS: &[(u64, &str)] = &[
    (0, "8 bits"),
    (1, "16 bits"),
    (3, "32 bits"),
    (4, "2 bits"),
    (5, "4 bits"),
    (7, "not connected"),
];

const fn configuration(offset: u16) -> [Field; 8] {
    [
        Field::code("Max Link Width In", offset, 0, 3, WIDTHS),
        Field::flag("Doubleword Flow Control In", offset, 3),
        Field::code("Max Link Width Out", offset, 4, 3, WIDTHS),
        Field::flag("Doubleword Flow Control Out", offset, 7),
        Field::code("Link Width In", offset, 8, 3, WIDTHS),
        Field::flag("Doubleword Flow Control In Enable", offset, 11),
        Field::code("Link Width Out", offset, 12, 3, WIDTHS),
        Field::flag("Doubleword Flow Control Out Enable", offset, 15),
    ]
}

const fn revision(offset: u16) -> [Field; 2] {
    [
        Field::number("Minor Revision", offset, 0, 5),
        Field::number("Major Revision", offset, 5, 3),
    ]
}

const fn frequency(offset: u16) -> [Field; 5] {
    [
        Field::code("Frequency", offset, 0, 4, FREQUENCIES),
        Field::flag("Protocol Error", offset, 4),
        Field::flag("Overflow Error", offset, 5),
        Field::flag("End of Chain Error", offset, 6),
        Field::flag("CTL Timeout", offset, 7),
    ]
}

/// 16 and 17 need a fifth bit, which lies in the structure of generation 3.
const FREQUENCIES: &[(u64, &str)] = &[
    (0x0, "200 MHz"),
    (0x1, "300 MHz"),
    (0x2, "400 MHz"),
    (0x3, "500 MHz"),
    (0x4, "600 MHz"),
    (0x5, "800 MHz"),
    (0x6, "1000 MHz"),
    (0x7, "1200 MHz"),
    (0x8, "1400 MHz"),
    (0x9, "1600 MHz"),
    (0xa, "1800 MHz"),
    (0xb, "2000 MHz"),
    (0xc, "2200 MHz"),
    (0xd, "2400 MHz"),
    (0xe, "2600 MHz"),
    (0xf, "vendor-specific"),
];

const fn frequencies(offset: u16) -> [Field; 16] {
    [
        Field::flag("200 MHz", offset, 0),
        Field::flag("300 MHz", offset, 1),
        Field::flag("400 MHz", offset, 2),
        Field::flag("500 MHz", offset, 3),
        Field::flag("600 MHz", offset, 4),
        Field::flag("800 MHz", offset, 5),
        Field::flag("1000 MHz", offset, 6),
        Field::flag("1200 MHz", offset, 7),
        Field::flag("1400 MHz", offset, 8),
        Field::flag("1600 MHz", offset, 9),
        Field::flag("1800 MHz", offset, 10),
        Field::flag("2000 MHz", offset, 11),
        Field::flag("2200 MHz", offset, 12),
        Field::flag("2400 MHz", offset, 13),
        Field::flag("2600 MHz", offset, 14),
        Field::flag("Vendor-Specific Frequency", offset, 15),
    ]
}

const fn error_handling(offset: u16) -> [Field; 16] {
    [
        Field::flag("Protocol Error Flood Enable", offset, 0),
        Field::flag("Overflow Error Flood Enable", offset, 1),
        Field::flag("Protocol Error Fatal Enable", offset, 2),
        Field::flag("Overflow Error Fatal Enable", offset, 3),
        Field::flag("End of Chain Error Fatal Enable", offset, 4),
        Field::flag("Response Error Fatal Enable", offset, 5),
        Field::flag("CRC Error Fatal Enable", offset, 6),
        Field::flag("System Error Fatal Enable", offset, 7),
        Field::flag("Chain Fail", offset, 8),
        Field::flag("Response Error", offset, 9),
        Field::flag("Protocol Error Nonfatal Enable", offset, 10),
        Field::flag("Overflow Error Nonfatal Enable", offset, 11),
        Field::flag("End of Chain Error Nonfatal Enable", offset, 12),
        Field::flag("Response Error Nonfatal Enable", offset, 13),
        Field::flag("CRC Error Nonfatal Enable", offset, 14),
        Field::flag("System Error Nonfatal Enable", offset, 15),
    ]
}

const fn host_features(offset: u16) -> [Field; 8] {
    let [isochronous, stop, crc, ctl, wide, reorder] = features(offset);
    [
        isochronous,
        stop,
        crc,
        ctl,
        wide,
        reorder,
        Field::flag("Extended Register Set", offset, 8),
        Field::flag("Upstream Configuration Enable", offset, 9),
    ]
}

const fn features(offset: u16) -> [Field; 6] {
    [
        Field::flag("Isochronous Flow Control Mode", offset, 0),
        Field::flag("LDTSTOP#", offset, 1),
        Field::flag("CRC Test Mode", offset, 2),
        Field::flag("Extended CTL Time Required", offset, 3),
        Field::flag("64-bit Addressing", offset, 4),
        Field::flag("Unit ID Reorder Disable", offset, 5),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn a_fixed_msi_mapping_has_no_address() {
        // id, end of list, enabled and fixed, type MSI mapping
        shows(
            &STRUCTURE,
            &[0x08, 0x00, 0x03, 0xa8],
            &[
                ("Enable", "+"),
                ("Fixed", "+"),
                ("Capability Type", "MSI mapping"),
            ],
        );
    }

    #[test]
    fn another_msi_mapping_has_its_address() {
        let bytes = [
            0x08, 0x00, 0x01, 0xa8, // enabled
            0x00, 0x00, 0xe0, 0xfe, // fee00000h
            0x00, 0x00, 0x00, 0x00,
        ];
        shows(
            &STRUCTURE,
            &bytes,
            &[("Fixed", "-"), ("Mapping Address", "0xfee00000")],
        );
    }

    #[test]
    fn a_slave_has_two_links() {
        let mut bytes = [0; 0x1b];
        bytes[..12].copy_from_slice(&[
            0x08, 0x00, 0x61, 0x00, // unit 1, three of them
            0x20, 0x00, 0x11, 0x11, // initialised, 16 bits
            0xd0, 0x00, 0x77, 0x77, // failed, end of chain, off; not connected
        ]);
        bytes[0x0c] = 0x25; // revision 1.05
        bytes[0x0d] = 0x15; // 800 MHz, protocol error
        bytes[0x0e] = 0x35; // 200, 400, 600 and 800 MHz
        bytes[0x10] = 0x22; // LDTSTOP#, no reordering
        bytes[0x17] = 0x80; // system errors are not fatal
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("Base Unit ID", "1"),
                ("Unit Count", "3"),
                ("Capability Type", "slave or primary"),
                ("Link Control 0/Initialization Complete", "+"),
                ("Link Control 1/End of Chain", "+"),
                ("Link Configuration 0/Link Width In", "16 bits"),
                ("Link Configuration 1/Link Width Out", "not connected"),
                ("Major Revision", "1"),
                ("Minor Revision", "5"),
                ("Link Frequency 0/Frequency", "800 MHz"),
                ("Link Frequency 0/Protocol Error", "+"),
                ("Link Frequency Capability 0/600 MHz", "+"),
                ("Link Frequency Capability 0/500 MHz", "-"),
                ("Feature Capability/Unit ID Reorder Disable", "+"),
                ("Error Handling/System Error Nonfatal Enable", "+"),
            ],
        );
    }

    #[test]
    fn a_host_has_one_link_and_other_types_only_their_type() {
        let mut bytes = [0; 0x16];
        bytes[..4].copy_from_slice(&[0x08, 0x00, 0x62, 0x20]);
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("Double Ended", "+"),
                ("Device Number", "24"),
                ("Capability Type", "host or secondary"),
            ],
        );
        shows(
            &STRUCTURE,
            &[0x08, 0x00, 0x00, 0xd0],
            &[("Capability Type", "generation 3")],
        );
    }
}
