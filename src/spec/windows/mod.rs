//! Windows device properties that this crate evaluates (Windows SDK, pciprop.h, devpkey.h).

mod keys;
mod problem;

pub use keys::{NAMED_KEYS, key_of_name, name_of_key};
pub use problem::ProblemCode;

/// A device property: its key as captures hold it, and its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DeviceProperty {
    /// Format id in upper case, one blank, property id in decimal.
    pub key: &'static str,
    /// The header's name without its prefix.
    pub name: &'static str,
}

const fn property(key: &'static str, name: &'static str) -> DeviceProperty {
    DeviceProperty { key, name }
}

/// `DEVPKEY_PciDevice_DeviceType`: 0 to 5 devices, 6 to 13 bridges and ports, 14 event
/// collectors.
pub const DEVICE_TYPE: DeviceProperty =
    property("{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 1", "DeviceType");
/// `DEVPKEY_PciDevice_InterruptSupport`: bit 0 line, bit 1 MSI, bit 2 MSI-X.
pub const INTERRUPT_SUPPORT: DeviceProperty = property(
    "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 14",
    "InterruptSupport",
);
/// `DEVPKEY_PciDevice_BarTypes`: four counters of a byte each, I/O ports in the lowest.
pub const BAR_TYPES: DeviceProperty =
    property("{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 16", "BarTypes");
/// `DEVPKEY_PciDevice_AcsCompatibleUpHierarchy`: 0 not supported, 1 single function, 2 no
/// peer-to-peer, 3 supported, 4 enhanced.
pub const ACS_UP_HIERARCHY: DeviceProperty = property(
    "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 31",
    "AcsCompatibleUpHierarchy",
);
/// `DEVPKEY_PciDevice_RequiresReservedMemoryRegion`: true or false.
pub const RESERVED_MEMORY: DeviceProperty = property(
    "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 34",
    "RequiresReservedMemoryRegion",
);
/// `DEVPKEY_PciDevice_OnPostPath`: true where the firmware used the device to start.
pub const ON_POST_PATH: DeviceProperty =
    property("{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 37", "OnPostPath");
/// `DEVPKEY_Device_ProblemCode`: 0 or a `CM_PROB_` number (cfg.h).
pub const PROBLEM_CODE: DeviceProperty =
    property("{4340A6C5-93FA-4706-972C-7B648008A5A7} 3", "ProblemCode");

/// `CM_PROB_DISABLED`: an administrator disabled the device (cfg.h).
pub const PROBLEM_DISABLED: u32 = ProblemCode::DISABLED.0;

/// `DEVPKEY_PciDevice_AcsSupport`: of the function alone; 0 present, 1 not needed, 2 missing.
pub const ACS_SUPPORT: DeviceProperty =
    property("{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 29", "AcsSupport");
/// `DEVPKEY_PciDevice_AcsCapabilityRegister`: the register as it is; 0 without the capability.
pub const ACS_CAPABILITY_REGISTER: DeviceProperty = property(
    "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 32",
    "AcsCapabilityRegister",
);
/// `DEVPKEY_PciDevice_BaseClass`.
pub const BASE_CLASS: DeviceProperty =
    property("{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 3", "BaseClass");
/// `DEVPKEY_PciDevice_SubClass`.
pub const SUB_CLASS: DeviceProperty =
    property("{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 4", "SubClass");
/// `DEVPKEY_PciDevice_ProgIf`.
pub const PROG_IF: DeviceProperty = property("{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 5", "ProgIf");
/// `DEVPKEY_PciDevice_SriovSupport`: 0 works, 1 ACS missing, 2 no driver of the physical
/// function, 3 no bus numbers, 4 no space for the BARs of the virtual functions.
pub const SRIOV_SUPPORT: DeviceProperty =
    property("{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 26", "SriovSupport");
/// `DEVPKEY_Device_InstanceId`.
pub const INSTANCE_ID: DeviceProperty =
    property("{78C34FC8-104A-4ACA-9EA4-524D52996E57} 256", "InstanceId");
/// `DEVPKEY_Device_Parent`: the instance id of the node above.
pub const PARENT: DeviceProperty = property("{4340A6C5-93FA-4706-972C-7B648008A5A7} 8", "Parent");
/// `DEVPKEY_Device_DevNodeStatus`: `DN_` flags (cfg.h).
pub const NODE_STATUS: DeviceProperty =
    property("{4340A6C5-93FA-4706-972C-7B648008A5A7} 2", "DevNodeStatus");
/// `DEVPKEY_Device_IsPresent`.
pub const IS_PRESENT: DeviceProperty =
    property("{540B947E-8B40-45BC-A8A2-6A0B894CBDA2} 5", "IsPresent");
/// `DEVPKEY_Device_AssignedToGuest`.
pub const ASSIGNED_TO_GUEST: DeviceProperty = property(
    "{540B947E-8B40-45BC-A8A2-6A0B894CBDA2} 24",
    "AssignedToGuest",
);
/// `DEVPKEY_Device_Numa_Node`.
pub const NUMA_NODE: DeviceProperty =
    property("{540B947E-8B40-45BC-A8A2-6A0B894CBDA2} 3", "Numa_Node");
