//! Advanced Error Reporting (PCIe 6.0, 6.2 and 7.8.4).

use crate::bytes::Window;
use crate::decode::config::cap::express::Express;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::AER),
    Document::Pcie60.at("7.8.4 Advanced Error Reporting Extended Capability"),
    registers,
);

/// Bit of an ACS violation in the three uncorrectable error registers.
pub const ACS_VIOLATION: u8 = 21;
/// Bit of a completion timeout in the three uncorrectable error registers.
pub const COMPLETION_TIMEOUT: u8 = 14;

/// Root ports and event collectors go on with the root registers, functions with end-end TLP
/// prefixes with a log of those.
fn registers(window: Window<'_>) -> Vec<Register> {
    let mut registers = COMMON.to_vec();
    let express = Express::of(window.image());
    if express.and_then(Express::has_root) == Some(true) {
        registers.extend_from_slice(ROOT);
    }
    if express.and_then(Express::end_end_prefix_supported) == Some(true) {
        registers.extend_from_slice(PREFIX_LOG);
    }
    registers
}

const COMMON: &[Register] = &[
    Register::new("Uncorrectable Error Status", 0x04, 4, &uncorrectable(0x04)),
    Register::new("Uncorrectable Error Mask", 0x08, 4, &uncorrectable(0x08)),
    Register::new(
        "Uncorrectable Error Severity",
        0x0c,
        4,
        &uncorrectable(0x0c),
    ),
    Register::new("Correctable Error Status", 0x10, 4, &correctable(0x10)),
    Register::new("Correctable Error Mask", 0x14, 4, &correctable(0x14)),
    Register::new(
        "Advanced Error Capabilities and Control",
        0x18,
        4,
        &[
            Field::number("First Error Pointer", 0x18, 0, 5),
            Field::flag("ECRC Generation Capable", 0x18, 5),
            Field::flag("ECRC Generation Enable", 0x18, 6),
            Field::flag("ECRC Check Capable", 0x18, 7),
            Field::flag("ECRC Check Enable", 0x18, 8),
            Field::flag("Multiple Header Recording Capable", 0x18, 9),
            Field::flag("Multiple Header Recording Enable", 0x18, 10),
            Field::flag("TLP Prefix Log Present", 0x18, 11),
            Field::flag("Completion Timeout Prefix/Header Log Capable", 0x18, 12),
            Field::number("Header Log Size", 0x18, 13, 5),
            Field::flag("Logged TLP was Flit Mode", 0x18, 18),
            Field::number("Logged TLP Size", 0x18, 19, 5),
        ],
    ),
    Register::plain("Header Log 1", 0x1c, 4),
    Register::plain("Header Log 2", 0x20, 4),
    Register::plain("Header Log 3", 0x24, 4),
    Register::plain("Header Log 4", 0x28, 4),
];

const ROOT: &[Register] = &[
    Register::new(
        "Root Error Command",
        0x2c,
        4,
        &[
            Field::flag("Correctable Error Reporting Enable", 0x2c, 0),
            Field::flag("Non-Fatal Error Reporting Enable", 0x2c, 1),
            Field::flag("Fatal Error Reporting Enable", 0x2c, 2),
        ],
    ),
    Register::new(
        "Root Error Status",
        0x30,
        4,
        &[
            Field::flag("ERR_COR Received", 0x30, 0),
            Field::flag("Multiple ERR_COR Received", 0x30, 1),
            Field::flag("ERR_FATAL/NONFATAL Received", 0x30, 2),
            Field::flag("Multiple ERR_FATAL/NONFATAL Received", 0x30, 3),
            Field::flag("First Uncorrectable Fatal", 0x30, 4),
            Field::flag("Non-Fatal Error Messages Received", 0x30, 5),
            Field::flag("Fatal Error Messages Received", 0x30, 6),
            Field::number("ERR_COR Subclass", 0x30, 7, 2),
            Field::number("Advanced Error Interrupt Message Number", 0x30, 27, 5),
        ],
    ),
    Register::plain("ERR_COR Source Identification", 0x34, 2),
    Register::plain("ERR_FATAL/NONFATAL Source Identification", 0x36, 2),
];

const PREFIX_LOG: &[Register] = &[
    Register::plain("TLP Prefix Log 1", 0x38, 4),
    Register::plain("TLP Prefix Log 2", 0x3c, 4),
    Register::plain("TLP Prefix Log 3", 0x40, 4),
    Register::plain("TLP Prefix Log 4", 0x44, 4),
];

