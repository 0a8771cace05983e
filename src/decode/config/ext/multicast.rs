//! Multicast (PCIe 6.0, 7.9.11): one write that reaches several functions, and who may receive
//! it. Peer-to-peer traffic that ACS does not see.

use crate::bytes::Window;
use crate::decode::config::list::first_standard;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pci::CapId;
use crate::spec::pcie::{ExtCapId, PortType};
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::MULTICAST),
    Document::Pcie60.at("7.9.11 Multicast Extended Capability"),
    registers,
);

fn registers(window: Window<'_>) -> Vec<Register> {
    let mut registers = REGISTERS.to_vec();
    // Only ports have an overlay BAR.
    let express = first_standard(window.image(), CapId::EXPRESS);
    let kind = express.and_then(|at| window.image().bits(at + 2, 4, 4));
    let kind = kind.and_then(|kind| u8::try_from(kind).ok()).map(PortType);
    let port = matches!(
        kind,
        Some(PortType::ROOT_PORT | PortType::UPSTREAM_PORT | PortType::DOWNSTREAM_PORT)
    );
    if !port {
        registers.pop();
    }
    registers
}

const REGISTERS: [Register; 7] = [
    Register::new(
        "Multicast Capability",
        0x04,
        2,
        &[
            Field::number("MC_Max_Group", 0x04, 0, 6),
            Field::power("MC_Window_Size_Requested", 0x04, 8, 6, 1, "bytes"),
            Field::flag("MC_ECRC_Regeneration_Supported", 0x04, 15),
        ],
    ),
    Register::new(
        "Multicast Control",
        0x06,
        2,
        &[
            Field::number("MC_Num_Group", 0x06, 0, 6),
            Field::flag("MC_Enable", 0x06, 15),
        ],
    ),
    Register::new(
        "MC_Base_Address",
        0x08,
        8,
        &[
            Field::number("MC_Index_Position", 0x08, 0, 6),
            Field::address("MC_Base_Address", 0x08, 12, 52),
        ],
    ),
    Register::plain("MC_Receive", 0x10, 8),
    Register::plain("MC_Block_All", 0x18, 8),
    Register::plain("MC_Block_Untranslated", 0x20, 8),
    Register::new(
        "MC_Overlay BAR",
        0x28,
        8,
        &[
            Field::number("MC_Overlay_Size", 0x28, 0, 6),
            Field::address("MC_Overlay_BAR", 0x28, 6, 58),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::{shows, shows_of};

    #[test]
    fn only_ports_have_an_overlay() {
        let mut bytes = [0; 0x30];
        bytes[..0x18].copy_from_slice(&[
            0x12, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x03, 0x14, 0x01, 0x80, // four groups, 1 MiB; two groups in use, on
            0x14, 0x00, 0x00, 0x90, 0x00, 0x00, 0x00, 0x00, // index at bit 20, 90000000h
            0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, // receives group 1
        ]);
        bytes[0x28..0x2c].copy_from_slice(&[0x06, 0x00, 0x00, 0xa0]);
        let common = [
            ("MC_Max_Group", "3"),
            ("MC_Window_Size_Requested", "1 MiB"),
            ("MC_Enable", "+"),
            ("MC_Index_Position", "20"),
            ("MC_Base_Address/MC_Base_Address", "0x0000000090000000"),
            ("MC_Receive", "0000000000000002"),
        ];
        shows(&STRUCTURE, &bytes[..0x28], &common);
        let port = [&common[..], &[("MC_Overlay_BAR", "0x00000000a0000000")]].concat();
        shows_of(&STRUCTURE, &bytes, Some((4, 1)), &port);
    }
}
