//! Conventional PCI: header layout, command and status bits, class codes, standard
//! capability ids.
//!
//! Sources: PCI Local Bus 3.0, chapter 6 and appendix D; PCI-to-PCI Bridge 1.2, chapter 3;
//! PCI Code and ID Assignment 1.11.

use super::{Field, open_enum};

/// Size of the standard header in bytes: what an unprivileged read on Linux gives.
pub const HEADER_SIZE: u16 = 0x40;
/// Size of conventional configuration space in bytes.
pub const CONVENTIONAL_SIZE: u16 = 0x100;
/// Size of PCI Express configuration space in bytes.
pub const EXPRESS_SIZE: u16 = 0x1000;

/// Vendor id.
pub const VENDOR_ID: Field = Field::hex("Vendor ID", 0x00, 0, 16);
/// Device id.
pub const DEVICE_ID: Field = Field::hex("Device ID", 0x02, 0, 16);
/// Command register.
pub const COMMAND: Field = Field::hex("Command", 0x04, 0, 16);
/// I/O space decoding.
pub const COMMAND_IO: Field = Field::flag("I/O Space Enable", 0x04, 0);
/// Memory space decoding.
pub const COMMAND_MEMORY: Field = Field::flag("Memory Space Enable", 0x04, 1);
/// Bus mastering.
pub const COMMAND_MASTER: Field = Field::flag("Bus Master Enable", 0x04, 2);
/// INTx assertion disabled.
pub const COMMAND_INTX_DISABLE: Field = Field::flag("Interrupt Disable", 0x04, 10);
/// Status register.
pub const STATUS: Field = Field::hex("Status", 0x06, 0, 16);
/// Capability list present.
pub const STATUS_CAPABILITIES: Field = Field::flag("Capabilities List", 0x06, 4);
/// Revision id.
pub const REVISION_ID: Field = Field::hex("Revision ID", 0x08, 0, 8);
/// Programming interface, sub-class and base class, lowest byte first.
pub const CLASS_CODE: Field = Field::hex("Class Code", 0x09, 0, 24);
/// Layout of the header from 10h on.
pub const HEADER_LAYOUT: Field = Field::hex("Header Layout", 0x0e, 0, 7);
/// More than one function behind this device number.
pub const MULTI_FUNCTION: Field = Field::flag("Multi-Function Device", 0x0e, 7);
/// Start of the standard capability list (header types 0 and 1).
pub const CAPABILITIES_POINTER: Field = Field::hex("Capabilities Pointer", 0x34, 0, 8);
/// Start of the standard capability list (header type 2).
pub const CARDBUS_CAPABILITIES_POINTER: Field = Field::hex("Capabilities Pointer", 0x14, 0, 8);
/// Which of INTA# to INTD# the function uses; 0 = none.
pub const INTERRUPT_PIN: Field = Field::number("Interrupt Pin", 0x3d, 0, 8);
/// Subsystem vendor id (header type 0).
pub const SUBSYSTEM_VENDOR_ID: Field = Field::hex("Subsystem Vendor ID", 0x2c, 0, 16);
/// Subsystem id (header type 0).
pub const SUBSYSTEM_ID: Field = Field::hex("Subsystem ID", 0x2e, 0, 16);
/// Bus on the upper side of a bridge.
pub const PRIMARY_BUS: Field = Field::hex("Primary Bus Number", 0x18, 0, 8);
/// Bus on the lower side of a bridge.
pub const SECONDARY_BUS: Field = Field::hex("Secondary Bus Number", 0x19, 0, 8);
/// Highest bus below a bridge.
pub const SUBORDINATE_BUS: Field = Field::hex("Subordinate Bus Number", 0x1a, 0, 8);

open_enum! {
    /// Layout of the header from 10h on (PCI 3.0, 6.2.1).
    pub struct HeaderType(u8) {
        /// Endpoints.
        ENDPOINT = 0x00 => "type 0",
        /// PCI-to-PCI bridges and Express ports.
        BRIDGE = 0x01 => "type 1 (bridge)",
        /// CardBus bridges.
        CARDBUS = 0x02 => "type 2 (CardBus bridge)",
    }
}

