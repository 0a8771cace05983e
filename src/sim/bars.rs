//! The BARs of a device as requests for address space, sizes changed where a scenario says so.

use crate::analysis::resources;
use crate::decode::config::bar::BarKind;
use crate::host::{Function, FunctionId, Host};
use crate::sim::layout::Request;

/// A BAR of known size.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct SizedBar {
    /// 0 to 5; for a window of a bridge or a virtual function's BAR the place in the kernel's
    /// resource list.
    pub index: u8,
    /// Kind of space.
    pub kind: BarKind,
    /// Bytes or ports, a power of two.
    pub size: u64,
}

/// One BAR of all virtual functions of a physical one: a block for each, one behind the other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct VfBar {
    /// The block of a single virtual function; the index is 7 to 12.
    pub bar: SizedBar,
    /// Number of blocks.
    pub count: u16,
}

/// The memory BARs of one function.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub struct DeviceBars {
    /// Those whose size is known, by number.
    pub sized: Vec<SizedBar>,
    /// Numbers of those whose size the capture does not hold.
    pub unsized_bars: Vec<u8>,
    /// The BAR registers were not captured and nothing was reported.
    pub unknown: bool,
}

/// Another size for a BAR, as Resizable BAR allows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Resize {
    /// The function.
    pub function: FunctionId,
    /// 0 to 5.
    pub bar: u8,
    /// Bytes, a power of two.
    pub size: u64,
}

impl SizedBar {
    /// Whether it may lie above 4 GiB in a guest without bridges, as Hyper-V's are.
    pub const fn is_wide(self) -> bool {
        matches!(self.kind, BarKind::Memory64 { .. })
    }

    /// Whether it may lie in a bridge's prefetchable window above 4 GiB.
    pub const fn goes_high_behind_bridges(self) -> bool {
        matches!(self.kind, BarKind::Memory64 { prefetchable: true })
    }

    /// As a request, aligned to its size; `None` where the size is nonsense.
    pub const fn request(self) -> Option<Request> {
        Request::natural(self.size)
    }
}

impl VfBar {
    /// Bytes of all blocks; saturates.
    pub fn size(self) -> u64 {
        self.bar.size.saturating_mul(u64::from(self.count))
    }

    /// As a request. The first block is aligned as that of a single function would be, the
    /// others follow without gaps (PCIe 6.0, 9.2.1.1.1). `None` where there is nothing to place.
    pub fn request(self) -> Option<Request> {
        Request::new(self.size(), self.bar.size)
    }
}

impl DeviceBars {
    /// The memory BARs of a function; I/O and the expansion ROM are left out.
    pub fn of(host: &Host<'_>, id: FunctionId, resizes: &[Resize]) -> Self {
        let function: &Function<'_> = host.function(id);
        let Some(bars) = resources::bars(function) else {
            return Self {
                unknown: true,
                ..Self::default()
            };
        };
        let mut device = Self::default();
        for bar in bars.iter().filter(|bar| bar.kind.is_memory()) {
            let resized = resizes
                .iter()
                .rfind(|resize| resize.function == id && resize.bar == bar.index)
                .map(|resize| resize.size);
            match resized.or_else(|| bar.size.exact()) {
                Some(size) => device.sized.push(SizedBar {
                    index: bar.index,
                    kind: bar.kind,
                    size,
                }),
                None => device.unsized_bars.push(bar.index),
            }
        }
        device
    }

    /// Whether every size is known.
    pub const fn is_complete(&self) -> bool {
        !self.unknown && self.unsized_bars.is_empty()
    }

    /// Bytes of its BARs that satisfy a condition; saturates.
    pub fn sum(&self, which: impl Fn(&SizedBar) -> bool) -> u64 {
        self.sized
            .iter()
            .filter(|bar| which(bar))
            .fold(0, |sum: u64, bar| sum.saturating_add(bar.size))
    }
}
