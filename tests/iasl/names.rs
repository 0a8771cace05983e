//! What iasl calls the fields, where the specifications call them otherwise.

use assignable::decode::acpi::hest::Hest;
use assignable::decode::acpi::iort::Iort;

use crate::text::Fact;

/// Whether a printed name is that of a field of ours.
pub(crate) fn same_name(theirs: &str, ours: &str) -> bool {
    plain(theirs) == plain(ours)
        || SAME
            .iter()
            .any(|(their, our)| *their == theirs && our.contains(&ours))
}

/// Letters and digits only.
fn plain(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|ch| ch.to_ascii_lowercase())
        .collect()
}

/// Why a difference is none.
pub(crate) fn explained(bytes: &[u8], fact: &Fact) -> Option<&'static str> {
    let first = fact.value.split(' ').count();
    let start: Vec<_> = bytes
        .iter()
        .take(first)
        .map(|byte| format!("{byte:02X}"))
        .collect();
    if bytes.starts_with(b"IORT") && fact.name == "Padding" && fact.value == start.join(" ") {
        return Some("iasl prints the start of the table where an IORT node has padding");
    }
    // DEN0049E.f, 3.1.1: the node says where its mappings are.
    if bytes.starts_with(b"IORT") && !fact.bit && in_a_mapping(bytes, fact.offset) {
        match fact.name.as_str() {
            "Padding" => return Some("iasl 20200925 prints id mappings as padding, too"),
            "Memory Size Limit" | "Reserved" => {
                return Some("iasl prints fields of a later revision where IORT has id mappings");
            }
            _ => {}
        }
    }
    // ACPI 6.5, 18.3.2: the number of sources is stated; Linux reads as many.
    if bytes.starts_with(b"HEST") && fact.offset >= behind_sources(bytes) {
        return Some("iasl reads on behind the error sources that HEST counts");
    }
    // ACPI 6.5, table 18.6: bit 1. Later versions of iasl print it.
    if bytes.starts_with(b"HEST") && fact.bit && fact.name == "Global" {
        return Some("iasl 20200925 prints another bit than GLOBAL");
    }
    // ACPI 1.0, 5.2.5: the bytes are reserved.
    if bytes.starts_with(b"FACP") && bytes.get(8) == Some(&1) && fact.offset == 0x6d {
        return Some("iasl prints boot flags of the first FADT revision, which has none");
    }
    None
}

/// Whether an id mapping of an IORT holds the byte.
fn in_a_mapping(bytes: &[u8], offset: u32) -> bool {
    let iort = Iort::decode(bytes).expect("a table with a header").value;
    let mut mappings = iort.nodes.iter().flat_map(|node| &node.mappings);
    mappings.any(|mapping| (mapping.span.offset..mapping.span.offset + 20).contains(&offset))
}

/// Where the error sources end that a HEST counts.
fn behind_sources(bytes: &[u8]) -> u32 {
    let hest = Hest::decode(bytes).expect("a table with a header").value;
    let last = hest.sources.last();
    last.map_or(40, |source| source.span.offset + source.span.len)
}

