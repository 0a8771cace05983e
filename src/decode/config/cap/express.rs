//! PCI Express capability (PCIe 6.0, 7.5.3).

mod registers;

use crate::bytes::{ConfigImage, Window};
use crate::decode::config::{CapabilityId, Structure, list};
use crate::spec::pci::CapId;
use crate::spec::pcie::PortType;
use crate::spec::{Document, Field};

/// Capability version: 2 since PCIe 2.0.
pub const VERSION: Field = Field::number("Capability Version", 0x02, 0, 4);
/// Device/Port Type.
pub const PORT_TYPE: Field = Field::code("Device/Port Type", 0x02, 4, 4, PortType::CODES);
/// The port leads to a slot.
pub const SLOT_IMPLEMENTED: Field = Field::flag("Slot Implemented", 0x02, 8);
/// Largest payload that the function can take.
pub const MAX_PAYLOAD_SUPPORTED: Field =
    Field::power("Max_Payload_Size Supported", 0x04, 0, 3, 128, "bytes");
/// Tags of 8 bits.
pub const EXTENDED_TAGS: Field = Field::flag("Extended Tag Field Supported", 0x04, 5);
/// Errors are reported by role; always so since PCIe 1.1.
pub const ROLE_BASED_ERRORS: Field = Field::flag("Role-Based Error Reporting", 0x04, 15);
/// Function level reset.
pub const FLR: Field = Field::flag("Function Level Reset Capability", 0x04, 28);
/// Requests may be marked for relaxed ordering.
pub const RELAXED_ORDERING: Field = Field::flag("Enable Relaxed Ordering", 0x08, 4);
/// Largest payload that the function may send.
pub const MAX_PAYLOAD: Field = Field::power("Max_Payload_Size", 0x08, 5, 3, 128, "bytes");
/// Requests may be marked as not to be snooped.
pub const NO_SNOOP: Field = Field::flag("Enable No Snoop", 0x08, 11);
/// Most bytes that the function may ask for at a time.
pub const MAX_READ_REQUEST: Field =
    Field::power("Max_Read_Request_Size", 0x08, 12, 3, 128, "bytes");
/// Requests that the function sent are not completed yet.
pub const TRANSACTIONS_PENDING: Field = Field::flag("Transactions Pending", 0x0a, 5);
/// Highest speed of the link.
pub const MAX_LINK_SPEED: Field = Field::code("Max Link Speed", 0x0c, 0, 4, registers::SPEEDS);
/// Most lanes of the link.
pub const MAX_LINK_WIDTH: Field = Field::number("Maximum Link Width", 0x0c, 4, 6);
/// Number that the hardware gives the port; egress control vectors are indexed by it.
pub const PORT_NUMBER: Field = Field::number("Port Number", 0x0c, 24, 8);
/// Speed of the link.
pub const LINK_SPEED: Field = Field::code("Current Link Speed", 0x12, 0, 4, registers::SPEEDS);
/// Lanes in use.
pub const LINK_WIDTH: Field = Field::number("Negotiated Link Width", 0x12, 4, 6);
/// A device may be pulled out without warning.
pub const HOT_PLUG_SURPRISE: Field = Field::flag("Hot-Plug Surprise", 0x14, 5);
/// The slot is hot-plug capable.
pub const HOT_PLUG_CAPABLE: Field = Field::flag("Hot-Plug Capable", 0x14, 6);
/// Number of the slot on the chassis.
pub const SLOT_NUMBER: Field = Field::number("Physical Slot Number", 0x14, 19, 13);
/// A card is in the slot.
pub const PRESENCE: Field = Field::flag("Presence Detect State", 0x1a, 6);
/// The completion timeout can be switched off.
pub const TIMEOUT_DISABLE: Field = Field::flag("Completion Timeout Disable Supported", 0x24, 4);
/// ARI forwarding supported.
pub const ARI_FORWARDING: Field = Field::flag("ARI Forwarding Supported", 0x24, 5);
/// End-end TLP prefixes supported.
pub const END_END_PREFIX: Field = Field::flag("End-End TLP Prefix Supported", 0x24, 21);
/// ARI forwarding enabled.
pub const ARI_FORWARDING_ENABLE: Field = Field::flag("ARI Forwarding Enable", 0x28, 5);
/// Speeds that the link can have: bit 0 is 2.5 GT/s.
pub const SUPPORTED_SPEEDS: Field = Field::hex("Supported Link Speeds Vector", 0x2c, 1, 7);
/// Speed that the link is to have.
pub const TARGET_SPEED: Field = Field::code("Target Link Speed", 0x30, 0, 4, registers::SPEEDS);

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Standard(CapId::EXPRESS),
    Document::Pcie60.at("7.5.3 PCI Express Capability Structure"),
    |window| registers::of(Express::new(window)),
);

