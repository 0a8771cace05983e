//! Windows' property AcsCompatibleUpHierarchy, from configuration space.

use super::{AcsAnalysis, HopRole};
use crate::analysis::{Fact, Missing, Tri};
use crate::bytes::Observed;
use crate::host::FunctionId;
use crate::topology::{FunctionKind, Topology};

/// Windows' property AcsCompatibleUpHierarchy (Windows SDK, pciprop.h).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UpHierarchy {
    /// 0: ACS is missing on the way, or the device has several functions without it.
    NotSupported,
    /// 1: the path is fine, and the only function of the device needs no ACS.
    SingleFunction,
    /// 3: the path is fine, and the device of several functions has ACS.
    Supported,
    /// Not captured.
    Unknown(Missing),
}

impl UpHierarchy {
    /// The number that Windows gives it.
    pub const fn value(self) -> Option<u32> {
        match self {
            Self::NotSupported => Some(0),
            Self::SingleFunction => Some(1),
            Self::Supported => Some(3),
            Self::Unknown(_) => None,
        }
    }

    /// Windows' name of a value.
    pub const fn name_of(value: u32) -> &'static str {
        match value {
            0 => "not supported",
            1 => "single function supported",
            2 => "no peer-to-peer supported",
            3 => "supported",
            4 => "enhanced",
            _ => "unknown",
        }
    }
}

/// Windows' property AcsSupport: the function alone (Windows SDK, pciprop.h).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AcsSupport {
    /// 0: it has the capability.
    Present,
    /// 2, or, where Windows knows that it does no peer-to-peer traffic, 1: a root port
    /// without the capability.
    MissingOrNotNeeded,
    /// 2: it has no capability.
    Missing,
    /// Not captured.
    Unknown,
}

impl AcsAnalysis {
    /// What Windows would report of the function's own ACS capability.
    pub fn support(&self, topology: &Topology, id: FunctionId) -> AcsSupport {
        match self.hop(id).capability {
            Observed::Present(_) => AcsSupport::Present,
            Observed::Absent if topology.kind(id) == FunctionKind::RootPort => {
                AcsSupport::MissingOrNotNeeded
            }
            Observed::Absent => AcsSupport::Missing,
            Observed::NotCaptured | Observed::Malformed(_) => AcsSupport::Unknown,
        }
    }

    /// What Windows would report for the function, as far as configuration space decides it.
    ///
    /// Windows may know better of a root port without ACS ("not needed"), and of devices whose
    /// functions do not talk to each other; neither can be seen in configuration space.
    pub fn up_hierarchy(&self, topology: &Topology, id: FunctionId) -> UpHierarchy {
        let hop = self.hop(id);
        // What Windows reported of a hop does not foretell what it reports.
        let mut hops = topology.upstream(id);
        if let Some(hop) = hops.find(|&hop| self.hop(hop).reported.is_some()) {
            return UpHierarchy::Unknown(Missing::of(Fact::ExtendedConfig, hop));
        }
        match (self.path_able(topology, id), hop.able) {
            (Tri::No, _) | (_, Tri::No) => UpHierarchy::NotSupported,
            (Tri::Unknown(missing), _) | (_, Tri::Unknown(missing)) => {
                UpHierarchy::Unknown(missing)
            }
            (Tri::Yes, Tri::Yes) if hop.role == HopRole::SingleFunction => {
                UpHierarchy::SingleFunction
            }
            (Tri::Yes, Tri::Yes) => UpHierarchy::Supported,
        }
    }
}
