//! PCI Express: port types and extended capability ids.
//!
//! Sources: PCI Express Base 6.0, 7.5.3 and 7.6; PCI Code and ID Assignment 1.11, chapter 3.

use super::open_enum;

open_enum! {
    /// Device/Port Type of the PCI Express capability (PCIe 6.0, 7.5.3.2).
    pub struct PortType(u8) {
        /// PCI Express endpoint.
        ENDPOINT = 0x0 => "Express Endpoint",
        /// Legacy PCI Express endpoint.
        LEGACY_ENDPOINT = 0x1 => "Legacy Endpoint",
        /// Root port of a root complex.
        ROOT_PORT = 0x4 => "Root Port",
        /// Upstream port of a switch.
        UPSTREAM_PORT = 0x5 => "Upstream Port",
        /// Downstream port of a switch.
        DOWNSTREAM_PORT = 0x6 => "Downstream Port",
        /// PCI Express to PCI or PCI-X bridge.
        PCIE_TO_PCI = 0x7 => "PCIe-to-PCI Bridge",
        /// PCI or PCI-X to PCI Express bridge.
        PCI_TO_PCIE = 0x8 => "PCI-to-PCIe Bridge",
        /// Root complex integrated endpoint.
        RC_ENDPOINT = 0x9 => "Root Complex Integrated Endpoint",
        /// Root complex event collector.
        RC_EVENT_COLLECTOR = 0xa => "Root Complex Event Collector",
    }
}

impl PortType {
    /// Root port or switch downstream port: a link leads down from it.
    pub const fn is_downstream(self) -> bool {
        matches!(self, Self::ROOT_PORT | Self::DOWNSTREAM_PORT)
    }
}

