//! Isolation along the path from a function to the root (PCIe 6.0, 6.12).
//!
//! Every root port and switch downstream port on the way must be able to send peer-to-peer
//! traffic up; a device of several functions must be able to do so itself. Each hop is judged
//! twice: with the control register as captured, and as an operating system with an active
//! IOMMU would set it, which is what decides about assignment.

mod hop;
mod reported;
#[cfg(test)]
mod tests;
mod up_hierarchy;

pub use hop::{Hop, HopRole};
pub use reported::ReportedAcs;
pub use up_hierarchy::{AcsSupport, UpHierarchy};

use crate::analysis::{Fact, Missing, Tri};
use crate::host::{FunctionId, Host};
use crate::topology::Topology;

/// Isolation of every function of a host.
#[derive(Debug)]
pub struct AcsAnalysis {
    hops: Vec<Hop>,
    paths: Vec<PathState>,
}

/// What can stand against isolation on a path.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Obstacle {
    /// A root or downstream port that cannot isolate.
    Port,
    /// One of several functions of a device that cannot isolate.
    MultiFunction,
    /// A bridge behind which requesters lose their identity.
    ConventionalBridge,
}

/// The hops from a function up to the root, itself included, folded.
#[derive(Clone, Copy, Debug)]
struct PathState {
    /// No port is an obstacle.
    ports: Tri,
    /// No device of several functions is an obstacle.
    functions: Tri,
    /// No conventional bridge is on the way.
    bridges: Tri,
    active: Tri,
    /// The lowest hop that decides against isolation, or leaves it open.
    decisive: Option<FunctionId>,
}

impl AcsAnalysis {
    /// Judges every hop and folds the paths from the roots down.
    pub fn of(host: &Host<'_>, topology: &Topology) -> Self {
        let hops: Vec<Hop> = host
            .iter()
            .map(|(id, function)| Hop::of(id, function, topology))
            .collect();
        let mut paths = vec![PathState::CLEAR; hops.len()];
        for &id in topology.top_down() {
            let above = match topology.parent(id) {
                Some(parent) => paths[parent.index()],
                None => PathState::at_top(topology, id),
            };
            paths[id.index()] = above.below(id, hops[id.index()]);
        }
        Self { hops, paths }
    }

    /// The function as a hop.
    pub fn hop(&self, id: FunctionId) -> &Hop {
        &self.hops[id.index()]
    }

    /// Whether every bridge above the function can isolate it, leaving the function itself
    /// out of account.
    pub fn path_able(&self, topology: &Topology, id: FunctionId) -> Tri {
        self.above(topology, id).able()
    }

    /// Whether every bridge above the function isolates it as captured.
    pub fn path_active(&self, topology: &Topology, id: FunctionId) -> Tri {
        self.above(topology, id).active
    }

    /// Whether no bridge above the function is an obstacle of this kind.
    pub fn path_is_free_of(&self, topology: &Topology, id: FunctionId, what: Obstacle) -> Tri {
        self.above(topology, id).free_of(what)
    }

    /// Whether neither the function nor any bridge above it is an obstacle of this kind.
    pub fn is_free_of(&self, id: FunctionId, what: Obstacle) -> Tri {
        self.paths[id.index()].free_of(what)
    }

    /// The hop above the function that decides [`Self::path_able`] where that is not yes.
    pub fn decisive_hop(&self, topology: &Topology, id: FunctionId) -> Option<FunctionId> {
        self.above(topology, id).decisive
    }

    fn above(&self, topology: &Topology, id: FunctionId) -> PathState {
        match topology.parent(id) {
            Some(parent) => self.paths[parent.index()],
            None => PathState::at_top(topology, id),
        }
    }
}

impl PathState {
    const CLEAR: Self = Self {
        ports: Tri::Yes,
        functions: Tri::Yes,
        bridges: Tri::Yes,
        active: Tri::Yes,
        decisive: None,
    };

    /// The path above a function that no captured bridge is above.
    fn at_top(topology: &Topology, id: FunctionId) -> Self {
        if topology.is_rooted(id) {
            return Self::CLEAR;
        }
        let open = Tri::Unknown(Missing::of(Fact::BridgeAbove, id));
        Self {
            ports: open,
            functions: open,
            bridges: open,
            active: open,
            decisive: Some(id),
        }
    }

    const fn able(self) -> Tri {
        self.ports.and(self.functions).and(self.bridges)
    }

    const fn free_of(self, what: Obstacle) -> Tri {
        match what {
            Obstacle::Port => self.ports,
            Obstacle::MultiFunction => self.functions,
            Obstacle::ConventionalBridge => self.bridges,
        }
    }

    /// The path of a function whose parent's path is `self`.
    fn below(self, id: FunctionId, hop: Hop) -> Self {
        let (ports, functions, bridges) = hop.shares();
        // The lowest hop that brings the answer about: a no beats an unknown further up.
        let decisive = match (self.able(), hop.able) {
            (_, Tri::No) => Some(id),
            (Tri::No, _) => self.decisive,
            (_, Tri::Unknown(_)) => Some(id),
            _ => self.decisive,
        };
        Self {
            ports: self.ports.and(ports),
            functions: self.functions.and(functions),
            bridges: self.bridges.and(bridges),
            active: self.active.and(hop.active),
            decisive,
        }
    }
}
