//! Bus numbers for a card that moves: those below its new port, where they do, else the lowest
//! ones that nothing else has. Nothing but the card and the ports above it gets other numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::ChangeError;
use crate::addr::Sbdf;
use crate::decode::config::bridge::BusNumbers;
use crate::host::{FunctionId, Host};
use crate::spec::pci::HeaderType;
use crate::topology::{Node, Topology};

/// How buses are numbered once a card has moved.
pub(super) struct Numbering {
    /// First and last bus of the card where it was.
    pub(super) old: (u8, u8),
    /// Its first bus from now on.
    first: u8,
    /// Secondary and subordinate bus of ports above whose numbers change.
    pub(super) above: BTreeMap<Sbdf, (u8, u8)>,
}

impl Numbering {
    /// The number of a bus of the card from now on; `None` for buses that are not the card's.
    pub(super) fn of_card(&self, bus: u8) -> Option<u8> {
        let (first, last) = self.old;
        let within = first <= bus && bus <= last;
        within.then(|| bus - first)?.checked_add(self.first)
    }

    /// Whether more than the card's own bus got another number.
    pub(super) fn changes_numbers(&self) -> bool {
        !self.above.is_empty() || self.old.0 != self.old.1
    }
}

/// Finds numbers for a card that leaves the port above it for another one.
pub(super) fn number(
    host: &Host<'_>,
    topology: &Topology,
    card: &BTreeSet<FunctionId>,
    above: FunctionId,
    port: FunctionId,
) -> Result<Numbering, ChangeError> {
    let at = |id: FunctionId| host.function(id).at;
    let numbers = |id: FunctionId| numbers(host, id);
    let no_bus = || ChangeError::NoBus(at(port));
    let target = numbers(port)
        .filter(|numbers| numbers.secondary != 0)
        .ok_or_else(no_bus)?;
    // Buses that the card uses or forwards; what a hot-plug port keeps free beyond stays behind.
    let forwarded = card.iter().filter_map(|&id| numbers(id));
    let used = card
        .iter()
        .map(|&id| at(id).bus())
        .chain(forwarded.flat_map(|numbers| [numbers.secondary, numbers.subordinate]))
        .filter(|&bus| bus != 0);
    let used: BTreeSet<u8> = used.collect();
    let first = numbers(above).map(|numbers| numbers.secondary);
    let (Some(first), Some(&last)) = (first.or(used.first().copied()), used.last()) else {
        return Err(no_bus());
    };
    if used.first().is_some_and(|&bus| bus < first) {
        // The captured numbers contradict themselves; what would follow from them is open.
        return Err(ChangeError::NoBus(at(above)));
    }
    let width = last - first;
    let taken = taken(host, topology, card, above, port);
    let end = topology.last_bus(port);
    let free = |bus: u8| taken.get(usize::from(bus)).is_some_and(|taken| !taken);
    let chain: Vec<FunctionId> = topology.upstream(port).skip(1).collect();
    // The ports above are extended where what they would have to forward is nobody else's.
    let fits = |start: u8| -> Option<BTreeMap<Sbdf, (u8, u8)>> {
        let stop = start.checked_add(width).filter(|&stop| stop <= end)?;
        (start..=stop).all(free).then_some(())?;
        let mut changed = BTreeMap::new();
        let own = if start == target.secondary {
            (start, target.subordinate.max(stop))
        } else {
            (start, stop)
        };
        (stop..=own.1).skip(1).all(free).then_some(())?;
        if own != (target.secondary, target.subordinate) {
            changed.insert(at(port), own);
        }
        for &bridge in &chain {
            let numbers = numbers(bridge)?;
            (start > numbers.secondary).then_some(())?;
            if own.1 > numbers.subordinate {
                (numbers.subordinate..=own.1)
                    .skip(1)
                    .all(free)
                    .then_some(())?;
                changed.insert(at(bridge), (numbers.secondary, own.1));
            }
        }
        Some(changed)
    };
    let starts = std::iter::once(target.secondary).chain(1..=u8::MAX);
    let found = starts
        .into_iter()
        .find_map(|start| Some((start, fits(start)?)));
    let Some((start, mut changed)) = found else {
        return Err(ChangeError::NoBusNumbers {
            port: at(port),
            needed: u16::from(width) + 1,
        });
    };
    // Where the card was, one bus is left.
    if width > 0
        && let Some(numbers) = numbers(above)
    {
        changed.insert(at(above), (numbers.secondary, numbers.secondary));
    }
    Ok(Numbering {
        old: (first, last),
        first: start,
        above: changed,
    })
}

/// The bus numbers of a bridge; `None` for other functions, too.
pub(super) fn numbers(host: &Host<'_>, id: FunctionId) -> Option<BusNumbers> {
    let function = host.function(id);
    let is_bridge = matches!(
        function.layout(),
        Some(HeaderType::BRIDGE | HeaderType::CARDBUS)
    );
    is_bridge.then(|| BusNumbers::decode(function.config))?
}

/// The bus numbers of the port's segment that something else has.
fn taken(
    host: &Host<'_>,
    topology: &Topology,
    card: &BTreeSet<FunctionId>,
    above: FunctionId,
    port: FunctionId,
) -> Vec<bool> {
    let mut taken = vec![false; 256];
    let mut take = |first: u8, last: u8| {
        for bus in first..=last {
            if let Some(place) = taken.get_mut(usize::from(bus)) {
                *place = true;
            }
        }
    };
    let segment = host.function(port).at.segment;
    let chain: BTreeSet<FunctionId> = topology.upstream(port).skip(1).collect();
    for (id, function) in host.iter() {
        if function.at.segment != segment || card.contains(&id) {
            continue;
        }
        take(function.at.bus(), function.at.bus());
        let Some(numbers) = numbers(host, id).filter(|_| id != port) else {
            continue;
        };
        if chain.contains(&id) || id == above {
            take(numbers.secondary, numbers.secondary);
        } else {
            take(numbers.secondary, numbers.subordinate);
        }
    }
    for (_, top) in topology.tops() {
        if let Node::RootBus {
            segment: other,
            bus,
        } = top
            && other == segment
        {
            take(bus, bus);
        }
    }
    taken
}