open_enum! {
    /// Extended capability ids (PCI Code and ID Assignment 1.11, chapter 3).
    pub struct ExtCapId(u16) {
        /// Null capability: header only.
        NULL = 0x00 => "Null",
        /// Advanced error reporting.
        AER = 0x01 => "Advanced Error Reporting",
        /// Virtual channel.
        VC = 0x02 => "Virtual Channel",
        /// Device serial number.
        SERIAL_NUMBER = 0x03 => "Device Serial Number",
        /// Power budgeting.
        POWER_BUDGETING = 0x04 => "Power Budgeting",
        /// Root complex link declaration.
        RC_LINK = 0x05 => "Root Complex Link Declaration",
        /// Root complex internal link control.
        RC_INTERNAL_LINK = 0x06 => "Root Complex Internal Link Control",
        /// Root complex event collector endpoint association.
        RC_EC_ASSOCIATION = 0x07 => "Root Complex Event Collector Endpoint Association",
        /// Multi-function virtual channel.
        MFVC = 0x08 => "Multi-Function Virtual Channel",
        /// Virtual channel, used together with MFVC.
        VC_WITH_MFVC = 0x09 => "Virtual Channel (with MFVC)",
        /// Root complex register block header.
        RCRB = 0x0a => "Root Complex Register Block Header",
        /// Vendor-specific.
        VENDOR = 0x0b => "Vendor Specific (VSEC)",
        /// Configuration access correlation.
        CAC = 0x0c => "Configuration Access Correlation",
        /// Access control services.
        ACS = 0x0d => "Access Control Services",
        /// Alternative routing-id interpretation.
        ARI = 0x0e => "Alternative Routing-ID Interpretation",
        /// Address translation services.
        ATS = 0x0f => "Address Translation Service",
        /// Single root I/O virtualisation.
        SR_IOV = 0x10 => "Single Root I/O Virtualization",
        /// Multi root I/O virtualisation.
        MR_IOV = 0x11 => "Multi-Root I/O Virtualization",
        /// Multicast.
        MULTICAST = 0x12 => "Multicast",
        /// Page request interface.
        PRI = 0x13 => "Page Request Interface",
        /// Reserved for AMD.
        AMD = 0x14 => "Reserved for AMD",
        /// Resizable BAR.
        RESIZABLE_BAR = 0x15 => "Resizable BAR",
        /// Dynamic power allocation.
        DPA = 0x16 => "Dynamic Power Allocation",
        /// TPH requester.
        TPH = 0x17 => "TPH Requester",
        /// Latency tolerance reporting.
        LTR = 0x18 => "Latency Tolerance Reporting",
        /// Secondary PCI Express.
        SECONDARY_PCIE = 0x19 => "Secondary PCI Express",
        /// Protocol multiplexing.
        PMUX = 0x1a => "Protocol Multiplexing",
        /// Process address space id.
        PASID = 0x1b => "Process Address Space ID",
        /// Lightweight notification requester.
        LNR = 0x1c => "LN Requester",
        /// Downstream port containment.
        DPC = 0x1d => "Downstream Port Containment",
        /// L1 PM substates.
        L1_SUBSTATES = 0x1e => "L1 PM Substates",
        /// Precision time measurement.
        PTM = 0x1f => "Precision Time Measurement",
        /// PCI Express over M-PHY.
        M_PHY = 0x20 => "PCI Express over M-PHY",
        /// FRS queueing.
        FRS_QUEUEING = 0x21 => "FRS Queueing",
        /// Readiness time reporting.
        READINESS_TIME = 0x22 => "Readiness Time Reporting",
        /// Designated vendor-specific.
        DVSEC = 0x23 => "Designated Vendor-Specific (DVSEC)",
        /// VF resizable BAR.
        VF_RESIZABLE_BAR = 0x24 => "VF Resizable BAR",
        /// Data link feature.
        DATA_LINK_FEATURE = 0x25 => "Data Link Feature",
        /// Physical layer 16 GT/s.
        PHY_16GT = 0x26 => "Physical Layer 16.0 GT/s",
        /// Lane margining at the receiver.
        LANE_MARGINING = 0x27 => "Lane Margining at the Receiver",
        /// Hierarchy id.
        HIERARCHY_ID = 0x28 => "Hierarchy ID",
        /// Native PCIe enclosure management.
        NPEM = 0x29 => "Native PCIe Enclosure Management",
        /// Physical layer 32 GT/s.
        PHY_32GT = 0x2a => "Physical Layer 32.0 GT/s",
        /// Alternate protocol.
        ALTERNATE_PROTOCOL = 0x2b => "Alternate Protocol",
        /// System firmware intermediary.
        SFI = 0x2c => "System Firmware Intermediary",
        /// Shadow functions.
        SHADOW_FUNCTIONS = 0x2d => "Shadow Functions",
        /// Data object exchange.
        DOE = 0x2e => "Data Object Exchange",
        /// Device 3.
        DEVICE_3 = 0x2f => "Device 3",
        /// Integrity and data encryption.
        IDE = 0x30 => "Integrity and Data Encryption",
        /// Physical layer 64 GT/s.
        PHY_64GT = 0x31 => "Physical Layer 64.0 GT/s",
        /// Flit logging.
        FLIT_LOGGING = 0x32 => "Flit Logging",
        /// Flit performance measurement.
        FLIT_PERFORMANCE = 0x33 => "Flit Performance Measurement",
        /// Flit error injection.
        FLIT_ERROR_INJECTION = 0x34 => "Flit Error Injection",
        /// Streamlined virtual channel.
        STREAMLINED_VC = 0x35 => "Streamlined Virtual Channel",
        /// MMIO register block locator.
        REGISTER_LOCATOR = 0x36 => "MMIO Register Block Locator",
        /// NOP flit.
        NOP_FLIT = 0x37 => "NOP Flit",
        /// Scalable I/O virtualisation.
        SIOV = 0x38 => "Scalable I/O Virtualization",
        /// Physical layer 128 GT/s.
        PHY_128GT = 0x39 => "Physical Layer 128.0 GT/s",
        /// Captured data.
        CAPTURED_DATA = 0x3a => "Captured Data",
    }
}
