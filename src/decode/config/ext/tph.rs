//! TPH Requester (PCIe 6.0, 7.9.13): hints to the host's caches, and the table they come from.

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::TPH),
    Document::Pcie60.at("7.9.13 TPH Requester Extended Capability"),
    registers,
);

fn registers(window: Window<'_>) -> Vec<Register> {
    let mut registers = vec![CAPABILITY, CONTROL];
    // The table may also lie in the MSI-X table, or nowhere. Here it has 64 entries at most.
    if window.bits(0x04, 9, 2) == Some(1)
        && let Some(last) = window.bits(0x04, 16, 11)
    {
        let entries = 0..=u16::try_from(last).unwrap_or(0).min(63);
        registers.extend(entries.map(|entry| ENTRY.moved(2 * entry)));
    }
    registers
}

const CAPABILITY: Register = Register::new(
    "TPH Requester Capability",
    0x04,
    4,
    &[
        Field::flag("No ST Mode Supported", 0x04, 0),
        Field::flag("Interrupt Vector Mode Supported", 0x04, 1),
        Field::flag("Device Specific Mode Supported", 0x04, 2),
        Field::flag("Extended TPH Requester Supported", 0x04, 8),
        Field::code(
            "ST Table Location",
            0x04,
            9,
            2,
            &[(0, "none"), (1, "this structure"), (2, "MSI-X table")],
        ),
        Field::number("ST Table Size Minus One", 0x04, 16, 11),
    ],
);
const CONTROL: Register = Register::new(
    "TPH Requester Control",
    0x08,
    4,
    &[
        Field::code(
            "ST Mode Select",
            0x08,
            0,
            3,
            &[
                (0, "no ST"),
                (1, "interrupt vector"),
                (2, "device specific"),
            ],
        ),
        Field::code(
            "TPH Requester Enable",
            0x08,
            8,
            2,
            &[(0, "off"), (1, "TPH"), (3, "TPH and extended TPH")],
        ),
    ],
);
const ENTRY: Register = Register::new(
    "ST Entry",
    0x0c,
    2,
    &[
        Field::hex("ST Lower", 0x0c, 0, 8),
        Field::hex("ST Upper", 0x0c, 8, 8),
    ],
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn a_table_in_the_structure_is_shown() {
        let mut bytes = [
            0x17, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x07, 0x02, 0x01, 0x00, // all modes, table here, two entries
            0x01, 0x01, 0x00, 0x00, // interrupt vector mode, on
            0x34, 0x12, 0x78, 0x56,
        ];
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("Device Specific Mode Supported", "+"),
                ("ST Table Location", "this structure"),
                ("ST Table Size Minus One", "1"),
                ("ST Mode Select", "interrupt vector"),
                ("TPH Requester Enable", "TPH"),
                ("ST Lower", "0x34"),
                ("ST Upper", "0x12"),
            ],
        );
        bytes[5] = 0x04;
        shows(
            &STRUCTURE,
            &bytes[..12],
            &[("ST Table Location", "MSI-X table")],
        );
    }
}
