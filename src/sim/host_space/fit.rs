//! Whether something larger, or something more, would find room on the host.
//!
//! Linux releases the BARs of the device in question and sizes anew every window above that
//! nothing else uses (drivers/pci/rebar.c, setup-bus.c). The first window above that something
//! else uses, or the root bus, has to have the room.

use super::windows::by_root;
use super::{HostSpace, WindowKind, open_windows, physical_children, slots_below};
use crate::decode::config::bar::BarKind;
use crate::host::{FunctionId, Host};
use crate::range::AddrRange;
use crate::sim::bars::{SizedBar, VfBar};
use crate::sim::layout::{Free, Outcome, Request, Shortfall, place};
use crate::sim::policy::linux;
use crate::sim::policy::tree::{Bridge, Slot};
use crate::topology::{Node, Topology};

/// What is to fit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wish {
    /// The bridge below which it is; `None` for a root bus.
    pub below: Option<FunctionId>,
    /// The device whose BARs are replaced, with those of its virtual functions; `None` for a
    /// card that is added.
    pub replaces: Option<FunctionId>,
    /// The memory BARs that are wanted.
    pub bars: Vec<SizedBar>,
    /// The BARs of virtual functions that are wanted.
    pub vf_bars: Vec<VfBar>,
}

/// Whether it fits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fit {
    /// There is room, at these addresses.
    Room(Vec<AddrRange>),
    /// There is none.
    No(NoRoom),
    /// The capture does not show what the root bus forwards.
    Unknown,
}

/// What is missing where it does not fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoRoom {
    /// The window that is too small.
    pub kind: WindowKind,
    /// Whose window; `None` for the root bus.
    pub bridge: Option<FunctionId>,
    /// Needed, available, alignment.
    pub shortfall: Shortfall,
}

/// Whether a wish would be granted after Linux sized what it may size.
pub fn fit(host: &Host<'_>, topology: &Topology, space: &HostSpace, wish: &Wish) -> Fit {
    let mut places = Vec::new();
    for kind in [WindowKind::Memory, WindowKind::Prefetchable] {
        match fit_kind(host, topology, space, wish, kind) {
            Fit::Room(range) => places.extend(range),
            other => return other,
        }
    }
    Fit::Room(places)
}

fn fit_kind(
    host: &Host<'_>,
    topology: &Topology,
    space: &HostSpace,
    wish: &Wish,
    kind: WindowKind,
) -> Fit {
    let goes_here = |bar: &SizedBar| window_of(bar.kind, wish.below.is_some()) == kind;
    let own = wish.bars.iter().filter(|bar| goes_here(bar));
    let of_vfs = wish.vf_bars.iter().filter(|vf| goes_here(&vf.bar));
    let mut requests: Vec<Request> = own
        .filter_map(|bar| bar.request())
        .chain(of_vfs.filter_map(|vf| vf.request()))
        .collect();
    if requests.is_empty() {
        return Fit::Room(Vec::new());
    }
    let replaced: Vec<FunctionId> = wish.replaces.map_or_else(Vec::new, |device| {
        std::iter::once(device)
            .chain(host.virtual_functions_of(device))
            .collect()
    });
    let mut released = replaced.clone();
    let mut below = wish.below;
    // The slot as it would be, for sizing the windows above.
    let mut slots = vec![Slot {
        vf_bars: wish.vf_bars.clone(),
        ..Slot::device(wish.bars.clone())
    }];
    while let Some(bridge) = below {
        if is_used_otherwise(host, topology, space, bridge, kind, &released) {
            let free = free_below(host, topology, space, bridge, kind, &released);
            return settle(&free, &requests, kind, Some(bridge));
        }
        let others = slots_below(host, topology, bridge)
            .into_iter()
            .zip(physical_children(host, topology, bridge))
            .filter(|(_, child)| !released.contains(child))
            .map(|(slot, _)| slot);
        slots.extend(others);
        let sizes = linux::bridge_windows(&slots, true, space.sizing);
        let window = match kind {
            WindowKind::Memory => sizes.memory,
            WindowKind::Prefetchable => sizes.prefetchable,
        };
        requests = window
            .and_then(|window| Request::new(window.size, window.align))
            .into_iter()
            .collect();
        released.push(bridge);
        slots = vec![Slot {
            bridge: Some(Bridge {
                hot_plug: false,
                wide: true,
                below: slots,
            }),
            ..Slot::default()
        }];
        below = topology.parent(bridge);
    }
    let anchor = released.last().copied();
    let root = anchor.map(|id| topology.top(id));
    let Some(Node::RootBus { segment, bus }) = root else {
        return Fit::Unknown;
    };
    let by_root = by_root(&space.windows);
    let Some(windows) = by_root.get(&(segment, bus)) else {
        return Fit::Unknown;
    };
    let windows: Vec<AddrRange> = match kind {
        WindowKind::Memory => windows
            .iter()
            .filter_map(|&range| below_4_gib(range))
            .collect(),
        WindowKind::Prefetchable => windows.clone(),
    };
    let mut free = Free::of(&windows);
    for (id, _) in host.iter() {
        if released.contains(&id) || topology.parent(id).is_some() {
            continue;
        }
        take_all(host, space, id, &mut free);
    }
    // What the released bridges keep in their other window, and BARs of their own.
    for &id in &released {
        if !replaced.contains(&id) {
            let own = space.taken_by(id).iter();
            own.for_each(|&range| free.remove(range));
        }
        if let Some(other) = space.bridge(id, other(kind)).map(|window| window.range)
            && let Some(range) = other.present()
        {
            free.remove(range);
        }
    }
    settle(&free, &requests, kind, None)
}

