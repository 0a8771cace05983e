//! What a description entry can be, and what is usual for it.

use serde::Deserialize;

use crate::spec::pci::{ClassCode, HeaderType};
use crate::spec::pcie::PortType;

/// What a description entry is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// PCI Express endpoint.
    #[default]
    Endpoint,
    /// Legacy PCI Express endpoint.
    LegacyEndpoint,
    /// Conventional PCI function.
    Pci,
    /// Host bridge function.
    HostBridge,
    /// Root complex integrated endpoint.
    Rciep,
    /// Root complex event collector.
    EventCollector,
    /// Root port.
    RootPort,
    /// Upstream port of a switch.
    UpstreamPort,
    /// Downstream port of a switch.
    DownstreamPort,
    /// Conventional PCI-to-PCI bridge.
    PciBridge,
    /// PCI Express to PCI bridge.
    PcieToPci,
    /// PCI to PCI Express bridge.
    PciToPcie,
    /// CardBus bridge.
    CardbusBridge,
}

/// What is usual for a class.
pub(super) struct ClassDefaults {
    pub(super) name: &'static str,
    pub(super) class: ClassCode,
    /// Vendor and device id.
    pub(super) ids: (u16, u16),
    pub(super) bars: &'static [&'static str],
    pub(super) msix: Option<u16>,
}

impl Kind {
    /// Layout of the header.
    pub const fn layout(self) -> HeaderType {
        match self {
            Self::RootPort
            | Self::UpstreamPort
            | Self::DownstreamPort
            | Self::PciBridge
            | Self::PcieToPci
            | Self::PciToPcie => HeaderType::BRIDGE,
            Self::CardbusBridge => HeaderType::CARDBUS,
            _ => HeaderType::ENDPOINT,
        }
    }

    /// Device/Port Type of the Express capability; `None` for conventional functions.
    pub const fn port_type(self) -> Option<PortType> {
        match self {
            Self::Endpoint => Some(PortType::ENDPOINT),
            Self::LegacyEndpoint => Some(PortType::LEGACY_ENDPOINT),
            Self::Rciep => Some(PortType::RC_ENDPOINT),
            Self::EventCollector => Some(PortType::RC_EVENT_COLLECTOR),
            Self::RootPort => Some(PortType::ROOT_PORT),
            Self::UpstreamPort => Some(PortType::UPSTREAM_PORT),
            Self::DownstreamPort => Some(PortType::DOWNSTREAM_PORT),
            Self::PcieToPci => Some(PortType::PCIE_TO_PCI),
            Self::PciToPcie => Some(PortType::PCI_TO_PCIE),
            Self::Pci | Self::HostBridge | Self::PciBridge | Self::CardbusBridge => None,
        }
    }

    /// Whether there is a bus below it.
    pub fn has_bus_below(self) -> bool {
        self.layout() != HeaderType::ENDPOINT
    }

    /// Whether a link leads down from it, so that only device 0 is below.
    pub const fn has_link_below(self) -> bool {
        matches!(
            self,
            Self::RootPort | Self::DownstreamPort | Self::PciToPcie
        )
    }

    /// Ids and class where the description says nothing. Emulated devices lend their ids:
    /// they are in every id list, and no quirk is known for them.
    pub(super) const fn defaults(self) -> ((u16, u16), ClassCode) {
        match self {
            Self::Endpoint | Self::LegacyEndpoint | Self::Pci | Self::Rciep => {
                ((0x1b36, 0x0005), ClassCode(0x00_ff_00))
            }
            Self::HostBridge => ((0x1b36, 0x0008), ClassCode(0x06_00_00)),
            Self::EventCollector => ((0x1b36, 0x00ec), ClassCode(0x08_07_00)),
            Self::RootPort => ((0x1b36, 0x000c), ClassCode(0x06_04_00)),
            Self::UpstreamPort => ((0x104c, 0x8232), ClassCode(0x06_04_00)),
            Self::DownstreamPort => ((0x104c, 0x8233), ClassCode(0x06_04_00)),
            Self::PciBridge => ((0x1b36, 0x0001), ClassCode(0x06_04_00)),
            Self::PcieToPci | Self::PciToPcie => ((0x1b36, 0x000e), ClassCode(0x06_04_00)),
            Self::CardbusBridge => ((0x104c, 0xac56), ClassCode(0x06_07_00)),
        }
    }
}

