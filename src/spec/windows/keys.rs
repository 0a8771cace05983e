//! Names of device property keys (Windows SDK, pciprop.h and devpkey.h).

/// Names as the headers have them, in ascending order, with the key in the form of captures:
/// format id in upper case, one blank, property id in decimal.
pub const NAMED_KEYS: &[(&str, &str)] = &[
    (
        "DEVPKEY_Device_Address",
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 30",
    ),
    (
        "DEVPKEY_Device_AssignedToGuest",
        "{540B947E-8B40-45BC-A8A2-6A0B894CBDA2} 24",
    ),
    (
        "DEVPKEY_Device_BaseContainerId",
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 38",
    ),
    (
        "DEVPKEY_Device_BiosDeviceName",
        "{540B947E-8B40-45BC-A8A2-6A0B894CBDA2} 10",
    ),
    (
        "DEVPKEY_Device_BusNumber",
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 23",
    ),
    (
        "DEVPKEY_Device_BusRelations",
        "{4340A6C5-93FA-4706-972C-7B648008A5A7} 7",
    ),
    (
        "DEVPKEY_Device_BusReportedDeviceDesc",
        "{540B947E-8B40-45BC-A8A2-6A0B894CBDA2} 4",
    ),
    (
        "DEVPKEY_Device_BusTypeGuid",
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 21",
    ),
    (
        "DEVPKEY_Device_Capabilities",
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 17",
    ),
    (
        "DEVPKEY_Device_Characteristics",
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 29",
    ),
    (
        "DEVPKEY_Device_Children",
        "{4340A6C5-93FA-4706-972C-7B648008A5A7} 9",
    ),
    (
        "DEVPKEY_Device_Class",
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 9",
    ),
    (
        "DEVPKEY_Device_ClassGuid",
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 10",
    ),
    (
        "DEVPKEY_Device_CompatibleIds",
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 4",
    ),
    (
        "DEVPKEY_Device_ConfigFlags",
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 12",
    ),
    (
        "DEVPKEY_Device_ContainerId",
        "{8C7ED206-3F8A-4827-B3AB-AE9E1FAEFC6C} 2",
    ),
    (
        "DEVPKEY_Device_DebuggerSafe",
        "{540B947E-8B40-45BC-A8A2-6A0B894CBDA2} 12",
    ),
    (
        "DEVPKEY_Device_DevNodeStatus",
        "{4340A6C5-93FA-4706-972C-7B648008A5A7} 2",
    ),
    (
        "DEVPKEY_Device_DevType",
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 27",
    ),
    (
        "DEVPKEY_Device_DeviceDesc",
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 2",
    ),
    (
        "DEVPKEY_Device_DmaRemappingPolicy",
        "{83DA6326-97A6-4088-9453-A1923F573B29} 18",
    ),
    (
        "DEVPKEY_Device_Driver",
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 11",
    ),
    (
        "DEVPKEY_Device_DriverDate",
        "{A8B865DD-2E3D-4094-AD97-E593A70C75D6} 2",
    ),
    (
        "DEVPKEY_Device_DriverInfPath",
        "{A8B865DD-2E3D-4094-AD97-E593A70C75D6} 5",
    ),
    (
        "DEVPKEY_Device_DriverInfSection",
        "{A8B865DD-2E3D-4094-AD97-E593A70C75D6} 6",
    ),
    (
        "DEVPKEY_Device_DriverProblemDesc",
        "{540B947E-8B40-45BC-A8A2-6A0B894CBDA2} 11",
    ),
    (
        "DEVPKEY_Device_DriverProvider",
        "{A8B865DD-2E3D-4094-AD97-E593A70C75D6} 9",
    ),
    (
        "DEVPKEY_Device_DriverVersion",
        "{A8B865DD-2E3D-4094-AD97-E593A70C75D6} 3",
    ),
    (
        "DEVPKEY_Device_EjectionRelations",
        "{4340A6C5-93FA-4706-972C-7B648008A5A7} 4",
    ),
    (
        "DEVPKEY_Device_EnumeratorName",
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 24",
    ),
    (
        "DEVPKEY_Device_ExtendedAddress",
        "{540B947E-8B40-45BC-A8A2-6A0B894CBDA2} 23",
    ),
    (
        "DEVPKEY_Device_FirmwareVersion",
        "{540B947E-8B40-45BC-A8A2-6A0B894CBDA2} 18",
    ),
    (
        "DEVPKEY_Device_FirstInstallDate",
        "{83DA6326-97A6-4088-9453-A1923F573B29} 101",
    ),
    (
        "DEVPKEY_Device_FriendlyName",
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 14",
    ),
    (
        "DEVPKEY_Device_GenericDriverInstalled",
        "{A8B865DD-2E3D-4094-AD97-E593A70C75D6} 18",
    ),
    (
        "DEVPKEY_Device_HardwareIds",
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 3",
    ),
    (
        "DEVPKEY_Device_HasProblem",
        "{540B947E-8B40-45BC-A8A2-6A0B894CBDA2} 6",
    ),
    (
        "DEVPKEY_Device_InstallDate",
        "{83DA6326-97A6-4088-9453-A1923F573B29} 100",
    ),
    (
        "DEVPKEY_Device_InstallState",
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 36",
    ),
    (
        "DEVPKEY_Device_InstanceId",
        "{78C34FC8-104A-4ACA-9EA4-524D52996E57} 256",
    ),
    (
        "DEVPKEY_Device_IsPresent",
        "{540B947E-8B40-45BC-A8A2-6A0B894CBDA2} 5",
    ),
    (
        "DEVPKEY_Device_IsRebootRequired",
        "{540B947E-8B40-45BC-A8A2-6A0B894CBDA2} 16",
    ),
    (
        "DEVPKEY_Device_LastArrivalDate",
        "{83DA6326-97A6-4088-9453-A1923F573B29} 102",
    ),
    (
        "DEVPKEY_Device_LastRemovalDate",
        "{83DA6326-97A6-4088-9453-A1923F573B29} 103",
    ),
    (
        "DEVPKEY_Device_LegacyBusType",
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 22",
    ),
    (
        "DEVPKEY_Device_LocationInfo",
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 15",
    ),
    (
        "DEVPKEY_Device_LocationPaths",
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 37",
    ),
    (
        "DEVPKEY_Device_LowerFilters",
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 20",
    ),
    (
        "DEVPKEY_Device_Manufacturer",
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 13",
    ),
    (
        "DEVPKEY_Device_MatchingDeviceId",
        "{A8B865DD-2E3D-4094-AD97-E593A70C75D6} 8",
    ),
    (
        "DEVPKEY_Device_Numa_Node",
        "{540B947E-8B40-45BC-A8A2-6A0B894CBDA2} 3",
    ),
    (
        "DEVPKEY_Device_Numa_Proximity_Domain",
        "{540B947E-8B40-45BC-A8A2-6A0B894CBDA2} 1",
    ),
    (
        "DEVPKEY_Device_PDOName",
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 16",
    ),
    (
        "DEVPKEY_Device_Parent",
        "{4340A6C5-93FA-4706-972C-7B648008A5A7} 8",
    ),
    (
        "DEVPKEY_Device_PhysicalDeviceLocation",
        "{540B947E-8B40-45BC-A8A2-6A0B894CBDA2} 9",
    ),
    (
        "DEVPKEY_Device_PowerRelations",
        "{4340A6C5-93FA-4706-972C-7B648008A5A7} 6",
    ),
    (
        "DEVPKEY_Device_ProblemCode",
        "{4340A6C5-93FA-4706-972C-7B648008A5A7} 3",
    ),
    (
        "DEVPKEY_Device_ProblemStatus",
        "{4340A6C5-93FA-4706-972C-7B648008A5A7} 12",
    ),
    (
        "DEVPKEY_Device_RemovalPolicy",
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 33",
    ),
    (
        "DEVPKEY_Device_RemovalRelations",
        "{4340A6C5-93FA-4706-972C-7B648008A5A7} 5",
    ),
    (
        "DEVPKEY_Device_Service",
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 6",
    ),
    (
        "DEVPKEY_Device_Siblings",
        "{4340A6C5-93FA-4706-972C-7B648008A5A7} 10",
    ),
    (
        "DEVPKEY_Device_Stack",
        "{540B947E-8B40-45BC-A8A2-6A0B894CBDA2} 14",
    ),
    (
        "DEVPKEY_Device_UINumber",
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 18",
    ),
    (
        "DEVPKEY_Device_UpperFilters",
        "{A45C254E-DF1C-4EFD-8020-67D146A850E0} 19",
    ),
    ("DEVPKEY_NAME", "{B725F130-47EF-101A-A5F1-02608C9EEBAC} 10"),
    (
        "DEVPKEY_PciDevice_AERCapabilityPresent",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 17",
    ),
    (
        "DEVPKEY_PciDevice_AcsCapabilityRegister",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 32",
    ),
    (
        "DEVPKEY_PciDevice_AcsCompatibleUpHierarchy",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 31",
    ),
    (
        "DEVPKEY_PciDevice_AcsSupport",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 29",
    ),
    (
        "DEVPKEY_PciDevice_AriSupport",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 30",
    ),
    (
        "DEVPKEY_PciDevice_AtomicsSupported",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 35",
    ),
    (
        "DEVPKEY_PciDevice_AtsSupport",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 33",
    ),
    (
        "DEVPKEY_PciDevice_BarTypes",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 16",
    ),
    (
        "DEVPKEY_PciDevice_BaseClass",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 3",
    ),
    (
        "DEVPKEY_PciDevice_Correctable_Error_Mask",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 21",
    ),
    (
        "DEVPKEY_PciDevice_CurrentLinkSpeed",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 9",
    ),
    (
        "DEVPKEY_PciDevice_CurrentLinkWidth",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 10",
    ),
    (
        "DEVPKEY_PciDevice_CurrentPayloadSize",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 6",
    ),
    (
        "DEVPKEY_PciDevice_CurrentSpeedAndMode",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 2",
    ),
    (
        "DEVPKEY_PciDevice_D3ColdSupport",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 38",
    ),
    (
        "DEVPKEY_PciDevice_DeviceType",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 1",
    ),
    (
        "DEVPKEY_PciDevice_ECRC_Errors",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 22",
    ),
    (
        "DEVPKEY_PciDevice_Error_Reporting",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 23",
    ),
    (
        "DEVPKEY_PciDevice_ExpressSpecVersion",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 13",
    ),
    (
        "DEVPKEY_PciDevice_FirmwareErrorHandling",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 18",
    ),
    (
        "DEVPKEY_PciDevice_InterruptMessageMaximum",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 15",
    ),
    (
        "DEVPKEY_PciDevice_InterruptSupport",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 14",
    ),
    (
        "DEVPKEY_PciDevice_IsTunneledDevice",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 47",
    ),
    (
        "DEVPKEY_PciDevice_Label_Id",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 27",
    ),
    (
        "DEVPKEY_PciDevice_Label_String",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 28",
    ),
    (
        "DEVPKEY_PciDevice_MaxLinkSpeed",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 11",
    ),
    (
        "DEVPKEY_PciDevice_MaxLinkWidth",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 12",
    ),
    (
        "DEVPKEY_PciDevice_MaxPayloadSize",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 7",
    ),
    (
        "DEVPKEY_PciDevice_MaxReadRequestSize",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 8",
    ),
    (
        "DEVPKEY_PciDevice_OnPostPath",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 37",
    ),
    (
        "DEVPKEY_PciDevice_ParentSerialNumber",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 45",
    ),
    (
        "DEVPKEY_PciDevice_ProgIf",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 5",
    ),
    (
        "DEVPKEY_PciDevice_RequiresReservedMemoryRegion",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 34",
    ),
    (
        "DEVPKEY_PciDevice_RootError_Reporting",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 24",
    ),
    (
        "DEVPKEY_PciDevice_S0WakeupSupported",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 25",
    ),
    (
        "DEVPKEY_PciDevice_SerialNumber",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 40",
    ),
    (
        "DEVPKEY_PciDevice_SriovSupport",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 26",
    ),
    (
        "DEVPKEY_PciDevice_SubClass",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 4",
    ),
    (
        "DEVPKEY_PciDevice_SupportedLinkSubState",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 36",
    ),
    (
        "DEVPKEY_PciDevice_SupportsDmwrOnEntireDeviceTree",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 46",
    ),
    (
        "DEVPKEY_PciDevice_Uncorrectable_Error_Mask",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 19",
    ),
    (
        "DEVPKEY_PciDevice_Uncorrectable_Error_Severity",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 20",
    ),
    (
        "DEVPKEY_PciDevice_UsbComponentRelation",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 43",
    ),
    (
        "DEVPKEY_PciDevice_UsbDvsecPortSpecificAttributes",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 42",
    ),
    (
        "DEVPKEY_PciDevice_UsbDvsecPortType",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 41",
    ),
    (
        "DEVPKEY_PciDevice_UsbHostRouterName",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 44",
    ),
    (
        "DEVPKEY_PciDevice_VirtualChannelControlRegisters",
        "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 39",
    ),
    (
        "DEVPKEY_PciRootBus_ASPMSupport",
        "{D817FC28-793E-4B9E-9970-469D8BE63073} 8",
    ),
    (
        "DEVPKEY_PciRootBus_ClockPowerManagementSupport",
        "{D817FC28-793E-4B9E-9970-469D8BE63073} 9",
    ),
    (
        "DEVPKEY_PciRootBus_CurrentSpeedAndMode",
        "{D817FC28-793E-4B9E-9970-469D8BE63073} 2",
    ),
    (
        "DEVPKEY_PciRootBus_DeviceIDMessagingCapable",
        "{D817FC28-793E-4B9E-9970-469D8BE63073} 4",
    ),
    (
        "DEVPKEY_PciRootBus_ExtendedConfigAvailable",
        "{D817FC28-793E-4B9E-9970-469D8BE63073} 6",
    ),
    (
        "DEVPKEY_PciRootBus_ExtendedPCIConfigOpRegionSupport",
        "{D817FC28-793E-4B9E-9970-469D8BE63073} 7",
    ),
    (
        "DEVPKEY_PciRootBus_MSISupport",
        "{D817FC28-793E-4B9E-9970-469D8BE63073} 11",
    ),
    (
        "DEVPKEY_PciRootBus_NativePciExpressControl",
        "{D817FC28-793E-4B9E-9970-469D8BE63073} 17",
    ),
    (
        "DEVPKEY_PciRootBus_PCIExpressAERControl",
        "{D817FC28-793E-4B9E-9970-469D8BE63073} 15",
    ),
    (
        "DEVPKEY_PciRootBus_PCIExpressCapabilityControl",
        "{D817FC28-793E-4B9E-9970-469D8BE63073} 16",
    ),
    (
        "DEVPKEY_PciRootBus_PCIExpressNativeHotPlugControl",
        "{D817FC28-793E-4B9E-9970-469D8BE63073} 12",
    ),
    (
        "DEVPKEY_PciRootBus_PCIExpressNativePMEControl",
        "{D817FC28-793E-4B9E-9970-469D8BE63073} 14",
    ),
    (
        "DEVPKEY_PciRootBus_PCISegmentGroupsSupport",
        "{D817FC28-793E-4B9E-9970-469D8BE63073} 10",
    ),
    (
        "DEVPKEY_PciRootBus_SHPCNativeHotPlugControl",
        "{D817FC28-793E-4B9E-9970-469D8BE63073} 13",
    ),
    (
        "DEVPKEY_PciRootBus_SecondaryBusWidth",
        "{D817FC28-793E-4B9E-9970-469D8BE63073} 5",
    ),
    (
        "DEVPKEY_PciRootBus_SecondaryInterface",
        "{D817FC28-793E-4B9E-9970-469D8BE63073} 1",
    ),
    (
        "DEVPKEY_PciRootBus_SupportedSpeedsAndModes",
        "{D817FC28-793E-4B9E-9970-469D8BE63073} 3",
    ),
    (
        "DEVPKEY_PciRootBus_SystemMsiSupport",
        "{D817FC28-793E-4B9E-9970-469D8BE63073} 18",
    ),
];

/// The key with a header name, in any case.
pub fn key_of_name(name: &str) -> Option<&'static str> {
    NAMED_KEYS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, key)| *key)
}

/// The header name of a key in the form of captures.
pub fn name_of_key(key: &str) -> Option<&'static str> {
    NAMED_KEYS
        .iter()
        .find(|(_, known)| *known == key)
        .map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_and_no_key_occurs_twice() {
        assert!(NAMED_KEYS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        let keys: std::collections::BTreeSet<_> = NAMED_KEYS.iter().map(|(_, key)| key).collect();
        assert_eq!(keys.len(), NAMED_KEYS.len());
    }

    #[test]
    fn a_name_is_found_in_either_case() {
        let key = "{3AB22E31-8264-4B4E-9AF5-A8D2D8E33E62} 31";
        let name = "DEVPKEY_PciDevice_AcsCompatibleUpHierarchy";
        assert_eq!(key_of_name(name), Some(key));
        assert_eq!(key_of_name(&name.to_lowercase()), Some(key));
        assert_eq!(name_of_key(key), Some(name));
        assert_eq!(key_of_name("DEVPKEY_PciDevice_UserSetPolicy"), None);
    }
}
