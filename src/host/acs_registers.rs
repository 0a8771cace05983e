//! The ACS registers of a function.

use super::Identity;
use crate::bytes::{ConfigImage, Observed};
use crate::decode::config::ConfigSpace;
use crate::decode::config::ext::acs::{Acs, PartialFlags};
use crate::spec::pcie::ExtCapId;

/// What the ACS capability says (PCIe 6.0, 7.7.11).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AcsRegisters {
    /// Services that the function can give.
    pub capability: PartialFlags,
    /// Services that are on, read where the function has that register.
    pub control: PartialFlags,
}

impl AcsRegisters {
    pub(super) fn of(
        config: &ConfigImage,
        space: &ConfigSpace,
        identity: &Identity,
    ) -> Observed<Self> {
        let capability = space.extended(config, ExtCapId::ACS);
        capability.map(Acs::new).map(|acs| Self {
            capability: acs.capability(),
            control: match identity.has_wide_acs_registers() {
                true => acs.wide_control(),
                false => acs.control(),
            },
        })
    }
}
