//! The address space that a function asks for: which BARs, of what kind and size.
//!
//! A BAR's size is not in its register; it comes from whatever the capture holds: the
//! kernel's resource list, sizes printed by a tool, Enhanced Allocation or Resizable BAR.
//! It is never guessed from a neighbour; where nothing says it, only bounds are known.

use crate::decode::config::bar::{self, BarKind, BarSlot};
use crate::host::Function;
use crate::spec::pci::{CapId, HeaderType};
use crate::spec::pcie::ExtCapId;

/// One BAR and what it asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BarDemand {
    /// 0 to 5, or [`BarDemand::ROM`].
    pub index: u8,
    /// Kind of space.
    pub kind: BarKind,
    /// Address as programmed or reported; `None` where none was assigned.
    pub address: Option<u64>,
    /// Size in bytes or ports.
    pub size: Size,
}

/// A BAR's size.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Size {
    /// Known.
    Exact {
        /// Bytes or ports.
        len: u64,
        /// Who says so.
        from: SizeSource,
    },
    /// Only bounds follow from the address: a BAR is aligned to its size.
    Bounded {
        /// Smallest size that the kind allows.
        min: u64,
        /// Largest size that the alignment of the address allows; `None` without an address.
        max: Option<u64>,
    },
}

/// Who says how large a BAR is, in order of trust.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum SizeSource {
    /// The operating system's resource list, or a tool that printed it.
    Reported,
    /// The Enhanced Allocation capability.
    EnhancedAllocation,
    /// The Resizable BAR capability's current size.
    ResizableBar,
}

/// Sums over the memory BARs of a function, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Demand {
    /// 32-bit memory.
    pub memory32: u64,
    /// 64-bit memory.
    pub memory64: u64,
    /// The part of both that is prefetchable.
    pub prefetchable: u64,
    /// I/O ports.
    pub io: u64,
    /// Some BAR's size is not known, so that the sums are lower bounds.
    pub incomplete: bool,
}

impl BarDemand {
    /// Index of the expansion ROM.
    pub const ROM: u8 = 6;
}

impl Size {
    /// The size, where known.
    pub const fn exact(self) -> Option<u64> {
        match self {
            Self::Exact { len, .. } => Some(len),
            Self::Bounded { .. } => None,
        }
    }
}

/// The BARs of a function, the expansion ROM left out. `None` where the BAR registers were
/// not captured and nothing was reported.
pub fn bars(function: &Function<'_>) -> Option<Vec<BarDemand>> {
    let layout = function.layout();
    let reported = &function.reported.resources;
    let is_bar = |index: u8| index < 6;
    let known = layout.is_some_and(|_| function.config.knows(0x10, 24));
    if !known && !reported.iter().any(|resource| is_bar(resource.value.index)) {
        return None;
    }
    let slots = match layout {
        Some(layout) => bar::bars(function.config, layout),
        None => [BarSlot::Unknown; 6],
    };
    let mut demands = Vec::new();
    for (index, slot) in (0..6).zip(slots) {
        let reported = reported_resource(function, index);
        let demand = match (slot, reported) {
            (BarSlot::Bar { kind, address, .. }, _) => Some(BarDemand {
                index,
                kind,
                address: reported.map_or(some_address(address), |resource| resource.address),
                size: size_of(function, index, kind, address, reported),
            }),
            // The register of a virtual function, or one that was not captured.
            (BarSlot::Zero | BarSlot::Unknown, Some(resource)) => Some(BarDemand {
                index,
                kind: resource.kind,
                address: resource.address,
                size: resource.size(),
            }),
            (BarSlot::Zero | BarSlot::Unknown | BarSlot::UpperHalf, _) => None,
        };
        demands.extend(demand);
    }
    Some(demands)
}

/// Sums of a function's BARs; `None` where nothing is known about them.
pub fn demand(function: &Function<'_>) -> Option<Demand> {
    let mut sum = Demand::default();
    for bar in bars(function)? {
        let Some(len) = bar.size.exact() else {
            sum.incomplete = true;
            continue;
        };
        let (total, prefetchable) = match bar.kind {
            BarKind::Io => (&mut sum.io, false),
            BarKind::Memory32 { prefetchable } => (&mut sum.memory32, prefetchable),
            BarKind::Memory64 { prefetchable } => (&mut sum.memory64, prefetchable),
        };
        *total = total.saturating_add(len);
        if prefetchable {
            sum.prefetchable = sum.prefetchable.saturating_add(len);
        }
    }
    Some(sum)
}

impl Demand {
    /// All memory, in bytes.
    pub const fn memory(self) -> u64 {
        self.memory32.saturating_add(self.memory64)
    }
}

