//! How a function can be brought back to a clean state between guests.

use crate::bytes::Observed;
use crate::host::Function;
use crate::spec::pci::CapId;
use crate::spec::quirks;

/// Reset mechanisms of a function, from configuration space and the list of devices whose
/// mechanisms are known not to work. `None` = not captured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Resets {
    /// Function level reset of the Express capability (PCIe 6.0, 6.6.2).
    pub flr: Option<bool>,
    /// Function level reset of the Advanced Features capability.
    pub af_flr: Option<bool>,
    /// A trip through D3hot resets it (No_Soft_Reset is 0).
    pub power: Option<bool>,
    /// Linux has a reset of its own for the device.
    pub specific: bool,
}

impl Resets {
    /// Reads them from configuration space.
    pub fn of(function: &Function<'_>, on_root_bus: bool) -> Self {
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
        let mut resets = Self {
            flr,
            af_flr,
            power,
            specific: false,
        };
        resets.apply_quirks(function, on_root_bus);
        resets
    }

    /// Whether the function can be reset without touching any other; `None` where open.
    pub fn on_its_own(self) -> Option<bool> {
        if self.specific {
            return Some(true);
        }
        any([self.flr, self.af_flr, self.power])
    }

    /// Whether a function level reset exists in either form; `None` where open.
    pub fn function_level(self) -> Option<bool> {
        any([self.flr, self.af_flr])
    }

    fn apply_quirks(&mut self, function: &Function<'_>, on_root_bus: bool) {
        let identity = function.identity;
        let (Some(vendor), Some(device)) = (identity.vendor, identity.device) else {
            return;
        };
        self.specific = quirks::has_device_specific_reset(vendor, device);
        if quirks::has_broken_function_level_reset(vendor, device) {
            (self.flr, self.af_flr) = (Some(false), Some(false));
        }
        // Linux bars it for the VGA controllers of AMD as a class, except on a root bus.
        let display =
            vendor == 0x1002 && identity.class.is_some_and(|c| c.base_and_sub() == 0x0300);
        if !on_root_bus && (display || quirks::has_broken_power_reset(vendor, device)) {
            self.power = Some(false);
        }
    }
}

/// Yes if any is yes, else open if any is open, else no.
fn any<const N: usize>(ways: [Option<bool>; N]) -> Option<bool> {
    if ways.contains(&Some(true)) {
        return Some(true);
    }
    (!ways.contains(&None)).then_some(false)
}

fn settle<T>(capability: Observed<T>, read: impl FnOnce(T) -> Option<bool>) -> Option<bool> {
    match capability {
        Observed::Present(value) => read(value),
        Observed::Absent => Some(false),
        Observed::NotCaptured | Observed::Malformed(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Dev, Machine, at};

    fn resets(device: Dev) -> Resets {
        Machine::with_device(device).facts(|facts| {
            let id = facts.host.find(at("01:00.0")).unwrap();
            facts.profile(id).resets
        })
    }

    /// A device without function level reset that loses its state in D3hot.
    fn device() -> Dev {
        let mut device = Dev::endpoint();
        (device.flr, device.power) = (false, Some(false));
        device
    }

    fn with_flr() -> Dev {
        let mut device = device();
        device.flr = true;
        device
    }

    fn stubborn() -> Dev {
        let mut device = device();
        device.power = Some(true);
        device
    }

    #[test]
    fn each_mechanism_is_read_from_its_capability() {
        let all = resets(with_flr().standard(0x13, &[6, 3, 0, 0]));
        assert_eq!(all.flr, Some(true));
        assert_eq!(all.af_flr, Some(true));
        assert_eq!(all.power, Some(true));
        let none = resets(stubborn());
        assert_eq!(none.on_its_own(), Some(false));
        assert_eq!(none.function_level(), Some(false));
    }

    #[test]
    fn a_power_reset_is_one_of_its_own_but_no_function_level_reset() {
        let power = resets(device());
        assert_eq!(power.on_its_own(), Some(true));
        assert_eq!(power.function_level(), Some(false));
    }

    #[test]
    fn one_known_mechanism_outweighs_the_unknown_ones() {
        // 64 bytes of header and the power management capability, the list goes on behind.
        let part = resets(device().cut(0x48));
        assert_eq!(part.flr, None);
        assert_eq!(part.on_its_own(), Some(true));
        assert_eq!(part.function_level(), None);
    }

    #[test]
    fn listed_devices_are_not_trusted_with_what_they_advertise() {
        let broken = resets(with_flr().ids(0x1022, 0x1487));
        assert_eq!(broken.flr, Some(false));
        assert_eq!(broken.power, Some(true));
        let mellanox = resets(device().ids(0x15b3, 0xcf6c));
        assert_eq!(mellanox.on_its_own(), Some(false));
    }
}
