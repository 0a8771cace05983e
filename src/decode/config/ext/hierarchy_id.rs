//! Hierarchy ID (PCIe 6.0, 7.9.17): a number for the hierarchy that outlives a reboot.

use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::HIERARCHY_ID),
    Document::Pcie60.at("7.9.17 Hierarchy ID Extended Capability"),
    |_| REGISTERS.to_vec(),
);

const REGISTERS: &[Register] = &[
    Register::new(
        "Hierarchy ID Status",
        0x04,
        4,
        &[
            Field::hex("Message Requester ID", 0x04, 0, 16),
            Field::flag("Hierarchy ID Valid", 0x04, 31),
        ],
    ),
    Register::plain("Hierarchy ID Data", 0x08, 4),
    Register::plain("Hierarchy ID GUID 1", 0x0c, 4),
    Register::plain("Hierarchy ID GUID 2", 0x10, 4),
    Register::plain("Hierarchy ID GUID 3", 0x14, 4),
    Register::plain("Hierarchy ID GUID 4", 0x18, 4),
    Register::plain("Hierarchy ID GUID 5", 0x1c, 4),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn a_valid_id_names_who_sent_it() {
        let mut bytes = vec![
            0x28, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x08, 0x00, 0x00, 0x80, // from 00:01.0, valid
            0x00, 0x00, 0x00, 0x00, // hierarchy id
            0x5a, 0x00, 0x00, 0x00, // first part of the GUID
        ];
        bytes.resize(0x20, 0);
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("Message Requester ID", "0x0008"),
                ("Hierarchy ID Valid", "+"),
                ("Hierarchy ID GUID 1", "0000005a"),
            ],
        );
    }
}
