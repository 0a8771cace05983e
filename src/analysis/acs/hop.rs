//! One function as a hop on a path.

use super::ReportedAcs;
use crate::analysis::{Fact, Missing, Tri};
use crate::bytes::Observed;
use crate::decode::config::ext::acs::{AcsFlags, PartialFlags};
use crate::host::{Function, FunctionId};
use crate::spec::pci::HeaderType;
use crate::topology::{FunctionKind, Topology};

/// One function as a hop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hop {
    /// What isolation asks of it.
    pub role: HopRole,
    /// Services that it supports, where it has the capability.
    pub capability: Observed<PartialFlags>,
    /// Services switched on in the capture.
    pub control: Observed<PartialFlags>,
    /// What Windows reports, where the capability is not captured.
    pub reported: Option<ReportedAcs>,
    /// It isolates once an operating system has switched its services on.
    pub able: Tri,
    /// It isolates as captured.
    pub active: Tri,
}

/// What isolation asks of a hop.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum HopRole {
    /// Root or downstream port: needs ACS.
    Port,
    /// One of several functions of a device: needs ACS.
    MultiFunction,
    /// The only function of its device: needs nothing.
    SingleFunction,
    /// No port, but not known to be the only function of its device.
    UnknownFunction,
    /// A bridge behind which requesters lose their identity: cannot isolate.
    ConventionalBridge,
    /// Too little is known to say.
    Unknown,
}

impl Hop {
    pub(super) fn of(id: FunctionId, function: &Function<'_>, topology: &Topology) -> Self {
        let capability = function.acs_registers.map(|acs| acs.capability);
        let control = function.acs_registers.map(|acs| acs.control);
        let role = HopRole::of(
            topology.kind(id),
            function.layout(),
            topology.is_multi_function(id),
        );
        let reported = ReportedAcs::of(&function.windows, capability);
        let both = |answer| (answer, answer);
        let (able, active) = match role {
            HopRole::SingleFunction => both(Tri::Yes),
            HopRole::ConventionalBridge => both(Tri::No),
            HopRole::Unknown => both(Tri::Unknown(Missing::extended(id, function))),
            HopRole::Port | HopRole::MultiFunction if reported.is_some() => {
                let open = Tri::Unknown(Missing::extended(id, function));
                match reported {
                    Some(ReportedAcs::Missing) => both(Tri::No),
                    // Whether its services are on is not reported.
                    Some(ReportedAcs::Present(_)) => (Tri::Yes, open),
                    _ => both(Tri::Yes),
                }
            }
            // With the capability it does not matter how many functions there are.
            HopRole::UnknownFunction if matches!(reported, Some(ReportedAcs::Present(_))) => {
                (Tri::Yes, Tri::Unknown(Missing::extended(id, function)))
            }
            HopRole::UnknownFunction => both(Tri::Unknown(Missing::of(Fact::FunctionZero, id))),
            HopRole::Port | HopRole::MultiFunction => judge(id, function, capability, control),
        };
        Self {
            role,
            capability,
            control,
            reported,
            able,
            active,
        }
    }

    /// Whether it has the capability, by its registers or as Windows reports.
    pub const fn has_capability(&self) -> Option<bool> {
        match (self.capability, self.reported) {
            (Observed::Present(_), _) | (_, Some(ReportedAcs::Present(_))) => Some(true),
            (Observed::Absent, _) | (_, Some(ReportedAcs::Missing | ReportedAcs::NotNeeded)) => {
                Some(false)
            }
            _ => None,
        }
    }

    /// What the hop adds to a path: as a port, as one of several functions, as a bridge.
    pub(super) const fn shares(&self) -> (Tri, Tri, Tri) {
        match self.role {
            HopRole::Port => (self.able, Tri::Yes, Tri::Yes),
            HopRole::ConventionalBridge => (Tri::Yes, Tri::Yes, self.able),
            HopRole::Unknown => (self.able, self.able, self.able),
            HopRole::MultiFunction | HopRole::SingleFunction | HopRole::UnknownFunction => {
                (Tri::Yes, self.able, Tri::Yes)
            }
        }
    }

    /// Required services that the capability is known to lack. A service that a port cannot
    /// switch on is one that it has no use for, by the specification and to Linux (it does no
    /// peer-to-peer); what Windows makes of it is not documented.
    pub fn lacking(&self) -> AcsFlags {
        match self.capability {
            Observed::Present(flags) => flags.clear() & AcsFlags::REQUIRED,
            _ => AcsFlags::empty(),
        }
    }

    /// Supported required services that are known to be off.
    pub fn switched_off(&self) -> AcsFlags {
        match (self.capability, self.control) {
            (Observed::Present(capability), Observed::Present(control)) => {
                capability.set & control.clear() & AcsFlags::REQUIRED
            }
            _ => AcsFlags::empty(),
        }
    }
}

impl HopRole {
    const fn of(
        kind: FunctionKind,
        layout: Option<HeaderType>,
        multi_function: Option<bool>,
    ) -> Self {
        match (kind, layout) {
            (FunctionKind::RootPort | FunctionKind::DownstreamPort, _) => Self::Port,
            (
                FunctionKind::PcieToPci
                | FunctionKind::PciToPcie
                | FunctionKind::PciBridge
                | FunctionKind::CardBusBridge,
                _,
            ) => Self::ConventionalBridge,
            (FunctionKind::UnknownBridge, _) => Self::Unknown,
            // With an endpoint's header it is no port, whatever its capabilities say.
            (FunctionKind::Unknown, layout) if !matches!(layout, Some(HeaderType::ENDPOINT)) => {
                Self::Unknown
            }
            _ => match multi_function {
                Some(true) => Self::MultiFunction,
                Some(false) => Self::SingleFunction,
                None => Self::UnknownFunction,
            },
        }
    }
}

/// Able and active of a hop that needs ACS.
fn judge(
    id: FunctionId,
    function: &Function<'_>,
    capability: Observed<PartialFlags>,
    control: Observed<PartialFlags>,
) -> (Tri, Tri) {
    match (capability, control) {
        (Observed::Absent, _) => (Tri::No, Tri::No),
        (Observed::Present(capability), Observed::Present(control)) => {
            let needed = capability.set & AcsFlags::REQUIRED;
            let bits = Missing::of(Fact::RegisterBits, id);
            // A service that may be supported and is not known to be on.
            let open = (capability.unknown() & AcsFlags::REQUIRED).intersects(!control.set);
            let active = if control.clear().intersects(needed) {
                Tri::No
            } else if open || control.unknown().intersects(needed) {
                Tri::Unknown(bits)
            } else {
                Tri::Yes
            };
            (Tri::Yes, active)
        }
        _ => {
            let unknown = Tri::Unknown(Missing::extended(id, function));
            (unknown, unknown)
        }
    }
}
