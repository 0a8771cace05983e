//! Functions whose group hangs on facts that the capture lacks, and which facts.

use std::collections::{BTreeMap, BTreeSet};

use super::assign::{Ground, assign, same_slot};
use super::standing::is_listed_port;
use super::{Assume, GroupId, Partition};
use crate::addr::Segment;
use crate::analysis::{Fact, Missing, Tri};
use crate::host::FunctionId;
use crate::topology::{FunctionKind, Node, has_open_bus_numbers};

/// What is missing, by function.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    /// Index into `facts` for each function; empty where nothing is in doubt.
    of: Vec<Option<u32>>,
    facts: Vec<Vec<Missing>>,
    orphans: Orphans,
}

/// The last bus of each segment whose bridge cannot be told.
#[derive(Debug, Default)]
struct Orphans(BTreeMap<Segment, u8>);

impl Doubts {
    /// Compares the finest partition with those that other answers to the open questions give.
    pub(super) fn of(ground: &Ground<'_, '_>, finest: &Partition) -> Self {
        if !is_anything_open(ground) {
            return Self::default();
        }
        let mut doubts = Self {
            of: vec![None; ground.host.functions().len()],
            facts: Vec::new(),
            orphans: Orphans::of(ground),
        };
        doubts.compare(ground, finest, Assume::NOT_ISOLATED);
        if has_bridge_without_group(ground) {
            for assume in Assume::MIXED {
                doubts.compare(ground, finest, assume);
            }
        }
        doubts
    }

    pub(super) fn is_settled(&self, id: FunctionId) -> bool {
        self.of.get(id.index()).copied().flatten().is_none()
    }

    pub(super) fn about(&self, id: FunctionId) -> &[Missing] {
        let index = self.of.get(id.index()).copied().flatten();
        index
            .and_then(|index| self.facts.get(index as usize))
            .map_or(&[], Vec::as_slice)
    }

    fn compare(&mut self, ground: &Ground<'_, '_>, finest: &Partition, assume: Assume) {
        let other = assign(ground, assume);
        for (index, members) in other.members.iter().enumerate() {
            let group = GroupId(u32::try_from(index).unwrap_or(u32::MAX));
            // What hangs below one member without isolation is in the group of all of them.
            let more = members
                .iter()
                .any(|&id| self.orphans.may_be_below(ground, id));
            let open: Vec<FunctionId> = members
                .iter()
                .copied()
                .filter(|&id| {
                    more || !ground.topology.is_rooted(id)
                        || ground.aliases.dma_device(id).is_none()
                        || ground.aliases.may_be_controller(id)
                        || finest.companions(id) != other.companions(id)
                })
                .filter(|id| self.of.get(id.index()) == Some(&None))
                .collect();
            if open.is_empty() {
                continue;
            }
            let number = u32::try_from(self.facts.len()).unwrap_or(u32::MAX);
            let questions = questions(ground, &self.orphans, finest, &other, group);
            self.facts.push(questions);
            for id in open {
                self.of[id.index()] = Some(number);
            }
        }
    }
}

impl Orphans {
    fn of(ground: &Ground<'_, '_>) -> Self {
        let orphans = ground.topology.tops().filter_map(|(_, top)| match top {
            Node::OrphanBus { segment, bus } => Some((segment, bus)),
            _ => None,
        });
        // In order of bus numbers, so that the last one of a segment stays.
        Self(orphans.collect())
    }

    /// Whether functions of such a bus may hang below this bridge and join its group.
    fn may_be_below(&self, ground: &Ground<'_, '_>, id: FunctionId) -> bool {
        let function = ground.host.function(id);
        let last = self.0.get(&function.at.segment);
        last.is_some_and(|&bus| function.at.bus() < bus)
            && !matches!(ground.standings.get(id).isolated, Tri::Yes)
            && has_open_bus_numbers(function)
    }
}

fn is_anything_open(ground: &Ground<'_, '_>) -> bool {
    ground.host.iter().any(|(id, _)| {
        matches!(ground.standings.get(id).isolated, Tri::Unknown(_))
            || !ground.topology.is_rooted(id)
            || ground.aliases.is_open(id)
            || ground.aliases.dma_device(id).is_none()
            || ground.topology.kind(id) == FunctionKind::UnknownBridge
    })
}

fn has_bridge_without_group(ground: &Ground<'_, '_>) -> bool {
    ground.host.iter().any(|(id, _)| {
        let outside = ground.coverage.outside.get(id.index()).copied().flatten();
        outside.is_some() && ground.topology.kind(id).is_bridge()
    })
}

/// The open questions about the members of a group, those in the same groups of the finest
/// partition, and the bridges above them. There is one at least.
fn questions(
    ground: &Ground<'_, '_>,
    orphans: &Orphans,
    finest: &Partition,
    other: &Partition,
    group: GroupId,
) -> Vec<Missing> {
    let members = other.members.get(group.0 as usize);
    let members = members.map_or(&[][..], Vec::as_slice);
    let mut facts = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for &member in members {
        // Where groups split instead of merging, the others are in the finer group.
        for id in finest.companions(member).iter().copied().chain([member]) {
            for hop in ground.topology.upstream(id) {
                if !seen.insert(hop) {
                    break;
                }
                ask(ground, hop, &mut facts);
                if orphans.may_be_below(ground, hop) {
                    let function = ground.host.function(hop);
                    facts.insert(Missing::standard(hop, function));
                }
            }
        }
    }
    debug_assert!(
        !facts.is_empty(),
        "partitions differ without an open question"
    );
    facts.into_iter().collect()
}

/// Notes what is open about one function.
fn ask(ground: &Ground<'_, '_>, id: FunctionId, facts: &mut BTreeSet<Missing>) {
    if let Tri::Unknown(missing) = ground.standings.get(id).isolated {
        // A function alone in its slot, with nothing below it, joins nobody on its own account.
        let matters = ground.topology.kind(id).is_bridge()
            || !ground.topology.children(id).is_empty()
            || same_slot(ground.host, id).next().is_some()
            || ground
                .aliases
                .partners(Assume::NOT_ISOLATED, id)
                .next()
                .is_some();
        if matters {
            facts.insert(missing);
        }
    }
    // Whatever an exception says of it: a conventional bridge would take the ids of what is below.
    let unknown = matches!(
        ground.topology.kind(id),
        FunctionKind::Unknown | FunctionKind::UnknownBridge
    );
    let function = ground.host.function(id);
    if unknown && !is_listed_port(function) && !ground.topology.children(id).is_empty() {
        facts.insert(Missing::standard(id, function));
    }
    if !ground.topology.is_rooted(id) && ground.topology.parent(id).is_none() {
        facts.insert(Missing::of(Fact::BridgeAbove, id));
    }
    if ground.aliases.is_open(id) {
        facts.insert(Missing::of(Fact::AliasIds, id));
    }
    if ground.aliases.dma_device(id).is_none() || ground.aliases.may_be_controller(id) {
        facts.insert(Missing::of(Fact::DmaDevice, id));
    }
}
