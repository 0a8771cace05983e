//! Native PCIe Enclosure Management (PCIe 6.0, 7.9.19): the lamps of a drive bay.

use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::NPEM),
    Document::Pcie60.at("7.9.19 Native PCIe Enclosure Management Extended Capability"),
    |_| REGISTERS.to_vec(),
);

const REGISTERS: &[Register] = &[
    Register::new(
        "NPEM Capability",
        0x04,
        4,
        &indications(0x04, "NPEM Capable"),
    ),
    Register::new("NPEM Control", 0x08, 4, &indications(0x08, "NPEM Enable")),
    Register::new(
        "NPEM Status",
        0x0c,
        4,
        &[
            Field::flag("NPEM Command Completed", 0x0c, 0),
            Field::hex("Enclosure-Specific Status", 0x0c, 24, 8),
        ],
    ),
];

const fn indications(offset: u16, first: &'static str) -> [Field; 13] {
    [
        Field::flag(first, offset, 0),
        Field::flag("Reset", offset, 1),
        Field::flag("OK", offset, 2),
        Field::flag("Locate", offset, 3),
        Field::flag("Fail", offset, 4),
        Field::flag("Rebuild", offset, 5),
        Field::flag("Predicted Failure", offset, 6),
        Field::flag("Hot Spare", offset, 7),
        Field::flag("In a Critical Array", offset, 8),
        Field::flag("In a Failed Array", offset, 9),
        Field::flag("Invalid Device Type", offset, 10),
        Field::flag("Disabled", offset, 11),
        Field::hex("Enclosure-Specific", offset, 24, 8),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn a_bay_that_shows_where_it_is() {
        let bytes = [
            0x29, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x1f, 0x00, 0x00, 0x00, // OK, locate and fail
            0x09, 0x00, 0x00, 0x00, // locate
            0x01, 0x00, 0x00, 0x00, // done
        ];
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("NPEM Capable", "+"),
                ("NPEM Capability/Fail", "+"),
                ("NPEM Capability/Rebuild", "-"),
                ("NPEM Enable", "+"),
                ("NPEM Control/Locate", "+"),
                ("NPEM Control/Fail", "-"),
                ("NPEM Command Completed", "+"),
            ],
        );
    }
}
