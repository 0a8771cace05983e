//! Addresses for BARs and bridge windows: sized from the leaves up, placed from the root down,
//! largest alignment first, as firmware does. What does not fit stays without an address.

use crate::decode::config::bar::BarKind;
use crate::range::AddrRange;
use crate::spec::pci::HeaderType;

use super::description::{BarAddress, Window};
use super::tree::Tree;

/// The three address spaces that a bridge forwards separately.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pool {
    /// I/O ports.
    Io,
    /// Memory below 4 GiB.
    Low,
    /// 64-bit prefetchable memory, above 4 GiB.
    High,
}

/// Where everything of one function lies.
#[derive(Clone, Debug, Default)]
pub(super) struct Placement {
    /// By BAR register; `None` = unassigned.
    pub(super) bars: [Option<u64>; 6],
    pub(super) rom: Option<u64>,
    /// By VF BAR register: the first VF's.
    pub(super) vf_bars: [Option<u64>; 6],
    /// Bridge windows by [`Pool`]; `None` = closed.
    pub(super) windows: [Option<AddrRange>; 3],
}

/// Something that wants addresses.
#[derive(Clone, Copy)]
struct Demand {
    node: usize,
    what: What,
    size: u64,
    align: u64,
}

#[derive(Clone, Copy)]
enum What {
    Bar(usize),
    Rom,
    VfBar(usize),
    Window,
}

/// Demands of one bus in one pool, with offsets from the start of its window.
#[derive(Default)]
struct Layout {
    demands: Vec<(u64, Demand)>,
    size: u64,
    align: u64,
}

impl Pool {
    pub(super) const ALL: [Self; 3] = [Self::Io, Self::Low, Self::High];

    pub(super) const fn index(self) -> usize {
        match self {
            Self::Io => 0,
            Self::Low => 1,
            Self::High => 2,
        }
    }

    /// What the host bridges pass on: ports above the fixed ones of the mainboard, memory
    /// below the interrupt controllers, and 46 address bits.
    const fn host(self) -> (u64, u64) {
        match self {
            Self::Io => (0x1000, 0xffff),
            Self::Low => (0x8000_0000, 0xfbff_ffff),
            Self::High => (0x40_0000_0000, 0x3fff_ffff_ffff),
        }
    }

    /// Granularity of a bridge window (PCI-to-PCI Bridge 1.2, 3.2.5.6 to 3.2.5.9; CardBus
    /// windows count in 4 KiB).
    const fn unit(self, layout: HeaderType) -> u64 {
        match (self, layout) {
            (Self::Io, _) | (_, HeaderType::CARDBUS) => 0x1000,
            _ => 0x10_0000,
        }
    }

    /// The window that a BAR must use: only 64-bit prefetchable memory may lie above 4 GiB,
    /// and not below a CardBus bridge.
    fn of(kind: BarKind, above: Option<HeaderType>) -> Self {
        match kind {
            BarKind::Io => Self::Io,
            BarKind::Memory64 { prefetchable: true } if above != Some(HeaderType::CARDBUS) => {
                Self::High
            }
            BarKind::Memory32 { .. } | BarKind::Memory64 { .. } => Self::Low,
        }
    }
}

/// Places everything; one entry for each node.
pub(super) fn place(tree: &Tree<'_>) -> Vec<Placement> {
    let mut placements = vec![Placement::default(); tree.nodes.len()];
    fixed(tree, &mut placements);
    for pool in Pool::ALL {
        // Index 0 is the host, the others are bridges.
        let mut demands: Vec<Vec<Demand>> = Vec::new();
        demands.resize_with(tree.nodes.len() + 1, Vec::new);
        let mut layouts: Vec<Layout> = Vec::new();
        layouts.resize_with(tree.nodes.len(), Layout::default);
        for (index, node) in tree.nodes.iter().enumerate().rev() {
            let mut own = own_demands(tree, index, pool);
            if let Some(below) = demands.get_mut(index + 1).map(std::mem::take)
                && !below.is_empty()
            {
                let layout = Layout::of(below, pool.unit(node.profile.layout()));
                let (size, align) = (layout.size, layout.align);
                own.push(Demand {
                    node: index,
                    what: What::Window,
                    size,
                    align,
                });
                if let Some(slot) = layouts.get_mut(index) {
                    *slot = layout;
                }
            }
            if let Some(above) = demands.get_mut(node.parent.map_or(0, |parent| parent + 1)) {
                above.extend(own);
            }
        }
        // Placed one by one, so that a demand that does not fit leaves room for the others.
        let host = Layout::of(demands.into_iter().next().unwrap_or_default(), 1);
        let (mut cursor, last) = pool.host();
        for (_, demand) in host.demands {
            let start = round_up(cursor, demand.align);
            let range = AddrRange::with_len(start, demand.size);
            if let Some(range) = range.filter(|range| range.last() <= last) {
                cursor = range.last().saturating_add(1);
                assign(&mut placements, &mut layouts, pool, demand, start);
            }
        }
    }
    override_windows(tree, &mut placements);
    placements
}

