//! The tree of a machine: root buses, ports, bridges and functions.
//!
//! Built from bus numbers as captured, or from the path that the operating system reported
//! where there is one. Contradictions become [`TopologyFault`]s; nothing is left out.

mod build;
mod buses;
mod kind;
mod location;

pub use buses::{BusParent, TopologyFault};
pub use kind::FunctionKind;
pub use location::LocationPath;

use petgraph::graph::{DiGraph, NodeIndex};

use crate::addr::Segment;
use crate::host::{FunctionId, Host};

/// What a node of the tree stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Node {
    /// A captured function.
    Function(FunctionId),
    /// A bus that a host bridge makes.
    RootBus {
        /// PCI segment.
        segment: Segment,
        /// Bus number.
        bus: u8,
    },
    /// A bus whose bridge is not in the capture, or cannot be told.
    OrphanBus {
        /// PCI segment.
        segment: Segment,
        /// Bus number.
        bus: u8,
    },
}

/// The tree of one machine.
#[derive(Debug)]
pub struct Topology {
    /// Edges lead from a bus or bridge to what lies directly below it. The node index of a
    /// function is its [`FunctionId`]; buses follow.
    graph: DiGraph<Node, ()>,
    places: Vec<Place>,
    kinds: Vec<FunctionKind>,
    multi_function: Vec<Option<bool>>,
    faults: Vec<TopologyFault>,
    /// Functions so that everything above one comes before it.
    top_down: Vec<FunctionId>,
}

/// Where a function hangs.
#[derive(Clone, Copy, Debug)]
struct Place {
    parent: Option<FunctionId>,
    top: NodeIndex,
    depth: u16,
}

impl Topology {
    /// The bridge or port directly above; `None` on a root or orphan bus.
    ///
    /// A virtual function hangs where its physical function does.
    pub fn parent(&self, id: FunctionId) -> Option<FunctionId> {
        self.places[id.index()].parent
    }

    /// Number of bridges above.
    pub fn depth(&self, id: FunctionId) -> u16 {
        self.places[id.index()].depth
    }

    /// The bus at the top of its path: a root bus, or an orphan.
    pub fn top(&self, id: FunctionId) -> Node {
        self.graph[self.places[id.index()].top]
    }

    /// Whether its path ends at a root bus, so that every hop above it is captured.
    pub fn is_rooted(&self, id: FunctionId) -> bool {
        matches!(self.top(id), Node::RootBus { .. })
    }

    /// The function itself, then each bridge above it, up to the root bus.
    pub fn upstream(&self, id: FunctionId) -> impl Iterator<Item = FunctionId> {
        std::iter::successors(Some(id), |&below| self.parent(below))
    }

    /// What the function is within the tree.
    pub fn kind(&self, id: FunctionId) -> FunctionKind {
        self.kinds[id.index()]
    }

    /// Whether its device has several functions; `None` where not captured. Virtual functions
    /// count as single-function devices, as in Linux (drivers/pci/iov.c).
    pub fn is_multi_function(&self, id: FunctionId) -> Option<bool> {
        self.multi_function[id.index()]
    }

    /// Everything that contradicts itself, in order of address.
    pub fn faults(&self) -> &[TopologyFault] {
        &self.faults
    }

    /// Every function, those above before those below.
    pub fn top_down(&self) -> &[FunctionId] {
        &self.top_down
    }

    /// Root and orphan buses, by segment and number.
    pub fn tops(&self) -> impl Iterator<Item = (NodeIndex, Node)> {
        self.graph
            .node_indices()
            .skip(self.places.len())
            .map(|index| (index, self.graph[index]))
    }

    /// What lies directly below a node, by address.
    pub fn below(&self, node: NodeIndex) -> Vec<FunctionId> {
        let mut below: Vec<_> = self
            .graph
            .neighbors(node)
            .filter(|&index| index.index() < self.places.len())
            .map(|index| FunctionId::new(index.index()))
            .collect();
        below.sort_unstable();
        below
    }

    /// What lies directly below a bridge, by address.
    pub fn children(&self, id: FunctionId) -> Vec<FunctionId> {
        self.below(NodeIndex::new(id.index()))
    }

    /// The graph itself, for drawing.
    pub const fn graph(&self) -> &DiGraph<Node, ()> {
        &self.graph
    }

    /// The other functions of the same device, virtual ones left out: same slot, or, where
    /// the function has ARI and sits below a port that forwards it, the same bus.
    pub fn siblings(&self, host: &Host<'_>, id: FunctionId) -> Vec<FunctionId> {
        let function = host.function(id);
        let at = function.at;
        let whole_bus = build::uses_ari(host, self.parent(id), id);
        host.ids_on_bus(at.segment, at.bus())
            .filter(|&other| {
                let candidate = host.function(other);
                other != id
                    && !candidate.is_virtual()
                    && (whole_bus || candidate.at.bdf.device() == at.bdf.device())
            })
            .collect()
    }
}
