//! Configuration space: the header and both capability lists.

pub mod bar;
mod bar_registers;
pub mod bridge;
pub mod cap;
pub mod dump;
mod encode;
pub mod ext;
mod extent;
mod header;
mod header_registers;
mod list;
mod structure;
#[cfg(test)]
mod testing;

pub use dump::dump;
pub use encode::{Encoder, encode};
pub use header::{Header, Response};
pub use header_registers::header_registers;
pub use list::{CapEntry, CapabilityId, ListEnd};
pub use structure::{Structure, structure_of};

use crate::bytes::{ConfigImage, Decoded, Fault, Observed, Window};
use crate::spec::pci::CapId;
use crate::spec::pcie::ExtCapId;

/// One function's configuration space, indexed: the header and where each capability lies.
///
/// Capability bodies are read on demand through views ([`cap`], [`ext`]) over the image, so
/// that partly known registers stay partly known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigSpace {
    /// The fields common to all header types.
    pub header: Header,
    /// Every capability met, standard ones first, each list in its own order.
    pub capabilities: Vec<CapEntry>,
    /// How the standard list ended.
    pub standard_end: ListEnd,
    /// How the extended list ended.
    pub extended_end: ListEnd,
}

impl ConfigSpace {
    /// Decodes the header and walks both lists.
    pub fn decode(image: &ConfigImage) -> Decoded<Self> {
        let mut faults = Vec::new();
        let header = Header::decode(image, &mut faults);
        let mut capabilities = Vec::new();
        let (standard_end, extended_end) =
            list::walk(image, &header, &mut capabilities, &mut faults);
        extent::check(image, &capabilities, &mut faults);
        Decoded {
            value: Self {
                header,
                capabilities,
                standard_end,
                extended_end,
            },
            faults,
        }
    }

    /// The standard capability with this id; the first where there are several.
    pub fn standard<'a>(&self, image: &'a ConfigImage, id: CapId) -> Observed<Window<'a>> {
        self.find(image, CapabilityId::Standard(id), self.standard_end)
    }

    /// The extended capability with this id; the first where there are several.
    pub fn extended<'a>(&self, image: &'a ConfigImage, id: ExtCapId) -> Observed<Window<'a>> {
        self.find(image, CapabilityId::Extended(id), self.extended_end)
    }

    fn find<'a>(
        &self,
        image: &'a ConfigImage,
        id: CapabilityId,
        end: ListEnd,
    ) -> Observed<Window<'a>> {
        if let Some(entry) = self.capabilities.iter().find(|entry| entry.id == id) {
            return Observed::Present(image.window(entry.offset));
        }
        match end {
            ListEnd::NoList | ListEnd::Complete => Observed::Absent,
            ListEnd::Unnamed { offset } if !may_be(image, offset, id) => Observed::Absent,
            ListEnd::Unnamed { .. } | ListEnd::NotCaptured { .. } => Observed::NotCaptured,
            ListEnd::Broken(fault) => Observed::Malformed(fault),
        }
    }

    /// The fault that ended a list early, if one did.
    pub fn broken_list(&self) -> Option<Fault> {
        [self.standard_end, self.extended_end]
            .into_iter()
            .find_map(|end| match end {
                ListEnd::Broken(fault) => Some(fault),
                _ => None,
            })
    }
}

/// Whether the known bits of an extended capability's id leave it open that it is this one.
fn may_be(image: &ConfigImage, offset: u16, id: CapabilityId) -> bool {
    let CapabilityId::Extended(id) = id else {
        return false;
    };
    (0..16).all(|bit| {
        let wanted = u64::from(id.0 >> bit & 1);
        image
            .bits(offset, bit, 1)
            .is_none_or(|known| known == wanted)
    })
}

#[cfg(test)]
mod tests;
