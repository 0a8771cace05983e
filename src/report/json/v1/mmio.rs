//! `assignable.mmio/1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::hex;
use super::mmio_vfs::VfRoomItem;
use crate::bytes::Observed;
use crate::host::Host;
use crate::range::AddrRange;
use crate::report::{MmioReport, Report};
use crate::sim::guest::GuestStudy;
use crate::sim::host_space::{Fit, HostSpace, Taken};
use crate::sim::layout::{Minimum, Shortfall};
use crate::sim::policy::tree::{Part, TreeLayout};

/// Address space of the host, and of a guest where devices were named.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MmioDocument {
    /// Always `assignable.mmio/1`.
    pub schema: String,
    /// The host.
    pub host: HostSpaceItem,
    /// A guest with the devices asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest: Option<GuestItem>,
    /// What shall fit on the host.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wishes: Vec<WishItem>,
    /// Numbers of virtual functions that shall fit on the host.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub virtual_functions: Vec<VfRoomItem>,
}

/// Addresses, both ends inclusive.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RangeItem {
    /// First address.
    pub first: String,
    /// Last address.
    pub last: String,
}

/// The host's address space.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HostSpaceItem {
    /// Physical address width of the processor, in bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_bits: Option<u8>,
    /// The rule by which `sized_anew` was reckoned.
    pub sizing: String,
    /// What the root buses forward.
    pub windows: Vec<HostWindowItem>,
    /// Every window of every bridge.
    pub bridges: Vec<BridgeWindowItem>,
    /// BARs that have a size but no address.
    pub unplaced: Vec<UnplacedItem>,
    /// Pairs on one bus that claim the same addresses.
    pub overlaps: Vec<[ClaimItem; 2]>,
    /// What the bridge above does not forward.
    pub outside: Vec<ClaimItem>,
}

/// What a root bus forwards.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HostWindowItem {
    /// `dddd:bb`.
    pub root_bus: String,
    /// The addresses.
    pub range: RangeItem,
}

/// One window of a bridge.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BridgeWindowItem {
    /// The bridge.
    pub bridge: String,
    /// `memory` or `prefetchable`.
    pub window: String,
    /// `open`, `closed`, `not-captured` or `malformed`.
    pub state: String,
    /// What it forwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<RangeItem>,
    /// Bytes that nothing below uses.
    pub free: String,
    /// Bytes of the largest free block.
    pub largest_free: String,
    /// Size and alignment that Linux would give it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sized_anew: Option<SizeItem>,
}

/// Bytes and alignment.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SizeItem {
    /// Bytes.
    pub size: String,
    /// The address is a multiple of this.
    pub align: String,
}

/// A BAR without an address.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct UnplacedItem {
    /// The function.
    pub address: String,
    /// 0 to 5; 7 to 12 for BARs of virtual functions.
    pub bar: u8,
    /// Bytes.
    pub size: String,
    /// Number of such blocks.
    pub count: u64,
}

/// Addresses that a function claims.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ClaimItem {
    /// The function.
    pub address: String,
    /// 0 to 5; 7 to 12 for BARs of virtual functions.
    pub bar: u8,
    /// The addresses.
    pub range: RangeItem,
}

/// A guest with its devices on every platform.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GuestItem {
    /// The devices, in the order in which the layouts number them.
    pub devices: Vec<GuestDeviceItem>,
    /// Every size is known; otherwise the layouts are lower bounds.
    pub complete: bool,
    /// Hyper-V.
    pub hyperv: HyperVItem,
    /// QEMU with OVMF.
    pub ovmf: TreeItem,
    /// QEMU with SeaBIOS.
    pub seabios: TreeItem,
}

/// A device of a guest.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GuestDeviceItem {
    /// `dddd:bb:dd.f`.
    pub address: String,
    /// Its memory BARs of known size.
    pub bars: Vec<GuestBarItem>,
    /// BARs whose size was not captured.
    pub unsized_bars: Vec<u8>,
}

/// A BAR of a guest's device.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GuestBarItem {
    /// 0 to 5.
    pub bar: u8,
    /// Kind in words.
    pub kind: String,
    /// Bytes.
    pub size: String,
}

/// The gaps of a Hyper-V guest, in bytes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HyperVItem {
    /// `-LowMemoryMappedIoSpace` as given.
    pub low: String,
    /// `-HighMemoryMappedIoSpace` as given.
    pub high: String,
    /// First address of the high gap.
    pub high_base: String,
    /// The smallest that works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smallest_low: Option<MinimumItem>,
    /// The smallest that works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smallest_high: Option<MinimumItem>,
    /// The documented rule: 32-bit BARs and 128 MiB.
    pub documented_low: String,
    /// The documented rule: all BARs and 512 MiB.
    pub documented_high: String,
    /// The high gap ends within the host's address width; absent where that was not captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_address_width: Option<bool>,
    /// The device whose low window has no place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_shortfall: Option<ShortfallItem>,
    /// The device whose high window has no place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high_shortfall: Option<ShortfallItem>,
    /// Where each BAR lies.
    pub placed: Vec<PlacedItem>,
}

