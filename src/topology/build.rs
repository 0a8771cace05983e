//! From a host to its tree.

use std::collections::BTreeMap;

use petgraph::graph::{DiGraph, NodeIndex};

use super::buses::{self, BusKey, BusParent};
use super::kind::FunctionKind;
use super::{Node, Place, Topology};
use crate::addr::Bdf;
use crate::host::{Function, FunctionId, Host};
use crate::parallel;
use crate::spec::pcie::ExtCapId;

impl Topology {
    /// Builds the tree of a host.
    pub fn of(host: &Host<'_>) -> Self {
        let functions = host.functions();
        let mut faults = Vec::new();
        let mut parents = buses::parents(host, &mut faults);
        // Neighbours share their bus: one look into the maps serves all of them.
        let homes: Vec<BusKey> = parallel::map(functions, |_, f| home(host, f));
        for run in homes.chunk_by(|a, b| a == b) {
            if let Some(&home) = run.first() {
                parents.entry(home).or_insert(BusParent::Orphan);
            }
        }
        let count = host.functions().len();
        let mut graph: DiGraph<Node, ()> = DiGraph::with_capacity(count + parents.len(), count);
        for (id, _) in host.iter() {
            graph.add_node(Node::Function(id));
        }
        let mut bus_nodes: BTreeMap<BusKey, NodeIndex> = BTreeMap::new();
        for (&(segment, bus), parent) in &parents {
            let node = match parent {
                BusParent::Root => graph.add_node(Node::RootBus { segment, bus }),
                BusParent::Orphan => graph.add_node(Node::OrphanBus { segment, bus }),
                BusParent::Bridge(id) => NodeIndex::new(id.index()),
            };
            bus_nodes.insert((segment, bus), node);
        }
        let mut index = 0;
        for run in homes.chunk_by(|a, b| a == b) {
            let above = run.first().and_then(|home| bus_nodes.get(home));
            for child in index..index + run.len() {
                if let Some(&above) = above {
                    graph.add_edge(above, NodeIndex::new(child), ());
                }
            }
            index += run.len();
        }
        let mut topology = Self {
            graph,
            places: vec![
                Place {
                    parent: None,
                    top: NodeIndex::end(),
                    depth: 0
                };
                count
            ],
            kinds: parallel::map(functions, |_, function| FunctionKind::of(function)),
            multi_function: Vec::new(),
            faults,
            top_down: Vec::with_capacity(count),
        };
        topology.place_all(count);
        topology.multi_function = parallel::map(functions, |index, _| {
            let id = FunctionId::new(index);
            multi_function(host, topology.parent(id), id)
        });
        topology
    }

    /// Walks down from every top, so that each function is placed after what is above it.
    fn place_all(&mut self, count: usize) {
        let tops: Vec<NodeIndex> = self.graph.node_indices().skip(count).collect();
        for top in tops {
            let mut queue = vec![(top, None, 0_u16)];
            while let Some((node, parent, depth)) = queue.pop() {
                for id in self.below(node).into_iter().rev() {
                    self.places[id.index()] = Place { parent, top, depth };
                    let above = parent.map(|parent: FunctionId| self.kinds[parent.index()]);
                    self.kinds[id.index()] = self.kinds[id.index()].corrected(above);
                    self.top_down.push(id);
                    if self
                        .graph
                        .neighbors(NodeIndex::new(id.index()))
                        .next()
                        .is_some()
                    {
                        queue.push((NodeIndex::new(id.index()), Some(id), depth + 1));
                    }
                }
            }
        }
    }
}

/// The bus that a function hangs on: its own, or, for a virtual function, that of its
/// physical function, because VFs may use bus numbers that no bridge makes.
fn home(host: &Host<'_>, function: &Function<'_>) -> BusKey {
    let at = function
        .physical
        .map_or(function.at, |pf| host.function(pf).at);
    (at.segment, at.bus())
}

/// Linux' rule (drivers/pci/probe.c, `pci_setup_device` and `pci_scan_slot`): a function
/// other than 0 (with ARI, of the whole bus) is always one of several; function 0 says so in
/// its header.
fn multi_function(host: &Host<'_>, parent: Option<FunctionId>, id: FunctionId) -> Option<bool> {
    let function = host.function(id);
    if function.is_virtual() {
        return Some(false);
    }
    let ari = function.at.bdf.devfn() != 0 && uses_ari(host, parent, id);
    if function.at.bdf.function() != 0 || ari {
        return Some(true);
    }
    if function.responds() && function.space.header.multi_function.is_some() {
        return function.space.header.multi_function;
    }
    // Without the header, a captured sibling settles it; its absence settles nothing.
    let at = function.at;
    let sibling = (1..8).any(|number| {
        Bdf::new(at.bus(), at.bdf.device(), number)
            .and_then(|bdf| host.find(crate::addr::Sbdf::new(at.segment, bdf)))
            .is_some()
    });
    if sibling {
        return Some(true);
    }
    // AcsCompatibleUpHierarchy (pciprop.h): 1 is said of single functions only, 2 of one of
    // several.
    match function.windows.acs_up_hierarchy {
        Some(1) => Some(false),
        Some(2) => Some(true),
        _ => None,
    }
}

/// Whether the device numbers on the function's bus are part of its function number: it has
/// ARI, and the port above forwards it (PCIe 6.0, 6.13).
pub(super) fn uses_ari(host: &Host<'_>, parent: Option<FunctionId>, id: FunctionId) -> bool {
    let function = host.function(id);
    let capable = function
        .space
        .extended(function.config, ExtCapId::ARI)
        .is_present();
    let forwarded = parent.is_some_and(|parent| {
        let express = host.function(parent).express().present();
        express.and_then(|express| express.ari_forwarding_enabled()) == Some(true)
    });
    capable && forwarded
}
