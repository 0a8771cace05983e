//! Power Budgeting (PCIe 6.0, 7.8.1): a window to a table of what the function draws.

use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::POWER_BUDGETING),
    Document::Pcie60.at("7.8.1 Power Budgeting Extended Capability"),
    |_| REGISTERS.to_vec(),
);

const REGISTERS: [Register; 3] = [
    Register::plain("Power Budgeting Data Select", 0x04, 1),
    Register::new(
        "Power Budgeting Data",
        0x08,
        4,
        &[
            Field::number("Base Power", 0x08, 0, 8),
            Field::code(
                "Data Scale",
                0x08,
                8,
                2,
                &[(0, "1 W"), (1, "0.1 W"), (2, "0.01 W"), (3, "0.001 W")],
            ),
            Field::number("PM Sub State", 0x08, 10, 3),
            Field::code(
                "PM State",
                0x08,
                13,
                2,
                &[(0, "D0"), (1, "D1"), (2, "D2"), (3, "D3")],
            ),
            Field::code(
                "Type",
                0x08,
                15,
                3,
                &[
                    (0, "PME auxiliary"),
                    (1, "auxiliary"),
                    (2, "idle"),
                    (3, "sustained"),
                    (4, "sustained, emergency power reduction"),
                    (5, "maximum, emergency power reduction"),
                    (7, "maximum"),
                ],
            ),
            Field::code(
                "Power Rail",
                0x08,
                18,
                3,
                &[
                    (0, "12 V"),
                    (1, "3.3 V"),
                    (2, "1.5 V or 1.8 V"),
                    (7, "thermal"),
                ],
            ),
        ],
    ),
    Register::new(
        "Power Budget Capability",
        0x0c,
        1,
        &[Field::flag("System Allocated", 0x0c, 0)],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn an_entry_has_power_state_and_rail() {
        let bytes = [
            0x04, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x02, 0x00, 0x00, 0x00, // third entry
            0xfa, 0x81, 0x07, 0x00, // 25.0 W, D0, maximum, 3.3 V
            0x01,
        ];
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("Power Budgeting Data Select", "02"),
                ("Base Power", "250"),
                ("Data Scale", "0.1 W"),
                ("PM State", "D0"),
                ("Type", "maximum"),
                ("Power Rail", "3.3 V"),
                ("System Allocated", "+"),
            ],
        );
    }
}
