//! How large a BAR is, and who says so.

use super::ReportedBar;
use crate::decode::config::bar::BarKind;
use crate::host::Function;
use crate::spec::pci::{CapId, HeaderType};
use crate::spec::pcie::ExtCapId;

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

impl Size {
    /// The size, where known.
    pub const fn exact(self) -> Option<u64> {
        match self {
            Self::Exact { len, .. } => Some(len),
            Self::Bounded { .. } => None,
        }
    }

    /// The smallest size that it can have.
    pub const fn least(self) -> u64 {
        match self {
            Self::Exact { len, .. } => len,
            Self::Bounded { min, .. } => min,
        }
    }

    /// The largest size that it can have, where there is a bound.
    pub const fn most(self) -> Option<u64> {
        match self {
            Self::Exact { len, .. } => Some(len),
            Self::Bounded { max, .. } => max,
        }
    }

    /// A BAR is a power of two in size and aligned to it (PCI 3.0, 6.2.5.1).
    pub(super) fn bounds(kind: BarKind, address: u64) -> Self {
        let min = if kind == BarKind::Io { 4 } else { 16 };
        let max = (address != 0).then(|| 1_u64 << address.trailing_zeros());
        Self::Bounded { min, max }
    }
}

pub(super) fn of(
    function: &Function<'_>,
    index: u8,
    kind: BarKind,
    address: u64,
    reported: Option<ReportedBar>,
) -> Size {
    let exact = |len, from| Size::Exact { len, from };
    if let Some(len) = reported.and_then(|resource| resource.len) {
        return exact(len, SizeSource::Reported);
    }
    if let Some(len) = enhanced_allocation(function, index) {
        return exact(len, SizeSource::EnhancedAllocation);
    }
    if let Some(len) = resizable_bar(function, index) {
        return exact(len, SizeSource::ResizableBar);
    }
    Size::bounds(kind, address)
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
