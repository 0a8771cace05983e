//! What Windows reports of a function's own ACS.

use crate::bytes::Observed;
use crate::decode::config::ext::acs::{AcsFlags, PartialFlags};
use crate::host::WindowsFacts;

/// Windows' property AcsSupport (Windows SDK, pciprop.h), of a function whose registers are
/// not captured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReportedAcs {
    /// 0: it has the capability. The services, where AcsCapabilityRegister was reported too.
    Present(Option<AcsFlags>),
    /// 1: a root port that does no peer-to-peer traffic.
    NotNeeded,
    /// 2: it has no capability.
    Missing,
}

impl ReportedAcs {
    /// What stands in for a capability that is not captured.
    pub(super) fn of(facts: &WindowsFacts, capability: Observed<PartialFlags>) -> Option<Self> {
        if capability != Observed::NotCaptured {
            return None;
        }
        match facts.acs_support? {
            0 => {
                // 0 in the register stands for no capability, which AcsSupport denies.
                let register = facts.acs_capability_register.filter(|&value| value != 0);
                let services = |value: u32| {
                    let [low, ..] = value.to_le_bytes();
                    AcsFlags::from_bits_truncate(low.into())
                };
                Some(Self::Present(register.map(services)))
            }
            1 => Some(Self::NotNeeded),
            2 => Some(Self::Missing),
            _ => None,
        }
    }

    /// Whether a hop that needs ACS can isolate.
    pub const fn isolates(self) -> bool {
        !matches!(self, Self::Missing)
    }
}
