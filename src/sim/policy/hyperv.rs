//! The MMIO gaps of a Hyper-V guest.
//!
//! Every assigned device is a virtual PCI bus of its own. Its guest driver asks for one window
//! below 4 GiB and one above, each as large as the BARs that go there, rounded up to 4 KiB,
//! and aligned to the largest power of two that is not larger (Linux
//! drivers/pci/controller/pci-hyperv.c). Microsoft documents a rule of thumb instead: the sum
//! of the BARs plus the default size of the gap.

use crate::range::AddrRange;
use crate::sim::bars::{DeviceBars, SizedBar};
use crate::sim::layout::{self, Free, Minimum, Outcome, Request, Shortfall};

use super::{GIB, MIB};

/// Default `-LowMemoryMappedIoSpace`, and what the documented rule adds (Microsoft, planning
/// for DDA, "MMIO space").
pub const LOW_DEFAULT: u64 = 128 * MIB;
/// Default `-HighMemoryMappedIoSpace`, and what the documented rule adds.
pub const HIGH_DEFAULT: u64 = 512 * MIB;
/// The high gap starts here unless `HighMmioGapBase` moves it (Microsoft, GPU
/// paravirtualization).
pub const HIGH_BASE: u64 = 65024 * MIB;
/// Smallest and largest low gap (Msvm_VirtualSystemSettingData, `LowMmioGapSize`).
pub const LOW_RANGE: (u64, u64) = (128 * MIB, 3584 * MIB);
/// Each BAR takes at least a page of the guest.
const PAGE: u64 = 4096;

/// The gaps of a VM.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gaps {
    /// Bytes below 4 GiB.
    pub low: u64,
    /// Bytes from `high_base` on.
    pub high: u64,
    /// First address of the high gap.
    pub high_base: u64,
}

/// One device's windows, and the BARs within.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeviceWindows {
    /// Index of the device.
    pub device: usize,
    /// In the low gap; `None` where it needs nothing there, or has no place.
    pub low: Option<AddrRange>,
    /// In the high gap.
    pub high: Option<AddrRange>,
    /// Each BAR that has a place, by number.
    pub bars: Vec<(u8, AddrRange)>,
}

/// The layout of a VM.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Layout {
    /// The gaps as assumed.
    pub gaps: Gaps,
    /// The low gap, which ends at 4 GiB; `None` where it is empty or larger than 4 GiB.
    pub low: Option<AddrRange>,
    /// The high gap.
    pub high: Option<AddrRange>,
    /// Each device.
    pub devices: Vec<DeviceWindows>,
    /// The device whose low window has no place.
    pub low_shortfall: Option<Shortfall>,
    /// The device whose high window has no place.
    pub high_shortfall: Option<Shortfall>,
    /// Bytes left in the low gap.
    pub low_left: u64,
    /// Bytes left in the high gap.
    pub high_left: u64,
    /// Bytes of the high gap that alignment leaves unused below the last window.
    pub high_holes: u64,
}

/// What to give a VM.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sizes {
    /// The documented rule: all BARs of all devices and 512 MiB.
    pub documented_high: u64,
    /// The same for the low gap: the 32-bit BARs and 128 MiB.
    pub documented_low: u64,
    /// The smallest low gap in which every device finds its place and 128 MiB stay for the
    /// VM itself, in whole MiB; `None` where the largest allowed gap is too small.
    pub low: Option<Minimum>,
    /// The smallest high gap in which every device finds its place and 512 MiB stay for the
    /// VM itself, in whole MiB; `None` where 64 bits do not suffice.
    pub high: Option<Minimum>,
}

impl Default for Gaps {
    fn default() -> Self {
        Self {
            low: LOW_DEFAULT,
            high: HIGH_DEFAULT,
            high_base: HIGH_BASE,
        }
    }
}

impl Gaps {
    /// First address past the high gap; saturates.
    pub const fn high_end(self) -> u64 {
        self.high_base.saturating_add(self.high)
    }

    /// Whether the high gap ends within a physical address width.
    pub const fn within(self, address_bits: u8) -> bool {
        address_bits >= 64 || self.high_end() <= 1 << address_bits
    }
}

/// The window that one device's BARs of a kind ask for.
pub fn window(device: &DeviceBars, high: bool) -> Option<Request> {
    let size = device
        .sized
        .iter()
        .filter(|bar| bar.is_wide() == high)
        .fold(0_u64, |sum, bar| sum.saturating_add(page_rounded(bar)));
    let align = 1_u64.checked_shl(size.checked_ilog2()?)?;
    Request::new(size, align)
}

