//! The address space that a function asks for: which BARs, of what kind and size.
//!
//! A BAR's size is not in its register; it comes from whatever the capture holds: the
//! kernel's resource list, sizes printed by a tool, Enhanced Allocation or Resizable BAR.
//! It is never guessed from a neighbour; where nothing says it, only bounds are known.

mod demand;
mod size;
#[cfg(test)]
mod tests;

pub use demand::{Amount, BarSet, Demand, demand, survey_dda_megabytes};
pub use size::{Size, SizeSource};

use crate::capture::Resource;
use crate::decode::config::bar::{self, BarKind, BarSlot};
use crate::host::Function;

/// One BAR and what it asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BarDemand {
    /// 0 to 5.
    pub index: u8,
    /// Kind of space.
    pub kind: BarKind,
    /// Address as programmed or reported; `None` where none was assigned, or none captured.
    pub address: Option<u64>,
    /// Size in bytes or ports.
    pub size: Size,
    /// The capture shows that it has no address although it needs one: the operating system
    /// says so, or the register holds none while its space is decoded.
    pub lacks_address: bool,
    /// The type bits are reserved, or a 64-bit BAR has no register for its upper half.
    pub malformed: bool,
}

/// The BARs of a function in order, without memory of its own.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Bars {
    slots: [Option<BarDemand>; 6],
}

impl Bars {
    /// Every BAR, lowest first.
    pub fn iter(&self) -> impl Iterator<Item = &BarDemand> {
        self.slots.iter().flatten()
    }
}

/// The BARs of a function, the expansion ROM left out. `None` where the BAR registers were
/// not captured and nothing was reported.
pub fn bars(function: &Function<'_>) -> Option<Bars> {
    let layout = function.layout();
    let reported = ReportedBars::of(function);
    let known = layout.is_some() && function.config.knows(0x10, 24);
    if !known && !reported.any {
        return None;
    }
    let registers = match layout {
        Some(layout) => bar::bars(function.config, layout),
        None => [BarSlot::Unknown; 6],
    };
    let mut bars = Bars::default();
    let places = bars.slots.iter_mut().zip(registers).zip(reported.bars);
    for (index, ((place, register), reported)) in (0..6).zip(places) {
        *place = one(function, index, register, reported);
    }
    Some(bars)
}

/// One BAR of a function; `None` where it has no such BAR or nothing is known about it.
pub fn bar(function: &Function<'_>, index: u8) -> Option<BarDemand> {
    let register = match function.layout() {
        Some(layout) => {
            let registers = bar::bars(function.config, layout);
            registers.get(usize::from(index)).copied()?
        }
        None => BarSlot::Unknown,
    };
    let resources = &function.reported.resources;
    let reported = resources
        .iter()
        .find(|resource| resource.value.index == index)
        .filter(|_| index < 6)
        .map(|resource| ReportedBar::of(&resource.value));
    one(function, index, register, reported)
}

fn one(
    function: &Function<'_>,
    index: u8,
    register: BarSlot,
    reported: Option<ReportedBar>,
) -> Option<BarDemand> {
    match (register, reported) {
        (
            BarSlot::Bar {
                kind,
                address,
                malformed,
            },
            _,
        ) => Some(BarDemand {
            index,
            kind,
            address: match reported {
                Some(resource) => resource.address,
                None => (address != 0).then_some(address),
            },
            size: size::of(function, index, kind, address, reported),
            lacks_address: match reported {
                Some(resource) => resource.lacks_address(),
                None => address == 0 && is_decoded(function, index, kind),
            },
            malformed,
        }),
        // The register of a virtual function, or one that was not captured.
        (BarSlot::Zero | BarSlot::Unknown, Some(resource)) => Some(BarDemand {
            index,
            kind: resource.kind,
            address: resource.address,
            size: resource.size(),
            lacks_address: resource.lacks_address(),
            malformed: false,
        }),
        (BarSlot::Zero | BarSlot::Unknown | BarSlot::UpperHalf, _) => None,
    }
}

/// Whether the register is known and the function answers to the address in it.
fn is_decoded(function: &Function<'_>, index: u8, kind: BarKind) -> bool {
    let offset = 0x10 + 4 * u16::from(index);
    let len = if matches!(kind, BarKind::Memory64 { .. }) {
        8
    } else {
        4
    };
    let enable = if kind.is_memory() { 2 } else { 1 };
    let command = function.space.header.command;
    function.config.knows(offset, len) && command.is_some_and(|command| command & enable != 0)
}

/// The reported resources that stand for BARs 0 to 5.
struct ReportedBars {
    bars: [Option<ReportedBar>; 6],
    any: bool,
}

/// A reported resource in this module's terms.
#[derive(Clone, Copy)]
struct ReportedBar {
    kind: BarKind,
    address: Option<u64>,
    len: Option<u64>,
}

/// Kind bits of Linux' resource flags (include/linux/ioport.h).
const FLAG_IO: u64 = 0x100;
const FLAG_PREFETCH: u64 = 0x2000;
const FLAG_MEM_64: u64 = 0x10_0000;

impl ReportedBars {
    fn of(function: &Function<'_>) -> Self {
        let mut reported = Self {
            bars: [None; 6],
            any: false,
        };
        for resource in &function.reported.resources {
            let resource = &resource.value;
            if let Some(place) = reported.bars.get_mut(usize::from(resource.index)) {
                reported.any = true;
                // The first one stands where a hostile list names a BAR twice.
                place.get_or_insert(ReportedBar::of(resource));
            }
        }
        reported
    }
}

impl ReportedBar {
    fn of(resource: &Resource) -> Self {
        let flags = resource.flags.unwrap_or(0);
        let prefetchable = flags & FLAG_PREFETCH != 0;
        let kind = if flags & FLAG_IO != 0 {
            BarKind::Io
        } else if flags & FLAG_MEM_64 != 0 {
            BarKind::Memory64 { prefetchable }
        } else {
            BarKind::Memory32 { prefetchable }
        };
        Self {
            kind,
            address: (!resource.unassigned).then_some(resource.start),
            len: resource.len,
        }
    }

    const fn lacks_address(self) -> bool {
        self.address.is_none() && self.len.is_some()
    }

    fn size(self) -> Size {
        match self.len {
            Some(len) => Size::Exact {
                len,
                from: SizeSource::Reported,
            },
            None => Size::bounds(self.kind, self.address.unwrap_or(0)),
        }
    }
}
