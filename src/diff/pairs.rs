//! Which function of one capture is which of the other.

use std::collections::{BTreeMap, BTreeSet};

use super::{Change, Found, Side, Subject, What};
use crate::addr::Segment;
use crate::decode::config::ext::serial::SerialNumber;
use crate::host::{Function, FunctionId};
use crate::spec::pci::ClassCode;
use crate::spec::pcie::ExtCapId;
use crate::topology::Node;

/// A function that is on both sides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pair {
    /// In the first capture.
    pub before: FunctionId,
    /// In the second one.
    pub after: FunctionId,
    /// How it was known again.
    pub how: How,
}

/// How a function was known again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum How {
    /// It sits at the same place.
    Place,
    /// By its serial number.
    Serial,
    /// By its ids, which no other card has.
    Ids,
    /// By its ids and the order of cards that share them.
    Order,
}

/// A function of either side, for changes that speak of others.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Companion {
    /// Of the first capture.
    Before(FunctionId),
    /// Of the second capture.
    After(FunctionId),
}

/// The functions of two captures, paired.
pub(super) struct Matching {
    pub(super) pairs: Vec<Pair>,
    /// For each function of the first capture its other half, and the other way round.
    after: Vec<Option<FunctionId>>,
    before: Vec<Option<FunctionId>>,
}

/// Where a function sits, without bus numbers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Place {
    /// The root bus, as numbered for both sides.
    root: usize,
    /// Device and function of each hop.
    hops: Vec<(u8, u8)>,
    /// Of a virtual function: its requester id, counted from its physical function's.
    offset: Option<u16>,
}

/// A bus at the top of a tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Root {
    segment: Segment,
    orphan: bool,
    bus: u8,
}

/// What a card is known by: ids, class, function number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Card {
    serial: Option<u64>,
    vendor: u16,
    device: u16,
    subsystem: Option<(u16, u16)>,
    class: Option<ClassCode>,
    function: u8,
}

impl Matching {
    pub(super) fn of(before: Side<'_>, after: Side<'_>) -> Self {
        let mut matching = Self {
            pairs: Vec::new(),
            after: vec![None; before.facts.host.functions().len()],
            before: vec![None; after.facts.host.functions().len()],
        };
        let (roots_before, roots_after) = number_roots(before, after);
        let old = places(before, &roots_before);
        let new = places(after, &roots_after);
        for (place, &id) in &old {
            if let Some(&other) = new.get(place)
                && same_device(before, id, after, other)
            {
                matching.pair(id, other, How::Place);
            }
        }
        matching.find_cards(before, after, true);
        matching.find_cards(before, after, false);
        matching.pairs.sort_by_key(|pair| (pair.before, pair.after));
        matching
    }

    /// The other half of a function of the first capture.
    pub(super) fn after(&self, before: FunctionId) -> Option<FunctionId> {
        self.after.get(before.index()).copied().flatten()
    }

    /// The other half of a function of the second capture.
    pub(super) fn before(&self, after: FunctionId) -> Option<FunctionId> {
        self.before.get(after.index()).copied().flatten()
    }

    fn pair(&mut self, before: FunctionId, after: FunctionId, how: How) {
        self.after[before.index()] = Some(after);
        self.before[after.index()] = Some(before);
        self.pairs.push(Pair { before, after, how });
    }

