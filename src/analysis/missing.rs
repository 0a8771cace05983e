//! What a capture lacks, and how to get it.

use crate::decode::config::ListEnd;
use crate::host::{Function, FunctionId};
use crate::spec::pci;

/// A fact that the capture lacks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Missing {
    /// Which fact.
    pub fact: Fact,
    /// Of which function; `None` for the host as a whole.
    pub of: Option<FunctionId>,
}

/// The kinds of fact that a capture may lack.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Fact {
    /// The function answered with nothing but ones, or was not read at all.
    ConfigSpace,
    /// Configuration space past the 64 bytes that need no privilege.
    Capabilities,
    /// Configuration space past 256 bytes.
    ExtendedConfig,
    /// The capability list is damaged; what lies behind the damage cannot be told.
    DamagedList,
    /// Single bits that a decoded text does not print.
    RegisterBits,
    /// Vendor and device id.
    Ids,
    /// Which ids of other functions a switch uses, in registers behind a BAR.
    AliasIds,
    /// Which function the requests of a separate domain leave through.
    DmaDevice,
    /// ACS control as the firmware had left it, before a kernel set it.
    FirmwareAcs,
    /// A bridge above the function.
    BridgeAbove,
    /// The header of function 0 of the device.
    FunctionZero,
    /// Whether DMA and interrupt remapping are present and on.
    Remapping,
    /// Memory that the firmware reserves for the device.
    ReservedMemory,
    /// Whether the firmware leaves PCI Express to the operating system.
    NativeControl,
    /// Sizes of the BARs.
    BarSizes,
    /// The kernel's IOMMU groups.
    IommuGroup,
    /// Whether the host uses the device itself.
    HostUse,
}

impl Missing {
    /// A fact about the host.
    pub const fn host(fact: Fact) -> Self {
        Self { fact, of: None }
    }

    /// A fact about a function.
    pub const fn of(fact: Fact, function: FunctionId) -> Self {
        Self {
            fact,
            of: Some(function),
        }
    }

    /// Why it is not known whether a function has a standard capability, or what it says.
    pub fn standard(id: FunctionId, function: &Function<'_>) -> Self {
        Self::behind(id, function, function.space.standard_end)
    }

    /// Why it is not known whether a function has an extended capability, or what it says.
    pub fn extended(id: FunctionId, function: &Function<'_>) -> Self {
        Self::behind(id, function, function.space.extended_end)
    }

    fn behind(id: FunctionId, function: &Function<'_>, end: ListEnd) -> Self {
        let fact = match end {
            _ if !function.responds() => Fact::ConfigSpace,
            ListEnd::Broken(_) => Fact::DamagedList,
            ListEnd::NotCaptured { offset } if offset >= pci::CONVENTIONAL_SIZE => {
                Fact::ExtendedConfig
            }
            ListEnd::NotCaptured { .. } => Fact::Capabilities,
            ListEnd::NoList | ListEnd::Complete | ListEnd::Unnamed { .. } => Fact::RegisterBits,
        };
        Self::of(fact, id)
    }
}

impl Fact {
    /// What is missing, as a noun phrase.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::ConfigSpace => {
                "configuration space (it was not read, or the function did not answer)"
            }
            Self::Capabilities => "configuration space past the first 64 bytes",
            Self::ExtendedConfig => "extended configuration space (bytes 256 to 4095)",
            Self::DamagedList => "an intact capability list",
            Self::RegisterBits => "single register bits that the text does not print",
            Self::Ids => "vendor and device id",
            Self::AliasIds => "the requester ids that the switch is set to use",
            Self::DmaDevice => "the controller through which its domain reaches memory",
            Self::FirmwareAcs => "ACS control as the firmware leaves it",
            Self::BridgeAbove => "the bridge above the device",
            Self::FunctionZero => {
                "whether the device has several functions (header type of function 0)"
            }
            Self::Remapping => "whether DMA and interrupt remapping are present and on",
            Self::ReservedMemory => {
                "which memory the firmware reserves for the device (RMRR, IVMD)"
            }
            Self::NativeControl => "whether the firmware grants native PCI Express control (_OSC)",
            Self::BarSizes => "BAR sizes",
            Self::IommuGroup => "the device's IOMMU group",
            Self::HostUse => "whether the host itself uses the device",
        }
    }

    /// The command that would settle it on Linux.
    pub const fn linux_command(self) -> &'static str {
        match self {
            Self::ConfigSpace => {
                "sudo lspci -vvvxxxx > dump.txt; wake a sleeping device first (echo on > power/control)"
            }
            Self::Capabilities | Self::ExtendedConfig | Self::RegisterBits => {
                "sudo lspci -vvvxxxx > dump.txt"
            }
            Self::DamagedList => {
                "sudo setpci -s DEVICE CAP_EXP+0.l, or a second dump after a reset"
            }
            Self::Ids => "lspci -nn > dump.txt",
            Self::AliasIds => "sudo dmesg > log.txt (the lines with Switchtec)",
            Self::DmaDevice => "ls -l /sys/bus/pci/devices > list.txt, or sudo assignable-collect",
            Self::FirmwareAcs => "sudo lspci -vvvxxxx > dump.txt, started with intel_iommu=off",
            Self::BridgeAbove | Self::FunctionZero => {
                "sudo lspci -vvvxxxx > dump.txt (all devices, without -s or -d)"
            }
            Self::Remapping | Self::ReservedMemory => {
                "sudo assignable-collect, or sudo acpidump > tables.txt and sudo dmesg > log.txt"
            }
            Self::NativeControl => "sudo dmesg > log.txt (the _OSC lines)",
            Self::BarSizes => "sudo lspci -vvvxxxx > dump.txt (prints [size=…])",
            Self::IommuGroup => "find /sys/kernel/iommu_groups -type l",
            Self::HostUse => "lsblk, ip -br link",
        }
    }

    /// The command that would settle it on Windows; `None` where only a kernel driver could.
    pub const fn windows_command(self) -> Option<&'static str> {
        match self {
            Self::Remapping => Some("(Get-VMHost).IovSupport; (Get-VMHost).IovSupportReasons"),
            Self::ReservedMemory => Some(
                "Get-PnpDevice -PresentOnly | ? InstanceId -like 'PCI*' | Get-PnpDeviceProperty -KeyName '{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62}  34'",
            ),
            Self::NativeControl => Some(
                "Get-PnpDevice -PresentOnly | ? InstanceId -like 'PCI*' | Get-PnpDeviceProperty -KeyName '{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62}  1'",
            ),
            Self::Capabilities | Self::ExtendedConfig | Self::RegisterBits | Self::DamagedList => {
                Some(
                    "Get-PnpDevice -PresentOnly | ? InstanceId -like 'PCI*' | Get-PnpDeviceProperty -KeyName '{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62}  31'",
                )
            }
            Self::BarSizes => Some("Get-CimInstance Win32_PnPAllocatedResource"),
            Self::HostUse => Some("Get-Disk; Get-NetAdapter"),
            _ => None,
        }
    }
}
