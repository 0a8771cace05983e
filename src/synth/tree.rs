//! From the description to functions with addresses: what a firmware's bus scan does.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::addr::{Bdf, Sbdf, Segment};

use super::MAX_FUNCTIONS;
use super::description::{Device, Machine, Root};
use super::error::{Place, Problem, SynthError};
use super::kind::Kind;
use super::numbers::{BusKind, Numbers};
use super::profile::Profile;

/// Every function of the machine, parents before children.
pub(super) struct Tree<'m> {
    pub(super) nodes: Vec<Node<'m>>,
    /// Device numbers of the integrated endpoints of each root bus.
    pub(super) integrated: BTreeMap<(Segment, u8), u32>,
}

/// One function with its place in the tree. Virtual functions have no node.
pub(super) struct Node<'m> {
    pub(super) device: &'m Device,
    pub(super) profile: Rc<Profile>,
    pub(super) at: Sbdf,
    pub(super) place: Place,
    /// Index of the bridge above; `None` on a root bus.
    pub(super) parent: Option<usize>,
    pub(super) root_bus: u8,
    /// The function that the root bus hangs below.
    pub(super) root_parent: Option<Sbdf>,
    pub(super) numa: Option<u32>,
    /// Other functions share the device number.
    pub(super) multi_function: bool,
    /// ARI: the next function of the device, 0 at the end.
    pub(super) next_function: u8,
    /// Port: an ARI device is below.
    pub(super) leads_to_ari: bool,
    pub(super) buses: Option<Buses>,
    pub(super) vfs: Option<VfNumbers>,
}

/// The buses below a bridge, as they are.
#[derive(Clone, Copy)]
pub(super) struct Buses {
    pub(super) secondary: u8,
    pub(super) subordinate: u8,
}

/// Routing of a physical function's virtual functions (PCIe 6.0, 9.3.3.8 to 9.3.3.10).
#[derive(Clone, Copy)]
pub(super) struct VfNumbers {
    pub(super) offset: u16,
    pub(super) stride: u16,
}

/// A bus while it is filled.
#[derive(Clone, Copy)]
struct Bus {
    segment: Segment,
    number: u8,
    root_bus: u8,
    root_parent: Option<Sbdf>,
    numa: Option<u32>,
    parent: Option<usize>,
    kind: BusKind,
}

impl VfNumbers {
    /// Address of a VF, as far as routing ids reach.
    pub(super) fn address(self, pf: Sbdf, index: u16) -> Option<Sbdf> {
        let id = u32::from(pf.bdf.bits())
            + u32::from(self.offset)
            + u32::from(self.stride) * u32::from(index);
        let bdf = Bdf::from_bits(u16::try_from(id).ok()?);
        Some(Sbdf::new(pf.segment, bdf))
    }
}

impl<'m> Tree<'m> {
    pub(super) fn build(machine: &'m Machine) -> Result<Self, SynthError> {
        let mut tree = Self {
            nodes: Vec::new(),
            integrated: BTreeMap::new(),
        };
        let mut next = (0_u32, 0_u16);
        let mut roots = BTreeSet::new();
        for (index, root) in machine.root.iter().enumerate() {
            for copy in 0..root.repeat.unwrap_or(1) {
                next = tree.add_root(index, root, copy, next, &mut roots)?;
            }
        }
        for node in tree
            .nodes
            .iter()
            .filter(|node| node.device.kind == Kind::Rciep)
        {
            let bus = (node.at.segment, node.at.bus());
            *tree.integrated.entry(bus).or_default() |= 1 << node.at.bdf.device();
        }
        Ok(tree)
    }