    /// Pairs what is left by serial number, or by ids where as many are left on either side.
    fn find_cards(&mut self, before: Side<'_>, after: Side<'_>, by_serial: bool) {
        let left = |side: Side<'_>, taken: &[Option<FunctionId>]| {
            let mut cards: BTreeMap<Card, Vec<FunctionId>> = BTreeMap::new();
            for (id, _) in side.facts.host.iter() {
                if taken.get(id.index()).copied().flatten().is_none()
                    && let Some(card) = Card::of(side, id, by_serial)
                {
                    cards.entry(card).or_default().push(id);
                }
            }
            cards
        };
        let old = left(before, &self.after);
        let new = left(after, &self.before);
        for (card, ids) in &old {
            let Some(others) = new.get(card).filter(|others| others.len() == ids.len()) else {
                continue;
            };
            let how = match (card.serial, ids.len()) {
                (Some(_), _) => How::Serial,
                (None, 1) => How::Ids,
                (None, _) => How::Order,
            };
            for (&id, &other) in ids.iter().zip(others) {
                self.pair(id, other, how);
            }
        }
    }

    /// What the pairing itself says: devices that came, went, moved, or have other numbers.
    pub(super) fn changes(&self, before: Side<'_>, after: Side<'_>, found: &mut Found) {
        let (roots_before, roots_after) = number_roots(before, after);
        let old = places(before, &roots_before);
        let new = places(after, &roots_after);
        let mut replaced_by: BTreeMap<FunctionId, FunctionId> = BTreeMap::new();
        for (place, &id) in &old {
            if self.after(id).is_none()
                && let Some(&other) = new.get(place)
                && self.before(other).is_none()
            {
                replaced_by.insert(id, other);
            }
        }
        let mut replacements: Vec<FunctionId> = replaced_by.values().copied().collect();
        replacements.sort_unstable();
        // What happened to a physical function happened to its virtual ones.
        let goes_along = |physical: Option<FunctionId>, paired: &[Option<FunctionId>]| {
            physical
                .is_some_and(|physical| paired.get(physical.index()).copied().flatten().is_none())
        };
        for (id, function) in before.facts.host.iter() {
            match (self.after(id), replaced_by.get(&id)) {
                _ if goes_along(function.physical, &self.after) => {}
                (Some(_), _) => {}
                (None, Some(&other)) => found.add(Subject::Both(id, other), What::Replaced),
                (None, None) => found.add(Subject::Before(id), What::Removed),
            }
        }
        for (id, function) in after.facts.host.iter() {
            if goes_along(function.physical, &self.before) {
                continue;
            }
            if self.before(id).is_none() && replacements.binary_search(&id).is_err() {
                found.add(Subject::After(id), What::Added);
            }
        }
        self.moves(before, after, found);
        self.renumbered(before, after, found);
    }

    /// Cards that sit elsewhere. What moved along with a bridge or with function 0 of its
    /// device is counted there.
    fn moves(&self, before: Side<'_>, after: Side<'_>, found: &mut Found) {
        let mut along: BTreeMap<FunctionId, usize> = BTreeMap::new();
        let mut heads: Vec<(Pair, FunctionId)> = Vec::new();
        let moved: BTreeMap<FunctionId, Pair> = self
            .pairs
            .iter()
            .filter(|pair| pair.how != How::Place)
            .map(|pair| (pair.before, *pair))
            .collect();
        for pair in moved.values() {
            let head = self.head(before, after, &moved, pair.before);
            if head == pair.before {
                heads.push((*pair, head));
            } else {
                *along.entry(head).or_default() += 1;
            }
        }
        for (pair, head) in heads {
            let along = along.get(&head).copied().unwrap_or(0);
            found.add(
                Subject::Both(pair.before, pair.after),
                What::Moved {
                    how: pair.how,
                    along,
                },
            );
        }
    }

    /// The highest function that moved and took this one along.
    fn head(
        &self,
        before: Side<'_>,
        after: Side<'_>,
        moved: &BTreeMap<FunctionId, Pair>,
        id: FunctionId,
    ) -> FunctionId {
        let mut head = id;
        let above = |side: Side<'_>, id: FunctionId| {
            let at = side.facts.host.function(id).at;
            let first = side
                .facts
                .topology
                .siblings(side.facts.host, id)
                .find(|&other| {
                    other < id && side.facts.host.function(other).at.bdf.function() == 0
                });
            first
                .filter(|_| at.bdf.function() != 0)
                .or_else(|| side.facts.topology.parent(id))
        };
        // Each step leads to a lower address or one level up; the tree has no more levels than
        // functions.
        for _ in 0..before.facts.host.functions().len() {
            let Some(pair) = moved.get(&head) else { break };
            let (Some(up), Some(other)) = (above(before, pair.before), above(after, pair.after))
            else {
                break;
            };
            if moved.contains_key(&up) && self.after(up) == Some(other) {
                head = up;
            } else {
                break;
            }
        }
        head
    }

    fn renumbered(&self, before: Side<'_>, after: Side<'_>, found: &mut Found) {
        let mut buses: BTreeSet<(u8, u8)> = BTreeSet::new();
        let mut functions = 0;
        for pair in self.pairs.iter().filter(|pair| pair.how == How::Place) {
            let old = before.facts.host.function(pair.before).at;
            let new = after.facts.host.function(pair.after).at;
            if old != new {
                functions += 1;
                buses.insert((old.bus(), new.bus()));
            }
        }
        if functions > 0 {
            found.changes.push(Change {
                subject: Subject::Host,
                what: What::Renumbered {
                    functions,
                    buses: buses.into_iter().collect(),
                },
            });
        }
    }
}