/// Lays out the devices of a VM.
pub fn lay_out(devices: &[DeviceBars], gaps: Gaps) -> Layout {
    let low = (4 * GIB)
        .checked_sub(gaps.low)
        .and_then(|base| AddrRange::with_len(base, gaps.low));
    let high = AddrRange::with_len(gaps.high_base, gaps.high);
    let (low_places, low_shortfall, low_left) = place(devices, low, false);
    let (high_places, high_shortfall, high_left) = place(devices, high, true);
    let at = |places: &[(usize, AddrRange)], device: usize| {
        let found = places.iter().find(|(index, _)| *index == device);
        found.map(|(_, range)| *range)
    };
    let windows = |(index, device): (usize, &DeviceBars)| {
        let (low, high) = (at(&low_places, index), at(&high_places, index));
        let mut bars = Vec::new();
        for (range, wide) in [(low, false), (high, true)] {
            if let Some(range) = range {
                pack(device, range, wide, &mut bars);
            }
        }
        bars.sort_unstable();
        DeviceWindows {
            device: index,
            low,
            high,
            bars,
        }
    };
    let used: u64 = high_places.iter().map(|(_, range)| range.len()).sum();
    let end = high_places.iter().map(|(_, range)| range.last()).max();
    let span = match (high, end) {
        (Some(high), Some(end)) => end - high.start() + 1,
        _ => 0,
    };
    Layout {
        gaps,
        low,
        high,
        devices: devices.iter().enumerate().map(windows).collect(),
        low_shortfall,
        high_shortfall,
        low_left,
        high_left,
        high_holes: span.saturating_sub(used),
    }
}

/// Places of the devices' windows by device, what was short, and what is left.
fn place(
    devices: &[DeviceBars],
    gap: Option<AddrRange>,
    high: bool,
) -> (Vec<(usize, AddrRange)>, Option<Shortfall>, u64) {
    let (owners, requests): (Vec<usize>, Vec<Request>) = devices
        .iter()
        .enumerate()
        .filter_map(|(index, device)| Some((index, window(device, high)?)))
        .unzip();
    let gap: Vec<AddrRange> = gap.into_iter().collect();
    let mut free = Free::of(&gap);
    let outcome = layout::place(&gap, &requests);
    let shortfall = outcome.shortfall().map(|mut shortfall| {
        shortfall.request = owners.get(shortfall.request).copied().unwrap_or_default();
        shortfall
    });
    let places: Vec<_> = match outcome.placed() {
        Some(places) => owners.into_iter().zip(places.iter().copied()).collect(),
        None => {
            // Show what does fit, so that the picture says what is in the way.
            let mut order: Vec<_> = owners.into_iter().zip(requests).collect();
            order.sort_by_key(|(_, request)| std::cmp::Reverse(*request));
            let mut free = free.clone();
            order
                .into_iter()
                .filter_map(|(owner, request)| Some((owner, free.take(request)?)))
                .collect()
        }
    };
    for (_, range) in &places {
        free.remove(*range);
    }
    (places, shortfall, free.total())
}

/// BARs are packed from large to small, so that no hole arises.
fn pack(device: &DeviceBars, window: AddrRange, wide: bool, out: &mut Vec<(u8, AddrRange)>) {
    let mut bars: Vec<&SizedBar> = device
        .sized
        .iter()
        .filter(|bar| bar.is_wide() == wide)
        .collect();
    bars.sort_by_key(|bar| (std::cmp::Reverse(bar.size), bar.index));
    let mut next = window.start();
    for bar in bars {
        let Some(range) = AddrRange::with_len(next, page_rounded(bar)) else {
            return;
        };
        out.push((bar.index, range));
        next = range.last().saturating_add(1);
    }
}

/// What to give a VM with these devices.
pub fn sizes(devices: &[DeviceBars], high_base: u64) -> Sizes {
    let sum = |which: fn(&SizedBar) -> bool| {
        devices
            .iter()
            .fold(0_u64, |sum, device| sum.saturating_add(device.sum(which)))
    };
    let windows = |high| -> Vec<Request> {
        let windows = devices.iter().filter_map(|device| window(device, high));
        windows.collect()
    };
    // What the VM keeps for itself may lie in pieces, wherever there is room.
    let with_own = |requests: &[Request], own: u64| {
        let bytes = requests
            .iter()
            .fold(own, |sum, request| sum.saturating_add(request.size()));
        bytes.checked_next_multiple_of(MIB)
    };
    let low = windows(false);
    let low_least = with_own(&low, LOW_DEFAULT).map(|least| least.max(LOW_RANGE.0));
    let low = low_least.and_then(|least| smallest_low(&low, least));
    let high = windows(true);
    let high_least = with_own(&high, HIGH_DEFAULT);
    let high = layout::minimum(high_base, &high, MIB, u64::MAX - high_base);
    Sizes {
        documented_high: sum(|_| true).saturating_add(HIGH_DEFAULT),
        documented_low: sum(|bar| !bar.is_wide()).saturating_add(LOW_DEFAULT),
        low,
        high: high.zip(high_least).map(|(minimum, least)| Minimum {
            size: minimum.size.max(least),
            proven: minimum.proven || least >= minimum.size,
        }),
    }
}

