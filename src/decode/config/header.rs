//! The 16 bytes that all header types share (PCI 3.0, 6.2.1), and the identity they give.

use crate::bytes::{ConfigImage, Fault, FaultKind, Span};
use crate::spec::pci::{self, ClassCode, HeaderType};

/// The fields that every header has. `None` = not captured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// Whether the function answered at all.
    pub response: Response,
    /// Vendor id; `0xffff` on a virtual function.
    pub vendor: Option<u16>,
    /// Device id; `0xffff` on a virtual function.
    pub device: Option<u16>,
    /// Command register.
    pub command: Option<u16>,
    /// Status register.
    pub status: Option<u16>,
    /// Revision id.
    pub revision: Option<u8>,
    /// Class code.
    pub class: Option<ClassCode>,
    /// Layout of the rest of the header.
    pub layout: Option<HeaderType>,
    /// Bit 7 of the header type: the device number holds several functions.
    pub multi_function: Option<bool>,
}

/// What a function's configuration space looks like as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Response {
    /// It holds data.
    Data,
    /// Every captured bit is one: no function answered, or it is powered off or cut off.
    AllOnes,
    /// Every captured bit is zero.
    AllZeros,
    /// Nothing was captured.
    Nothing,
}

impl Header {
    pub(super) fn decode(image: &ConfigImage, faults: &mut Vec<Fault>) -> Self {
        let response = response(image);
        let layout = narrow(image, pci::HEADER_LAYOUT).map(HeaderType);
        if let (Response::Data, Some(layout)) = (response, layout)
            && layout.name().is_none()
        {
            faults.push(Fault {
                kind: FaultKind::UnknownHeaderLayout { layout: layout.0 },
                span: Span::new(pci::HEADER_LAYOUT.offset, 1),
                within: "header type",
            });
        }
        Self {
            response,
            vendor: image.u16(pci::VENDOR_ID.offset),
            device: image.u16(pci::DEVICE_ID.offset),
            command: image.u16(pci::COMMAND.offset),
            status: image.u16(pci::STATUS.offset),
            revision: image.u8(pci::REVISION_ID.offset),
            class: narrow(image, pci::CLASS_CODE).map(ClassCode),
            layout,
            multi_function: image.field(pci::MULTI_FUNCTION).map(|bit| bit != 0),
        }
    }

    /// Whether the ids are those of a virtual function, which reads as `ffff:ffff`
    /// (PCIe 6.0, 9.3.4.1.1) while the rest of its space holds data.
    pub fn has_blank_ids(&self) -> bool {
        self.response == Response::Data
            && self.vendor == Some(0xffff)
            && self.device == Some(0xffff)
    }
}

fn narrow<T: TryFrom<u64>>(image: &ConfigImage, field: crate::spec::Field) -> Option<T> {
    image.field(field).and_then(|value| T::try_from(value).ok())
}

fn response(image: &ConfigImage) -> Response {
    if image.is_empty() {
        return Response::Nothing;
    }
    // A device that answers has a vendor id other than both, or is a virtual function, whose
    // class and header type differ from all ones.
    match (image.u32(0), image.u32(8), image.u8(0xe)) {
        (Some(0xffff_ffff), Some(0xffff_ffff), Some(0xff)) => Response::AllOnes,
        (Some(0), Some(0), Some(0)) => Response::AllZeros,
        _ => Response::Data,
    }
}