/// `DEVPKEY_Device_BiosDeviceName`: the ACPI object.
pub const BIOS_NAME: DeviceProperty = property(
    "{540B947E-8B40-45BC-A8A2-6A0B894CBDA2} 10",
    "BiosDeviceName",
);
/// `DEVPKEY_Device_DeviceDesc`.
pub const DESCRIPTION: DeviceProperty =
    property("{A45C254E-DF1C-4EFD-8020-67D146A850E0} 2", "DeviceDesc");
/// `DEVPKEY_Device_HardwareIds`.
pub const HARDWARE_IDS: DeviceProperty =
    property("{A45C254E-DF1C-4EFD-8020-67D146A850E0} 3", "HardwareIds");
/// `DEVPKEY_Device_Service`: the driver's service.
pub const SERVICE: DeviceProperty = property("{A45C254E-DF1C-4EFD-8020-67D146A850E0} 6", "Service");
/// `DEVPKEY_Device_FriendlyName`.
pub const FRIENDLY_NAME: DeviceProperty =
    property("{A45C254E-DF1C-4EFD-8020-67D146A850E0} 14", "FriendlyName");
/// `DEVPKEY_Device_LocationInfo`: bus, device and function in words of the user's language.
pub const LOCATION_INFO: DeviceProperty =
    property("{A45C254E-DF1C-4EFD-8020-67D146A850E0} 15", "LocationInfo");
/// `DEVPKEY_Device_BusNumber`: the bus in the low 8 bits, the segment above.
pub const BUS_NUMBER: DeviceProperty =
    property("{A45C254E-DF1C-4EFD-8020-67D146A850E0} 23", "BusNumber");
/// `DEVPKEY_Device_Address`: the device in the high 16 bits, the function in the low ones.
pub const ADDRESS: DeviceProperty =
    property("{A45C254E-DF1C-4EFD-8020-67D146A850E0} 30", "Address");
/// `DEVPKEY_Device_LocationPaths`.
pub const LOCATION_PATHS: DeviceProperty =
    property("{A45C254E-DF1C-4EFD-8020-67D146A850E0} 37", "LocationPaths");
/// `DEVPKEY_PciRootBus_NativePciExpressControl`: what the firmware's answer came to.
pub const ROOT_NATIVE_CONTROL: DeviceProperty = property(
    "{D817FC28-793E-4B9E-9970-469D8BE63073} 17",
    "NativePciExpressControl",
);

/// Whether a boot option bears on assignment (Microsoft Learn, BCDEdit /set). Names are compared
/// without case.
pub fn is_boot_option(name: &str) -> bool {
    const OPTIONS: [&str; 10] = [
        "configaccesspolicy",
        "forcelegacyplatform",
        "isolatedcontext",
        "msi",
        "nointegritychecks",
        "pciexpress",
        "testsigning",
        "usefirmwarepcisettings",
        "vsmlaunchtype",
        "x2apicpolicy",
    ];
    let name = name.to_ascii_lowercase();
    name.starts_with("hypervisor") || OPTIONS.contains(&name.as_str())
}

/// `DN_DISABLEABLE`: the node may be disabled (cfg.h).
pub const NODE_DISABLEABLE: u32 = 0x2000;

/// The policy by which Hyper-V refuses devices that cannot be reset, below
/// `HKEY_LOCAL_MACHINE`; 0 switches it off (OpenVMM's nested test of device assignment).
pub const SECURE_ASSIGNMENT_POLICY: &str =
    r"SOFTWARE\Policies\Microsoft\Windows\HyperV\RequireSecureDeviceAssignment";

/// Parts of Hyper-V's reasons against assignment, in English and lower case (Microsoft KB
/// 2762297).
pub mod iov_reason {
    /// No interrupt remapping.
    pub const INTERRUPT_REMAPPING: &str = "interrupt remapping";
    /// No DMA remapping.
    pub const DMA_REMAPPING: &str = "dma remapping";
    /// A boot option.
    pub const CONFIGURED_OFF: &str = "configured to disable";
    /// A setting of the firmware.
    pub const SETUP_OFF: &str = "i/o virtualization is enabled";
    /// The chipset, or a setting of the firmware.
    pub const CHIPSET: &str = "chipset support";
    /// All that switching the IOMMU on does away with.
    pub const IOMMU: [&str; 5] = [
        INTERRUPT_REMAPPING,
        DMA_REMAPPING,
        CONFIGURED_OFF,
        SETUP_OFF,
        CHIPSET,
    ];
    /// Tables that describe the IOMMU wrongly.
    pub const TABLES: &str = "describe the hardware";
    /// The firmware keeps PCI Express to itself.
    pub const NATIVE_CONTROL: &str = "control pci express";
    /// No root port has ACS.
    pub const ROOT_PORT_ACS: &str = "access control services";
}

/// The enumerator of nodes that the PCI driver made.
pub const ENUMERATOR_PCI: &str = "PCI";
/// The enumerator of dismounted devices.
pub const ENUMERATOR_PCIP: &str = "PCIP";
