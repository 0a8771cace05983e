//! How Linux sizes bridge windows (drivers/pci/setup-bus.c, `pbus_size_mem`).

use super::tree::Slot;
use super::{GIB, MIB};
use crate::decode::config::bar::BarKind;
use crate::sim::layout::round_up;

/// Which rule a kernel follows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Sizing {
    /// Up to 5.x: half of the alignment counts, sizes are rounded up to it; alignments above
    /// 128 GiB are refused.
    Before6_1,
    /// 6.1 up to 7.1: the same with a table that ends at 8 TiB.
    From6_1,
    /// From 7.2 on, and in 6.12 where the normal answer does not fit the window above: the
    /// largest alignment counts, sizes are rounded up to 1 MiB.
    From7_2,
}

/// Size and alignment of a window, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WindowSize {
    /// Bytes.
    pub size: u64,
    /// Alignment.
    pub align: u64,
}

/// The windows of a bridge.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct BridgeSizes {
    /// Below 4 GiB.
    pub memory: Option<WindowSize>,
    /// Prefetchable.
    pub prefetchable: Option<WindowSize>,
    /// BARs that the kernel switches off because their alignment exceeds its table.
    pub disabled: Vec<u64>,
}

/// Least alignment of a window.
const LEAST: u64 = MIB;
/// What a hot-plug bridge keeps for memory and prefetchable memory each (`pci=hpmemsize=`).
pub const HOT_PLUG_RESERVE: u64 = 2 * MIB;

impl Sizing {
    /// The rule of a kernel by its release, `6.12.95+deb12-amd64`; `None` where that is no
    /// version.
    pub fn of_release(release: &str) -> Option<Self> {
        let mut numbers = release
            .split(|ch: char| !ch.is_ascii_digit())
            .map(str::parse::<u32>);
        let version = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        Some(match version {
            (7.., 2..) | (8.., _) => Self::From7_2,
            (6, 1..) | (7, _) => Self::From6_1,
            _ => Self::Before6_1,
        })
    }

    /// Largest alignment that a BAR may have.
    const fn largest(self) -> u64 {
        match self {
            Self::Before6_1 => 128 * GIB,
            Self::From6_1 => 8 * 1024 * GIB,
            Self::From7_2 => 128 * 1024 * GIB,
        }
    }

    /// The name of the rule in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Before6_1 => "Linux before 6.1",
            Self::From6_1 => "Linux 6.1 to 7.1",
            Self::From7_2 => "Linux from 7.2",
        }
    }
}

/// Sizes of the windows of a bridge over these slots. `wide` as the prefetchable window
/// reaches above 4 GiB; a BAR that cannot lie there goes to the memory window.
pub fn bridge_windows(below: &[Slot], wide: bool, sizing: Sizing) -> BridgeSizes {
    let mut sizes = BridgeSizes::default();
    let (mut memory, mut prefetchable) = (Sum::default(), Sum::default());
    for slot in below {
        let own = slot.bars.iter().map(|&bar| (bar, bar.size));
        let virtual_ones = slot.vf_bars.iter().map(|vf| (vf.bar, vf.size()));
        for (bar, size) in own.chain(virtual_ones) {
            let to_prefetchable = match bar.kind {
                BarKind::Io => continue,
                BarKind::Memory64 { prefetchable } => prefetchable,
                BarKind::Memory32 { prefetchable } => prefetchable && !wide,
            };
            let align = bar.size.checked_next_power_of_two().unwrap_or(1 << 63);
            if align > sizing.largest() {
                sizes.disabled.push(size);
                continue;
            }
            if to_prefetchable {
                prefetchable.add(size, align);
            } else {
                memory.add(size, align);
            }
        }
        if let Some(bridge) = &slot.bridge {
            let inner = bridge_windows(&bridge.below, bridge.wide, sizing);
            for (sum, window) in [
                (&mut memory, inner.memory),
                (&mut prefetchable, inner.prefetchable),
            ] {
                if let Some(window) = window {
                    sum.add(window.size, window.align);
                }
            }
            sizes.disabled.extend(inner.disabled);
        }
    }
    sizes.memory = memory.window(sizing);
    sizes.prefetchable = prefetchable.window(sizing);
    sizes
}

/// Alignments by order, 2^20 and up.
struct Sum {
    size: u64,
    by_order: [u64; 44],
    max_order: usize,
}

impl Default for Sum {
    fn default() -> Self {
        Self {
            size: 0,
            by_order: [0; 44],
            max_order: 0,
        }
    }
}

impl Sum {
    fn add(&mut self, size: u64, align: u64) {
        self.size = self.size.saturating_add(size.max(align));
        let order = align.ilog2().saturating_sub(20) as usize;
        if size <= align
            && let Some(sum) = self.by_order.get_mut(order)
        {
            *sum = sum.saturating_add(align);
        }
        self.max_order = self.max_order.max(order);
    }

    fn window(&self, sizing: Sizing) -> Option<WindowSize> {
        if self.size == 0 {
            return None;
        }
        let (align, unit) = match sizing {
            Sizing::Before6_1 | Sizing::From6_1 => {
                let align = self.halved().max(LEAST);
                (align, align)
            }
            Sizing::From7_2 => (self.head().max(LEAST), LEAST),
        };
        Some(WindowSize {
            size: round_up(self.size, unit)?,
            align,
        })
    }

    /// `calculate_mem_align`: the smallest alignment at which the larger BARs can lie behind
    /// the smaller ones.
    fn halved(&self) -> u64 {
        let (mut align, mut least) = (0_u64, 0_u64);
        for (order, bytes) in self.orders() {
            let unit = 1_u64 << (20 + order);
            if align == 0 {
                least = unit;
            } else if round_up(align.saturating_add(least), least).is_some_and(|sum| sum < unit) {
                least = unit / 2;
            }
            align = align.saturating_add(bytes);
        }
        least
    }

    /// `calculate_head_align`: the largest alignment, halved as often as the smaller BARs fill
    /// the other half.
    fn head(&self) -> u64 {
        let mut head = 1_u64 << (20 + self.max_order);
        let mut rest = 0_u64;
        for (order, bytes) in self.orders().rev().skip(1) {
            rest = rest.saturating_add(bytes);
            while head > 1 << (20 + order) && rest >= head / 2 {
                head /= 2;
                rest -= head;
            }
        }
        head
    }

    fn orders(&self) -> impl DoubleEndedIterator<Item = (usize, u64)> {
        let used = self.by_order.iter().take(self.max_order + 1).copied();
        used.enumerate().collect::<Vec<_>>().into_iter()
    }
}
