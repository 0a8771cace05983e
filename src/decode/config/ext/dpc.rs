//! Downstream Port Containment (PCIe 6.0, 6.2.11 and 7.9.14).

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// The port is a root port with registers for failed requests of its own.
pub const ROOT_PORT_EXTENSIONS: Field = Field::flag("RP Extensions for DPC", 0x04, 5);
/// Which errors cut the link.
pub const TRIGGER_ENABLE: Field = Field::code("DPC Trigger Enable", 0x06, 0, 2, TRIGGERS);
/// The link is cut.
pub const TRIGGER_STATUS: Field = Field::flag("DPC Trigger Status", 0x08, 0);

const TRIGGERS: &[(u64, &str)] = &[
    (0, "disabled"),
    (1, "fatal errors"),
    (2, "fatal and non-fatal errors"),
];
const REASONS: &[(u64, &str)] = &[
    (0, "unmasked uncorrectable error"),
    (1, "ERR_NONFATAL received"),
    (2, "ERR_FATAL received"),
    (3, "see the extension"),
];
const REASON_EXTENSIONS: &[(u64, &str)] = &[(0, "RP PIO error"), (1, "software trigger")];

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::DPC),
    Document::Pcie60.at("7.9.14 DPC Extended Capability"),
    |window| Dpc::new(window).registers(),
);

const COMMON: &[Register] = &[
    Register::new(
        "DPC Capability",
        0x04,
        2,
        &[
            Field::number("DPC Interrupt Message Number", 0x04, 0, 5),
            ROOT_PORT_EXTENSIONS,
            Field::flag("Poisoned TLP Egress Blocking Supported", 0x04, 6),
            Field::flag("DPC Software Triggering Supported", 0x04, 7),
            Field::number("RP PIO Log Size [3:0]", 0x04, 8, 4),
            Field::flag("DL_Active ERR_COR Signaling Supported", 0x04, 12),
            Field::number("RP PIO Log Size [4]", 0x04, 13, 1),
        ],
    ),
    Register::new(
        "DPC Control",
        0x06,
        2,
        &[
            TRIGGER_ENABLE,
            Field::code(
                "DPC Completion Control",
                0x06,
                2,
                1,
                &[(0, "Completer Abort"), (1, "Unsupported Request")],
            ),
            Field::flag("DPC Interrupt Enable", 0x06, 3),
            Field::flag("DPC ERR_COR Enable", 0x06, 4),
            Field::flag("Poisoned TLP Egress Blocking Enable", 0x06, 5),
            Field::flag("DPC Software Trigger", 0x06, 6),
            Field::flag("DL_Active ERR_COR Enable", 0x06, 7),
            Field::flag("DPC SIG_SFW Enable", 0x06, 8),
        ],
    ),
    Register::new(
        "DPC Status",
        0x08,
        2,
        &[
            TRIGGER_STATUS,
            Field::code("DPC Trigger Reason", 0x08, 1, 2, REASONS),
            Field::flag("DPC Interrupt Status", 0x08, 3),
            Field::flag("DPC RP Busy", 0x08, 4),
            Field::code(
                "DPC Trigger Reason Extension",
                0x08,
                5,
                2,
                REASON_EXTENSIONS,
            ),
            Field::number("RP PIO First Error Pointer", 0x08, 8, 5),
            Field::flag("DPC SIG_SFW Status", 0x08, 13),
        ],
    ),
    Register::plain("DPC Error Source ID", 0x0a, 2),
];

const ROOT_PORT: &[Register] = &[
    Register::new("RP PIO Status", 0x0c, 4, &failed_requests(0x0c)),
    Register::new("RP PIO Mask", 0x10, 4, &failed_requests(0x10)),
    Register::new("RP PIO Severity", 0x14, 4, &failed_requests(0x14)),
    Register::new("RP PIO SysError", 0x18, 4, &failed_requests(0x18)),
    Register::new("RP PIO Exception", 0x1c, 4, &failed_requests(0x1c)),
];

