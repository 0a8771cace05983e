//! What the picture shows: buses and functions, with equal neighbours drawn as one box.

use std::collections::BTreeMap;

use crate::analysis::groups::{GroupId, Groups};
use crate::host::FunctionId;
use crate::report::Report;
use crate::topology::Node;
use crate::verdict::Decision;

/// From how many equal functions on, other than virtual ones, one box stands for all.
const ALIKE_FROM: usize = 3;

/// One box of the picture.
#[derive(Debug)]
pub(in crate::report) struct Item {
    /// What it stands for.
    pub(in crate::report) what: What,
    /// Positions of what hangs on it.
    pub(in crate::report) children: Vec<usize>,
    /// Number of boxes to its left.
    pub(in crate::report) depth: usize,
}

/// What a box stands for.
#[derive(Debug)]
pub(in crate::report) enum What {
    /// A root bus, or a bus whose bridge is missing.
    Bus(Node),
    /// Functions that differ in nothing but their address; usually one.
    Functions(Vec<FunctionId>),
}

/// The tree as boxes, parents before what hangs on them.
#[derive(Debug, Default)]
pub(in crate::report) struct Tree {
    /// The boxes.
    pub(in crate::report) items: Vec<Item>,
    /// Positions of the buses at the top.
    pub(in crate::report) roots: Vec<usize>,
}

/// What must be equal for functions to share a box.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Likeness {
    physical: Option<FunctionId>,
    ids: (Option<u16>, Option<u16>),
    name: String,
    kind: &'static str,
    candidate: bool,
    unit: Option<usize>,
    /// Alone in its group, or in this one.
    group: Option<Option<GroupId>>,
    verdicts: Vec<(crate::verdict::Verdict, Vec<&'static str>)>,
}

impl Tree {
    /// Draws up the tree of a report.
    pub(in crate::report) fn of(report: &Report<'_>, groups: &Groups) -> Self {
        let topology = report.facts.topology;
        let mut virtuals: BTreeMap<FunctionId, Vec<FunctionId>> = BTreeMap::new();
        for (id, function) in report.facts.host.iter() {
            if let (Some(physical), true) = (function.physical, hangs_on_physical(report, id)) {
                virtuals.entry(physical).or_default().push(id);
            }
        }
        let mut tree = Self::default();
        for (index, node) in topology.tops() {
            if matches!(node, Node::Function(_)) {
                continue;
            }
            let root = tree.push(What::Bus(node), None);
            tree.roots.push(root);
            let mut below = topology.below(index);
            below.retain(|&id| !hangs_on_physical(report, id));
            tree.branch(report, groups, &virtuals, root, &below);
        }
        tree
    }

    fn push(&mut self, what: What, parent: Option<usize>) -> usize {
        let index = self.items.len();
        let depth = match parent {
            Some(parent) => {
                self.items[parent].children.push(index);
                self.items[parent].depth + 1
            }
            None => 0,
        };
        self.items.push(Item {
            what,
            children: Vec::new(),
            depth,
        });
        index
    }

    /// Hangs functions, and all below them, on a box.
    fn branch(
        &mut self,
        report: &Report<'_>,
        groups: &Groups,
        virtuals: &BTreeMap<FunctionId, Vec<FunctionId>>,
        top: usize,
        functions: &[FunctionId],
    ) {
        let topology = report.facts.topology;
        // A stack, because depth is the dump's to choose.
        let mut open = vec![(top, functions.to_vec())];
        while let Some((parent, functions)) = open.pop() {
            let mut run: Vec<FunctionId> = Vec::new();
            let mut likeness: Option<Likeness> = None;
            for id in functions {
                let virtuals_below = virtuals.get(&id).map_or(&[][..], Vec::as_slice);
                let mut below = topology.children(id);
                below.retain(|&child| !hangs_on_physical(report, child));
                below.extend(virtuals_below);
                let like = below.is_empty().then(|| Likeness::of(report, groups, id));
                if likeness.is_some() && likeness == like {
                    run.push(id);
                    continue;
                }
                self.close(report, parent, &mut run);
                likeness = like;
                if below.is_empty() {
                    run.push(id);
                } else {
                    let index = self.push(What::Functions(vec![id]), Some(parent));
                    open.push((index, below));
                }
            }
            self.close(report, parent, &mut run);
        }
    }

    /// Boxes for a run of equal leaves.
    fn close(&mut self, report: &Report<'_>, parent: usize, run: &mut Vec<FunctionId>) {
        let Some(&first) = run.first() else {
            return;
        };
        let is_virtual = report.facts.host.function(first).physical.is_some();
        let run = std::mem::take(run);
        if run.len() >= if is_virtual { 2 } else { ALIKE_FROM } {
            self.push(What::Functions(run), Some(parent));
        } else {
            for id in run {
                self.push(What::Functions(vec![id]), Some(parent));
            }
        }
    }
}

