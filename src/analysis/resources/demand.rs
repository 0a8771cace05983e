//! Sums over a function's BARs.

use super::{BarDemand, bars};
use crate::decode::config::bar::BarKind;
use crate::host::Function;

/// What the BARs of a function add up to. Bytes, or ports for I/O.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Demand {
    /// 32-bit memory.
    pub memory32: Amount,
    /// 64-bit memory.
    pub memory64: Amount,
    /// The part of both that is prefetchable.
    pub prefetchable: Amount,
    /// I/O ports.
    pub io: Amount,
    /// The largest 64-bit memory BAR.
    pub largest64: Amount,
    /// I/O BARs.
    pub io_bars: BarSet,
    /// Memory BARs whose size the capture does not hold.
    pub unsized_bars: BarSet,
    /// BARs that need an address and have none.
    pub unplaced_bars: BarSet,
    /// BARs whose register contradicts itself.
    pub malformed_bars: BarSet,
}

/// An amount of which at least the bounds are known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Amount {
    /// It is this at least.
    pub least: u64,
    /// It is this at most; `None` where there is no bound.
    pub most: Option<u64>,
}

/// Some of the BARs 0 to 5.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct BarSet(u8);

/// Sums of a function's BARs; `None` where nothing is known about them.
pub fn demand(function: &Function<'_>) -> Option<Demand> {
    let mut sum = Demand::default();
    for bar in bars(function)?.iter() {
        sum.add(bar);
    }
    Some(sum)
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

impl Demand {
    /// All memory.
    pub fn memory(self) -> Amount {
        self.memory32.plus(self.memory64)
    }

    /// Whether a memory BAR's size is not known, so that the sums are bounds.
    pub const fn is_incomplete(self) -> bool {
        !self.unsized_bars.is_empty()
    }

    fn add(&mut self, bar: &BarDemand) {
        let amount = Amount {
            least: bar.size.least(),
            most: bar.size.most(),
        };
        let prefetchable = match bar.kind {
            BarKind::Io => {
                self.io = self.io.plus(amount);
                self.io_bars.insert(bar.index);
                false
            }
            BarKind::Memory32 { prefetchable } => {
                self.memory32 = self.memory32.plus(amount);
                prefetchable
            }
            BarKind::Memory64 { prefetchable } => {
                self.memory64 = self.memory64.plus(amount);
                self.largest64 = self.largest64.max(amount);
                prefetchable
            }
        };
        if prefetchable {
            self.prefetchable = self.prefetchable.plus(amount);
        }
        if bar.kind.is_memory() && bar.size.exact().is_none() {
            self.unsized_bars.insert(bar.index);
        }
        if bar.lacks_address {
            self.unplaced_bars.insert(bar.index);
        }
        if bar.malformed {
            self.malformed_bars.insert(bar.index);
        }
    }
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self {
        least: 0,
        most: Some(0),
    };

    /// Whether it exceeds a limit; `None` where the bounds leave that open.
    pub const fn exceeds(self, limit: u64) -> Option<bool> {
        match self.most {
            _ if self.least > limit => Some(true),
            Some(most) if most <= limit => Some(false),
            _ => None,
        }
    }

    /// The amount, where known.
    pub fn exact(self) -> Option<u64> {
        self.most.filter(|&most| most == self.least)
    }

    fn plus(self, other: Self) -> Self {
        Self {
            least: self.least.saturating_add(other.least),
            most: match (self.most, other.most) {
                (Some(most), Some(more)) => Some(most.saturating_add(more)),
                _ => None,
            },
        }
    }

    fn max(self, other: Self) -> Self {
        Self {
            least: self.least.max(other.least),
            most: match (self.most, other.most) {
                (Some(most), Some(more)) => Some(most.max(more)),
                _ => None,
            },
        }
    }
}

impl Default for Amount {
    fn default() -> Self {
        Self::ZERO
    }
}

impl BarSet {
    /// Whether none is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Number of BARs in it.
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether a BAR is in it.
    pub const fn contains(self, index: u8) -> bool {
        index < 6 && self.0 & 1 << index != 0
    }

    /// Their numbers, lowest first.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0..6).filter(move |&index| self.contains(index))
    }

    pub(crate) fn insert(&mut self, index: u8) {
        if index < 6 {
            self.0 |= 1 << index;
        }
    }
}

impl std::fmt::Display for BarSet {
    /// `BAR 0` or `BARs 0, 2 and 4`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let last = self.len().saturating_sub(1);
        f.write_str(if last == 0 { "BAR " } else { "BARs " })?;
        for (place, index) in (0..).zip(self.iter()) {
            let separator = match place {
                0 => "",
                _ if place == last => " and ",
                _ => ", ",
            };
            write!(f, "{separator}{index}")?;
        }
        Ok(())
    }
}
