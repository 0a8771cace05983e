//! Virtual Channel (PCIe 6.0, 7.9.1) and Multi-Function Virtual Channel (7.9.2): traffic classes,
//! the channels they use, and how they take turns.

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::VC),
    Document::Pcie60.at("7.9.1 Virtual Channel Extended Capability"),
    registers,
);

/// The same layout beside MFVC.
pub(super) const WITH_MFVC: Structure = Structure {
    id: CapabilityId::Extended(ExtCapId::VC_WITH_MFVC),
    ..STRUCTURE
};

/// The same layout for several functions.
pub(super) const MFVC: Structure = Structure {
    id: CapabilityId::Extended(ExtCapId::MFVC),
    spec: Document::Pcie60.at("7.9.2 Multi-Function Virtual Channel Extended Capability"),
    ..STRUCTURE
};

fn registers(window: Window<'_>) -> Vec<Register> {
    let mut registers = PORT.to_vec();
    let Some(more) = window.bits(0x04, 0, 3) else {
        return registers;
    };
    let channels = 0..u16::try_from(more + 1).unwrap_or(1);
    for channel in channels.clone() {
        let copies = RESOURCE
            .iter()
            .map(|register| register.moved(0x0c * channel));
        registers.extend(copies);
    }
    let mut end = 0x10 + 0x0c * channels.end;
    let mut tables = Vec::new();
    tables.extend(arbitration_table(window));
    tables.extend(channels.filter_map(|channel| port_table(window, channel)));
    tables.sort_unstable_by_key(|(start, ..)| *start);
    // A table that a damaged offset puts on other registers is left out.
    for (start, bytes, name) in tables {
        if start >= end && start + bytes <= 0x1000 {
            let words = (0..bytes / 4).map(|word| Register::plain(name, start + 4 * word, 4));
            registers.extend(words);
            end = start + bytes;
        }
    }
    registers
}

/// Start, length in bytes and name of the VC arbitration table: four bits for each phase of the
/// scheme in use.
fn arbitration_table(window: Window<'_>) -> Option<(u16, u16, &'static str)> {
    let offset = 16 * u16::try_from(window.bits(0x08, 24, 8)?).ok()?;
    let phases = match window.bits(0x0c, 1, 3)? {
        1 => 32,
        2 => 64,
        3 => 128,
        _ => return None,
    };
    (offset > 0).then_some((offset, phases / 2, "VC Arbitration Table"))
}

/// The same for the port arbitration table of a channel.
fn port_table(window: Window<'_>, channel: u16) -> Option<(u16, u16, &'static str)> {
    let resource = 0x10 + 0x0c * channel;
    let offset = 16 * u16::try_from(window.bits(resource, 24, 8)?).ok()?;
    let phases = match window.bits(resource + 4, 17, 3)? {
        1 => 32,
        2 => 64,
        3 | 4 => 128,
        5 => 256,
        _ => return None,
    };
    let bits = 1 << window.bits(0x04, 10, 2)?;
    (offset > 0).then_some((offset, phases * bits / 8, "Port Arbitration Table"))
}

const PORT: [Register; 4] = [
    Register::new(
        "Port VC Capability 1",
        0x04,
        4,
        &[
            Field::number("Extended VC Count", 0x04, 0, 3),
            Field::number("Low Priority Extended VC Count", 0x04, 4, 3),
            Field::code("Reference Clock", 0x04, 8, 2, &[(0, "100 ns")]),
            Field::power("Port Arbitration Table Entry Size", 0x04, 10, 2, 1, "bits"),
        ],
    ),
    Register::new(
        "Port VC Capability 2",
        0x08,
        4,
        &[
            Field::flag("Hardware Fixed Arbitration", 0x08, 0),
            Field::flag("WRR with 32 Phases", 0x08, 1),
            Field::flag("WRR with 64 Phases", 0x08, 2),
            Field::flag("WRR with 128 Phases", 0x08, 3),
            Field::hex("VC Arbitration Table Offset", 0x08, 24, 8),
        ],
    ),
    Register::new(
        "Port VC Control",
        0x0c,
        2,
        &[
            Field::flag("Load VC Arbitration Table", 0x0c, 0),
            Field::code(
                "VC Arbitration Select",
                0x0c,
                1,
                3,
                &[
                    (0, "fixed"),
                    (1, "WRR, 32 phases"),
                    (2, "WRR, 64 phases"),
                    (3, "WRR, 128 phases"),
                ],
            ),
        ],
    ),
    Register::new(
        "Port VC Status",
        0x0e,
        2,
        &[Field::flag("VC Arbitration Table Status", 0x0e, 0)],
    ),
];

