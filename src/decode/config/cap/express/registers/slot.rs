//! Slot and root registers.

use super::POWER_SCALE;
use crate::decode::config::cap::express::{
    HOT_PLUG_CAPABLE, HOT_PLUG_SURPRISE, PRESENCE, SLOT_NUMBER,
};
use crate::spec::{Field, Register};

pub(super) const FIRST: &[Register] = &[
    Register::new(
        "Slot Capabilities",
        0x14,
        4,
        &[
            Field::flag("Attention Button Present", 0x14, 0),
            Field::flag("Power Controller Present", 0x14, 1),
            Field::flag("MRL Sensor Present", 0x14, 2),
            Field::flag("Attention Indicator Present", 0x14, 3),
            Field::flag("Power Indicator Present", 0x14, 4),
            HOT_PLUG_SURPRISE,
            HOT_PLUG_CAPABLE,
            Field::number("Slot Power Limit Value", 0x14, 7, 8),
            Field::code("Slot Power Limit Scale", 0x14, 15, 2, POWER_SCALE),
            Field::flag("Electromechanical Interlock Present", 0x14, 17),
            Field::flag("No Command Completed Support", 0x14, 18),
            SLOT_NUMBER,
        ],
    ),
    Register::new(
        "Slot Control",
        0x18,
        2,
        &[
            Field::flag("Attention Button Pressed Enable", 0x18, 0),
            Field::flag("Power Fault Detected Enable", 0x18, 1),
            Field::flag("MRL Sensor Changed Enable", 0x18, 2),
            Field::flag("Presence Detect Changed Enable", 0x18, 3),
            Field::flag("Command Completed Interrupt Enable", 0x18, 4),
            Field::flag("Hot-Plug Interrupt Enable", 0x18, 5),
            Field::code("Attention Indicator Control", 0x18, 6, 2, INDICATOR),
            Field::code("Power Indicator Control", 0x18, 8, 2, INDICATOR),
            Field::code(
                "Power Controller Control",
                0x18,
                10,
                1,
                &[(0, "on"), (1, "off")],
            ),
            Field::flag("Electromechanical Interlock Control", 0x18, 11),
            Field::flag("Data Link Layer State Changed Enable", 0x18, 12),
            Field::flag("Auto Slot Power Limit Disable", 0x18, 13),
            Field::flag("In-Band PD Disable", 0x18, 14),
        ],
    ),
    Register::new(
        "Slot Status",
        0x1a,
        2,
        &[
            Field::flag("Attention Button Pressed", 0x1a, 0),
            Field::flag("Power Fault Detected", 0x1a, 1),
            Field::flag("MRL Sensor Changed", 0x1a, 2),
            Field::flag("Presence Detect Changed", 0x1a, 3),
            Field::flag("Command Completed", 0x1a, 4),
            Field::code(
                "MRL Sensor State",
                0x1a,
                5,
                1,
                &[(0, "closed"), (1, "open")],
            ),
            PRESENCE,
            Field::flag("Electromechanical Interlock Status", 0x1a, 7),
            Field::flag("Data Link Layer State Changed", 0x1a, 8),
        ],
    ),
];

pub(super) const ROOT: &[Register] = &[
    Register::new(
        "Root Control",
        0x1c,
        2,
        &[
            Field::flag("System Error on Correctable Error Enable", 0x1c, 0),
            Field::flag("System Error on Non-Fatal Error Enable", 0x1c, 1),
            Field::flag("System Error on Fatal Error Enable", 0x1c, 2),
            Field::flag("PME Interrupt Enable", 0x1c, 3),
            Field::flag("Configuration RRS Software Visibility Enable", 0x1c, 4),
        ],
    ),
    Register::new(
        "Root Capabilities",
        0x1e,
        2,
        &[Field::flag(
            "Configuration RRS Software Visibility",
            0x1e,
            0,
        )],
    ),
    Register::new(
        "Root Status",
        0x20,
        4,
        &[
            Field::hex("PME Requester ID", 0x20, 0, 16),
            Field::flag("PME Status", 0x20, 16),
            Field::flag("PME Pending", 0x20, 17),
        ],
    ),
];

/// The registers that version 2 added.
pub(super) const SECOND: &[Register] = &[
    Register::new(
        "Slot Capabilities 2",
        0x34,
        4,
        &[Field::flag("In-Band PD Disable Supported", 0x34, 0)],
    ),
    Register::plain("Slot Control 2", 0x38, 2),
    Register::plain("Slot Status 2", 0x3a, 2),
];

const INDICATOR: &[(u64, &str)] = &[(1, "on"), (2, "blinking"), (3, "off")];
