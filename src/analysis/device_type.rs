//! Windows' property DeviceType, from configuration space (Windows SDK, pciprop.h).

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
