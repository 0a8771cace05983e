//! Whether a physical function could have more virtual functions: their number, the bus
//! numbers that they take, and the memory that their BARs take.

use super::fit::{Fit, Wish, fit};
use super::{HostSpace, VF_BARS, kind_of};
use crate::bytes::Observed;
use crate::decode::config::bar::{BarKind, BarSlot, vf_bars};
use crate::decode::config::bridge::BusNumbers;
use crate::decode::config::ext::sriov::SrIov;
use crate::host::{Function, FunctionId, Host};
use crate::range::AddrRange;
use crate::sim::bars::{DeviceBars, SizedBar, VfBar};
use crate::topology::Topology;

/// What a number of virtual functions takes, and whether there is room for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VfRoom {
    /// The physical function.
    pub function: FunctionId,
    /// How many are asked for.
    pub count: u16,
    /// Most that there can be: as the kernel reports, which knows the driver's limit, else
    /// TotalVFs.
    pub most: Option<u16>,
    /// TotalVFs, where captured: what the hardware has.
    pub total: Option<u16>,
    /// BARs of this many, by register.
    pub bars: Vec<VfBar>,
    /// VF BARs, 0 to 5, whose size the capture does not hold.
    pub unsized_bars: Vec<u8>,
    /// The capability, which says whether there are BARs at all, was not captured.
    pub unknown_bars: bool,
    /// The bus numbers.
    pub buses: Buses,
    /// The memory.
    pub memory: VfMemory,
}

/// Bus numbers of virtual functions (PCIe 6.0, 9.2.1.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Buses {
    /// First VF Offset or VF Stride was not captured, or read while NumVFs was too small for
    /// them to mean anything (PCIe 6.0, 9.3.3.9 and 9.3.3.10).
    NoOffsets,
    /// How far the bridge above routes was not captured.
    NoBridge,
    /// The last one's routing id.
    Known {
        /// Its bus; above 255 there is none of that number.
        last: u16,
        /// Highest bus that the bridge above, or the root bus, routes.
        until: u8,
        /// The bridge; `None` on a root bus.
        bridge: Option<FunctionId>,
        /// NumVFs with which offset and stride were captured, where it is another number:
        /// both may change with it (PCIe 6.0, 9.3.3.9 and 9.3.3.10).
        read_with: Option<u16>,
    },
}

/// Memory of virtual functions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum VfMemory {
    /// A size is not known.
    Unknown,
    /// The room that they have now is enough; Linux keeps room for TotalVFs.
    Placed(Vec<AddrRange>),
    /// What came of placing the function and its virtual ones anew.
    Anew(Fit),
}

/// What the capture lacks to tell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum VfMissing {
    /// The whole of it.
    Capability,
    /// Sizes of these VF BARs.
    Sizes(Vec<u8>),
    /// Sizes of the function's own BARs, which are placed with the others.
    OwnSizes,
    /// First VF Offset and VF Stride, read with virtual functions on.
    Offsets,
    /// The bus numbers of the bridge above.
    BridgeBuses,
    /// The windows of the root bus.
    RootWindows,
}

/// TotalVFs of the hardware, by which the kernel sizes VF BARs; what sysfs reports may be a
/// smaller limit of the driver.
pub(super) fn hardware_total(function: &Function<'_>) -> Option<u16> {
    let register = function.sriov().present().and_then(SrIov::total_vfs);
    let reported = function.reported.sriov_total_vfs.as_ref();
    register.or_else(|| reported.map(|total| total.value))
}

/// Whether a function could have this many virtual functions. `None` where it has no SR-IOV.
pub fn virtual_functions(
    host: &Host<'_>,
    topology: &Topology,
    space: &HostSpace,
    id: FunctionId,
    count: u16,
) -> Option<VfRoom> {
    let function = host.function(id);
    let sriov = match function.sriov() {
        Observed::Present(sriov) => Some(sriov),
        Observed::Absent => return None,
        _ if function.reported.sriov_total_vfs.is_none() => return None,
        _ => None,
    };
    let (bars, unsized_bars) = bars_of(host, id, sriov, count);
    let unknown_bars = sriov.is_none();
    let memory = if unsized_bars.is_empty() && !unknown_bars {
        memory(host, topology, space, id, &bars)
    } else {
        VfMemory::Unknown
    };
    Some(VfRoom {
        function: id,
        count,
        most: function.most_virtual_functions(),
        total: sriov.and_then(SrIov::total_vfs),
        bars,
        unsized_bars,
        unknown_bars,
        buses: buses(host, topology, id, sriov, count),
        memory,
    })
}

impl VfRoom {
    /// Whether there is room; `None` where the capture does not tell.
    pub fn fits(&self) -> Option<bool> {
        let number = self.most.map(|most| self.count <= most);
        let buses = match self.buses {
            _ if self.count == 0 => Some(true),
            Buses::NoOffsets | Buses::NoBridge => None,
            Buses::Known { last, until, .. } => Some(last <= u16::from(until)),
        };
        let memory = match &self.memory {
            _ if self.count == 0 => Some(true),
            VfMemory::Unknown | VfMemory::Anew(Fit::Unknown) => None,
            VfMemory::Placed(_) | VfMemory::Anew(Fit::Room(_)) => Some(true),
            VfMemory::Anew(Fit::No(_)) => Some(false),
        };
        let answers = [number, buses, memory];
        if answers.contains(&Some(false)) {
            return Some(false);
        }
        answers
            .iter()
            .all(|&answer| answer == Some(true))
            .then_some(true)
    }

