//! Room for virtual functions, within `assignable.mmio/1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::hex;
use super::mmio::{RangeItem, ShortfallItem};
use crate::host::Host;
use crate::report::mmio::missing_for_vfs;
use crate::sim::host_space::{Buses, Fit, VfMemory, VfRoom};

/// Whether a physical function could have a number of virtual functions.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct VfRoomItem {
    /// The physical function.
    pub address: String,
    /// How many are asked for.
    pub count: u16,
    /// Most that there can be; absent where not captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<u16>,
    /// TotalVFs of the hardware; absent where not captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u16>,
    /// Whether they fit; absent where the capture does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fits: Option<bool>,
    /// BARs of the virtual functions whose size is known.
    pub bars: Vec<VfBarItem>,
    /// VF BARs, 0 to 5, whose size was not captured.
    pub unsized_bars: Vec<u8>,
    /// The bus numbers; absent where the capture does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buses: Option<VfBusesItem>,
    /// The room that the VF BARs have now is enough, and it is here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub placed: Vec<RangeItem>,
    /// The memory that is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortfall: Option<ShortfallItem>,
    /// What would settle what is open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// One BAR of all virtual functions.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct VfBarItem {
    /// 0 to 5.
    pub bar: u8,
    /// Kind in words.
    pub kind: String,
    /// Bytes for one virtual function.
    pub size: String,
    /// Bytes for all of them.
    pub total: String,
}

/// Bus numbers of virtual functions.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct VfBusesItem {
    /// Bus of the last one; above 255 there is none of that number.
    pub last: u16,
    /// Highest bus that the bridge above, or the root bus, routes.
    pub until: u8,
    /// The bridge above; absent on a root bus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bridge: Option<String>,
    /// Number of virtual functions with which offset and stride were captured, where another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_with: Option<u16>,
}

impl VfRoomItem {
    pub(super) fn of(host: &Host<'_>, room: &VfRoom) -> Self {
        Self {
            address: host.function(room.function).at.to_string(),
            count: room.count,
            most: room.most,
            total: room.total,
            fits: room.fits(),
            bars: room
                .bars
                .iter()
                .map(|vf| VfBarItem {
                    bar: vf.bar.index.saturating_sub(7),
                    kind: vf.bar.kind.to_string(),
                    size: hex(vf.bar.size, 1),
                    total: hex(vf.size(), 1),
                })
                .collect(),
            unsized_bars: room.unsized_bars.clone(),
            buses: match room.buses {
                Buses::NoOffsets | Buses::NoBridge => None,
                Buses::Known {
                    last,
                    until,
                    bridge,
                    read_with,
                } => Some(VfBusesItem {
                    last,
                    until,
                    bridge: bridge.map(|bridge| host.function(bridge).at.to_string()),
                    read_with,
                }),
            },
            placed: match &room.memory {
                VfMemory::Placed(ranges) => ranges.iter().copied().map(RangeItem::of).collect(),
                VfMemory::Unknown | VfMemory::Anew(_) => Vec::new(),
            },
            shortfall: match &room.memory {
                VfMemory::Anew(Fit::No(no)) => Some(ShortfallItem::of(&no.shortfall, None)),
                _ => None,
            },
            missing: room.missing().iter().map(missing_for_vfs).collect(),
        }
    }
}
