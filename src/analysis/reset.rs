//! How a function can be brought back to a clean state between guests.

use crate::host::{Function, FunctionId, Host, OwnResets};
use crate::spec::quirks;
use crate::topology::Topology;

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
    /// A reset of the bus above it, which it is alone on (Linux drivers/pci/pci.c,
    /// `pci_parent_bus_reset`).
    pub bus: Option<bool>,
    /// Linux has a reset of its own for the device.
    pub specific: bool,
}

impl Resets {
    /// Reads them from configuration space and the place in the tree.
    pub fn of(host: &Host<'_>, topology: &Topology, id: FunctionId) -> Self {
        let function = host.function(id);
        let OwnResets { flr, af_flr, power } = function.own_resets;
        let mut resets = Self {
            flr,
            af_flr,
            power,
            bus: bus(host, topology, id),
            specific: false,
        };
        let on_root_bus = topology.is_rooted(id) && topology.parent(id).is_none();
        resets.apply_quirks(function, on_root_bus);
        resets
    }

    /// Whether the function can be reset without touching any other; `None` where open.
    pub fn on_its_own(self) -> Option<bool> {
        if self.specific {
            return Some(true);
        }
        any([self.flr, self.af_flr, self.power, self.bus])
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
        if quirks::has_broken_bus_reset(vendor, device) {
            self.bus = Some(false);
        }
    }
}

/// Whether the function is alone below a bridge. A bus of virtual functions has no bridge.
fn bus(host: &Host<'_>, topology: &Topology, id: FunctionId) -> Option<bool> {
    if host.function(id).is_virtual() || topology.kind(id).is_bridge() {
        return Some(false);
    }
    if topology.parent(id).is_none() {
        return topology.is_rooted(id).then_some(false);
    }
    Some(topology.is_alone_on_bus(host, id))
}

/// Yes if any is yes, else open if any is open, else no.
fn any<const N: usize>(ways: [Option<bool>; N]) -> Option<bool> {
    if ways.contains(&Some(true)) {
        return Some(true);
    }
    (!ways.contains(&None)).then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Dev, Machine, find};

    fn resets(device: Dev) -> Resets {
        Machine::with_device(device).facts(|facts| facts.profile(find(facts, "01:00.0")).resets)
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
        assert_eq!(none.flr, Some(false));
        assert_eq!(none.power, Some(false));
        assert_eq!(none.function_level(), Some(false));
    }

    #[test]
    fn a_bus_reset_is_the_functions_own_where_it_is_alone_below_a_bridge() {
        assert_eq!(resets(stubborn()).on_its_own(), Some(true));
        let place = |machine: Machine, address: &str| {
            machine.facts(|facts| facts.profile(find(facts, address)).resets.bus)
        };
        let beside = Machine::with_device(stubborn()).with("01:00.1", stubborn());
        assert_eq!(place(beside, "01:00.0"), Some(false));
        let on_root = Machine::new().with("00:05.0", stubborn());
        assert_eq!(place(on_root, "00:05.0"), Some(false));
        let orphan = Machine::new().with("05:00.0", stubborn());
        assert_eq!(place(orphan, "05:00.0"), None);
        let atheros = Machine::with_device(stubborn().ids(0x168c, 0x0033));
        assert_eq!(place(atheros, "01:00.0"), Some(false));
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
        assert_eq!(mellanox.power, Some(false));
    }
}
