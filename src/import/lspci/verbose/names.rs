//! The names that lspci has printed for capabilities, from 2.0 on.

use super::body::number;
use crate::spec::pci::CapId;
use crate::spec::pcie::ExtCapId;

/// Starts of names in the standard list, longer ones first.
const STANDARD: &[(&str, CapId)] = &[
    ("Power Management", CapId::POWER_MANAGEMENT),
    ("AGP3", CapId::AGP_8X),
    ("AGP version", CapId::AGP),
    ("Vital Product Data", CapId::VPD),
    ("Slot ID:", CapId::SLOT_ID),
    ("MSI:", CapId::MSI),
    ("Message Signalled Interrupts", CapId::MSI),
    ("CompactPCI hot-swap", CapId::HOT_SWAP),
    ("PCI-X", CapId::PCI_X),
    ("HyperTransport", CapId::HYPER_TRANSPORT),
    ("Vendor Specific Information", CapId::VENDOR),
    ("Debug port", CapId::DEBUG_PORT),
    (
        "CompactPCI central resource control",
        CapId::RESOURCE_CONTROL,
    ),
    ("Hot-plug capable", CapId::HOT_PLUG),
    ("Subsystem:", CapId::BRIDGE_SUBSYSTEM),
    ("Secure device", CapId::SECURE_DEVICE),
    ("Express ", CapId::EXPRESS),
    ("MSI-X:", CapId::MSI_X),
    ("SATA HBA", CapId::SATA),
    ("PCI Advanced Features", CapId::ADVANCED_FEATURES),
    ("Enhanced Allocation", CapId::ENHANCED_ALLOCATION),
    ("Flattening Portal Bridge", CapId::FLATTENING_PORTAL),
    ("Null", CapId::NULL),
];

