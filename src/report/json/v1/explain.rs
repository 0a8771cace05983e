//! `assignable.explain/1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::device::Device;
use super::hex;
use super::survey::HostVerdictItem;
use crate::analysis::Tri;
use crate::analysis::acs::{AcsSupport, UpHierarchy};
use crate::analysis::device_type::DeviceType;
use crate::analysis::resources::{self, Size, SizeSource};
use crate::bytes::Observed;
use crate::decode::config::ext::acs::AcsFlags;
use crate::host::FunctionId;
use crate::iommu::OwnershipReason;
use crate::report::Report;

/// Everything about one or more devices.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Explain {
    /// Always `assignable.explain/1`.
    pub schema: String,
    /// The devices asked for, by address.
    pub devices: Vec<ExplainedDevice>,
    /// Whether the machine as a whole can assign devices, by policy.
    #[serde(default)]
    pub host_verdicts: Vec<HostVerdictItem>,
}

/// Everything about one device.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ExplainedDevice {
    /// Identity, verdicts, findings and gaps.
    #[serde(flatten)]
    pub device: Device,
    /// The hops from the root down, the device last.
    pub path: Vec<HopItem>,
    /// Every hop above can isolate the device: `yes`, `no` or `unknown`.
    pub path_able: String,
    /// Every hop above isolates it as captured: `yes`, `no` or `unknown`.
    pub path_active: String,
    /// Windows' AcsCompatibleUpHierarchy as predicted; absent where unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acs_compatible_up_hierarchy: Option<u32>,
    /// Windows' AcsSupport as predicted; absent where unknown, or where Windows may know that a
    /// root port needs no ACS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acs_support: Option<u32>,
    /// Windows' DeviceType as predicted, if the firmware grants native control.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_type: Option<u32>,
    /// The remapping unit that translates its DMA; absent where no table was captured or none
    /// names the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remapping_unit: Option<RemappingUnit>,
    /// A remapping table was captured, so that an absent unit means that none names the device.
    #[serde(default)]
    pub remapping_table: bool,
    /// Memory that the firmware's table reserves for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reserved_memory: Vec<ReservedMemory>,
    /// MSI vectors; 0 = no MSI; absent where unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub msi_vectors: Option<u16>,
    /// MSI-X vectors; 0 = no MSI-X; absent where unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub msix_vectors: Option<u16>,
    /// Interrupt pin, 1 = INTA#; 0 = none; absent where unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interrupt_pin: Option<u8>,
    /// Function level reset, by the Express or the Advanced Features capability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function_level_reset: Option<bool>,
    /// Its BARs; absent where not captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bars: Option<Vec<Bar>>,
}

/// One hop of the path.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HopItem {
    /// `dddd:bb:dd.f`.
    pub address: String,
    /// What it is within the tree.
    pub kind: String,
    /// `present`, `absent`, `not-captured` or `malformed`.
    pub acs: String,
    /// Services that it supports, by their abbreviations.
    pub supported: Vec<String>,
    /// Services switched on in the capture.
    pub enabled: Vec<String>,
    /// Windows' AcsSupport as reported: 0 present, 1 not needed, 2 missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acs_support_reported: Option<u32>,
    /// Windows' AcsCompatibleUpHierarchy as reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acs_compatible_up_hierarchy_reported: Option<u32>,
    /// It isolates once its services are on: `yes`, `no` or `unknown`.
    pub able: String,
    /// It isolates as captured: `yes`, `no` or `unknown`.
    pub active: String,
}

/// The remapping unit of a device.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RemappingUnit {
    /// Its number in the table, from 0.
    pub index: usize,
    /// Signature of the table.
    pub table: String,
    /// Offset of its structure in the table.
    pub offset: String,
    /// Address of its registers; 0 where the table gives none.
    pub base: String,
    /// Why it is this unit: `named`, `below-named-bridge`, `include-all`, `range`, `all`,
    /// `alias`, `with-physical-function` or `with-controller`.
    pub reason: String,
    /// The bridge, physical function or controller that the reason speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
}

/// Memory that a table reserves for a device.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReservedMemory {
    /// First address.
    pub start: String,
    /// Last address.
    pub last: String,
    /// Signature of the table.
    pub table: String,
    /// Offset of its structure in the table.
    pub offset: String,
}

/// One BAR.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Bar {
    /// 0 to 5.
    pub index: u8,
    /// Kind of space.
    pub kind: String,
    /// Address; absent where none is assigned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Size; absent where not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// `reported`, `enhanced-allocation` or `resizable-bar`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_from: Option<String>,
    /// Largest size that the alignment of the address allows, where the size is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_at_most: Option<String>,
}

/// The explanation as a document.
pub fn explain(report: &Report<'_>, devices: &[FunctionId]) -> Explain {
    Explain {
        schema: "assignable.explain/1".to_owned(),
        devices: devices
            .iter()
            .map(|&id| ExplainedDevice::of(report, id))
            .collect(),
        host_verdicts: report
            .policies
            .iter()
            .map(|&policy| HostVerdictItem::of(report, policy))
            .collect(),
    }
}

