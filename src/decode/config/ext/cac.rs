//! Configuration Access Correlation (trusted configuration space, withdrawn): ties accesses of
//! two kinds together.

use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::CAC),
    Document::PciCodes111.at("3 Extended Capability IDs"),
    |_| vec![Register::plain("Device Correlation", 0x04, 4)],
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn there_is_one_register() {
        let bytes = [
            0x0c, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x78, 0x56, 0x34, 0x12, // the number that trusted accesses carry
        ];
        shows(&STRUCTURE, &bytes, &[("Device Correlation", "12345678")]);
    }
}
