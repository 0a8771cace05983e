//! `assignable.topology/1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decode::config::bridge::BusNumbers;
use crate::host::FunctionId;
use crate::report::Report;
use crate::report::text::topology::fault_words;
use crate::topology::{FunctionKind, LocationPath, Node};

/// The tree of a machine.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TopologyDocument {
    /// Always `assignable.topology/1`.
    pub schema: String,
    /// Root and orphan buses, and functions, parents before what lies below them.
    pub nodes: Vec<TreeNode>,
    /// Contradictions between bus numbers, as sentences.
    pub contradictions: Vec<String>,
}

/// One bus or function.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TreeNode {
    /// `dddd:bb` of a bus, `dddd:bb:dd.f` of a function.
    pub id: String,
    /// `id` of the node above; absent at the top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// `root bus`, `orphan bus`, or what the function is.
    pub kind: String,
    /// Lowest and highest bus below a bridge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buses: Option<[u8; 2]>,
    /// Windows' location path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location_path: Option<String>,
    /// Name from the id list; absent on buses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The tree as a document.
pub fn topology(report: &Report<'_>) -> TopologyDocument {
    let tree = report.facts.topology;
    let mut nodes = Vec::new();
    for (index, node) in tree.tops() {
        let (id, kind) = match node {
            Node::RootBus { segment, bus } => (format!("{segment}:{bus:02x}"), "root bus"),
            Node::OrphanBus { segment, bus } => (format!("{segment}:{bus:02x}"), "orphan bus"),
            Node::Function(_) => continue,
        };
        nodes.push(TreeNode {
            id: id.clone(),
            parent: None,
            kind: kind.to_owned(),
            buses: None,
            location_path: None,
            name: None,
        });
        // Depth first; a stack, because depth is the dump's to choose.
        let mut stack: Vec<(FunctionId, String)> = tree
            .below(index)
            .into_iter()
            .rev()
            .map(|below| (below, id.clone()))
            .collect();
        while let Some((function, parent)) = stack.pop() {
            let node = TreeNode::of(report, function, parent);
            let own = node.id.clone();
            nodes.push(node);
            let children = tree.children(function);
            stack.extend(children.into_iter().rev().map(|child| (child, own.clone())));
        }
    }
    TopologyDocument {
        schema: "assignable.topology/1".to_owned(),
        nodes,
        contradictions: tree
            .faults()
            .iter()
            .map(|&fault| fault_words(report, fault))
            .collect(),
    }
}

impl TreeNode {
    fn of(report: &Report<'_>, id: FunctionId, parent: String) -> Self {
        let (host, topology) = (report.facts.host, report.facts.topology);
        let function = host.function(id);
        let kind = topology.kind(id);
        let bridge = kind.is_bridge() && kind != FunctionKind::HostBridge;
        Self {
            id: function.at.to_string(),
            parent: Some(parent),
            kind: kind.name().to_owned(),
            buses: bridge
                .then(|| BusNumbers::decode(function.config))
                .flatten()
                .map(|buses| [buses.secondary, buses.subordinate]),
            location_path: LocationPath::of(host, topology, id).map(|path| path.to_string()),
            name: Some(report.names.call(function)),
        }
    }
}