    /// Adds one root; a root without a segment moves on to the next one where buses run out.
    fn add_root(
        &mut self,
        index: usize,
        root: &'m Root,
        copy: u32,
        (mut segment, mut next): (u32, u16),
        roots: &mut BTreeSet<(u32, u8)>,
    ) -> Result<(u32, u16), SynthError> {
        let fail = |problem: Problem| problem.at(Place::root(index));
        let named = if copy == 0 { root.segment } else { None };
        if let Some(named) = named
            && named != segment
        {
            (segment, next) = (named, 0);
        }
        if copy == 0
            && let Some(bus) = root.bus
        {
            next = u16::from(bus);
        }
        let before = self.nodes.len();
        loop {
            let exhausted = Problem::BusesExhausted {
                segment: Segment(segment),
            };
            if roots.len() >= MAX_FUNCTIONS {
                return Err(fail(Problem::TooManyFunctions));
            }
            let attempt = match u8::try_from(next) {
                Ok(number) if roots.contains(&(segment, number)) => {
                    return Err(fail(Problem::BusTaken {
                        segment: Segment(segment),
                        bus: number,
                    }));
                }
                Ok(number) => {
                    let bus = Bus {
                        segment: Segment(segment),
                        number,
                        root_bus: number,
                        root_parent: root.parent.map(|parent| parent.0),
                        numa: root.numa,
                        parent: None,
                        kind: BusKind::Root,
                    };
                    let mut place = Place::root(index);
                    self.fill(bus, &root.device, &mut place).inspect(|_| {
                        roots.insert((segment, number));
                    })
                }
                Err(_) => Err(fail(exhausted)),
            };
            match attempt {
                Ok(after) => return Ok((segment, after)),
                Err(SynthError::Machine {
                    problem: Problem::BusesExhausted { .. },
                    ..
                }) if named.is_none() && (copy > 0 || root.bus.is_none()) && next > 0 => {
                    self.nodes.truncate(before);
                    segment = segment
                        .checked_add(1)
                        .ok_or_else(|| fail(Problem::SegmentsExhausted))?;
                    next = 0;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Puts the entries on a bus, then everything below; returns the next free bus number.
    fn fill(
        &mut self,
        bus: Bus,
        entries: &'m [Device],
        place: &mut Place,
    ) -> Result<u16, SynthError> {
        let first = self.nodes.len();
        let mut numbers = Numbers::new(bus.segment, bus.number, bus.kind);
        for (index, device) in entries.iter().enumerate() {
            place.devices.push(index);
            self.add_entry(bus, device, place, &mut numbers)?;
            place.devices.pop();
        }
        let own = first..self.nodes.len();
        if let Some(nodes) = self.nodes.get_mut(own.clone()) {
            nodes.sort_by_key(|node| node.at.bdf.devfn());
            mark_functions(nodes);
        }
        let mut next = self.number_vfs(own.clone(), bus)?;
        if let Some(parent) = bus.parent {
            let ari = self
                .nodes
                .get(own.clone())
                .is_some_and(|nodes| nodes.iter().any(|node| node.device.ari == Some(true)));
            if let Some(node) = self.nodes.get_mut(parent) {
                node.leads_to_ari = ari;
            }
        }
        for bridge in own {
            let Some(node) = self.nodes.get(bridge) else {
                continue;
            };
            let device = node.device;
            if !device.kind.has_bus_below() {
                continue;
            }
            *place = node.place.clone();
            let number = device.bus.map_or(next, u16::from);
            let exhausted = || {
                Problem::BusesExhausted {
                    segment: bus.segment,
                }
                .at(place.clone())
            };
            let secondary = u8::try_from(number).map_err(|_| exhausted())?;
            let below = Bus {
                number: secondary,
                parent: Some(bridge),
                numa: device.numa.or(bus.numa),
                kind: if device.kind.has_link_below() {
                    BusKind::Link
                } else {
                    BusKind::Shared
                },
                ..bus
            };
            let after = self.fill(below, &device.device, place)? + u16::from(device.extra_buses);
            let exhausted = || {
                Problem::BusesExhausted {
                    segment: bus.segment,
                }
                .at(place.clone())
            };
            let subordinate = u8::try_from(after - 1).map_err(|_| exhausted())?;
            if let Some(node) = self.nodes.get_mut(bridge) {
                node.buses = Some(Buses {
                    secondary,
                    subordinate,
                });
            }
            next = next.max(after);
            place.devices.pop();
        }
        Ok(next)
    }

    fn add_entry(
        &mut self,
        bus: Bus,
        device: &'m Device,
        place: &Place,
        numbers: &mut Numbers,
    ) -> Result<(), SynthError> {
        let fail = |problem: Problem| problem.at(place.clone());
        if !device.device.is_empty() && !device.kind.has_bus_below() {
            return Err(fail(Problem::NoBusBelow));
        }
        let profile = Rc::new(Profile::of(device).map_err(fail)?);
        let mut from = device.at.map(|at| at.0);
        for _ in 0..device.repeat.unwrap_or(1) {
            let functions = device.functions.unwrap_or(1).max(1);
            let devfns = numbers.take(device, from, functions).map_err(fail)?;
            from = from.map(|from| {
                if bus.kind == BusKind::Link {
                    from.saturating_add(1)
                } else {
                    from.saturating_add(8)
                }
            });
            for devfn in devfns {
                if self.nodes.len() >= MAX_FUNCTIONS {
                    return Err(fail(Problem::TooManyFunctions));
                }
                let here = Sbdf::new(bus.segment, Bdf::from_devfn(bus.number, devfn));
                self.nodes.push(Node {
                    device,
                    profile: Rc::clone(&profile),
                    at: device.address.map_or(here, |address| address.0),
                    place: place.clone(),
                    parent: bus.parent,
                    root_bus: bus.root_bus,
                    root_parent: bus.root_parent,
                    numa: device.numa.or(bus.numa),
                    multi_function: false,
                    next_function: 0,
                    leads_to_ari: false,
                    buses: None,
                    vfs: None,
                });
            }
        }
        Ok(())
    }

    /// Numbers the VFs of a bus; they may lie on buses behind it, which are then taken.
    fn number_vfs(&mut self, own: std::ops::Range<usize>, bus: Bus) -> Result<u16, SynthError> {
        let nodes = self.nodes.get_mut(own).unwrap_or_default();
        let physical = nodes
            .iter()
            .filter(|node| node.device.sriov.is_some())
            .count();
        let stride = u16::try_from(physical).unwrap_or(1);
        let mut last = bus.number;
        for node in nodes {
            let Some(sriov) = &node.device.sriov else {
                continue;
            };
            let numbers = VfNumbers {
                offset: sriov.offset.unwrap_or(0x80),
                stride: sriov.stride.unwrap_or(stride),
            };
            let problem = Problem::VfCount.at(node.place.clone());
            if sriov.enabled > sriov.total {
                return Err(problem);
            }
            if let Some(index) = sriov.total.checked_sub(1) {
                let highest = numbers.address(node.at, index).ok_or(problem)?;
                last = last.max(highest.bus());
            }
            node.vfs = Some(numbers);
        }
        Ok(u16::from(last) + 1)
    }
}

/// Marks functions that share a device number, and chains ARI functions.
fn mark_functions(nodes: &mut [Node<'_>]) {
    let mut count = [0_u16; 32];
    let slot = |node: &Node<'_>| usize::from(node.at.bdf.device());
    for node in nodes.iter() {
        if let Some(count) = count.get_mut(slot(node)) {
            *count += 1;
        }
    }
    let mut next = 0;
    for node in nodes.iter_mut().rev() {
        node.multi_function = count.get(slot(node)).is_some_and(|&count| count > 1);
        if node.device.ari == Some(true) && !node.device.kind.has_bus_below() {
            node.next_function = next;
            next = node.at.bdf.devfn();
        }
    }
}