/// Names of classes, with what devices of the class usually have.
pub(super) const CLASSES: &[ClassDefaults] = &[
    class(
        "scsi",
        0x01_00_00,
        (0x1af4, 0x1048),
        &["mem64p 16K"],
        Some(4),
    ),
    class("ide", 0x01_01_8a, (0x8086, 0x7010), &["4: io 16"], None),
    class(
        "raid",
        0x01_04_00,
        (0x1000, 0x005d),
        &["mem64 64K", "io 256"],
        Some(16),
    ),
    class(
        "sata",
        0x01_06_01,
        (0x8086, 0x2922),
        &["4: io 32", "5: mem32 4K"],
        None,
    ),
    class(
        "sas",
        0x01_07_00,
        (0x1000, 0x0097),
        &["io 256", "mem64 64K"],
        Some(16),
    ),
    class(
        "nvme",
        0x01_08_02,
        (0x1b36, 0x0010),
        &["mem64 16K"],
        Some(65),
    ),
    class(
        "ethernet",
        0x02_00_00,
        (0x1af4, 0x1041),
        &["mem64p 64K"],
        Some(9),
    ),
    class(
        "infiniband",
        0x02_07_00,
        (0x1b36, 0x0005),
        &["mem64p 32M"],
        Some(64),
    ),
    class(
        "vga",
        0x03_00_00,
        (0x1b36, 0x0100),
        &["mem32 16M", "mem64p 256M", "io 128"],
        None,
    ),
    class(
        "3d",
        0x03_02_00,
        (0x1b36, 0x0005),
        &["mem32 16M", "mem64p 256M"],
        None,
    ),
    class(
        "display",
        0x03_80_00,
        (0x1b36, 0x0005),
        &["mem64p 16M"],
        None,
    ),
    class("audio", 0x04_03_00, (0x8086, 0x2668), &["mem32 16K"], None),
    class(
        "memory",
        0x05_80_00,
        (0x1b36, 0x0005),
        &["mem64p 256M"],
        None,
    ),
    class("host-bridge", 0x06_00_00, (0x1b36, 0x0008), &[], None),
    class("isa-bridge", 0x06_01_00, (0x8086, 0x2918), &[], None),
    class("serial", 0x07_00_02, (0x1b36, 0x0002), &["io 8"], None),
    class("iommu", 0x08_06_00, (0x1b36, 0x0014), &[], None),
    class("system", 0x08_80_00, (0x1b36, 0x0005), &["mem64 4K"], None),
    class("uhci", 0x0c_03_00, (0x8086, 0x2934), &["4: io 32"], None),
    class("ehci", 0x0c_03_20, (0x8086, 0x293a), &["mem32 4K"], None),
    class(
        "xhci",
        0x0c_03_30,
        (0x1b36, 0x000d),
        &["mem64 16K"],
        Some(16),
    ),
    class("smbus", 0x0c_05_00, (0x8086, 0x2930), &["4: io 64"], None),
    class(
        "processing",
        0x12_00_00,
        (0x1b36, 0x0005),
        &["mem64p 64M"],
        Some(32),
    ),
];

const fn class(
    name: &'static str,
    class: u32,
    ids: (u16, u16),
    bars: &'static [&'static str],
    msix: Option<u16>,
) -> ClassDefaults {
    ClassDefaults {
        name,
        class: ClassCode(class),
        ids,
        bars,
        msix,
    }
}

/// The class with this name.
pub(super) fn class_by_name(name: &str) -> Option<ClassCode> {
    CLASSES
        .iter()
        .find(|class| class.name == name)
        .map(|class| class.class)
}

/// What is usual for this class.
pub(super) fn class_defaults(class: ClassCode) -> Option<&'static ClassDefaults> {
    CLASSES.iter().find(|defaults| defaults.class == class)
}