const SAME: &[(&str, &[&str])] = &[
    // The common header.
    ("Table Length", &["Length"]),
    ("Asl Compiler ID", &["Creator ID"]),
    ("Asl Compiler Revision", &["Creator Revision"]),
    // Every table with structures.
    ("Subtable Type", &["Type"]),
    ("Reserved1", &["Reserved"]),
    ("Reserved2", &["Reserved"]),
    ("Reserved3", &["Reserved"]),
    // DMAR.
    ("PCI Segment Number", &["Segment Number"]),
    (
        "Base Address",
        &["Reserved Memory Region Base Address", "IOMMU Base Address"],
    ),
    (
        "End Address (limit)",
        &["Reserved Memory Region Limit Address"],
    ),
    ("Device Scope Type", &["Type"]),
    ("Entry Length", &["Length"]),
    ("PCI Bus Number", &["Start Bus Number"]),
    ("PCI Path", &["Path"]),
    ("Device Number", &["ACPI Device Number"]),
    ("Device Name", &["ACPI Object Name", "Device Object Name"]),
    ("Size (pages, log2)", &["Register Set"]),
    // Old versions of iasl do not know the field.
    (
        "Reserved",
        &[
            "Size",
            "EFR Register Image 2",
            "IOMMU Feature Reporting",
            "Identifier",
            "Flags",
            "FADT Minor Version",
            "ARM_BOOT_ARCH",
        ],
    ),
    // IVRS.
    ("Virtualization Info", &["IVinfo", "IOMMU Info"]),
    ("Entry Type", &["Type"]),
    ("Feature Reporting", &["IOMMU Feature Reporting"]),
    ("Attributes", &["IOMMU Attributes"]),
    ("EFR Image", &["EFR Register Image"]),
    ("Data Setting", &["DTE Setting"]),
    ("Source Used Device ID", &["Source DeviceID"]),
    ("Extended Data", &["Extended DTE Setting"]),
    ("System MGMT", &["SysMgt"]),
    ("Isoc Control", &["Isoc"]),
    ("Iotlb Support", &["IotlbSup"]),
    ("Prefetch Support", &["PreFSup"]),
    ("PPR Support", &["PPRSup"]),
    ("ACPI HID", &["Hardware ID"]),
    ("ACPI CID", &["Compatible ID"]),
    ("UID Format", &["Unique ID Format"]),
    ("UID Length", &["Unique ID Length"]),
    ("Start Address", &["IVMD Start Address"]),
    ("Memory Length", &["IVMD Memory Block Length"]),
    ("Readable", &["IR"]),
    ("Writeable", &["IW"]),
    // MCFG.
    ("Segment Group Number", &["PCI Segment Group Number"]),
    // SRAT.
    ("Table Revision", &["Reserved"]),
    ("Proximity Domain Low(8)", &["Proximity Domain [7:0]"]),
    ("Proximity Domain High(24)", &["Proximity Domain [31:8]"]),
    ("Address Length", &["Length of the Range"]),
    ("Apic ID", &["X2APIC ID"]),
    // HEST.
    (
        "Records To Preallocate",
        &["Number of Records To Pre-allocate"],
    ),
    ("Space ID", &["Address Space ID"]),
    ("Bit Width", &["Register Bit Width"]),
    ("Bit Offset", &["Register Bit Offset"]),
    ("Encoded Access Width", &["Access Size"]),
    ("Notify Type", &["Type"]),
    ("Notify Length", &["Length"]),
    ("PollInterval", &["Poll Interval"]),
    (
        "Polling Threshold Value",
        &["Switch To Polling Threshold Value"],
    ),
    (
        "Polling Threshold Window",
        &["Switch To Polling Threshold Window"],
    ),
    ("Num Hardware Banks", &["Number of Hardware Banks"]),
    ("Clear Status On Init", &["Clear Status on Initialization"]),
    ("Status Format", &["Status Data Format"]),
    ("Control Register", &["Control Register MSR Address"]),
    ("Control Data", &["Control Init Data"]),
    ("Status Register", &["Status Register MSR Address"]),
    ("Address Register", &["Address Register MSR Address"]),
    ("Misc Register", &["Misc Register MSR Address"]),
    ("Global Capability Data", &["Global Capability Init Data"]),
    ("Global Control Data", &["Global Control Init Data"]),
    ("Uncorrectable Mask", &["Uncorrectable Error Mask"]),
    ("Uncorrectable Severity", &["Uncorrectable Error Severity"]),
    ("Correctable Mask", &["Correctable Error Mask"]),
    (
        "Advanced Capabilities",
        &["Advanced Error Capabilities and Control"],
    ),
    (
        "2nd Uncorrectable Mask",
        &["Secondary Uncorrectable Error Mask"],
    ),
    (
        "2nd Uncorrectable Severity",
        &["Secondary Uncorrectable Error Severity"],
    ),
    (
        "2nd Advanced Capabilities",
        &["Secondary Advanced Error Capabilities and Control"],
    ),
    // IORT.
    ("Node Count", &["Number of IORT Nodes"]),
    ("Node Offset", &["Offset to Array of IORT Nodes"]),
    ("Mapping Count", &["Number of ID Mappings"]),
    ("Mapping Offset", &["Reference to ID Array"]),
    ("ItsCount", &["Number of ITSs"]),
    ("Identifiers", &["GIC ITS Identifier"]),
    ("ID Count", &["Number of IDs Minus One"]),
    ("Hints", &["Allocation Hints"]),
    ("Cache Coherency", &["Cache Coherency Attribute"]),
    ("Memory Flags", &["Memory Access Flags"]),
    (
        "Memory Size Limit",
        &[
            "Memory Address Size Limit",
            "Device Memory Address Size Limit",
        ],
    ),
    ("Override", &["Allocation Hints Override"]),
    ("Coherency", &["Coherent Path to Memory"]),
    (
        "Device Attribute",
        &["Device Attributes Cacheable and Inner-Shareable"],
    ),
    ("Coherent Walk", &["Coherent Page Table Walks"]),
    (
        "Global Interrupt Offset",
        &["Global Interrupt Array Offset"],
    ),
    ("Context Interrupt Count", &["Number of Context Interrupts"]),
    (
        "Context Interrupt Offset",
        &["Context Interrupt Array Offset"],
    ),
    ("PMU Interrupt Count", &["Number of PMU Interrupts"]),
    ("PMU Interrupt Offset", &["PMU Interrupt Array Offset"]),
    ("NSgIrpt", &["SMMU_NSgIrpt"]),
    ("NSgIrpt Flags", &["SMMU_NSgIrpt Flags"]),
    ("NSgCfgIrpt", &["SMMU_NSgCfgIrpt"]),
    ("NSgCfgIrpt Flags", &["SMMU_NSgCfgIrpt Flags"]),
    ("Device ID Mapping Index", &["DeviceID Mapping Index"]),
    ("DeviceID Valid", &["DeviceID Mapping Index Valid"]),
    ("Overflow Interrupt GSIV", &["Overflow Interrupt GSIV"]),
    // MADT.
    (
        "Local Apic Address",
        &["Local Interrupt Controller Address"],
    ),
    ("PC-AT Compatibility", &["PCAT_COMPAT"]),
    ("Processor ID", &["ACPI Processor UID", "ACPI Processor ID"]),
    ("Local Apic ID", &["APIC ID"]),
    ("Processor Enabled", &["Enabled"]),
    ("Runtime Online Capable", &["Online Capable"]),
    ("Address", &["I/O APIC Address"]),
    (
        "Interrupt",
        &["Global System Interrupt Base", "Global System Interrupt"],
    ),
    (
        "Interrupt Input LINT",
        &["Local APIC LINT#", "Local x2APIC LINT#"],
    ),
    ("Processor x2Apic ID", &["X2APIC ID"]),
    ("Processor UID", &["ACPI Processor UID"]),
    ("Gic ID", &["GIC ID"]),
    (
        "Base Address",
        &[
            "Physical Base Address",
            "Register Base Address",
            "Discovery Range Base Address",
        ],
    ),
    ("Length", &["Discovery Range Length"]),
    ("Local GIC Hardware ID", &["GIC ID"]),
    ("Interrupt Base", &["System Vector Base"]),
    ("Version", &["GIC Version"]),
    ("CPU Interface Number", &["CPU Interface Number"]),
    ("Parked Address", &["Parked Address"]),
    ("Performance Interrupt", &["Performance Interrupt GSIV"]),
    (
        "Performance Interrupt Trigger Mode",
        &["Performance Interrupt Edge-Triggered"],
    ),
    (
        "Virtual GIC Interrupt Trigger Mode",
        &["VGIC Maintenance Interrupt Edge-Triggered"],
    ),
    ("Virtual GIC Base Address", &["GICV"]),
    ("Hypervisor GIC Base Address", &["GICH"]),
    ("Virtual GIC Interrupt", &["VGIC Maintenance Interrupt"]),
    ("Redistributor Base Address", &["GICR Base Address"]),
    ("ARM MPIDR", &["MPIDR"]),
    ("Efficiency Class", &["Processor Power Efficiency Class"]),
    ("SPE Overflow Interrupt", &["SPE Overflow Interrupt"]),
    ("MSI Frame ID", &["GIC MSI Frame ID"]),
    ("Select SPI", &["SPI Count/Base Select"]),
    ("Translation ID", &["GIC ITS ID"]),
    // FADT.
    ("FACS Address", &["FIRMWARE_CTRL", "X_FIRMWARE_CTRL"]),
    ("DSDT Address", &["DSDT", "X_DSDT"]),
    ("Model", &["INT_MODEL"]),
    ("PM Profile", &["Preferred_PM_Profile"]),
    ("SCI Interrupt", &["SCI_INT"]),
    ("SMI Command Port", &["SMI_CMD"]),
    ("ACPI Enable Value", &["ACPI_ENABLE"]),
    ("ACPI Disable Value", &["ACPI_DISABLE"]),
    ("S4BIOS Command", &["S4BIOS_REQ"]),
    ("P-State Control", &["PSTATE_CNT"]),
    ("PM1A Event Block Address", &["PM1a_EVT_BLK"]),
    ("PM1B Event Block Address", &["PM1b_EVT_BLK"]),
    ("PM1A Control Block Address", &["PM1a_CNT_BLK"]),
    ("PM1B Control Block Address", &["PM1b_CNT_BLK"]),
    ("PM2 Control Block Address", &["PM2_CNT_BLK"]),
    ("PM Timer Block Address", &["PM_TMR_BLK"]),
    ("GPE0 Block Address", &["GPE0_BLK"]),
    ("GPE1 Block Address", &["GPE1_BLK"]),
    ("PM1 Event Block Length", &["PM1_EVT_LEN"]),
    ("PM1 Control Block Length", &["PM1_CNT_LEN"]),
    ("PM2 Control Block Length", &["PM2_CNT_LEN"]),
    ("PM Timer Block Length", &["PM_TMR_LEN"]),
    ("GPE0 Block Length", &["GPE0_BLK_LEN"]),
    ("GPE1 Block Length", &["GPE1_BLK_LEN"]),
    ("GPE1 Base Offset", &["GPE1_BASE"]),
    ("_CST Support", &["CST_CNT"]),
    ("C2 Latency", &["P_LVL2_LAT"]),
    ("C3 Latency", &["P_LVL3_LAT"]),
    ("CPU Cache Size", &["FLUSH_SIZE"]),
    ("Cache Flush Stride", &["FLUSH_STRIDE"]),
    ("Duty Cycle Offset", &["DUTY_OFFSET"]),
    ("Duty Cycle Width", &["DUTY_WIDTH"]),
    ("RTC Day Alarm Index", &["DAY_ALRM"]),
    ("RTC Month Alarm Index", &["MON_ALRM"]),
    ("RTC Century Index", &["CENTURY"]),
    ("Boot Flags", &["IAPC_BOOT_ARCH"]),
    ("Legacy Devices Supported (V2)", &["Legacy Devices"]),
    ("8042 Present on ports 60/64 (V2)", &["8042"]),
    ("VGA Not Present (V4)", &["VGA Not Present"]),
    ("MSI Not Supported (V4)", &["MSI Not Supported"]),
    ("PCIe ASPM Not Supported (V4)", &["PCIe ASPM Controls"]),
    ("CMOS RTC Not Present (V5)", &["CMOS RTC Not Present"]),
    ("WBINVD instruction is operational (V1)", &["WBINVD"]),
    ("WBINVD flushes all caches (V1)", &["WBINVD_FLUSH"]),
    ("All CPUs support C1 (V1)", &["PROC_C1"]),
    ("C2 works on MP system (V1)", &["P_LVL2_UP"]),
    ("Control Method Power Button (V1)", &["PWR_BUTTON"]),
    ("Control Method Sleep Button (V1)", &["SLP_BUTTON"]),
    ("RTC wake not in fixed reg space (V1)", &["FIX_RTC"]),
    ("RTC can wake system from S4 (V1)", &["RTC_S4"]),
    ("32-bit PM Timer (V1)", &["TMR_VAL_EXT"]),
    ("Docking Supported (V1)", &["DCK_CAP"]),
    ("Reset Register Supported (V2)", &["RESET_REG_SUP"]),
    ("Sealed Case (V3)", &["SEALED_CASE"]),
    ("Headless - No Video (V3)", &["HEADLESS"]),
    ("Use native instr after SLP_TYPx (V3)", &["CPU_SW_SLP"]),
    ("PCIEXP_WAK Bits Supported (V4)", &["PCI_EXP_WAK"]),
    ("Use Platform Timer (V4)", &["USE_PLATFORM_CLOCK"]),
    ("RTC_STS valid on S4 wake (V4)", &["S4_RTC_STS_VALID"]),
    ("Remote Power-on capable (V4)", &["REMOTE_POWER_ON_CAPABLE"]),
    ("Use APIC Cluster Model (V4)", &["FORCE_APIC_CLUSTER_MODEL"]),
    (
        "Use APIC Physical Destination Mode (V4)",
        &["FORCE_APIC_PHYSICAL_DESTINATION_MODE"],
    ),
    ("Hardware Reduced (V5)", &["HW_REDUCED_ACPI"]),
    ("Low Power S0 Idle (V5)", &["LOW_POWER_S0_IDLE_CAPABLE"]),
    ("Value to cause reset", &["RESET_VALUE"]),
    ("ARM Flags", &["ARM_BOOT_ARCH"]),
    ("PSCI Compliant", &["PSCI_COMPLIANT"]),
    ("Must use HVC for PSCI", &["PSCI_USE_HVC"]),
    ("FADT Minor Revision", &["FADT Minor Version"]),
    ("Hypervisor ID", &["Hypervisor Vendor Identity"]),
];
