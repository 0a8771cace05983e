//! Windows device properties that this crate evaluates (Windows SDK, pciprop.h, devpkey.h).

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
pub const PROBLEM_DISABLED: u32 = 22;
