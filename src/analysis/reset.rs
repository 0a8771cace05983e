//! How a function can be brought back to a clean state between guests.

use crate::bytes::Observed;
use crate::host::Function;
use crate::spec::pci::CapId;

/// Reset mechanisms of a function, from configuration space. `None` = not captured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Resets {
    /// Function level reset of the Express capability (PCIe 6.0, 6.6.2).
    pub flr: Option<bool>,
    /// Function level reset of the Advanced Features capability.
    pub af_flr: Option<bool>,
    /// A trip through D3hot resets it (No_Soft_Reset is 0).
    pub power: Option<bool>,
}

impl Resets {
    /// Reads them from configuration space.
    pub fn of(function: &Function<'_>) -> Self {
        let capability = |id| function.space.standard(function.config, id);
        let flr = settle(function.express(), |express| express.has_flr());
        let af_flr = settle(capability(CapId::ADVANCED_FEATURES), |window| {
            // Transactions Pending and Function Level Reset (PCI 3.0 ECN Advanced Capabilities).
            window.bits(0x03, 0, 2).map(|features| features == 3)
        });
        let power = settle(capability(CapId::POWER_MANAGEMENT), |window| {
            // No_Soft_Reset (PCI PM 1.2, 3.2.4).
            window.bits(0x04, 3, 1).map(|keeps| keeps == 0)
        });
        Self { flr, af_flr, power }
    }

    /// Whether the function can be reset without touching any other; `None` where open.
    pub fn on_its_own(self) -> Option<bool> {
        let ways = [self.flr, self.af_flr, self.power];
        if ways.contains(&Some(true)) {
            return Some(true);
        }
        (!ways.contains(&None)).then_some(false)
    }

    /// Whether a function level reset exists in either form.
    pub fn function_level(self) -> Option<bool> {
        let ways = [self.flr, self.af_flr];
        if ways.contains(&Some(true)) {
            return Some(true);
        }
        (!ways.contains(&None)).then_some(false)
    }
}

fn settle<T>(capability: Observed<T>, read: impl FnOnce(T) -> Option<bool>) -> Option<bool> {
    match capability {
        Observed::Present(value) => read(value),
        Observed::Absent => Some(false),
        Observed::NotCaptured | Observed::Malformed(_) => None,
    }
}