/// Of the first channel.
const RESOURCE: [Register; 3] = [
    Register::new(
        "VC Resource Capability",
        0x10,
        4,
        &[
            Field::flag("Hardware Fixed Arbitration", 0x10, 0),
            Field::flag("WRR with 32 Phases", 0x10, 1),
            Field::flag("WRR with 64 Phases", 0x10, 2),
            Field::flag("WRR with 128 Phases", 0x10, 3),
            Field::flag("Time-Based WRR with 128 Phases", 0x10, 4),
            Field::flag("WRR with 256 Phases", 0x10, 5),
            Field::flag("Advanced Packet Switching", 0x10, 14),
            Field::flag("Reject Snoop Transactions", 0x10, 15),
            Field::number("Maximum Time Slots Minus One", 0x10, 16, 7),
            Field::hex("Port Arbitration Table Offset", 0x10, 24, 8),
        ],
    ),
    Register::new(
        "VC Resource Control",
        0x14,
        4,
        &[
            Field::hex("TC/VC Map", 0x14, 0, 8),
            Field::flag("Load Port Arbitration Table", 0x14, 16),
            Field::code(
                "Port Arbitration Select",
                0x14,
                17,
                3,
                &[
                    (0, "fixed"),
                    (1, "WRR, 32 phases"),
                    (2, "WRR, 64 phases"),
                    (3, "WRR, 128 phases"),
                    (4, "time-based WRR, 128 phases"),
                    (5, "WRR, 256 phases"),
                ],
            ),
            Field::number("VC ID", 0x14, 24, 3),
            Field::flag("VC Enable", 0x14, 31),
        ],
    ),
    Register::new(
        "VC Resource Status",
        0x1a,
        2,
        &[
            Field::flag("Port Arbitration Table Status", 0x1a, 0),
            Field::flag("VC Negotiation Pending", 0x1a, 1),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::config::testing::shows;

    #[test]
    fn each_channel_has_its_registers() {
        let bytes = [
            0x02, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x01, 0x08, 0x00, 0x00, // one more channel, entries of 4 bits
            0x01, 0x00, 0x00, 0x00, // fixed arbitration
            0x00, 0x00, 0x00, 0x00, // fixed
            0x00, 0x00, 0x00, 0x00, // channel 0: nothing special
            0x7f, 0x00, 0x00, 0x80, // classes 0 to 6, on
            0x00, 0x00, 0x00, 0x00, // no negotiation pending
            0x00, 0x80, 0x00, 0x00, // channel 1: rejects snoop
            0x80, 0x00, 0x00, 0x81, // class 7, id 1, on
            0x00, 0x00, 0x02, 0x00, // negotiation pending
        ];
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("Extended VC Count", "1"),
                ("Port Arbitration Table Entry Size", "4 bits"),
                ("TC/VC Map", "0x7f"),
                ("VC Enable", "+"),
                ("VC ID", "0"),
            ],
        );
        shows(
            &MFVC,
            &[&[8], &bytes[1..]].concat(),
            &[("Extended VC Count", "1")],
        );
    }

    #[test]
    fn tables_are_shown_where_a_scheme_uses_them() {
        let mut bytes = [0; 0x50];
        bytes[..0x20].copy_from_slice(&[
            0x02, 0x00, 0x01, 0x00, // id
            0x00, 0x08, 0x00, 0x00, // one channel, entries of 4 bits
            0x02, 0x00, 0x00, 0x02, // 32 phases, table at 20h
            0x02, 0x00, 0x00, 0x00, // 32 phases in use
            0x04, 0x00, 0x00, 0x03, // channel 0: 64 phases, table at 30h
            0xff, 0x00, 0x04, 0x80, // 64 phases in use
            0x00, 0x00, 0x00, 0x00, //
            0x00, 0x00, 0x00, 0x00,
        ]);
        bytes[0x20] = 0x11;
        bytes[0x30] = 0x22;
        shows(
            &STRUCTURE,
            &bytes,
            &[
                ("VC Arbitration Select", "WRR, 32 phases"),
                ("VC Arbitration Table", "00000011"),
                ("Port Arbitration Select", "WRR, 64 phases"),
                ("Port Arbitration Table", "00000022"),
            ],
        );
    }
}