/// The smallest low gap from `least` on that holds the windows. It grows downward from 4 GiB.
fn smallest_low(windows: &[Request], least: u64) -> Option<Minimum> {
    let mut proven = true;
    for size in (least / MIB..=LOW_RANGE.1 / MIB).map(|mebibytes| mebibytes * MIB) {
        let gap = AddrRange::with_len(4 * GIB - size, size)?;
        match layout::place(&[gap], windows) {
            Outcome::Placed(_) => return Some(Minimum { size, proven }),
            Outcome::DoesNotFit(_) => {}
            Outcome::Undecided(_) => proven = false,
        }
    }
    None
}

fn page_rounded(bar: &SizedBar) -> u64 {
    bar.size.checked_next_multiple_of(PAGE).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::policy::testing::{device, h100, k520};

    #[test]
    fn the_documented_rule_for_one_and_three_k520() {
        // Microsoft, deploying graphics devices: 176 + 512 and 528 + 512.
        let one = sizes(&[k520()], HIGH_BASE);
        assert_eq!(one.documented_high, (176 + 512) * MIB);
        let three = sizes(&[k520(), k520(), k520()], HIGH_BASE);
        assert_eq!(three.documented_high, (528 + 512) * MIB);
    }

    #[test]
    fn a_32_gib_card_takes_the_33280_mb_of_the_documented_example() {
        let card = device(&[("mem64p", 32 * GIB)]);
        let sizes = sizes(&[card], HIGH_BASE);
        assert_eq!(sizes.documented_high, 33280 * MIB);
    }

    /// E8: no low need, 131120 MB high, aligned to 128 GiB.
    #[test]
    fn e8_one_h100_needs_131120_mb_aligned_to_128_gib() {
        assert_eq!(window(&h100(), false), None);
        let high = window(&h100(), true).unwrap();
        assert_eq!(high.size(), 131_120 * MIB);
        assert_eq!(high.align(), 128 * GIB);
        let sizes = sizes(&[h100()], HIGH_BASE);
        // The first aligned address is 128 GiB; the VM's own 512 MiB fit before it.
        let smallest = 256 * GIB + 48 * MIB - HIGH_BASE;
        assert_eq!(
            sizes.high,
            Some(Minimum {
                size: smallest,
                proven: true
            })
        );
        assert!(sizes.documented_high < smallest, "the rule of thumb fails");
    }

    /// E8, second half: two in one VM lie 256 GiB apart.
    #[test]
    fn e8_two_h100_lie_256_gib_apart() {
        let two = [h100(), h100()];
        let smallest = sizes(&two, HIGH_BASE).high.unwrap().size;
        assert_eq!(smallest, 512 * GIB + 48 * MIB - HIGH_BASE);
        let gaps = Gaps {
            high: smallest,
            ..Gaps::default()
        };
        let layout = lay_out(&two, gaps);
        assert_eq!(layout.high_shortfall, None);
        let start = |index: usize| layout.devices[index].high.unwrap().start();
        assert_eq!(start(0), 128 * GIB);
        assert_eq!(start(1) - start(0), 256 * GIB);
        let less = Gaps {
            high: smallest - MIB,
            ..gaps
        };
        let shortfall = lay_out(&two, less).high_shortfall.unwrap();
        assert_eq!(shortfall.needed, 131_120 * MIB);
    }

    #[test]
    fn bars_lie_where_a_real_guest_has_them() {
        // A Tesla M60 in a guest: 256 MiB + 32 MiB from 0x1020000000 on.
        let m60 = device(&[
            ("mem32", 16 * MIB),
            ("mem64p", 256 * MIB),
            ("mem64p", 32 * MIB),
        ]);
        let gaps = Gaps {
            high_base: 0x10_2000_0000,
            ..Gaps::default()
        };
        let layout = lay_out(&[m60], gaps);
        let device = &layout.devices[0];
        assert_eq!(
            device.high,
            AddrRange::new(0x10_2000_0000, 0x10_31ff_ffff),
            "0x1020000000-0x1031ffffff"
        );
        assert_eq!(device.low.unwrap().len(), 16 * MIB);
        assert_eq!(device.bars.len(), 3);
    }

    #[test]
    fn the_default_gap_ends_at_64_gib_and_a_larger_one_leaves_36_bits() {
        assert!(Gaps::default().within(36));
        // 0x17dffff000 against 0x1000000000, as users quote the refusal.
        let large = Gaps {
            high: 32768 * MIB,
            ..Gaps::default()
        };
        assert_eq!(large.high_end(), 0x17_e000_0000);
        assert!(!large.within(36));
        assert!(large.within(37));
        // Microsoft's example for such processors moves the base to 48128 MB.
        let moved = Gaps {
            high: 16 * GIB,
            high_base: 48128 * MIB,
            ..large
        };
        assert!(moved.within(36));
    }

    #[test]
    fn small_bars_take_a_page_each() {
        let tiny = device(&[("mem32", 256), ("mem64", 64)]);
        assert_eq!(window(&tiny, false), Request::new(4096, 4096));
        assert_eq!(window(&tiny, true), Request::new(4096, 4096));
    }
}
