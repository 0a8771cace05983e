//! The resets that a function's configuration space offers.

use crate::bytes::{ConfigImage, Observed};
use crate::decode::config::ConfigSpace;
use crate::decode::config::cap::express::Express;
use crate::spec::pci::CapId;

/// Reset mechanisms as the registers offer them. `None` = not captured. Whether they work is
/// another matter ([`Resets`](crate::analysis::reset::Resets)).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OwnResets {
    /// Function level reset of the Express capability (PCIe 6.0, 6.6.2).
    pub flr: Option<bool>,
    /// Function level reset of the Advanced Features capability (PCI 3.0 ECN Advanced
    /// Capabilities: Transactions Pending and Function Level Reset).
    pub af_flr: Option<bool>,
    /// A trip through D3hot resets it: No_Soft_Reset is 0 (PCI PM 1.2, 3.2.4).
    pub power: Option<bool>,
}

impl OwnResets {
    pub(super) fn of(config: &ConfigImage, space: &ConfigSpace) -> Self {
        let capability = |id| space.standard(config, id);
        Self {
            flr: settle(capability(CapId::EXPRESS), |window| {
                Express::new(window).has_flr()
            }),
            af_flr: settle(capability(CapId::ADVANCED_FEATURES), |window| {
                window.bits(0x03, 0, 2).map(|features| features == 3)
            }),
            power: settle(capability(CapId::POWER_MANAGEMENT), |window| {
                window.bits(0x04, 3, 1).map(|keeps| keeps == 0)
            }),
        }
    }
}

fn settle<T>(capability: Observed<T>, read: impl FnOnce(T) -> Option<bool>) -> Option<bool> {
    match capability {
        Observed::Present(value) => read(value),
        Observed::Absent => Some(false),
        Observed::NotCaptured | Observed::Malformed(_) => None,
    }
}