/// The smallest size that works.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MinimumItem {
    /// Bytes.
    pub size: String,
    /// Every smaller one was ruled out.
    pub proven: bool,
}

/// What was needed and what there was.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ShortfallItem {
    /// Index of the device, where one is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<usize>,
    /// Bytes needed.
    pub needed: String,
    /// Alignment needed.
    pub align: String,
    /// Bytes of the largest free block of that alignment.
    pub largest: String,
    /// Bytes free in all.
    pub free: String,
}

/// A BAR, or window of a port, with its place.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PlacedItem {
    /// Index of the device; absent for what belongs to no device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<usize>,
    /// `bar-N`, `port-bar-N`, `memory-window`, `prefetchable-window`, `option-rom`.
    pub part: String,
    /// The addresses.
    pub range: RangeItem,
}

/// A layout of a QEMU guest.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TreeItem {
    /// Everything has a place, and the firmware boots.
    pub fits: bool,
    /// QEMU or the firmware refuses to start.
    pub starts: bool,
    /// Where places were looked for.
    pub windows: Vec<NamedWindowItem>,
    /// What has a place.
    pub placed: Vec<PlacedItem>,
    /// What has none.
    pub unplaced: Vec<UnplacedPartItem>,
}

/// A window of a guest.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NamedWindowItem {
    /// Its name.
    pub name: String,
    /// The addresses; absent where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<RangeItem>,
}

/// A part without a place.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct UnplacedPartItem {
    /// Index of the device; absent for what belongs to no device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<usize>,
    /// As in `placed`.
    pub part: String,
    /// Bytes needed.
    pub size: String,
    /// Alignment needed.
    pub align: String,
    /// Bytes that were there.
    pub available: String,
}

/// Something that shall fit on the host.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WishItem {
    /// The bridge below which it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<String>,
    /// The device whose BARs are replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// Sizes of the BARs.
    pub bars: Vec<GuestBarItem>,
    /// Whether it fits; absent where the capture does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fits: Option<bool>,
    /// What is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortfall: Option<ShortfallItem>,
}

/// The address space as a document.
pub fn mmio(report: &Report<'_>, mmio: &MmioReport) -> MmioDocument {
    let host = report.facts.host;
    MmioDocument {
        schema: "assignable.mmio/1".to_owned(),
        host: HostSpaceItem::of(host, &mmio.space),
        guest: mmio.guest.as_ref().map(|study| GuestItem::of(host, study)),
        wishes: mmio
            .wishes
            .iter()
            .map(|(wish, fit)| WishItem {
                below: wish.below.map(|id| host.function(id).at.to_string()),
                replaces: wish.replaces.map(|id| host.function(id).at.to_string()),
                bars: wish.bars.iter().map(GuestBarItem::of).collect(),
                fits: match fit {
                    Fit::Room(_) => Some(true),
                    Fit::No(_) => Some(false),
                    Fit::Unknown => None,
                },
                shortfall: match fit {
                    Fit::No(no) => Some(ShortfallItem::of(&no.shortfall, None)),
                    Fit::Room(_) | Fit::Unknown => None,
                },
            })
            .collect(),
        virtual_functions: mmio
            .virtual_functions
            .iter()
            .map(|room| VfRoomItem::of(host, room))
            .collect(),
    }
}

impl RangeItem {
    pub(super) fn of(range: AddrRange) -> Self {
        Self {
            first: hex(range.start(), 1),
            last: hex(range.last(), 1),
        }
    }
}

impl HostSpaceItem {
    fn of(host: &Host<'_>, space: &HostSpace) -> Self {
        let claim = |taken: &Taken| ClaimItem {
            address: host.function(taken.function).at.to_string(),
            bar: taken.index,
            range: RangeItem::of(taken.range),
        };
        Self {
            address_bits: space.address_bits,
            sizing: space.sizing.name().to_owned(),
            windows: space
                .windows
                .iter()
                .map(|window| HostWindowItem {
                    root_bus: format!("{}:{:02x}", window.segment, window.bus),
                    range: RangeItem::of(window.range),
                })
                .collect(),
            bridges: space
                .bridges
                .iter()
                .map(|window| BridgeWindowItem {
                    bridge: host.function(window.bridge).at.to_string(),
                    window: window.kind.name().to_owned(),
                    state: match window.range {
                        Observed::Present(_) => "open",
                        Observed::Absent => "closed",
                        Observed::NotCaptured => "not-captured",
                        Observed::Malformed(_) => "malformed",
                    }
                    .to_owned(),
                    range: window.range.present().map(RangeItem::of),
                    free: hex(window.free, 1),
                    largest_free: hex(window.largest, 1),
                    sized_anew: window.wanted.map(|wanted| SizeItem {
                        size: hex(wanted.size, 1),
                        align: hex(wanted.align, 1),
                    }),
                })
                .collect(),
            unplaced: space
                .unplaced
                .iter()
                .map(|unplaced| UnplacedItem {
                    address: host.function(unplaced.function).at.to_string(),
                    bar: unplaced.bar.index,
                    size: hex(unplaced.bar.size, 1),
                    count: unplaced.count,
                })
                .collect(),
            overlaps: space
                .overlaps
                .iter()
                .map(|(one, other)| [claim(one), claim(other)])
                .collect(),
            outside: space.outside.iter().map(claim).collect(),
        }
    }
}

