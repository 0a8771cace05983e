//! Designated Vendor-Specific Extended Capability (PCIe 6.0, 7.9.6): a vendor-specific
//! structure that names its vendor, so that others can use it too (CXL does).

mod cxl;

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Whose structure it is.
pub const VENDOR: Field = Field::hex("DVSEC Vendor ID", 0x04, 0, 16);
/// Version of that structure.
pub const REVISION: Field = Field::number("DVSEC Revision", 0x04, 16, 4);
/// Length in bytes, list header included.
pub const LENGTH: Field = Field::number("DVSEC Length", 0x04, 20, 12);
/// Which of the vendor's structures it is.
pub const ID: Field = Field::hex("DVSEC ID", 0x08, 0, 16);

/// Vendor id of the CXL consortium (CXL 3.0, 8.1.3).
pub const CXL_VENDOR: u16 = 0x1e98;

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::DVSEC),
    Document::Pcie60.at("7.9.6 Designated Vendor-Specific Extended Capability (DVSEC)"),
    registers,
)
.with_length(|window| Dvsec::new(window).length());

const HEADERS: [Register; 2] = [
    Register::new(
        "Designated Vendor-Specific Header 1",
        0x04,
        4,
        &[VENDOR, REVISION, LENGTH],
    ),
    Register::new("Designated Vendor-Specific Header 2", 0x08, 2, &[ID]),
];

fn registers(window: Window<'_>) -> Vec<Register> {
    let mut registers = HEADERS.to_vec();
    let dvsec = Dvsec::new(window);
    if dvsec.vendor() == Some(CXL_VENDOR)
        && let (Some(id), Some(length)) = (dvsec.id(), dvsec.length())
    {
        registers.extend(cxl::registers(window, id, length));
    }
    registers
}

/// A designated vendor-specific capability.
#[derive(Clone, Copy, Debug)]
pub struct Dvsec<'a> {
    window: Window<'a>,
}

impl<'a> Dvsec<'a> {
    /// Views the capability that starts at the window.
    pub const fn new(window: Window<'a>) -> Self {
        Self { window }
    }

    /// The bytes behind the view.
    pub const fn window(self) -> Window<'a> {
        self.window
    }

    /// Whose structure it is.
    pub fn vendor(self) -> Option<u16> {
        let vendor = self.window.field(VENDOR)?;
        u16::try_from(vendor).ok()
    }

    /// Version of the structure.
    pub fn revision(self) -> Option<u8> {
        let revision = self.window.field(REVISION)?;
        u8::try_from(revision).ok()
    }

    /// Length in bytes as it states it, list header included. Less than 10 is malformed.
    pub fn length(self) -> Option<u16> {
        let length = self.window.field(LENGTH)?;
        u16::try_from(length).ok()
    }

    /// Which of the vendor's structures it is.
    pub fn id(self) -> Option<u16> {
        self.window.u16(ID.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ConfigImage;

    #[test]
    fn a_cxl_device_structure_names_the_consortium() {
        let image = ConfigImage::from_bytes(vec![
            0x23, 0x00, 0x01, 0x00, // id, version 1, end of list
            0x98, 0x1e, 0x81, 0x03, // vendor 1e98h, revision 1, 38h bytes
            0x00, 0x00, // id 0: CXL device
        ]);
        let dvsec = Dvsec::new(image.window(0));
        assert_eq!(dvsec.vendor(), Some(CXL_VENDOR));
        assert_eq!((dvsec.revision(), dvsec.length()), (Some(1), Some(0x38)));
        assert_eq!(dvsec.id(), Some(0));
        assert_eq!(STRUCTURE.certain_length(image.window(0)), 0x38);
    }
}
