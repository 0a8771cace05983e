//! What a function is within the tree.

use crate::bytes::Observed;
use crate::host::Function;
use crate::spec::pci::HeaderType;
use crate::spec::pcie::PortType;

/// What a function is within the tree, from header layout, class and Express port type.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FunctionKind {
    /// Root port.
    RootPort,
    /// Upstream port of a switch.
    UpstreamPort,
    /// Downstream port of a switch.
    DownstreamPort,
    /// PCI Express to PCI or PCI-X bridge.
    PcieToPci,
    /// PCI or PCI-X to PCI Express bridge.
    PciToPcie,
    /// Conventional PCI-to-PCI bridge.
    PciBridge,
    /// CardBus bridge.
    CardBusBridge,
    /// Host bridge (class 0600) without an Express capability.
    HostBridge,
    /// PCI Express endpoint.
    Endpoint,
    /// Legacy PCI Express endpoint.
    LegacyEndpoint,
    /// Root complex integrated endpoint.
    RcEndpoint,
    /// Root complex event collector.
    RcEventCollector,
    /// Conventional PCI function.
    Conventional,
    /// A bridge whose bus technology was not captured.
    UnknownBridge,
    /// Not captured far enough to tell.
    Unknown,
    /// An Express function with a reserved port type.
    Reserved(PortType),
}

impl FunctionKind {
    /// From the function alone.
    pub(super) fn of(function: &Function<'_>) -> Self {
        let layout = function.layout();
        match function.port_type() {
            Observed::Present(port_type) => Self::of_port_type(port_type),
            Observed::Absent => match layout {
                Some(HeaderType::BRIDGE) => Self::PciBridge,
                Some(HeaderType::CARDBUS) => Self::CardBusBridge,
                _ if function
                    .identity
                    .class
                    .is_some_and(|class| class.is_host_bridge()) =>
                {
                    Self::HostBridge
                }
                Some(HeaderType::ENDPOINT) => Self::Conventional,
                _ => Self::Unknown,
            },
            Observed::NotCaptured | Observed::Malformed(_) => match layout {
                // The header tells a bridge from a device, Windows which kind of bridge it is.
                Some(HeaderType::BRIDGE) => Self::reported(function)
                    .filter(|kind| kind.is_bridge())
                    .unwrap_or(Self::UnknownBridge),
                Some(HeaderType::CARDBUS) => Self::CardBusBridge,
                _ => Self::reported(function).unwrap_or(match function.identity.class {
                    Some(class) if class.is_host_bridge() => Self::HostBridge,
                    Some(class) if class.base_and_sub() == 0x0604 => Self::UnknownBridge,
                    _ => Self::Unknown,
                }),
            },
        }
    }

    /// By Windows' property DeviceType (pciprop.h), where it does not hide the port type.
    fn reported(function: &Function<'_>) -> Option<Self> {
        let host_bridge = function
            .identity
            .class
            .is_some_and(|class| class.is_host_bridge());
        Some(match function.windows.device_type? {
            0 | 1 if host_bridge => Self::HostBridge,
            0 | 1 => Self::Conventional,
            2 => Self::Endpoint,
            3 => Self::LegacyEndpoint,
            4 => Self::RcEndpoint,
            6 | 7 => Self::PciBridge,
            8 => Self::RootPort,
            9 => Self::UpstreamPort,
            10 => Self::DownstreamPort,
            11 => Self::PcieToPci,
            12 => Self::PciToPcie,
            13 => Self::UnknownBridge,
            14 => Self::RcEventCollector,
            _ => return None,
        })
    }

    const fn of_port_type(port_type: PortType) -> Self {
        match port_type {
            PortType::ENDPOINT => Self::Endpoint,
            PortType::LEGACY_ENDPOINT => Self::LegacyEndpoint,
            PortType::ROOT_PORT => Self::RootPort,
            PortType::UPSTREAM_PORT => Self::UpstreamPort,
            PortType::DOWNSTREAM_PORT => Self::DownstreamPort,
            PortType::PCIE_TO_PCI => Self::PcieToPci,
            PortType::PCI_TO_PCIE => Self::PciToPcie,
            PortType::RC_ENDPOINT => Self::RcEndpoint,
            PortType::RC_EVENT_COLLECTOR => Self::RcEventCollector,
            other => Self::Reserved(other),
        }
    }

    /// Some switches have their port types the wrong way round. What sits directly below a
    /// root or downstream port leads up; what sits below an upstream port leads down
    /// (Linux drivers/pci/probe.c, `set_pcie_port_type`).
    pub(super) fn corrected(self, parent: Option<Self>) -> Self {
        match (self, parent) {
            (Self::DownstreamPort, Some(Self::RootPort | Self::DownstreamPort)) => {
                Self::UpstreamPort
            }
            (Self::UpstreamPort, Some(Self::UpstreamPort)) => Self::DownstreamPort,
            _ => self,
        }
    }

    /// A port or bridge, or what keeps the root complex going: never handed to a guest.
    pub const fn is_bridge(self) -> bool {
        matches!(
            self,
            Self::RootPort
                | Self::UpstreamPort
                | Self::DownstreamPort
                | Self::PcieToPci
                | Self::PciToPcie
                | Self::PciBridge
                | Self::CardBusBridge
                | Self::HostBridge
                | Self::UnknownBridge
        )
    }

    /// A port from which a link leads down: where ACS decides about isolation.
    pub const fn is_downstream_port(self) -> bool {
        matches!(self, Self::RootPort | Self::DownstreamPort)
    }

    /// The field's name for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RootPort => "root port",
            Self::UpstreamPort => "upstream port",
            Self::DownstreamPort => "downstream port",
            Self::PcieToPci => "PCIe-to-PCI bridge",
            Self::PciToPcie => "PCI-to-PCIe bridge",
            Self::PciBridge => "PCI bridge",
            Self::CardBusBridge => "CardBus bridge",
            Self::HostBridge => "host bridge",
            Self::Endpoint => "Express endpoint",
            Self::LegacyEndpoint => "legacy Express endpoint",
            Self::RcEndpoint => "root complex integrated endpoint",
            Self::RcEventCollector => "root complex event collector",
            Self::Conventional => "conventional PCI function",
            Self::UnknownBridge => "bridge of unknown type",
            Self::Unknown => "function of unknown type",
            Self::Reserved(_) => "function with a reserved port type",
        }
    }
}

impl std::fmt::Display for FunctionKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