impl GuestItem {
    pub(super) fn of(host: &Host<'_>, study: &GuestStudy) -> Self {
        let starts = study.qemu.is_ok();
        Self {
            devices: study
                .devices
                .iter()
                .zip(&study.bars)
                .map(|(&id, bars)| GuestDeviceItem {
                    address: host.function(id).at.to_string(),
                    bars: bars.sized.iter().map(GuestBarItem::of).collect(),
                    unsized_bars: bars.unsized_bars.clone(),
                })
                .collect(),
            complete: study.is_complete(),
            hyperv: HyperVItem::of(study),
            ovmf: TreeItem::of(&study.ovmf, starts),
            seabios: TreeItem::of(&study.seabios.layout, starts && !study.seabios.panics),
        }
    }
}

impl GuestBarItem {
    fn of(bar: &crate::sim::bars::SizedBar) -> Self {
        Self {
            bar: bar.index,
            kind: bar.kind.to_string(),
            size: hex(bar.size, 1),
        }
    }
}

impl HyperVItem {
    fn of(study: &GuestStudy) -> Self {
        let minimum = |minimum: Option<Minimum>| {
            minimum.map(|minimum| MinimumItem {
                size: hex(minimum.size, 1),
                proven: minimum.proven,
            })
        };
        let shortfall = |shortfall: Option<Shortfall>| {
            shortfall.map(|shortfall| ShortfallItem::of(&shortfall, Some(shortfall.request)))
        };
        let (gaps, layout) = (study.options.gaps, &study.hyperv);
        Self {
            low: hex(gaps.low, 1),
            high: hex(gaps.high, 1),
            high_base: hex(gaps.high_base, 1),
            smallest_low: minimum(study.sizes.low),
            smallest_high: minimum(study.sizes.high),
            documented_low: hex(study.sizes.documented_low, 1),
            documented_high: hex(study.sizes.documented_high, 1),
            within_address_width: study.options.host_bits.map(|bits| gaps.within(bits)),
            low_shortfall: shortfall(layout.low_shortfall),
            high_shortfall: shortfall(layout.high_shortfall),
            placed: layout
                .devices
                .iter()
                .flat_map(|device| {
                    device.bars.iter().map(|&(bar, range)| PlacedItem {
                        device: Some(device.device),
                        part: format!("bar-{bar}"),
                        range: RangeItem::of(range),
                    })
                })
                .collect(),
        }
    }
}

impl ShortfallItem {
    pub(super) fn of(shortfall: &Shortfall, device: Option<usize>) -> Self {
        Self {
            device,
            needed: hex(shortfall.needed, 1),
            align: hex(shortfall.align, 1),
            largest: hex(shortfall.largest, 1),
            free: hex(shortfall.free, 1),
        }
    }
}

impl TreeItem {
    fn of(layout: &TreeLayout, starts: bool) -> Self {
        let part = |path: &[usize], part: Part| match part {
            Part::Bar(bar) if path.len() > 1 => format!("bar-{bar}"),
            Part::Bar(bar) => format!("port-bar-{bar}"),
            Part::Memory => "memory-window".to_owned(),
            Part::Prefetchable => "prefetchable-window".to_owned(),
            Part::OptionRom => "option-rom".to_owned(),
        };
        Self {
            fits: layout.fits() && starts,
            starts,
            windows: layout
                .windows
                .iter()
                .map(|window| NamedWindowItem {
                    name: window.name.to_owned(),
                    range: window.range.map(RangeItem::of),
                })
                .collect(),
            placed: layout
                .placed
                .iter()
                .map(|placed| PlacedItem {
                    device: placed.item.path.first().copied(),
                    part: part(&placed.item.path, placed.item.part),
                    range: RangeItem::of(placed.range),
                })
                .collect(),
            unplaced: layout
                .unplaced
                .iter()
                .map(|unplaced| UnplacedPartItem {
                    device: unplaced.item.path.first().copied(),
                    part: part(&unplaced.item.path, unplaced.item.part),
                    size: hex(unplaced.size, 1),
                    align: hex(unplaced.align, 1),
                    available: hex(unplaced.available, 1),
                })
                .collect(),
        }
    }
}