/// Status, mask and severity have the same bits.
const fn uncorrectable(offset: u16) -> [Field; 23] {
    [
        Field::flag("Training Error (1.0a)", offset, 0),
        Field::flag("Data Link Protocol Error", offset, 4),
        Field::flag("Surprise Down Error", offset, 5),
        Field::flag("Poisoned TLP Received", offset, 12),
        Field::flag("Flow Control Protocol Error", offset, 13),
        Field::flag("Completion Timeout", offset, COMPLETION_TIMEOUT),
        Field::flag("Completer Abort", offset, 15),
        Field::flag("Unexpected Completion", offset, 16),
        Field::flag("Receiver Overflow", offset, 17),
        Field::flag("Malformed TLP", offset, 18),
        Field::flag("ECRC Error", offset, 19),
        Field::flag("Unsupported Request Error", offset, 20),
        Field::flag("ACS Violation", offset, ACS_VIOLATION),
        Field::flag("Uncorrectable Internal Error", offset, 22),
        Field::flag("MC Blocked TLP", offset, 23),
        Field::flag("AtomicOp Egress Blocked", offset, 24),
        Field::flag("TLP Prefix Blocked Error", offset, 25),
        Field::flag("Poisoned TLP Egress Blocked", offset, 26),
        Field::flag("DMWr Request Egress Blocked", offset, 27),
        Field::flag("IDE Check Failed", offset, 28),
        Field::flag("Misrouted IDE TLP", offset, 29),
        Field::flag("PCRC Check Failed", offset, 30),
        Field::flag("TLP Translation Egress Blocked", offset, 31),
    ]
}

const fn correctable(offset: u16) -> [Field; 8] {
    [
        Field::flag("Receiver Error", offset, 0),
        Field::flag("Bad TLP", offset, 6),
        Field::flag("Bad DLLP", offset, 7),
        Field::flag("REPLAY_NUM Rollover", offset, 8),
        Field::flag("Replay Timer Timeout", offset, 12),
        Field::flag("Advisory Non-Fatal Error", offset, 13),
        Field::flag("Corrected Internal Error", offset, 14),
        Field::flag("Header Log Overflow", offset, 15),
    ]
}

/// A function's error reporting capability.
#[derive(Clone, Copy, Debug)]
pub struct Aer<'a> {
    window: Window<'a>,
}

impl<'a> Aer<'a> {
    /// Views the capability that starts at the window.
    pub const fn new(window: Window<'a>) -> Self {
        Self { window }
    }

    /// The bytes behind the view.
    pub const fn window(self) -> Window<'a> {
        self.window
    }

    /// Whether the uncorrectable error with this bit number was recorded.
    pub fn uncorrectable_recorded(self, bit: u8) -> Option<bool> {
        self.bit_at(0x04, bit)
    }

    /// Whether the uncorrectable error with this bit number is masked.
    pub fn uncorrectable_masked(self, bit: u8) -> Option<bool> {
        self.bit_at(0x08, bit)
    }

    /// Whether the uncorrectable error with this bit number counts as fatal.
    pub fn uncorrectable_fatal(self, bit: u8) -> Option<bool> {
        self.bit_at(0x0c, bit)
    }

    fn bit_at(self, offset: u16, bit: u8) -> Option<bool> {
        self.window.bits(offset, bit & 31, 1).map(|bit| bit != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ConfigImage;

    /// An Express function of the given type, the capability at 100h.
    fn image(port_type: u8, device_capabilities_2: u32) -> ConfigImage {
        let mut bytes = vec![0; 0x148];
        bytes[0] = 0x86;
        bytes[0x06] = 0x10; // capability list
        bytes[0x34] = 0x40;
        bytes[0x40] = 0x10; // Express
        bytes[0x42] = port_type << 4 | 2;
        bytes[0x64..0x68].copy_from_slice(&device_capabilities_2.to_le_bytes());
        bytes[0x100..0x104].copy_from_slice(&[0x01, 0x00, 0x02, 0x00]);
        bytes[0x106] = 0x30; // unsupported request, ACS violation recorded
        bytes[0x109] = 0x40; // completion timeout masked
        bytes[0x10e] = 0x20; // ACS violation fatal
        ConfigImage::from_bytes(bytes)
    }

    #[test]
    fn an_acs_violation_is_bit_21() {
        let image = image(4, 0);
        let aer = Aer::new(image.window(0x100));
        assert_eq!(aer.uncorrectable_recorded(ACS_VIOLATION), Some(true));
        assert_eq!(aer.uncorrectable_recorded(COMPLETION_TIMEOUT), Some(false));
        assert_eq!(aer.uncorrectable_masked(COMPLETION_TIMEOUT), Some(true));
        assert_eq!(aer.uncorrectable_fatal(ACS_VIOLATION), Some(true));
    }

    #[test]
    fn the_length_depends_on_port_type_and_prefixes() {
        let length = |image: ConfigImage| STRUCTURE.certain_length(image.window(0x100));
        assert_eq!(length(image(0x0, 0)), 0x2c);
        assert_eq!(length(image(0x4, 0)), 0x38);
        assert_eq!(length(image(0xa, 0)), 0x38);
        assert_eq!(length(image(0x0, 1 << 21)), 0x48);
        assert_eq!(length(image(0x4, 1 << 21)), 0x48);
    }

    #[test]
    fn without_the_express_capability_only_the_common_part_is_certain() {
        let image = ConfigImage::from_bytes(vec![0x01, 0x00, 0x02, 0x00]);
        assert_eq!(STRUCTURE.certain_length(image.window(0)), 0x2c);
    }

    #[test]
    fn status_mask_and_severity_name_the_same_bits() {
        let bits = |index: usize| {
            COMMON[index]
                .fields
                .iter()
                .map(|field| (field.bit, field.name))
                .collect::<Vec<_>>()
        };
        assert_eq!(bits(0), bits(1));
        assert_eq!(bits(0), bits(2));
        assert!(bits(0).contains(&(21, "ACS Violation")));
    }
}
