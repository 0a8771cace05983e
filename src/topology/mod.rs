//! The tree of a machine: root buses, ports, bridges and functions.
//!
//! Built from bus numbers as captured, or from the path that the operating system reported
//! where there is one. Contradictions become [`TopologyFault`]s; nothing is left out.

mod build;
mod buses;
mod kind;
mod location;
#[cfg(test)]
mod tests;

pub(crate) use buses::has_open_bus_numbers;
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

    /// The highest bus number that can lie below the root bus of a function: the one before the
    /// next root bus of its segment, else 255.
    pub fn last_bus(&self, id: FunctionId) -> u8 {
        let Node::RootBus { segment, bus } = self.top(id) else {
            return u8::MAX;
        };
        let next = self.tops().filter_map(|(_, top)| match top {
            Node::RootBus {
                segment: other,
                bus: next,
            } if other == segment && next > bus => Some(next),
            _ => None,
        });
        next.min().map_or(u8::MAX, |next| next - 1)
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

    /// The other functions of the same device by address, virtual ones left out: same slot, or,
    /// where the function has ARI and sits below a port that forwards it, the same bus.
    pub fn siblings<'h>(
        &self,
        host: &'h Host<'_>,
        id: FunctionId,
    ) -> impl Iterator<Item = FunctionId> + use<'h, '_> {
        let functions = host.functions();
        let at = host.function(id).at;
        let whole_bus = build::uses_ari(host, self.parent(id), id);
        let same_device = move |index: &usize| {
            functions.get(*index).is_some_and(|other| {
                let bus = (other.at.segment, other.at.bus()) == (at.segment, at.bus());
                bus && (whole_bus || other.at.bdf.device() == at.bdf.device())
            })
        };
        // Functions are ordered by address, so that those of a device are neighbours.
        let below = (0..id.index()).rev().take_while(same_device).count();
        (id.index() - below..functions.len())
            .take_while(same_device)
            .map(FunctionId::new)
            .filter(move |&other| other != id && !host.function(other).is_virtual())
    }

    /// Whether no other function of the capture has the same bus number, virtual ones included.
    pub fn is_alone_on_bus(&self, host: &Host<'_>, id: FunctionId) -> bool {
        let functions = host.functions();
        let bus = |index: usize| {
            functions
                .get(index)
                .map(|function| (function.at.segment, function.at.bus()))
        };
        let own = bus(id.index());
        let before = id.index().checked_sub(1).and_then(bus);
        before != own && bus(id.index() + 1) != own
    }

    /// What contradicts itself about one function or the bus that it is first on.
    pub fn faults_of(&self, id: FunctionId) -> &[TopologyFault] {
        if self.faults.is_empty() {
            return &[];
        }
        let from = self.faults.partition_point(|fault| fault.subject() < id);
        let to = self.faults.partition_point(|fault| fault.subject() <= id);
        self.faults.get(from..to).unwrap_or_default()
    }

    /// Whether the device numbers on the function's bus are part of its function number: it
    /// has ARI, and the port above forwards it (PCIe 6.0, 6.13).
    pub fn uses_ari(&self, host: &Host<'_>, id: FunctionId) -> bool {
        build::uses_ari(host, self.parent(id), id)
    }
}