impl ExplainedDevice {
    fn of(report: &Report<'_>, id: FunctionId) -> Self {
        let (facts, topology) = (report.facts, report.facts.topology);
        let function = facts.host.function(id);
        let profile = facts.profile(id);
        let interrupts = function.interrupts;
        let mut path: Vec<HopItem> = topology
            .upstream(id)
            .map(|hop| HopItem::of(report, hop))
            .collect();
        path.reverse();
        Self {
            device: Device::of(report, id),
            path,
            path_able: word(facts.acs.path_able(topology, id)),
            path_active: word(facts.acs.path_active(topology, id)),
            acs_compatible_up_hierarchy: match facts.acs.up_hierarchy(topology, id) {
                UpHierarchy::NotSupported => Some(0),
                UpHierarchy::SingleFunction => Some(1),
                UpHierarchy::Supported => Some(3),
                UpHierarchy::Unknown(_) => None,
            },
            acs_support: match facts.acs.support(topology, id) {
                AcsSupport::Present => Some(0),
                AcsSupport::Missing => Some(2),
                AcsSupport::MissingOrNotNeeded | AcsSupport::Unknown => None,
            },
            remapping_unit: RemappingUnit::of(report, id),
            remapping_table: !facts.iommu.tables().is_empty(),
            reserved_memory: ReservedMemory::of(report, id),
            device_type: DeviceType::of(topology.kind(id)).map(|value| value.0),
            msi_vectors: vectors(interrupts.msi),
            msix_vectors: vectors(interrupts.msix),
            interrupt_pin: interrupts.line,
            function_level_reset: profile.resets.function_level(),
            bars: resources::bars(function).map(|bars| bars.iter().map(Bar::of).collect()),
        }
    }
}

impl RemappingUnit {
    fn of(report: &Report<'_>, id: FunctionId) -> Option<Self> {
        let (host, iommu) = (report.facts.host, &report.facts.iommu);
        let owner = iommu.owner(id)?;
        let unit = iommu.units().get(owner.unit)?;
        let through = match owner.reason {
            OwnershipReason::BelowNamedBridge(other)
            | OwnershipReason::WithPhysicalFunction(other)
            | OwnershipReason::WithController(other) => Some(host.function(other).at.to_string()),
            _ => None,
        };
        Some(Self {
            index: owner.unit,
            table: unit.table.signature().to_owned(),
            offset: hex(unit.span.offset, 3),
            base: hex(unit.base, 1),
            reason: owner.reason.name().to_owned(),
            through,
        })
    }
}

impl ReservedMemory {
    fn of(report: &Report<'_>, id: FunctionId) -> Vec<Self> {
        let facts = report.facts;
        let regions = facts.iommu.reserved(facts.host, facts.topology, id);
        let mut regions: Vec<Self> = regions
            .map(|region| Self {
                start: hex(region.range.start(), 1),
                last: hex(region.range.last(), 1),
                table: region.table.signature().to_owned(),
                offset: hex(region.span.offset, 3),
            })
            .collect();
        regions.dedup();
        regions
    }
}

fn word(tri: Tri) -> String {
    match tri {
        Tri::Yes => "yes",
        Tri::No => "no",
        Tri::Unknown(_) => "unknown",
    }
    .to_owned()
}

const fn vectors(mechanism: Observed<u16>) -> Option<u16> {
    match mechanism {
        Observed::Present(vectors) => Some(vectors),
        Observed::Absent => Some(0),
        Observed::NotCaptured | Observed::Malformed(_) => None,
    }
}

impl HopItem {
    fn of(report: &Report<'_>, id: FunctionId) -> Self {
        let facts = report.facts;
        let hop = facts.acs.hop(id);
        let windows = &facts.host.function(id).windows;
        let names = |flags: Observed<crate::decode::config::ext::acs::PartialFlags>| {
            let set = flags.present().map_or(AcsFlags::empty(), |flags| flags.set);
            AcsFlags::SHORT
                .iter()
                .filter(|(flag, _)| set.contains(*flag))
                .map(|(_, short)| (*short).to_owned())
                .collect()
        };
        Self {
            address: facts.host.function(id).at.to_string(),
            kind: facts.topology.kind(id).name().to_owned(),
            acs: match hop.capability {
                Observed::Present(_) => "present",
                Observed::Absent => "absent",
                Observed::NotCaptured => "not-captured",
                Observed::Malformed(_) => "malformed",
            }
            .to_owned(),
            supported: names(hop.capability),
            enabled: names(hop.control),
            acs_support_reported: windows.acs_support,
            acs_compatible_up_hierarchy_reported: windows.acs_up_hierarchy,
            able: word(hop.able),
            active: word(hop.active),
        }
    }
}

impl Bar {
    fn of(bar: &resources::BarDemand) -> Self {
        let (size, size_from, size_at_most) = match bar.size {
            Size::Exact { len, from } => {
                let from = match from {
                    SizeSource::Reported => "reported",
                    SizeSource::EnhancedAllocation => "enhanced-allocation",
                    SizeSource::ResizableBar => "resizable-bar",
                };
                (Some(hex(len, 1)), Some(from.to_owned()), None)
            }
            Size::Bounded { max, .. } => (None, None, max.map(|max| hex(max, 1))),
        };
        Self {
            index: bar.index,
            kind: bar.kind.to_string(),
            address: bar.address.map(|address| hex(address, 1)),
            size,
            size_from,
            size_at_most,
        }
    }
}