/// The log, as far as the log size says: a header, then an implementation-specific word, then
/// prefixes.
const LOG: [Register; 9] = [
    Register::plain("RP PIO Header Log 1", 0x20, 4),
    Register::plain("RP PIO Header Log 2", 0x24, 4),
    Register::plain("RP PIO Header Log 3", 0x28, 4),
    Register::plain("RP PIO Header Log 4", 0x2c, 4),
    Register::plain("RP PIO ImpSpec Log", 0x30, 4),
    Register::plain("RP PIO TLP Prefix Log 1", 0x34, 4),
    Register::plain("RP PIO TLP Prefix Log 2", 0x38, 4),
    Register::plain("RP PIO TLP Prefix Log 3", 0x3c, 4),
    Register::plain("RP PIO TLP Prefix Log 4", 0x40, 4),
];

/// The five RP PIO registers have the same bits.
const fn failed_requests(offset: u16) -> [Field; 9] {
    [
        Field::flag("Configuration Request UR Completion", offset, 0),
        Field::flag("Configuration Request CA Completion", offset, 1),
        Field::flag("Configuration Request Completion Timeout", offset, 2),
        Field::flag("I/O Request UR Completion", offset, 8),
        Field::flag("I/O Request CA Completion", offset, 9),
        Field::flag("I/O Request Completion Timeout", offset, 10),
        Field::flag("Memory Request UR Completion", offset, 16),
        Field::flag("Memory Request CA Completion", offset, 17),
        Field::flag("Memory Request Completion Timeout", offset, 18),
    ]
}

/// A port's containment capability.
#[derive(Clone, Copy, Debug)]
pub struct Dpc<'a> {
    window: Window<'a>,
}

impl<'a> Dpc<'a> {
    /// Views the capability that starts at the window.
    pub const fn new(window: Window<'a>) -> Self {
        Self { window }
    }

    /// The bytes behind the view.
    pub const fn window(self) -> Window<'a> {
        self.window
    }

    /// Whether any error cuts the link.
    pub fn enabled(self) -> Option<bool> {
        self.window.field(TRIGGER_ENABLE).map(|code| code != 0)
    }

    /// Whether the link is cut.
    pub fn triggered(self) -> Option<bool> {
        self.window.flag(TRIGGER_STATUS)
    }

    /// Whether the port logs failed requests of the root complex.
    pub fn root_port_extensions(self) -> Option<bool> {
        self.window.flag(ROOT_PORT_EXTENSIONS)
    }

    fn registers(self) -> Vec<Register> {
        let mut registers = COMMON.to_vec();
        if self.root_port_extensions() != Some(true) {
            return registers;
        }
        registers.extend_from_slice(ROOT_PORT);
        let low = self.window.bits(0x04, 8, 4).unwrap_or(0);
        let high = self.window.bits(0x04, 13, 1).unwrap_or(0);
        let words = usize::try_from(high << 4 | low).unwrap_or(0);
        registers.extend(LOG.iter().take(words));
        registers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ConfigImage;

    fn image(capability: u16, control: u8, status: u8) -> ConfigImage {
        let [low, high] = capability.to_le_bytes();
        let header = [0x1d, 0x00, 0x01, 0x00]; // id, version 1, end of list
        ConfigImage::from_bytes(
            [&header[..], &[low, high, control, 0, status, 0, 0x08, 0x41]].concat(),
        )
    }

    #[test]
    fn a_port_that_cut_its_link() {
        // fatal errors cut it; they did, for ERR_FATAL from 41:01.0
        let image = image(0x1000, 0x09, 0x0d);
        let dpc = Dpc::new(image.window(0));
        assert_eq!((dpc.enabled(), dpc.triggered()), (Some(true), Some(true)));
        assert_eq!(dpc.root_port_extensions(), Some(false));
        assert_eq!(dpc.window().bits(0x08, 1, 2), Some(2));
        assert_eq!(dpc.window().u16(0x0a), Some(0x4108));
        assert_eq!(STRUCTURE.certain_length(image.window(0)), 0x0c);
    }

    #[test]
    fn the_log_is_as_long_as_its_size_says() {
        let length = |capability| STRUCTURE.certain_length(image(capability, 0, 0).window(0));
        assert_eq!(length(0x0020), 0x20);
        assert_eq!(length(0x0420), 0x30);
        assert_eq!(length(0x0520), 0x34);
        assert_eq!(length(0x0920), 0x44);
        assert_eq!(length(0x0900), 0x0c);
    }
}
