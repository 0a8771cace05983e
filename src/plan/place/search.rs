//! Distributes units over guests that are all alike.

use std::collections::BTreeSet;

use super::Shape;
use super::room::Rooms;
use super::units::{Unit, Units};

/// Steps of the search for one number of guests.
const BUDGET: u32 = 50_000;

/// The largest number of guests that was found.
pub(super) struct Served {
    /// The units of each, by place in the list.
    pub(super) guests: Vec<Vec<usize>>,
    /// More are ruled out.
    pub(super) proven: bool,
}

/// A search for guests under some limits.
pub(super) struct Search<'s, 'p, 'h, 'c> {
    units: &'s [Unit],
    wants: Vec<usize>,
    one_node: bool,
    rooms: Option<&'s mut Rooms<'p, 'h, 'c>>,
    used: Vec<bool>,
    budget: u32,
}

/// Where the choice for one guest stands.
struct Choice<'m> {
    /// Units before this one are not looked at.
    from: usize,
    missing: &'m [usize],
    /// Only units of this node.
    node: Option<u32>,
}

impl<'s, 'p, 'h, 'c> Search<'s, 'p, 'h, 'c> {
    pub(super) fn new(
        units: &'s Units,
        shape: &Shape,
        one_node: bool,
        rooms: Option<&'s mut Rooms<'p, 'h, 'c>>,
    ) -> Self {
        Self {
            units: &units.list,
            wants: shape.wants.iter().map(|want| want.count).collect(),
            one_node,
            rooms,
            used: vec![false; units.list.len()],
            budget: 0,
        }
    }

    /// As many guests as possible, `aim` at most.
    pub(super) fn most(mut self, aim: usize) -> Served {
        let mut proven = true;
        for count in (1..=aim).rev() {
            self.budget = BUDGET;
            self.used.fill(false);
            let mut guests = Vec::new();
            match self.guests(count, 0, &mut guests) {
                Some(true) => return Served { guests, proven },
                Some(false) => {}
                None => proven = false,
            }
        }
        Served {
            guests: Vec::new(),
            proven,
        }
    }

    /// Whether so many guests can be served; `None` where the budget ran out. Guests are alike,
    /// so that only distributions count in which their first units ascend.
    fn guests(&mut self, count: usize, from: usize, found: &mut Vec<Vec<usize>>) -> Option<bool> {
        if count == 0 {
            return Some(true);
        }
        if !self.may_serve(count, from) {
            return Some(false);
        }
        // One node after the other, then any: nearness costs no guest, because every choice
        // is tried in the end.
        let nodes = self.nodes(from);
        let any = !self.one_node || nodes.is_empty();
        let nodes = nodes.into_iter().map(Some).chain(any.then_some(None));
        for node in nodes {
            let wants = self.wants.clone();
            let choice = Choice {
                from,
                missing: &wants,
                node,
            };
            if self.members(&choice, &mut Vec::new(), count, found)? {
                return Some(true);
            }
        }
        Some(false)
    }

    /// Whether enough units are left, by number alone. Where a guest has to be on one node and
    /// every node is known, each node serves its own.
    fn may_serve(&self, count: usize, from: usize) -> bool {
        let free = || {
            let units = self.units.iter().zip(&self.used).skip(from);
            units.filter(|(_, used)| !**used).map(|(unit, _)| unit)
        };
        let guests_of = |node: Option<u32>| {
            let wants = self.wants.iter().enumerate();
            let each = wants.filter_map(|(want, &wanted)| {
                let of_node = |unit: &&Unit| node.is_none_or(|node| unit.is_on(node));
                let there: usize = free()
                    .filter(of_node)
                    .filter_map(|unit| unit.gives.get(want))
                    .sum();
                there.checked_div(wanted)
            });
            each.min().unwrap_or(0)
        };
        let known = free().all(|unit| unit.nodes.len() == 1);
        if self.one_node && known {
            let nodes = self.nodes(from).into_iter();
            return nodes.map(|node| guests_of(Some(node))).sum::<usize>() >= count;
        }
        guests_of(None) >= count
    }

    fn nodes(&self, from: usize) -> BTreeSet<u32> {
        let free = self.units.iter().zip(&self.used).skip(from);
        free.filter(|(_, used)| !**used)
            .flat_map(|(unit, _)| unit.nodes.iter().copied())
            .collect()
    }

    /// Chooses units for one guest, then goes on with the other guests. A guest gets exactly
    /// what it asks for, so that nothing is wasted.
    fn members(
        &mut self,
        choice: &Choice<'_>,
        members: &mut Vec<usize>,
        count: usize,
        found: &mut Vec<Vec<usize>>,
    ) -> Option<bool> {
        self.budget = self.budget.checked_sub(1)?;
        if choice.missing.iter().all(|&count| count == 0) {
            if !self.has_room(members) {
                return Some(false);
            }
            let first = members.first().map_or(choice.from, |first| first + 1);
            found.push(members.clone());
            if self.guests(count - 1, first, found)? {
                return Some(true);
            }
            found.pop();
            return Some(false);
        }
        let mut failed: BTreeSet<Kind> = BTreeSet::new();
        for index in choice.from..self.units.len() {
            let Some(unit) = self.units.get(index) else {
                break;
            };
            let taken = self.used.get(index).copied().unwrap_or(true);
            if taken || choice.node.is_some_and(|node| !unit.is_on(node)) {
                continue;
            }
            // An equal unit that failed in this place fails again.
            let kind = unit.kind();
            if failed.contains(&kind) {
                continue;
            }
            let left: Option<Vec<usize>> = choice
                .missing
                .iter()
                .zip(&unit.gives)
                .map(|(missing, gives)| missing.checked_sub(*gives))
                .collect();
            let Some(left) = left else {
                continue;
            };
            self.set_used(index, true);
            members.push(index);
            let next = Choice {
                from: index + 1,
                missing: &left,
                node: choice.node,
            };
            if self.members(&next, members, count, found)? {
                return Some(true);
            }
            members.pop();
            self.set_used(index, false);
            failed.insert(kind);
        }
        Some(false)
    }

    fn has_room(&mut self, members: &[usize]) -> bool {
        let units: Vec<&Unit> = members
            .iter()
            .filter_map(|&index| self.units.get(index))
            .collect();
        match &mut self.rooms {
            Some(rooms) => rooms.has_room(&units),
            None => true,
        }
    }

    fn set_used(&mut self, index: usize, used: bool) {
        if let Some(place) = self.used.get_mut(index) {
            *place = used;
        }
    }
}

/// Units of one kind stand for each other: what they give, their nodes, their address space.
type Kind = (Vec<usize>, BTreeSet<u32>, usize);

impl Unit {
    /// Whether a guest on this node can have it.
    fn is_on(&self, node: u32) -> bool {
        self.nodes.iter().all(|&own| own == node)
    }

    fn kind(&self) -> Kind {
        (self.gives.clone(), self.nodes.clone(), self.bars)
    }
}