/// A function's PCI Express capability.
#[derive(Clone, Copy, Debug)]
pub struct Express<'a> {
    window: Window<'a>,
}

impl<'a> Express<'a> {
    /// Views the capability that starts at the window.
    pub const fn new(window: Window<'a>) -> Self {
        Self { window }
    }

    /// The capability of the function that the image belongs to; `None` where it was not met.
    pub(in crate::decode::config) fn of(image: &'a ConfigImage) -> Option<Self> {
        let offset = list::first_standard(image, CapId::EXPRESS)?;
        Some(Self::new(image.window(offset)))
    }

    /// The bytes behind the view.
    pub const fn window(self) -> Window<'a> {
        self.window
    }

    /// Device/Port Type.
    pub fn port_type(self) -> Option<PortType> {
        let code = self.window.field(PORT_TYPE)?;
        u8::try_from(code).ok().map(PortType)
    }

    /// Capability version, 1 or 2.
    pub fn version(self) -> Option<u8> {
        self.window
            .field(VERSION)
            .and_then(|v| u8::try_from(v).ok())
    }

    /// Whether the function can be reset on its own (PCIe 6.0, 6.6.2).
    pub fn has_flr(self) -> Option<bool> {
        self.window.flag(FLR)
    }

    /// Whether requests that the function sent were not completed when it was read.
    pub fn transactions_pending(self) -> Option<bool> {
        self.window.flag(TRANSACTIONS_PENDING)
    }

    /// Whether a downstream port can forward to all 256 functions of the device below it.
    pub fn ari_forwarding_supported(self) -> Option<bool> {
        self.second_half_flag(ARI_FORWARDING)
    }

    /// Whether a downstream port forwards to all 256 functions of the device below it.
    /// Version 1 structures end before the register: then it cannot.
    pub fn ari_forwarding_enabled(self) -> Option<bool> {
        self.second_half_flag(ARI_FORWARDING_ENABLE)
    }

    /// Whether the function supports end-end TLP prefixes, which carry PASIDs.
    pub fn end_end_prefix_supported(self) -> Option<bool> {
        self.second_half_flag(END_END_PREFIX)
    }

    /// Whether the port leads to a slot.
    pub fn slot_implemented(self) -> Option<bool> {
        self.window.flag(SLOT_IMPLEMENTED)
    }

    /// Number that the hardware gives the port. Egress control vectors are indexed by it.
    pub fn port_number(self) -> Option<u8> {
        let number = self.window.field(PORT_NUMBER)?;
        u8::try_from(number).ok()
    }

    /// Whether the structure has link registers: all but functions inside a root complex do.
    pub fn has_link(self) -> Option<bool> {
        self.port_type()
            .map(|port| !matches!(port, PortType::RC_ENDPOINT | PortType::RC_EVENT_COLLECTOR))
    }

    /// Whether the structure has slot registers: downstream ports that lead to a slot do.
    pub fn has_slot(self) -> Option<bool> {
        if !self.port_type()?.is_downstream() {
            return Some(false);
        }
        self.slot_implemented()
    }

    /// Whether cards may be added and removed while the system runs.
    pub fn hot_plug_capable(self) -> Option<bool> {
        match self.has_slot()? {
            true => self.window.flag(HOT_PLUG_CAPABLE),
            false => Some(false),
        }
    }

    /// Whether the structure has root registers: root ports and event collectors do.
    pub fn has_root(self) -> Option<bool> {
        self.port_type()
            .map(|port| matches!(port, PortType::ROOT_PORT | PortType::RC_EVENT_COLLECTOR))
    }

    /// A bit of the registers from 24h on, which version 1 structures lack.
    fn second_half_flag(self, field: Field) -> Option<bool> {
        match self.version()? {
            0 | 1 => Some(false),
            _ => self.window.flag(field),
        }
    }
}

#[cfg(test)]
mod tests;