/// Starts of names in the extended list.
const EXTENDED: &[(&str, ExtCapId)] = &[
    ("Null", ExtCapId::NULL),
    ("Advanced Error Reporting", ExtCapId::AER),
    ("Device Serial Number", ExtCapId::SERIAL_NUMBER),
    ("Power Budgeting", ExtCapId::POWER_BUDGETING),
    ("Root Complex Link", ExtCapId::RC_LINK),
    ("Root Complex Internal Link", ExtCapId::RC_INTERNAL_LINK),
    ("Root Complex Event Collector", ExtCapId::RC_EC_ASSOCIATION),
    ("Multi-Function Virtual Channel", ExtCapId::MFVC),
    ("Root Complex Register Block", ExtCapId::RCRB),
    ("Root Bridge Control Block", ExtCapId::RCRB),
    ("Vendor Specific Information", ExtCapId::VENDOR),
    ("Configuration Access Correlation", ExtCapId::CAC),
    ("Access Controls", ExtCapId::CAC),
    ("Access Control Services", ExtCapId::ACS),
    ("Alternative Routing-ID Interpretation", ExtCapId::ARI),
    ("Address Translation Service", ExtCapId::ATS),
    ("Single Root I/O Virtualization", ExtCapId::SR_IOV),
    ("Multi-Root I/O Virtualization", ExtCapId::MR_IOV),
    ("Multicast", ExtCapId::MULTICAST),
    ("Page Request Interface", ExtCapId::PRI),
    ("Physical Resizable BAR", ExtCapId::RESIZABLE_BAR),
    ("Resizable BAR", ExtCapId::RESIZABLE_BAR),
    ("Dynamic Power Allocation", ExtCapId::DPA),
    ("Transaction Processing Hints", ExtCapId::TPH),
    ("Latency Tolerance Reporting", ExtCapId::LTR),
    ("Secondary PCI Express", ExtCapId::SECONDARY_PCIE),
    ("Protocol Multiplexing", ExtCapId::PMUX),
    ("Process Address Space ID", ExtCapId::PASID),
    ("LN Requester", ExtCapId::LNR),
    ("Downstream Port Containment", ExtCapId::DPC),
    ("L1 PM Substates", ExtCapId::L1_SUBSTATES),
    ("Precision Time Measurement", ExtCapId::PTM),
    ("PCI Express over M_PHY", ExtCapId::M_PHY),
    ("FRS Queueing", ExtCapId::FRS_QUEUEING),
    ("Readiness Time Reporting", ExtCapId::READINESS_TIME),
    ("Designated Vendor-Specific", ExtCapId::DVSEC),
    ("Virtual Resizable BAR", ExtCapId::VF_RESIZABLE_BAR),
    ("VF Resizable BAR", ExtCapId::VF_RESIZABLE_BAR),
    ("Data Link Feature", ExtCapId::DATA_LINK_FEATURE),
    ("Physical Layer 16.0 GT/s", ExtCapId::PHY_16GT),
    ("Lane Margining at the Receiver", ExtCapId::LANE_MARGINING),
    ("Hierarchy ID", ExtCapId::HIERARCHY_ID),
    ("Native PCIe Enclosure Management", ExtCapId::NPEM),
    ("Physical Layer 32.0 GT/s", ExtCapId::PHY_32GT),
    ("Alternate Protocol", ExtCapId::ALTERNATE_PROTOCOL),
    ("System Firmware Intermediary", ExtCapId::SFI),
    ("Shadow Functions", ExtCapId::SHADOW_FUNCTIONS),
    ("Data Object Exchange", ExtCapId::DOE),
    ("Device 3", ExtCapId::DEVICE_3),
    ("Integrity & Data Encryption", ExtCapId::IDE),
    ("Physical Layer 64.0 GT/s", ExtCapId::PHY_64GT),
    ("Flit Logging", ExtCapId::FLIT_LOGGING),
    ("Flit Performance Measurement", ExtCapId::FLIT_PERFORMANCE),
    ("Flit Error Injection", ExtCapId::FLIT_ERROR_INJECTION),
    ("Streamlined Virtual Channel", ExtCapId::STREAMLINED_VC),
    ("MMIO Register Block Locator", ExtCapId::REGISTER_LOCATOR),
    ("NOP Flit", ExtCapId::NOP_FLIT),
    ("Scalable I/O Virtualization", ExtCapId::SIOV),
    ("Physical Layer 128.0 GT/s", ExtCapId::PHY_128GT),
    ("Captured Data", ExtCapId::CAPTURED_DATA),
];

/// The id of a standard capability, and the word behind it where the text has it in plain.
pub(super) fn standard(text: &str) -> Option<(CapId, Option<u64>)> {
    if let Some(rest) = text
        .strip_prefix('#')
        .or_else(|| text.strip_prefix("Capability ID "))
    {
        let id = CapId(u8::try_from(hex_id(rest)?).ok()?);
        let word = rest
            .split_once('[')
            .and_then(|(_, word)| super::body::hex(word, 4));
        return Some((id, word));
    }
    if text.starts_with("<chain broken>") {
        return Some((CapId(0xff), None));
    }
    let found = STANDARD.iter().find(|(name, _)| text.starts_with(name));
    found.map(|&(_, id)| (id, None))
}

/// The id of an extended capability.
///
/// "Virtual Channel" is printed for two ids (02h and 09h), so that it has none here.
pub(super) fn extended(text: &str) -> Option<ExtCapId> {
    let number = text
        .strip_prefix('#')
        .or_else(|| text.strip_prefix("Extended Capability ID "));
    if let Some(rest) = number {
        return Some(ExtCapId(u16::try_from(hex_id(rest)?).ok()?));
    }
    // The longest name wins: "Root Complex Link" is the start of no other, but may become it.
    let found = EXTENDED.iter().filter(|(name, _)| text.starts_with(name));
    found.max_by_key(|(name, _)| name.len()).map(|&(_, id)| id)
}

fn hex_id(text: &str) -> Option<u64> {
    let text = text.trim_start();
    number(text.strip_prefix("0x").unwrap_or(text), 16)
}
