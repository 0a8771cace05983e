//! L1 PM Substates (PCIe 6.0, 7.8.3).

use super::ltr::SCALES;
use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// L1 substates exist at all.
pub const SUPPORTED: Field = Field::flag("L1 PM Substates Supported", 0x04, 4);

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::L1_SUBSTATES),
    Document::Pcie60.at("7.8.3 L1 PM Substates Extended Capability"),
    registers,
);

const POWER_ON_SCALE: &[(u64, &str)] = &[(0, "2 us"), (1, "10 us"), (2, "100 us")];

const COMMON: [Register; 3] = [
    Register::new(
        "L1 PM Substates Capabilities",
        0x04,
        4,
        &[
            Field::flag("PCI-PM L1.2 Supported", 0x04, 0),
            Field::flag("PCI-PM L1.1 Supported", 0x04, 1),
            Field::flag("ASPM L1.2 Supported", 0x04, 2),
            Field::flag("ASPM L1.1 Supported", 0x04, 3),
            SUPPORTED,
            Field::flag("Link Activation Supported", 0x04, 5),
            Field::number("Port Common_Mode_Restore_Time", 0x04, 8, 8),
            Field::code("Port T_POWER_ON Scale", 0x04, 16, 2, POWER_ON_SCALE),
            Field::number("Port T_POWER_ON Value", 0x04, 19, 5),
        ],
    ),
    Register::new(
        "L1 PM Substates Control 1",
        0x08,
        4,
        &[
            Field::flag("PCI-PM L1.2 Enable", 0x08, 0),
            Field::flag("PCI-PM L1.1 Enable", 0x08, 1),
            Field::flag("ASPM L1.2 Enable", 0x08, 2),
            Field::flag("ASPM L1.1 Enable", 0x08, 3),
            Field::flag("Link Activation Interrupt Enable", 0x08, 4),
            Field::flag("Link Activation Control", 0x08, 5),
            Field::number("Common_Mode_Restore_Time", 0x08, 8, 8),
            Field::number("LTR_L1.2_THRESHOLD_Value", 0x08, 16, 10),
            Field::code("LTR_L1.2_THRESHOLD_Scale", 0x08, 29, 3, SCALES),
        ],
    ),
    Register::new(
        "L1 PM Substates Control 2",
        0x0c,
        4,
        &[
            Field::code("T_POWER_ON Scale", 0x0c, 0, 2, POWER_ON_SCALE),
            Field::number("T_POWER_ON Value", 0x0c, 3, 5),
        ],
    ),
];

/// Version 2 adds a status register.
const STATUS: Register = Register::new(
    "L1 PM Substates Status",
    0x10,
    4,
    &[Field::flag("Link Activation Status", 0x10, 0)],
);

fn registers(window: Window<'_>) -> Vec<Register> {
    let mut registers = COMMON.to_vec();
    if window.bits(0, 16, 4).is_some_and(|version| version >= 2) {
        registers.push(STATUS);
    }
    registers
}

/// A port's L1 substates.
#[derive(Clone, Copy, Debug)]
pub struct L1Substates<'a> {
    window: Window<'a>,
}

impl<'a> L1Substates<'a> {
    /// Views the capability that starts at the window.
    pub const fn new(window: Window<'a>) -> Self {
        Self { window }
    }

    /// The bytes behind the view.
    pub const fn window(self) -> Window<'a> {
        self.window
    }

    /// Whether L1 substates exist at all.
    pub fn supported(self) -> Option<bool> {
        self.window.flag(SUPPORTED)
    }

    /// Whether any L1 substate is switched on.
    pub fn enabled(self) -> Option<bool> {
        self.window.bits(0x08, 0, 4).map(|enables| enables != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ConfigImage;

    const VERSION_1: &[u8] = &[
        0x1e, 0x00, 0x01, 0x00, // id, version 1, end of list
        0x1f, 0x28, 0x28, 0x00, // all substates; restore 40 us; power on 5 * 2 us
        0x0a, 0x28, 0x51, 0x40, // L1.1 twice; restore 40 us; threshold 81 * 1024 ns
        0x28, 0x00, 0x00, 0x00, // power on 5 * 2 us
    ];

    #[test]
    fn substates_may_be_supported_and_partly_on() {
        let image = ConfigImage::from_bytes(VERSION_1.to_vec());
        let substates = L1Substates::new(image.window(0));
        assert_eq!(
            (substates.supported(), substates.enabled()),
            (Some(true), Some(true))
        );
        let value = |name| {
            registers(image.window(0))
                .iter()
                .flat_map(|register| register.fields)
                .find(|field| field.name == name)
                .and_then(|field| image.field(*field))
        };
        assert_eq!(value("Port Common_Mode_Restore_Time"), Some(40));
        assert_eq!(value("Port T_POWER_ON Value"), Some(5));
        assert_eq!(value("Port T_POWER_ON Scale"), Some(0));
        assert_eq!(value("LTR_L1.2_THRESHOLD_Value"), Some(81));
        assert_eq!(value("LTR_L1.2_THRESHOLD_Scale"), Some(2));
        assert_eq!(value("T_POWER_ON Value"), Some(5));
    }

    #[test]
    fn version_2_is_four_bytes_longer() {
        let mut bytes = VERSION_1.to_vec();
        assert_eq!(
            STRUCTURE.certain_length(ConfigImage::from_bytes(bytes.clone()).window(0)),
            0x10
        );
        bytes[2] = 0x02;
        assert_eq!(
            STRUCTURE.certain_length(ConfigImage::from_bytes(bytes).window(0)),
            0x14
        );
    }
}
