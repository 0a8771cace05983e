//! Windows' property DeviceType, from configuration space (Windows SDK, pciprop.h).

use crate::host::Function;
use crate::spec::open_enum;
use crate::topology::FunctionKind;

open_enum! {
    /// Values of DEVPKEY_PciDevice_DeviceType.
    pub struct DeviceType(u32) {
        /// Conventional PCI.
        CONVENTIONAL = 0 => "conventional PCI",
        /// PCI-X.
        PCI_X = 1 => "PCI-X",
        /// Express endpoint.
        EXPRESS_ENDPOINT = 2 => "Express endpoint",
        /// Legacy Express endpoint.
        LEGACY_ENDPOINT = 3 => "legacy Express endpoint",
        /// Root complex integrated endpoint.
        RC_ENDPOINT = 4 => "root complex integrated endpoint",
        /// An Express endpoint that Windows drives as conventional PCI, because the firmware
        /// kept control.
        TREATED_AS_PCI = 5 => "Express treated as PCI",
        /// Conventional bridge.
        PCI_BRIDGE = 6 => "conventional PCI bridge",
        /// PCI-X bridge.
        PCI_X_BRIDGE = 7 => "PCI-X bridge",
        /// Root port.
        ROOT_PORT = 8 => "root port",
        /// Upstream switch port.
        UPSTREAM_PORT = 9 => "upstream switch port",
        /// Downstream switch port.
        DOWNSTREAM_PORT = 10 => "downstream switch port",
        /// Express to PCI or PCI-X bridge.
        EXPRESS_TO_PCI_X = 11 => "Express to PCI-X bridge",
        /// PCI or PCI-X to Express bridge.
        PCI_X_TO_EXPRESS = 12 => "PCI-X to Express bridge",
        /// An Express bridge that Windows drives as conventional PCI.
        BRIDGE_TREATED_AS_PCI = 13 => "Express bridge treated as PCI",
        /// Root complex event collector.
        EVENT_COLLECTOR = 14 => "root complex event collector",
    }
}

impl DeviceType {
    /// As Windows reported it. Where it did not, or where it hides the type because the
    /// firmware kept control, as configuration space has it.
    pub fn known(function: &Function<'_>, kind: FunctionKind) -> Option<Self> {
        match function.windows.device_type.map(Self) {
            Some(Self::TREATED_AS_PCI) => Self::of(kind).or(Some(Self::TREATED_AS_PCI)),
            Some(Self::BRIDGE_TREATED_AS_PCI) => {
                Self::of(kind).or(Some(Self::BRIDGE_TREATED_AS_PCI))
            }
            Some(reported) => Some(reported),
            None => Self::of(kind),
        }
    }

    /// Bridges and ports of every kind.
    pub const fn is_bridge(self) -> bool {
        matches!(self.0, 6..=13)
    }

    /// What Windows reports where the firmware grants native control; `None` where the
    /// capability list was not captured. Without the grant it reports
    /// [`Self::TREATED_AS_PCI`] or [`Self::BRIDGE_TREATED_AS_PCI`] for Express functions.
    ///
    /// PCI-X functions count as conventional: to assignment they are the same.
    pub const fn of(kind: FunctionKind) -> Option<Self> {
        Some(match kind {
            FunctionKind::Endpoint => Self::EXPRESS_ENDPOINT,
            FunctionKind::LegacyEndpoint => Self::LEGACY_ENDPOINT,
            FunctionKind::RcEndpoint => Self::RC_ENDPOINT,
            FunctionKind::Conventional | FunctionKind::HostBridge => Self::CONVENTIONAL,
            FunctionKind::PciBridge | FunctionKind::CardBusBridge => Self::PCI_BRIDGE,
            FunctionKind::RootPort => Self::ROOT_PORT,
            FunctionKind::UpstreamPort => Self::UPSTREAM_PORT,
            FunctionKind::DownstreamPort => Self::DOWNSTREAM_PORT,
            FunctionKind::PcieToPci => Self::EXPRESS_TO_PCI_X,
            FunctionKind::PciToPcie => Self::PCI_X_TO_EXPRESS,
            FunctionKind::RcEventCollector => Self::EVENT_COLLECTOR,
            FunctionKind::UnknownBridge | FunctionKind::Unknown | FunctionKind::Reserved(_) => {
                return None;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::pcie::PortType;
    use crate::spec::windows;
    use crate::testing::{Dev, Machine, at};

    fn of(device: Dev) -> (Option<DeviceType>, Option<DeviceType>) {
        let machine = Machine::new().with("00:05.0", device);
        machine.facts(|facts| {
            let id = facts.host.find(at("00:05.0")).unwrap();
            let kind = facts.topology.kind(id);
            let known = DeviceType::known(facts.host.function(id), kind);
            (DeviceType::of(kind), known)
        })
    }

    #[test]
    fn each_port_type_has_windows_number() {
        // pciprop.h, DevProp_PciDevice_DeviceType_*, beside the codes of PCIe 6.0, 7.5.3.2.
        for (port_type, number) in [
            (0, 2),
            (1, 3),
            (4, 8),
            (5, 9),
            (6, 10),
            (7, 11),
            (8, 12),
            (9, 4),
            (10, 14),
        ] {
            let (predicted, _) = of(Dev::express(PortType(port_type)));
            assert_eq!(predicted, Some(DeviceType(number)), "port type {port_type}");
        }
        assert_eq!(of(Dev::conventional()).0, Some(DeviceType(0)));
        assert_eq!(of(Dev::pci_bridge(1)).0, Some(DeviceType(6)));
        assert_eq!(of(Dev::endpoint().cut(64)).0, None);
    }

    #[test]
    fn what_windows_reports_counts_unless_it_hides_the_type() {
        let with = |device: Dev, number: u32| of(device.windows(windows::DEVICE_TYPE, number)).1;
        assert_eq!(with(Dev::endpoint(), 3), Some(DeviceType(3)));
        assert_eq!(with(Dev::endpoint(), 5), Some(DeviceType(2)));
        assert_eq!(with(Dev::endpoint().unread(), 5), Some(DeviceType(5)));
        assert_eq!(with(Dev::endpoint().unread(), 2), Some(DeviceType(2)));
    }
}
