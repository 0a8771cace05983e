//! Dynamic Power Allocation (PCIe 6.0, 7.9.12): power states within D0.

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::DPA),
    Document::Pcie60.at("7.9.12 Dynamic Power Allocation Extended Capability"),
    registers,
);

fn registers(window: Window<'_>) -> Vec<Register> {
    let mut registers = REGISTERS.to_vec();
    if let Some(last) = window.bits(0x04, 0, 5) {
        let states = 0..=u16::try_from(last).unwrap_or(0);
        registers.extend(states.map(|state| ALLOCATION.moved(state)));
    }
    registers
}

const ALLOCATION: Register = Register::plain("Substate Power Allocation", 0x10, 1);

const REGISTERS: [Register; 4] = [
    Register::new(
        "DPA Capability",
        0x04,
        4,
        &[
            Field::number("Substate_Max", 0x04, 0, 5),
            Field::code(
                "Transition Latency Unit",
                0x04,
                8,
                2,
                &[(0, "1 ms"), (1, "10 ms"), (2, "100 ms")],
            ),
            Field::code(
                "Power Allocation Scale",
                0x04,
                12,
                2,
                &[(0, "10 W"), (1, "1 W"), (2, "0.1 W"), (3, "0.01 W")],
            ),
            Field::number("Transition Latency Value 0", 0x04, 16, 8),
            Field::number("Transition Latency Value 1", 0x04, 24, 8),
        ],
    ),
    Register::plain("DPA Latency Indicator", 0x08, 4),
    Register::new(
        "DPA Status",
        0x0c,
        2,
        &[
            Field::number("Substate Status", 0x0c, 0, 5),
            Field::flag("Substate Control Enabled", 0x0c, 8),
        ],
    ),
    Register::new(
        "DPA Control",
        0x0e,
        2,
        &[Field::number("Substate Control", 0x0e, 0, 5)],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn each_substate_has_its_power() {
        let bytes = [
            0x16, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x01, 0x11, 0x05, 0x0a, // two substates, 10 ms, 1 W, 5 and 10
            0x02, 0x00, 0x00, 0x00, // the second takes value 1
            0x01, 0x01, 0x01, 0x00, // in substate 1, control on
            0x19, 0x0a, // 25 W, 10 W
        ];
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("Substate_Max", "1"),
                ("Transition Latency Unit", "10 ms"),
                ("Power Allocation Scale", "1 W"),
                ("Transition Latency Value 1", "10"),
                ("Substate Status", "1"),
                ("Substate Control Enabled", "+"),
                ("Substate Power Allocation", "19"),
            ],
        );
    }
}