/// The figure that Microsoft's survey script prints: each memory range counted one byte short,
/// the sum rounded up to MiB. `None` where a size is not known.
pub fn survey_dda_megabytes(function: &Function<'_>) -> Option<u64> {
    let bars = bars(function)?;
    let mut total = 0_u64;
    for bar in bars.iter().filter(|bar| bar.kind.is_memory()) {
        total = total.saturating_add(bar.size.exact()?.saturating_sub(1));
    }
    Some(total.div_ceil(1 << 20))
}

/// A reported resource in this module's terms.
#[derive(Clone, Copy)]
struct ReportedBar {
    kind: BarKind,
    address: Option<u64>,
    len: Option<u64>,
}

impl ReportedBar {
    fn size(self) -> Size {
        match self.len {
            Some(len) => Size::Exact {
                len,
                from: SizeSource::Reported,
            },
            None => bounds(self.kind, self.address.unwrap_or(0)),
        }
    }
}

/// Kind bits of Linux' resource flags (include/linux/ioport.h).
const FLAG_IO: u64 = 0x100;
const FLAG_PREFETCH: u64 = 0x2000;
const FLAG_MEM_64: u64 = 0x10_0000;

fn reported_resource(function: &Function<'_>, index: u8) -> Option<ReportedBar> {
    let resource = function
        .reported
        .resources
        .iter()
        .map(|resource| &resource.value)
        .find(|resource| resource.index == index)?;
    let flags = resource.flags.unwrap_or(0);
    let prefetchable = flags & FLAG_PREFETCH != 0;
    let kind = if flags & FLAG_IO != 0 {
        BarKind::Io
    } else if flags & FLAG_MEM_64 != 0 {
        BarKind::Memory64 { prefetchable }
    } else {
        BarKind::Memory32 { prefetchable }
    };
    Some(ReportedBar {
        kind,
        address: (!resource.unassigned).then_some(resource.start),
        len: resource.len,
    })
}

fn some_address(address: u64) -> Option<u64> {
    (address != 0).then_some(address)
}

fn size_of(
    function: &Function<'_>,
    index: u8,
    kind: BarKind,
    address: u64,
    reported: Option<ReportedBar>,
) -> Size {
    if let Some(len) = reported.and_then(|resource| resource.len) {
        return Size::Exact {
            len,
            from: SizeSource::Reported,
        };
    }
    if let Some(len) = enhanced_allocation(function, index) {
        return Size::Exact {
            len,
            from: SizeSource::EnhancedAllocation,
        };
    }
    if let Some(len) = resizable_bar(function, index) {
        return Size::Exact {
            len,
            from: SizeSource::ResizableBar,
        };
    }
    bounds(kind, address)
}

/// A BAR is a power of two in size and aligned to it (PCI 3.0, 6.2.5.1).
fn bounds(kind: BarKind, address: u64) -> Size {
    let min = if kind == BarKind::Io { 4 } else { 16 };
    let max = (address != 0).then(|| 1_u64 << address.trailing_zeros());
    Size::Bounded { min, max }
}

/// Size of a fixed BAR (PCIe 6.0, 7.8.5).
fn enhanced_allocation(function: &Function<'_>, index: u8) -> Option<u64> {
    let ea = function
        .space
        .standard(function.config, CapId::ENHANCED_ALLOCATION)
        .present()?;
    let count = ea.bits(0x02, 0, 6)?;
    let mut at = match function.layout()? {
        HeaderType::BRIDGE => 0x08,
        _ => 0x04,
    };
    for _ in 0..count {
        let words = u16::try_from(ea.bits(at, 0, 3)?).ok()?;
        let (bei, enabled) = (ea.bits(at, 4, 4)?, ea.bits(at, 31, 1)? == 1);
        if enabled && bei == u64::from(index) {
            let base_wide = ea.bits(at + 4, 1, 1)? == 1;
            let low = ea.u32(at + 8)?;
            let high_at = at + 12 + if base_wide { 4 } else { 0 };
            let high = if low & 2 != 0 { ea.u32(high_at)? } else { 0 };
            let last = u64::from(high) << 32 | u64::from(low | 3);
            return last.checked_add(1);
        }
        at = at.checked_add(4 + 4 * words)?;
    }
    None
}

/// Current size of a resizable BAR (PCIe 6.0, 7.8.6).
fn resizable_bar(function: &Function<'_>, index: u8) -> Option<u64> {
    let rebar = function
        .space
        .extended(function.config, ExtCapId::RESIZABLE_BAR)
        .present()?;
    let count = u16::try_from(rebar.bits(0x08, 5, 3)?).ok()?.min(6);
    (0..count).find_map(|pair| {
        let control = 0x08 + 8 * pair;
        let bar = rebar.bits(control, 0, 3)?;
        let exponent = u32::try_from(rebar.bits(control, 8, 6)?).ok()?;
        (bar == u64::from(index)).then(|| 1_u64.checked_shl(20 + exponent))?
    })
}