/// Functions sorted into those that differ in nothing but their address, in the order met.
pub(in crate::report) fn alike(
    report: &Report<'_>,
    groups: &Groups,
    functions: &[FunctionId],
) -> Vec<Vec<FunctionId>> {
    let mut runs: Vec<Vec<FunctionId>> = Vec::new();
    let mut known: BTreeMap<Likeness, usize> = BTreeMap::new();
    for &id in functions {
        let index = *known
            .entry(Likeness::of(report, groups, id))
            .or_insert(runs.len());
        match runs.get_mut(index) {
            Some(run) => run.push(id),
            None => runs.push(vec![id]),
        }
    }
    runs
}

/// Whether a function is drawn at its physical function. A capture may claim that two functions
/// are each other's physical one: those stay on their bus.
fn hangs_on_physical(report: &Report<'_>, id: FunctionId) -> bool {
    let host = report.facts.host;
    let physical = host.function(id).physical;
    physical.is_some_and(|physical| host.function(physical).physical.is_none())
}

impl Likeness {
    fn of(report: &Report<'_>, groups: &Groups, id: FunctionId) -> Self {
        let facts = report.facts;
        let function = facts.host.function(id);
        let identity = &function.identity;
        let alone = groups.companions(id).len() == 1;
        Self {
            physical: function.physical,
            ids: (identity.vendor, identity.device),
            name: report.names.call(function),
            kind: facts.topology.kind(id).name(),
            candidate: report.is_candidate(id),
            unit: facts.iommu.owner(id).map(|owner| owner.unit),
            group: (!alone).then(|| groups.group(id)),
            verdicts: report
                .policies
                .iter()
                .map(|&policy| {
                    let decision = Decision::of(report.run, policy, id);
                    let deciding = decision.blockers.iter().chain(&decision.conditions);
                    let codes = deciding.map(|finding| finding.rule().code).collect();
                    (decision.verdict, codes)
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Facts;
    use crate::host::Host;
    use crate::names::Names;
    use crate::policy::Policy;
    use crate::rules;
    use crate::testing::{Dev, Machine};
    use crate::topology::Topology;

    fn boxes<R>(capture: &crate::capture::Capture, ask: impl FnOnce(&Tree, &Host<'_>) -> R) -> R {
        let host = Host::from_capture(capture);
        let topology = Topology::of(&host);
        let facts = Facts::of(&host, &topology);
        let run = rules::run(&facts);
        let report = Report {
            facts: &facts,
            run: &run,
            names: &Names::built_in(),
            policies: &[Policy::Vfio],
        };
        ask(&Tree::of(&report, &facts.predicted), &host)
    }

    fn shown(tree: &Tree) -> Vec<FunctionId> {
        let mut shown: Vec<FunctionId> = tree
            .items
            .iter()
            .filter_map(|item| match &item.what {
                What::Functions(functions) => Some(functions.clone()),
                What::Bus(_) => None,
            })
            .flatten()
            .collect();
        shown.sort_unstable();
        shown
    }

    const CARD: &str = r#"
        [[root]]
        device = [
          { kind = "host-bridge" },
          { kind = "root-port", device = [
            { class = "ethernet", functions = 2, ari = true, flr = true,
              sriov = { total = 8, enabled = 8, bars = ["mem64p 64K"], msix = 5 } },
          ] },
        ]"#;

    #[test]
    fn every_function_is_shown_once_and_equal_virtual_ones_share_a_box() {
        let capture = crate::synth::synthesise(CARD).unwrap();
        boxes(&capture, |tree, host| {
            let all: Vec<FunctionId> = host.iter().map(|(id, _)| id).collect();
            assert_eq!(shown(tree), all);
            assert_eq!(all.len(), 20);
            // A bus, a host bridge, a port, two physical functions with a box of eight each.
            assert_eq!(tree.items.len(), 7);
        });
    }

    #[test]
    fn two_functions_that_claim_each_other_as_physical_one_are_shown() {
        let claim = |other: &str| {
            let text = Some(crate::testing::reported(other.to_owned()));
            Dev::endpoint().report(|p| p.physical_function = text)
        };
        let machine = Machine::with_port()
            .with("01:00.0", claim("0000:01:00.1"))
            .with("01:00.1", claim("0000:01:00.0"));
        boxes(&machine.capture, |tree, _| assert_eq!(shown(tree).len(), 3));
    }
}