impl Card {
    /// `None` for what belongs to the board, which cannot move, and for what is not known
    /// well enough.
    fn of(side: Side<'_>, id: FunctionId, by_serial: bool) -> Option<Self> {
        let facts = side.facts;
        let function = facts.host.function(id);
        facts.topology.parent(id)?;
        if function.physical.is_some() {
            return None;
        }
        let serial = serial(function);
        if by_serial != serial.is_some() {
            return None;
        }
        let identity = &function.identity;
        Some(Self {
            serial,
            vendor: identity.vendor?,
            device: identity.device?,
            subsystem: identity.subsystem,
            class: identity.class,
            function: function.at.bdf.function(),
        })
    }
}

/// The serial number of a function; blank ones are none.
fn serial(function: &Function<'_>) -> Option<u64> {
    let capability = function
        .space
        .extended(function.config, ExtCapId::SERIAL_NUMBER)
        .present()?;
    let number = SerialNumber::new(capability).number()?;
    (number != 0 && number != u64::MAX).then_some(number)
}

/// Whether nothing says that two functions at one place are different devices. A virtual
/// function is what its physical one is.
fn same_device(before: Side<'_>, id: FunctionId, after: Side<'_>, other: FunctionId) -> bool {
    let (old, new) = (
        before.facts.host.function(id),
        after.facts.host.function(other),
    );
    let physical = match (old.physical, new.physical) {
        (Some(old), Some(new)) => same_ids(
            before.facts.host.function(old),
            after.facts.host.function(new),
        ),
        _ => true,
    };
    physical && same_ids(old, new)
}

fn same_ids(a: &Function<'_>, b: &Function<'_>) -> bool {
    let agree = |a: Option<u16>, b: Option<u16>| match (a, b) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    };
    let serials = match (serial(a), serial(b)) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    };
    agree(a.identity.vendor, b.identity.vendor)
        && agree(a.identity.device, b.identity.device)
        && serials
}

/// The places of a side's functions. Of two functions at one place the first counts.
fn places(side: Side<'_>, roots: &BTreeMap<Root, usize>) -> BTreeMap<Place, FunctionId> {
    let host = side.facts.host;
    let mut places = BTreeMap::new();
    for (id, function) in host.iter() {
        let (of, offset) = match function.physical {
            Some(physical) => {
                let own = function.at.bdf.bits();
                let base = host.function(physical).at.bdf.bits();
                (physical, Some(own.wrapping_sub(base)))
            }
            None => (id, None),
        };
        let Some(&root) = root_of(side, of).and_then(|root| roots.get(&root)) else {
            continue;
        };
        let place = Place {
            root,
            hops: hops(side, of),
            offset,
        };
        places.entry(place).or_insert(id);
    }
    places
}

