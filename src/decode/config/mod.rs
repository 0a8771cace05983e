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
    /// Which of them there may be: most questions are about one that is not there.
    present: Presence,
    /// How the standard list ended.
    pub standard_end: ListEnd,
    /// How the extended list ended.
    pub extended_end: ListEnd,
}

/// The ids of capabilities, each list folded into 64 bits.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Presence {
    standard: u64,
    extended: u64,
}

impl Presence {
    /// Whether a capability with this id may be among them; if not, none is.
    const fn may_hold(self, id: CapabilityId) -> bool {
        match id {
            CapabilityId::Standard(id) => self.standard >> (id.0 % 64) & 1 == 1,
            CapabilityId::Extended(id) => self.extended >> (id.0 % 64) & 1 == 1,
        }
    }
}

impl FromIterator<CapabilityId> for Presence {
    fn from_iter<I: IntoIterator<Item = CapabilityId>>(ids: I) -> Self {
        let mut presence = Self::default();
        for id in ids {
            match id {
                CapabilityId::Standard(id) => presence.standard |= 1 << (id.0 % 64),
                CapabilityId::Extended(id) => presence.extended |= 1 << (id.0 % 64),
            }
        }
        presence
    }
}

impl ConfigSpace {
    /// Decodes the header and walks both lists.
    pub fn decode(image: &ConfigImage) -> Decoded<Self> {
        let mut faults = Vec::new();
        let header = Header::decode(image, &mut faults);
        // Most functions have fewer; growing step by step costs more than the room.
        let mut capabilities = Vec::with_capacity(8);
        let (standard_end, extended_end) =
            list::walk(image, &header, &mut capabilities, &mut faults);
        extent::check(image, &capabilities, &mut faults);
        Decoded {
            value: Self {
                header,
                present: capabilities.iter().map(|entry| entry.id).collect(),
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
        if self.present.may_hold(id)
            && let Some(entry) = self.capabilities.iter().find(|entry| entry.id == id)
        {
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
