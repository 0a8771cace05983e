//! The tree as a Graphviz graph.

use std::fmt::Write as _;

use petgraph::dot::{Config, Dot};

use crate::report::{Report, safe};
use crate::topology::Node;
use crate::verdict::Verdict;

/// The tree in DOT, verdicts of the first policy coloured in.
pub fn topology(report: &Report<'_>) -> String {
    let node = |_, (_, node): (_, &Node)| match *node {
        Node::RootBus { segment, bus } => {
            format!("label=\"root bus {segment}:{bus:02x}\" shape=house")
        }
        Node::OrphanBus { segment, bus } => {
            format!(
                "label=\"bus {segment}:{bus:02x}\\nbridge not captured\" shape=house style=dashed"
            )
        }
        Node::Function(id) => function(report, id),
    };
    let graph = report.facts.topology.graph();
    let dot = Dot::with_attr_getters(
        graph,
        &[Config::EdgeNoLabel, Config::NodeNoLabel],
        &|_, _| String::new(),
        &node,
    );
    format!("{dot:?}")
}

fn function(report: &Report<'_>, id: crate::host::FunctionId) -> String {
    let (facts, function) = (report.facts, report.facts.host.function(id));
    let kind = facts.topology.kind(id);
    let mut label = format!("{}\n{kind}", function.at);
    if kind.is_downstream_port() {
        label.push_str(match facts.acs.hop(id).has_capability() {
            Some(true) => "\nACS",
            Some(false) => "\nno ACS",
            None => "\nACS unknown",
        });
    }
    let _ = write!(label, "\n{}", safe(&report.names.call(function)));
    let mut attributes = format!("label=\"{}\" shape=box", escape(&label));
    if report.is_candidate(id)
        && let Some(&policy) = report.policies.first()
    {
        let colour = match Verdict::of(report.run, policy, id) {
            Verdict::Assignable => "palegreen",
            Verdict::AssignableWithConditions => "darkseagreen1",
            Verdict::Undetermined => "lightgoldenrod",
            Verdict::NotAssignable => "lightpink",
        };
        let _ = write!(attributes, " style=filled fillcolor={colour}");
    }
    attributes
}

/// Text inside a DOT string.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
