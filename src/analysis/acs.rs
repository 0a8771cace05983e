//! Isolation along the path from a function to the root (PCIe 6.0, 6.12).
//!
//! Every root port and switch downstream port on the way must be able to send peer-to-peer
//! traffic up; a device of several functions must be able to do so itself. Each hop is judged
//! twice: with the control register as captured, and as an operating system with an active
//! IOMMU would set it, which is what decides about assignment.

use crate::analysis::{Fact, Missing, Tri};
use crate::bytes::Observed;
use crate::decode::config::ListEnd;
use crate::decode::config::ext::acs::{Acs, AcsFlags, PartialFlags};
use crate::host::{Function, FunctionId, Host};
use crate::topology::{FunctionKind, Topology};

/// Isolation of every function of a host.
#[derive(Debug)]
pub struct AcsAnalysis {
    hops: Vec<Hop>,
    paths: Vec<PathState>,
}

/// One function as a hop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hop {
    /// What isolation asks of it.
    pub role: HopRole,
    /// Services that it supports, where it has the capability.
    pub capability: Observed<PartialFlags>,
    /// Services switched on in the capture.
    pub control: Observed<PartialFlags>,
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
    /// A bridge behind which requesters lose their identity: cannot isolate.
    ConventionalBridge,
    /// Too little is known to say.
    Unknown,
}

/// The hops from a function up to the root, folded.
#[derive(Clone, Copy, Debug)]
struct PathState {
    able: Tri,
    active: Tri,
    /// The lowest hop that decides `able` against isolation, or leaves it open.
    decisive: Option<FunctionId>,
}

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
    /// Judges every hop and folds the paths from the roots down.
    pub fn of(host: &Host<'_>, topology: &Topology) -> Self {
        let hops: Vec<Hop> = host
            .iter()
            .map(|(id, function)| Hop::of(id, function, topology))
            .collect();
        let open = PathState {
            able: Tri::Yes,
            active: Tri::Yes,
            decisive: None,
        };
        let mut paths = vec![open; hops.len()];
        for &id in topology.top_down() {
            let above = match topology.parent(id) {
                Some(parent) => paths[parent.index()],
                None if topology.is_rooted(id) => open,
                None => {
                    let missing = Tri::Unknown(Missing::of(Fact::BridgeAbove, id));
                    PathState {
                        able: missing,
                        active: missing,
                        decisive: Some(id),
                    }
                }
            };
            paths[id.index()] = above.below(id, hops[id.index()]);
        }
        Self { hops, paths }
    }

    /// The function as a hop.
    pub fn hop(&self, id: FunctionId) -> Hop {
        self.hops[id.index()]
    }

    /// Whether every bridge above the function can isolate it, leaving the function itself
    /// out of account.
    pub fn path_able(&self, topology: &Topology, id: FunctionId) -> Tri {
        self.above(topology, id, |path| path.able)
    }

    /// Whether every bridge above the function isolates it as captured.
    pub fn path_active(&self, topology: &Topology, id: FunctionId) -> Tri {
        self.above(topology, id, |path| path.active)
    }

    /// The hop above the function that decides [`Self::path_able`] where that is not yes.
    pub fn decisive_hop(&self, topology: &Topology, id: FunctionId) -> Option<FunctionId> {
        match topology.parent(id) {
            Some(parent) => self.paths[parent.index()].decisive,
            None if topology.is_rooted(id) => None,
            None => Some(id),
        }
    }

    fn above(&self, topology: &Topology, id: FunctionId, of: fn(&PathState) -> Tri) -> Tri {
        match topology.parent(id) {
            Some(parent) => of(&self.paths[parent.index()]),
            None if topology.is_rooted(id) => Tri::Yes,
            None => Tri::Unknown(Missing::of(Fact::BridgeAbove, id)),
        }
    }

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
        match (self.path_able(topology, id), hop.role, hop.able) {
            (Tri::No, ..) | (_, HopRole::MultiFunction | HopRole::Port, Tri::No) => {
                UpHierarchy::NotSupported
            }
            (Tri::Unknown(missing), ..) | (_, _, Tri::Unknown(missing)) => {
                UpHierarchy::Unknown(missing)
            }
            (Tri::Yes, HopRole::SingleFunction, _) => UpHierarchy::SingleFunction,
            (Tri::Yes, ..) => UpHierarchy::Supported,
        }
    }
}

impl PathState {
    /// The path of a function whose parent's path is `self`.
    fn below(self, id: FunctionId, hop: Hop) -> Self {
        let able = self.able.and(hop.able);
        // The lowest hop that brings the answer about: a no beats an unknown further up.
        let decisive = match (self.able, hop.able) {
            (_, Tri::No) => Some(id),
            (Tri::No, _) => self.decisive,
            (_, Tri::Unknown(_)) => Some(id),
            _ => self.decisive,
        };
        Self {
            able,
            active: self.active.and(hop.active),
            decisive,
        }
    }
}

impl Hop {
    fn of(id: FunctionId, function: &Function<'_>, topology: &Topology) -> Self {
        let kind = topology.kind(id);
        let capability = function.acs().map(Acs::capability);
        let control = function.acs().map(Acs::control);
        let role = HopRole::of(kind, topology.is_multi_function(id));
        let (able, active) = match role {
            HopRole::SingleFunction => (Tri::Yes, Tri::Yes),
            HopRole::ConventionalBridge => (Tri::No, Tri::No),
            HopRole::Unknown => {
                let unknown = Tri::Unknown(gap(id, function, topology));
                (unknown, unknown)
            }
            HopRole::Port | HopRole::MultiFunction => judge(id, function, capability, control),
        };
        Self {
            role,
            capability,
            control,
            able,
            active,
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
    const fn of(kind: FunctionKind, multi_function: Option<bool>) -> Self {
        match kind {
            FunctionKind::RootPort | FunctionKind::DownstreamPort => Self::Port,
            FunctionKind::PcieToPci
            | FunctionKind::PciToPcie
            | FunctionKind::PciBridge
            | FunctionKind::CardBusBridge => Self::ConventionalBridge,
            FunctionKind::Unknown | FunctionKind::UnknownBridge => Self::Unknown,
            _ => match multi_function {
                Some(true) => Self::MultiFunction,
                Some(false) => Self::SingleFunction,
                None => Self::Unknown,
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
            let unknown = Tri::Unknown(acs_gap(id, function));
            (unknown, unknown)
        }
    }
}

/// Why it is not known whether the function has an ACS capability.
fn acs_gap(id: FunctionId, function: &Function<'_>) -> Missing {
    let fact = match function.space.extended_end {
        _ if !function.responds() => Fact::ConfigSpace,
        ListEnd::Broken(_) => Fact::DamagedList,
        ListEnd::NotCaptured { offset } if offset >= 0x100 => Fact::ExtendedConfig,
        ListEnd::NotCaptured { .. } => Fact::Capabilities,
        ListEnd::NoList | ListEnd::Complete => Fact::RegisterBits,
    };
    Missing::of(fact, id)
}

/// Why a hop's role is not known.
fn gap(id: FunctionId, function: &Function<'_>, topology: &Topology) -> Missing {
    let kind = topology.kind(id);
    if matches!(kind, FunctionKind::Unknown | FunctionKind::UnknownBridge) {
        return acs_gap(id, function);
    }
    Missing::of(Fact::FunctionZero, id)
}
