//! Vendor-Specific Extended Capability (PCIe 6.0, 7.9.5): a header, the rest is the vendor's.

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Which structure of the function's vendor it is.
pub const ID: Field = Field::hex("VSEC ID", 0x04, 0, 16);
/// Version of that structure.
pub const REVISION: Field = Field::number("VSEC Rev", 0x04, 16, 4);
/// Length in bytes, list header included.
pub const LENGTH: Field = Field::number("VSEC Length", 0x04, 20, 12);

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::VENDOR),
    Document::Pcie60.at("7.9.5 Vendor-Specific Extended Capability"),
    |_| {
        vec![Register::new(
            "Vendor-Specific Header",
            0x04,
            4,
            &[ID, REVISION, LENGTH],
        )]
    },
)
.with_length(|window| Vsec::new(window).length());

/// A vendor-specific extended capability.
#[derive(Clone, Copy, Debug)]
pub struct Vsec<'a> {
    window: Window<'a>,
}

impl<'a> Vsec<'a> {
    /// Views the capability that starts at the window.
    pub const fn new(window: Window<'a>) -> Self {
        Self { window }
    }

    /// The bytes behind the view.
    pub const fn window(self) -> Window<'a> {
        self.window
    }

    /// Which structure it is; each vendor numbers its own.
    pub fn id(self) -> Option<u16> {
        let id = self.window.field(ID)?;
        u16::try_from(id).ok()
    }

    /// Version of the structure.
    pub fn revision(self) -> Option<u8> {
        let revision = self.window.field(REVISION)?;
        u8::try_from(revision).ok()
    }

    /// Length in bytes as it states it, list header included. Less than 8 is malformed.
    pub fn length(self) -> Option<u16> {
        let length = self.window.field(LENGTH)?;
        u16::try_from(length).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ConfigImage;

    #[test]
    fn id_revision_and_length_share_a_register() {
        let image = ConfigImage::from_bytes(vec![
            0x0b, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x34, 0x12, 0x42, 0x05, // id 1234h, revision 2, 54h bytes
        ]);
        let vsec = Vsec::new(image.window(0));
        assert_eq!(
            (vsec.id(), vsec.revision(), vsec.length()),
            (Some(0x1234), Some(2), Some(0x54))
        );
        assert_eq!(STRUCTURE.certain_length(image.window(0)), 0x54);
    }
}
