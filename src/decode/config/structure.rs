//! One description for each known capability: its specification and its registers.

use super::list::{CapEntry, CapabilityId};
use super::{cap, ext};
use crate::bytes::{ConfigImage, Window};
use crate::spec::{Register, SpecRef};

/// How a capability is laid out.
#[derive(Clone, Copy)]
pub struct Structure {
    /// Which capability.
    pub id: CapabilityId,
    /// Where it is defined.
    pub spec: SpecRef,
    /// The registers that this instance certainly has, in order of offset, without the list
    /// header. Layouts that depend on the instance (64-bit MSI, the number of resizable BARs)
    /// read what they need; where that was not captured, the registers in doubt are left out.
    pub registers: fn(Window<'_>) -> Vec<Register>,
    /// Length in bytes that the structure states of itself, list header included. `None`
    /// where it states none, or where the statement was not captured.
    pub stated_length: fn(Window<'_>) -> Option<u16>,
}

impl Structure {
    /// A structure that ends with its last register.
    pub(super) const fn new(
        id: CapabilityId,
        spec: SpecRef,
        registers: fn(Window<'_>) -> Vec<Register>,
    ) -> Self {
        Self {
            id,
            spec,
            registers,
            stated_length: |_| None,
        }
    }

    /// A structure that says how long it is.
    pub(super) const fn with_length(self, stated_length: fn(Window<'_>) -> Option<u16>) -> Self {
        Self {
            stated_length,
            ..self
        }
    }

    /// Length in bytes that this instance has for certain, list header included.
    pub fn certain_length(&self, window: Window<'_>) -> u16 {
        let registers = (self.registers)(window);
        registers
            .iter()
            .map(|register| register.offset.saturating_add(register.bytes.into()))
            .chain((self.stated_length)(window))
            .fold(self.id.header_length(), u16::max)
    }
}

/// The description of a capability, where this crate knows its layout.
pub fn structure_of(id: CapabilityId) -> Option<&'static Structure> {
    cap::STRUCTURES
        .iter()
        .chain(ext::STRUCTURES)
        .find(|structure| structure.id == id)
}

/// Length in bytes that the capability has for certain: of an unknown one, its list header.
pub(super) fn certain_length(image: &ConfigImage, entry: CapEntry) -> u16 {
    structure_of(entry.id).map_or(entry.id.header_length(), |structure| {
        structure.certain_length(image.window(entry.offset))
    })
}