fn hops(side: Side<'_>, id: FunctionId) -> Vec<(u8, u8)> {
    let mut hops: Vec<(u8, u8)> = side
        .facts
        .topology
        .upstream(id)
        .map(|hop| {
            let bdf = side.facts.host.function(hop).at.bdf;
            (bdf.device(), bdf.function())
        })
        .collect();
    hops.reverse();
    hops
}

fn root_of(side: Side<'_>, id: FunctionId) -> Option<Root> {
    Root::of(side.facts.topology.top(id))
}

impl Root {
    fn of(node: Node) -> Option<Self> {
        let (segment, bus, orphan) = match node {
            Node::RootBus { segment, bus } => (segment, bus, false),
            Node::OrphanBus { segment, bus } => (segment, bus, true),
            Node::Function(_) => return None,
        };
        Some(Self {
            segment,
            orphan,
            bus,
        })
    }
}

/// Gives the root buses of both sides common numbers: those with the same bus number are the
/// same; of the rest those that have most of their devices in common, because root buses are
/// renumbered too.
fn number_roots(
    before: Side<'_>,
    after: Side<'_>,
) -> (BTreeMap<Root, usize>, BTreeMap<Root, usize>) {
    let roots = |side: Side<'_>| -> Vec<Root> {
        let tops = side.facts.topology.tops();
        tops.filter_map(|(_, node)| Root::of(node)).collect()
    };
    let (old, new) = (roots(before), roots(after));
    let mut numbered = (BTreeMap::new(), BTreeMap::new());
    let mut next = 0;
    for &root in old.iter().filter(|root| new.contains(root)) {
        numbered.0.insert(root, next);
        numbered.1.insert(root, next);
        next += 1;
    }
    let population = population(after, &numbered.1);
    let mut votes: BTreeMap<Root, BTreeMap<Root, usize>> = BTreeMap::new();
    for (id, function) in before.facts.host.iter() {
        let Some(root) = root_of(before, id).filter(|root| !numbered.0.contains_key(root)) else {
            continue;
        };
        let key = (
            hops(before, id),
            function.identity.vendor,
            function.identity.device,
        );
        for &other in population.get(&key).into_iter().flatten() {
            if (other.segment, other.orphan) == (root.segment, root.orphan) {
                *votes.entry(root).or_default().entry(other).or_default() += 1;
            }
        }
    }
    for (root, candidates) in votes {
        let best = candidates
            .into_iter()
            .filter(|(other, _)| !numbered.1.contains_key(other))
            .max_by_key(|&(other, votes)| (votes, std::cmp::Reverse(other)));
        if let Some((other, _)) = best {
            numbered.0.insert(root, next);
            numbered.1.insert(other, next);
            next += 1;
        }
    }
    for root in old {
        numbered.0.entry(root).or_insert_with(|| {
            next += 1;
            next - 1
        });
    }
    for root in new {
        numbered.1.entry(root).or_insert_with(|| {
            next += 1;
            next - 1
        });
    }
    numbered
}

type Inhabitant = (Vec<(u8, u8)>, Option<u16>, Option<u16>);

/// Where a device with a path and ids occurs, on root buses without a number. Few answers for
/// each are enough.
fn population(side: Side<'_>, numbered: &BTreeMap<Root, usize>) -> BTreeMap<Inhabitant, Vec<Root>> {
    const MOST: usize = 16;
    let mut population: BTreeMap<Inhabitant, Vec<Root>> = BTreeMap::new();
    for (id, function) in side.facts.host.iter() {
        let Some(root) = root_of(side, id).filter(|root| !numbered.contains_key(root)) else {
            continue;
        };
        let key = (
            hops(side, id),
            function.identity.vendor,
            function.identity.device,
        );
        let roots = population.entry(key).or_default();
        if roots.len() < MOST {
            roots.push(root);
        }
    }
    population
}
