//! One description for each known capability: its specification and its registers.

use super::list::CapabilityId;
use super::{cap, ext};
use crate::bytes::Window;
use crate::spec::{Register, SpecRef};

/// How a capability is laid out.
#[derive(Clone, Copy)]
pub struct Structure {
    /// Which capability.
    pub id: CapabilityId,
    /// Where it is defined.
    pub spec: SpecRef,
    /// The registers that this instance has, in order of offset. Layouts that depend on the
    /// instance (64-bit MSI, the number of resizable BARs) read what they need.
    pub registers: fn(Window<'_>) -> Vec<Register>,
}

/// The description of a capability, where this crate knows its layout.
pub fn structure_of(id: CapabilityId) -> Option<&'static Structure> {
    cap::STRUCTURES
        .iter()
        .chain(ext::STRUCTURES)
        .find(|structure| structure.id == id)
}