/// Gives a demand its address, and everything within a window too.
fn assign(
    placements: &mut [Placement],
    layouts: &mut [Layout],
    pool: Pool,
    demand: Demand,
    start: u64,
) {
    let mut work = vec![(start, demand)];
    while let Some((start, demand)) = work.pop() {
        let Some(placement) = placements.get_mut(demand.node) else {
            continue;
        };
        let slot = match demand.what {
            What::Bar(register) => placement.bars.get_mut(register),
            What::Rom => Some(&mut placement.rom),
            What::VfBar(register) => placement.vf_bars.get_mut(register),
            What::Window => {
                if let Some(window) = placement.windows.get_mut(pool.index()) {
                    *window = AddrRange::with_len(start, demand.size);
                }
                let below = layouts
                    .get_mut(demand.node)
                    .map(std::mem::take)
                    .unwrap_or_default();
                work.extend(
                    below
                        .demands
                        .iter()
                        .map(|&(offset, inner)| (start.saturating_add(offset), inner)),
                );
                None
            }
        };
        if let Some(slot) = slot {
            *slot = Some(start);
        }
    }
}

impl Layout {
    fn of(mut demands: Vec<Demand>, unit: u64) -> Self {
        // Stable: equal demands keep the order of the scan, reversed on the way up.
        demands.reverse();
        demands.sort_by_key(|demand| std::cmp::Reverse(demand.align));
        let mut end = 0_u64;
        let mut placed = Vec::with_capacity(demands.len());
        for demand in demands {
            let offset = round_up(end, demand.align);
            end = offset.saturating_add(demand.size);
            placed.push((offset, demand));
        }
        let align = placed
            .first()
            .map_or(unit, |(_, demand)| demand.align.max(unit));
        Self {
            size: round_up(end, unit),
            align,
            demands: placed,
        }
    }
}

fn round_up(value: u64, align: u64) -> u64 {
    value.checked_next_multiple_of(align).unwrap_or(u64::MAX)
}

fn own_demands(tree: &Tree<'_>, index: usize, pool: Pool) -> Vec<Demand> {
    let Some(node) = tree.nodes.get(index) else {
        return Vec::new();
    };
    let profile = &node.profile;
    let above = node.parent.and_then(|parent| tree.nodes.get(parent));
    let above = above.map(|bridge| bridge.profile.layout());
    let mut demands = Vec::new();
    for (register, bar) in profile.bars.iter().enumerate() {
        if let Some(bar) = bar
            && bar.address == BarAddress::Placed
            && Pool::of(bar.kind, above) == pool
        {
            let what = What::Bar(register);
            demands.push(Demand {
                node: index,
                what,
                size: bar.size,
                align: bar.size,
            });
        }
    }
    if let (Some(size), Pool::Low) = (profile.rom, pool) {
        demands.push(Demand {
            node: index,
            what: What::Rom,
            size,
            align: size,
        });
    }
    if let (Some(vf), Some(sriov)) = (&profile.vf, &node.device.sriov) {
        for (register, bar) in vf.bars.iter().enumerate() {
            if let Some(bar) = bar
                && bar.address == BarAddress::Placed
                && Pool::of(bar.kind, above) == pool
                && sriov.total > 0
            {
                let size = bar.size.saturating_mul(u64::from(sriov.total));
                let what = What::VfBar(register);
                demands.push(Demand {
                    node: index,
                    what,
                    size,
                    align: bar.size,
                });
            }
        }
    }
    demands.reverse();
    demands
}

/// Addresses and windows that the description states.
fn fixed(tree: &Tree<'_>, placements: &mut [Placement]) {
    for (node, placement) in tree.nodes.iter().zip(placements) {
        for (bar, slot) in node.profile.bars.iter().zip(&mut placement.bars) {
            if let Some(BarAddress::Fixed(address)) = bar.map(|bar| bar.address) {
                *slot = Some(address);
            }
        }
        if let Some(vf) = &node.profile.vf {
            for (bar, slot) in vf.bars.iter().zip(&mut placement.vf_bars) {
                if let Some(BarAddress::Fixed(address)) = bar.map(|bar| bar.address) {
                    *slot = Some(address);
                }
            }
        }
    }
}

/// Replaces windows by those that the description states.
fn override_windows(tree: &Tree<'_>, placements: &mut [Placement]) {
    for (node, placement) in tree.nodes.iter().zip(placements) {
        let forwards = node.device.forwards;
        let stated = [forwards.io, forwards.memory, forwards.prefetchable];
        for (window, slot) in stated.into_iter().zip(&mut placement.windows) {
            match window {
                Some(Window::Closed) => *slot = None,
                Some(Window::Open(range)) => *slot = Some(range),
                None => {}
            }
        }
    }
}