fn settle(free: &Free, requests: &[Request], kind: WindowKind, bridge: Option<FunctionId>) -> Fit {
    match place(free.blocks(), requests) {
        Outcome::Placed(places) => Fit::Room(places),
        Outcome::DoesNotFit(shortfall) | Outcome::Undecided(shortfall) => Fit::No(NoRoom {
            kind,
            bridge,
            shortfall,
        }),
    }
}

const fn other(kind: WindowKind) -> WindowKind {
    match kind {
        WindowKind::Memory => WindowKind::Prefetchable,
        WindowKind::Prefetchable => WindowKind::Memory,
    }
}

/// The window that a BAR uses. On a root bus a 64-bit BAR may lie anywhere.
const fn window_of(kind: BarKind, behind_bridge: bool) -> WindowKind {
    match kind {
        BarKind::Memory64 { prefetchable } if prefetchable || !behind_bridge => {
            WindowKind::Prefetchable
        }
        _ => WindowKind::Memory,
    }
}

/// Whether something that is not released has addresses in a window, so that it cannot be
/// sized anew.
fn is_used_otherwise(
    host: &Host<'_>,
    topology: &Topology,
    space: &HostSpace,
    bridge: FunctionId,
    kind: WindowKind,
    released: &[FunctionId],
) -> bool {
    let Some(range) = space
        .bridge(bridge, kind)
        .and_then(|window| window.range.present())
    else {
        return false;
    };
    topology
        .children(bridge)
        .into_iter()
        .filter(|child| !released.contains(child))
        .any(|child| {
            let mut taken = space.taken_by(child).iter();
            taken.any(|&taken| range.contains(taken))
                || open_windows(host, child)
                    .into_iter()
                    .any(|window| range.contains(window))
        })
}

fn free_below(
    host: &Host<'_>,
    topology: &Topology,
    space: &HostSpace,
    bridge: FunctionId,
    kind: WindowKind,
    released: &[FunctionId],
) -> Free {
    let window = space.bridge(bridge, kind);
    let range: Vec<AddrRange> = window
        .and_then(|window| window.range.present())
        .into_iter()
        .collect();
    let mut free = Free::of(&range);
    for child in topology.children(bridge) {
        if !released.contains(&child) {
            take_all(host, space, child, &mut free);
        }
    }
    free
}

fn take_all(host: &Host<'_>, space: &HostSpace, id: FunctionId, free: &mut Free) {
    let taken = space.taken_by(id).iter();
    taken.for_each(|&range| free.remove(range));
    for window in open_windows(host, id) {
        free.remove(window);
    }
}

fn below_4_gib(range: AddrRange) -> Option<AddrRange> {
    AddrRange::new(range.start(), range.last().min(u64::from(u32::MAX)))
}