    /// What would settle what is open.
    pub fn missing(&self) -> Vec<VfMissing> {
        let mut missing = Vec::new();
        if self.most.is_none() || self.unknown_bars {
            missing.push(VfMissing::Capability);
        }
        if !self.unsized_bars.is_empty() {
            missing.push(VfMissing::Sizes(self.unsized_bars.clone()));
        }
        match self.memory {
            VfMemory::Unknown if self.unsized_bars.is_empty() && !self.unknown_bars => {
                missing.push(VfMissing::OwnSizes);
            }
            VfMemory::Anew(Fit::Unknown) => missing.push(VfMissing::RootWindows),
            _ => {}
        }
        match self.buses {
            Buses::NoOffsets if !self.unknown_bars => missing.push(VfMissing::Offsets),
            Buses::NoBridge => missing.push(VfMissing::BridgeBuses),
            _ => {}
        }
        missing
    }
}

/// The VF BARs for a number of virtual functions, and the registers whose size is not known.
fn bars_of(
    host: &Host<'_>,
    id: FunctionId,
    sriov: Option<SrIov<'_>>,
    count: u16,
) -> (Vec<VfBar>, Vec<u8>) {
    let (mut bars, mut open) = (Vec::new(), Vec::new());
    let Some(sriov) = sriov else {
        return (bars, open);
    };
    // A VF BAR is aligned to the page size, and a multiple of it long (PCIe 6.0, 9.3.3.13).
    let page = sriov.system_page_size().unwrap_or(1);
    let resources = &host.function(id).reported.resources;
    for (register, slot) in (0_u8..).zip(vf_bars(sriov.window())) {
        let index = VF_BARS.start() + register;
        let reported = resources.iter().find(|own| own.value.index == index);
        let reported_kind = reported.and_then(|own| own.value.flags).map(kind_of);
        let kind = match slot {
            BarSlot::Bar { kind, .. } => kind,
            BarSlot::UpperHalf => continue,
            // A register without an address reads like none where the BAR is 32 bits wide.
            BarSlot::Zero => match reported_kind {
                Some(kind) => kind,
                None => continue,
            },
            BarSlot::Unknown => match reported_kind {
                Some(kind) => kind,
                None => {
                    open.push(register);
                    continue;
                }
            },
        };
        if kind == BarKind::Io {
            continue;
        }
        let total = hardware_total(host.function(id)).map(u64::from);
        let whole = reported.and_then(|own| own.value.len);
        let block = whole.zip(total).and_then(|(whole, total)| {
            let block = whole.checked_div(total)?;
            (block.checked_mul(total) == Some(whole)).then_some(block)
        });
        let block = block.or_else(|| of_a_virtual_one(host, id, register));
        match block.filter(|block| block.is_power_of_two()) {
            Some(block) => bars.push(VfBar {
                bar: SizedBar {
                    index,
                    kind,
                    size: block.max(page),
                },
                count,
            }),
            None => open.push(register),
        }
    }
    (bars, open)
}

/// The size of a BAR as a virtual function that is switched on reports it.
fn of_a_virtual_one(host: &Host<'_>, physical: FunctionId, register: u8) -> Option<u64> {
    host.virtual_functions_of(physical).find_map(|vf| {
        let resources = &host.function(vf).reported.resources;
        let own = resources.iter().find(|own| own.value.index == register);
        own?.value.len
    })
}

fn buses(
    host: &Host<'_>,
    topology: &Topology,
    id: FunctionId,
    sriov: Option<SrIov<'_>>,
    count: u16,
) -> Buses {
    let Some(sriov) = sriov else {
        return Buses::NoOffsets;
    };
    // Offset 0, and stride 0 of more than one, stand for a NumVFs that was too small to say.
    let offset = sriov.first_vf_offset().filter(|&offset| offset != 0);
    let stride = match count {
        0 | 1 => Some(0),
        _ => sriov.vf_stride().filter(|&stride| stride != 0),
    };
    let (Some(offset), Some(stride)) = (offset, stride) else {
        return Buses::NoOffsets;
    };
    let at = host.function(id).at;
    let steps = u32::from(stride) * u32::from(count.saturating_sub(1));
    let last = u32::from(at.bdf.bits()) + u32::from(offset) + steps;
    let bridge = topology.parent(id);
    let until = match bridge {
        Some(bridge) => {
            let buses = BusNumbers::decode(host.function(bridge).config);
            buses.map(|buses| buses.subordinate)
        }
        None => Some(topology.last_bus(id)),
    };
    let Some(until) = until else {
        return Buses::NoBridge;
    };
    Buses::Known {
        last: u16::try_from(last >> 8).unwrap_or(u16::MAX),
        until,
        bridge,
        read_with: sriov.num_vfs().filter(|&read| read != count),
    }
}

/// Where the BARs lie now, if that is enough; else the function is placed anew with them, as
/// after a reset of the slot or the next boot.
fn memory(
    host: &Host<'_>,
    topology: &Topology,
    space: &HostSpace,
    id: FunctionId,
    bars: &[VfBar],
) -> VfMemory {
    let now: Option<Vec<AddrRange>> = bars
        .iter()
        .map(|vf| {
            let mut taken = space.taken.iter();
            let own = taken.find(|taken| taken.function == id && taken.index == vf.bar.index)?;
            (own.range.len() >= vf.size()).then_some(own.range)
        })
        .collect();
    if let Some(now) = now {
        return VfMemory::Placed(now);
    }
    let own = DeviceBars::of(host, id, &[]);
    if !own.is_complete() {
        return VfMemory::Unknown;
    }
    let wish = Wish {
        below: topology.parent(id),
        replaces: Some(id),
        bars: own.sized,
        vf_bars: bars.to_vec(),
    };
    VfMemory::Anew(fit(host, topology, space, &wish))
}
