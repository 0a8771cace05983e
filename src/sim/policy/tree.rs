//! The PCI tree of a guest, or a part of a host's, as firmware and kernels lay it out.

use crate::range::AddrRange;
use crate::sim::bars::{SizedBar, VfBar};

/// A function or bridge with its BARs.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Slot {
    /// Its own memory BARs.
    pub bars: Vec<SizedBar>,
    /// BARs of its virtual functions for which room is kept.
    pub vf_bars: Vec<VfBar>,
    /// Bytes of its option ROM; 0 for none.
    pub rom: u64,
    /// What makes it a bridge.
    pub bridge: Option<Bridge>,
}

/// The downstream side of a bridge.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bridge {
    /// Cards may be plugged in below, so that firmware keeps room for them.
    pub hot_plug: bool,
    /// Its prefetchable window reaches above 4 GiB.
    pub wide: bool,
    /// What lies below, in order of device number.
    pub below: Vec<Slot>,
}

/// What was placed: the path of slot numbers from the root, and the BAR or window.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Item {
    /// Slot numbers from the root bus down.
    pub path: Vec<usize>,
    /// Which resource of that slot.
    pub part: Part,
}

/// A resource of a slot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Part {
    /// A BAR.
    Bar(u8),
    /// The memory window of a bridge: always below 4 GiB.
    Memory,
    /// The prefetchable window of a bridge.
    Prefetchable,
    /// OVMF: room for one option ROM at a time, on the root bus. SeaBIOS: the option ROM of a
    /// device.
    OptionRom,
}

/// A resource with its place.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Placed {
    /// Its place.
    pub range: AddrRange,
    /// What it is.
    pub item: Item,
}

/// A resource that got no place.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Unplaced {
    /// What it is.
    pub item: Item,
    /// Bytes that it needs.
    pub size: u64,
    /// Alignment that it needs.
    pub align: u64,
    /// Bytes that were left for it from an address of that alignment on.
    pub available: u64,
}

/// A range of addresses in which a guest places BARs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// What it is called on the platform.
    pub name: &'static str,
    /// The addresses; `None` where there are none.
    pub range: Option<AddrRange>,
}

/// The layout of a whole guest.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct TreeLayout {
    /// Everything with a place, by address.
    pub placed: Vec<Placed>,
    /// Everything without, largest first.
    pub unplaced: Vec<Unplaced>,
    /// Where places were looked for.
    pub windows: Vec<Window>,
}

impl Slot {
    /// A function without anything below.
    pub fn device(bars: Vec<SizedBar>) -> Self {
        Self {
            bars,
            ..Self::default()
        }
    }

    /// A hot-plug port with a 64-bit prefetchable window, as QEMU's root ports are.
    pub fn port(bars: Vec<SizedBar>, below: Vec<Self>) -> Self {
        Self {
            bars,
            vf_bars: Vec::new(),
            rom: 0,
            bridge: Some(Bridge {
                hot_plug: true,
                wide: true,
                below,
            }),
        }
    }
}

impl TreeLayout {
    /// Whether everything has a place.
    pub const fn fits(&self) -> bool {
        self.unplaced.is_empty()
    }

    /// The place of a resource.
    pub fn find(&self, path: &[usize], part: Part) -> Option<AddrRange> {
        self.placed
            .iter()
            .find(|placed| placed.item.path == path && placed.item.part == part)
            .map(|placed| placed.range)
    }

    pub(super) fn sort(&mut self) {
        self.placed.sort();
        self.unplaced
            .sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.item.cmp(&b.item)));
    }
}