open_enum! {
    /// Standard capability ids (PCI Code and ID Assignment 1.11, chapter 2).
    pub struct CapId(u8) {
        /// Null capability: header only.
        NULL = 0x00 => "Null",
        /// Power management.
        POWER_MANAGEMENT = 0x01 => "Power Management",
        /// Accelerated graphics port.
        AGP = 0x02 => "AGP",
        /// Vital product data.
        VPD = 0x03 => "Vital Product Data",
        /// Slot identification.
        SLOT_ID = 0x04 => "Slot Identification",
        /// Message signalled interrupts.
        MSI = 0x05 => "MSI",
        /// CompactPCI hot swap.
        HOT_SWAP = 0x06 => "CompactPCI Hot Swap",
        /// PCI-X.
        PCI_X = 0x07 => "PCI-X",
        /// HyperTransport.
        HYPER_TRANSPORT = 0x08 => "HyperTransport",
        /// Vendor-specific.
        VENDOR = 0x09 => "Vendor Specific",
        /// Debug port.
        DEBUG_PORT = 0x0a => "Debug Port",
        /// CompactPCI central resource control.
        RESOURCE_CONTROL = 0x0b => "CompactPCI Resource Control",
        /// Standard hot-plug controller.
        HOT_PLUG = 0x0c => "Hot-Plug Controller",
        /// Subsystem ids of a bridge.
        BRIDGE_SUBSYSTEM = 0x0d => "Bridge Subsystem Vendor ID",
        /// AGP 8x.
        AGP_8X = 0x0e => "AGP 8x",
        /// Secure device; AMD IOMMUs use it.
        SECURE_DEVICE = 0x0f => "Secure Device",
        /// PCI Express.
        EXPRESS = 0x10 => "PCI Express",
        /// MSI-X.
        MSI_X = 0x11 => "MSI-X",
        /// SATA configuration.
        SATA = 0x12 => "SATA Data/Index Configuration",
        /// Advanced features.
        ADVANCED_FEATURES = 0x13 => "Advanced Features",
        /// Enhanced allocation.
        ENHANCED_ALLOCATION = 0x14 => "Enhanced Allocation",
        /// Flattening portal bridge.
        FLATTENING_PORTAL = 0x15 => "Flattening Portal Bridge",
    }
}

/// Base class, sub-class and programming interface as one number, `0xBBSSPP`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassCode(pub u32);

impl ClassCode {
    /// NVM Express controller.
    pub const NVME: u32 = 0x01_08_02;

    /// Base class: 01 storage, 02 network, 03 display, 06 bridge, …
    pub const fn base(self) -> u8 {
        self.0.to_be_bytes()[1]
    }

    /// Sub-class within the base class.
    pub const fn sub(self) -> u8 {
        self.0.to_be_bytes()[2]
    }

    /// Programming interface.
    pub const fn prog_if(self) -> u8 {
        self.0.to_be_bytes()[3]
    }

    /// Base and sub-class as `0xBBSS`, the form that lspci prints.
    pub const fn base_and_sub(self) -> u16 {
        (self.base() as u16) << 8 | self.sub() as u16
    }

    /// Display controllers (base class 03).
    pub const fn is_display(self) -> bool {
        self.base() == 0x03
    }

    /// VGA compatible controllers (class 0300) and their pre-2.0 form (0001).
    pub const fn is_vga(self) -> bool {
        matches!(self.base_and_sub(), 0x0300 | 0x0001)
    }

    /// NVM Express controllers (class 010802).
    pub const fn is_nvme(self) -> bool {
        self.0 == Self::NVME
    }

    /// USB controllers (class 0c03).
    pub const fn is_usb(self) -> bool {
        self.base_and_sub() == 0x0c03
    }

    /// Bridges of every kind (base class 06), host bridges included.
    pub const fn is_bridge(self) -> bool {
        self.base() == 0x06
    }

    /// Host bridges (class 0600).
    pub const fn is_host_bridge(self) -> bool {
        self.base_and_sub() == 0x0600
    }
}

impl std::fmt::Display for ClassCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:06x}", self.0)
    }
}

impl std::fmt::Debug for ClassCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ClassCode({self})")
    }
}
