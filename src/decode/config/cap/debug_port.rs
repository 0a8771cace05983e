//! Debug Port (EHCI 1.0, appendix C): registers in a BAR through which a debugger talks.

use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pci::CapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Standard(CapId::DEBUG_PORT),
    Document::Ehci10.at("C.2 Debug Port Capability"),
    |_| REGISTERS.to_vec(),
);

const REGISTERS: &[Register] = &[Register::new(
    "Debug Port",
    0x02,
    2,
    &[
        Field::hex("Debug Port Offset", 0x02, 0, 13),
        // 1 is the first BAR.
        Field::number("BAR Number", 0x02, 13, 3),
    ],
)];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn the_port_lies_at_an_offset_of_a_bar() {
        // id, end of list, BAR 1 at a0h
        shows(
            &STRUCTURE,
            &[0x0a, 0x00, 0xa0, 0x20],
            &[("BAR Number", "1"), ("Debug Port Offset", "0x00a0")],
        );
    }
}
