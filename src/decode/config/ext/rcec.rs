//! Root Complex Event Collector Endpoint Association (PCIe 6.0, 7.9.10): which integrated
//! endpoints report through this collector.

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::RC_EC_ASSOCIATION),
    Document::Pcie60.at("7.9.10 Root Complex Event Collector Endpoint Association"),
    registers,
);

fn registers(window: Window<'_>) -> Vec<Register> {
    let mut registers = vec![Register::plain("Association Bitmap for RCiEPs", 0x04, 4)];
    // Version 2 added buses below root bridges.
    if window.bits(0, 16, 4).is_some_and(|version| version >= 2) {
        registers.push(BUSES);
    }
    registers
}

const BUSES: Register = Register::new(
    "RCEC Associated Bus Numbers",
    0x08,
    4,
    &[
        Field::hex("RCEC Next Bus", 0x08, 8, 8),
        Field::hex("RCEC Last Bus", 0x08, 16, 8),
    ],
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn version_2_adds_a_range_of_buses() {
        let mut bytes = [
            0x07, 0x00, 0x02, 0x00, // id, version 2, end of list
            0x06, 0x00, 0x00, 0x00, // devices 1 and 2
            0x00, 0x17, 0x18, 0x00, // buses 17h and 18h
        ];
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("Association Bitmap for RCiEPs", "00000006"),
                ("RCEC Next Bus", "0x17"),
                ("RCEC Last Bus", "0x18"),
            ],
        );
        bytes[2] = 1;
        shows(
            &STRUCTURE,
            &bytes[..8],
            &[("Association Bitmap for RCiEPs", "00000006")],
        );
    }
}
