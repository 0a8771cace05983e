//! PCI Power Management capability (PCI PM 1.2, chapter 3; PCIe 6.0, 7.5.2).

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pci::CapId;
use crate::spec::{Document, Field, Register};

/// Version of the interface; 3 since PCI PM 1.2.
pub const VERSION: Field = Field::number("Version", 0x02, 0, 3);
/// States that PME# can be signalled from: bit 0 is D0, bit 4 is D3cold.
pub const PME_SUPPORT: Field = Field::hex("PME_Support", 0x02, 11, 5);
/// PME# can be signalled from D0.
pub const PME_D0: Field = Field::flag("PME Support D0", 0x02, 11);
/// PME# can be signalled from D1.
pub const PME_D1: Field = Field::flag("PME Support D1", 0x02, 12);
/// PME# can be signalled from D2.
pub const PME_D2: Field = Field::flag("PME Support D2", 0x02, 13);
/// PME# can be signalled from D3hot.
pub const PME_D3HOT: Field = Field::flag("PME Support D3hot", 0x02, 14);
/// PME# can be signalled from D3cold.
pub const PME_D3COLD: Field = Field::flag("PME Support D3cold", 0x02, 15);
/// Power state that the function is in.
pub const POWER_STATE: Field = Field::code("PowerState", 0x04, 0, 2, STATES);
/// Going from D3hot to D0 does not reset the function.
pub const NO_SOFT_RESET: Field = Field::flag("No_Soft_Reset", 0x04, 3);
/// PME# is enabled.
pub const PME_ENABLE: Field = Field::flag("PME_En", 0x04, 8);

const STATES: &[(u64, &str)] = &[(0, "D0"), (1, "D1"), (2, "D2"), (3, "D3hot")];

const AUX_CURRENT: &[(u64, &str)] = &[
    (0, "0 mA (self powered)"),
    (1, "55 mA"),
    (2, "100 mA"),
    (3, "160 mA"),
    (4, "220 mA"),
    (5, "270 mA"),
    (6, "320 mA"),
    (7, "375 mA"),
];

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Standard(CapId::POWER_MANAGEMENT),
    Document::Pcie60.at("7.5.2 PCI Power Management Capability Structure"),
    |_| REGISTERS.to_vec(),
);

const REGISTERS: &[Register] = &[
    Register::new(
        "Power Management Capabilities",
        0x02,
        2,
        &[
            VERSION,
            Field::flag("PME Clock", 0x02, 3),
            Field::flag("Immediate_Readiness_on_Return_to_D0", 0x02, 4),
            Field::flag("Device Specific Initialization", 0x02, 5),
            Field::code("Aux_Current", 0x02, 6, 3, AUX_CURRENT),
            Field::flag("D1_Support", 0x02, 9),
            Field::flag("D2_Support", 0x02, 10),
            PME_D0,
            PME_D1,
            PME_D2,
            PME_D3HOT,
            PME_D3COLD,
        ],
    ),
    Register::new(
        "Power Management Control/Status",
        0x04,
        2,
        &[
            POWER_STATE,
            NO_SOFT_RESET,
            PME_ENABLE,
            Field::number("Data_Select", 0x04, 9, 4),
            Field::number("Data_Scale", 0x04, 13, 2),
            Field::flag("PME_Status", 0x04, 15),
        ],
    ),
    Register::new(
        "Bridge Support Extensions",
        0x06,
        1,
        &[
            Field::flag("B2_B3#", 0x06, 6),
            Field::flag("Bus Power/Clock Control Enable", 0x06, 7),
        ],
    ),
    Register::plain("Data", 0x07, 1),
];

/// Power state of a function (PCIe 6.0, 5.3.1). D3cold cannot be read: there is no power.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PowerState {
    /// Working.
    D0,
    /// Light sleep.
    D1,
    /// Deeper sleep.
    D2,
    /// Off, with configuration space still readable.
    D3Hot,
}

/// A function's power management capability.
#[derive(Clone, Copy, Debug)]
pub struct PowerManagement<'a> {
    window: Window<'a>,
}

impl<'a> PowerManagement<'a> {
    /// Views the capability that starts at the window.
    pub const fn new(window: Window<'a>) -> Self {
        Self { window }
    }

    /// The bytes behind the view.
    pub const fn window(self) -> Window<'a> {
        self.window
    }

    /// Version of the interface, 1 to 3.
    pub fn version(self) -> Option<u8> {
        self.window
            .field(VERSION)
            .and_then(|v| u8::try_from(v).ok())
    }

    /// Power state in which the function was when it was read.
    pub fn state(self) -> Option<PowerState> {
        self.window.field(POWER_STATE).map(|code| match code {
            0 => PowerState::D0,
            1 => PowerState::D1,
            2 => PowerState::D2,
            _ => PowerState::D3Hot,
        })
    }

    /// Whether the function keeps its state on the way from D3hot to D0. Where it does not,
    /// that way resets it.
    pub fn no_soft_reset(self) -> Option<bool> {
        self.window.flag(NO_SOFT_RESET)
    }

    /// Whether PME# can be signalled from D3cold, that is, on auxiliary power.
    pub fn pme_from_d3cold(self) -> Option<bool> {
        self.window.flag(PME_D3COLD)
    }

    /// Whether PME# is enabled.
    pub fn pme_enabled(self) -> Option<bool> {
        self.window.flag(PME_ENABLE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ConfigImage;

    #[test]
    fn a_function_in_d3hot_that_keeps_its_state() {
        let image = ConfigImage::from_bytes(vec![
            0x01, 0x50, // id, next
            0x23, 0xc8, // version 3, DSI; PME from D0, D3hot, D3cold
            0x0b, 0x01, // D3hot, No_Soft_Reset, PME_En
            0x00, 0x00,
        ]);
        let pm = PowerManagement::new(image.window(0));
        assert_eq!(pm.version(), Some(3));
        assert_eq!(pm.state(), Some(PowerState::D3Hot));
        assert_eq!(pm.no_soft_reset(), Some(true));
        assert_eq!(pm.pme_enabled(), Some(true));
        assert_eq!(pm.pme_from_d3cold(), Some(true));
        let flags = [PME_D0, PME_D1, PME_D2, PME_D3HOT].map(|flag| pm.window().flag(flag));
        assert_eq!(flags, [Some(true), Some(false), Some(false), Some(true)]);
    }

    #[test]
    fn a_reset_by_power_state_shows_as_a_clear_bit() {
        let image = ConfigImage::from_bytes(vec![0x01, 0, 0x03, 0, 0x00, 0]);
        let pm = PowerManagement::new(image.window(0));
        assert_eq!(
            (pm.state(), pm.no_soft_reset()),
            (Some(PowerState::D0), Some(false))
        );
    }

    #[test]
    fn every_power_state_has_its_code() {
        for (code, name) in [(0, "D0"), (1, "D1"), (2, "D2"), (3, "D3Hot")] {
            let image = ConfigImage::from_bytes(vec![1, 0, 0, 0, code, 0]);
            let state = PowerManagement::new(image.window(0)).state().unwrap();
            assert_eq!(format!("{state:?}"), name);
        }
    }

    #[test]
    fn what_was_not_captured_is_neither_set_nor_clear() {
        let image = ConfigImage::from_bytes(vec![0x01, 0, 0x03, 0]);
        let pm = PowerManagement::new(image.window(0));
        assert_eq!((pm.state(), pm.no_soft_reset()), (None, None));
    }
}
