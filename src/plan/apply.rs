//! Makes changes on a capture.

mod buses;
mod card;
mod groups;
mod isolation;
mod platform;
mod registers;
mod virtual_functions;
mod windows;

use std::collections::BTreeMap;
use std::fmt;

use super::Change;
use crate::addr::Sbdf;
use crate::analysis::resources;
use crate::capture::{Capture, Method, Origin, Reported, Resource};
use crate::decode::config::bar::BarKind;
use crate::host::{FunctionId, Host};
use crate::select::Selector;
use crate::topology::Topology;

/// A changed capture.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The capture.
    pub capture: Capture,
    /// Functions that sit elsewhere now: before and after.
    pub moved: BTreeMap<Sbdf, Sbdf>,
    /// What the changes take for granted.
    pub notes: Vec<&'static str>,
}

/// A change that cannot be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ChangeError {
    /// No function is meant by this.
    NoFunction(Selector),
    /// The function is no port.
    NoPort(Sbdf),
    /// Something sits below the port already.
    SlotTaken(Sbdf),
    /// The port has no bus number to give.
    NoBus(Sbdf),
    /// Below the port there are not so many bus numbers that nothing else has.
    NoBusNumbers {
        /// The port.
        port: Sbdf,
        /// How many the card needs.
        needed: u16,
    },
    /// The port is part of the card that shall move.
    PortOfCard(Sbdf),
    /// The device is part of the mainboard, not a card below a port.
    NoCard(Sbdf),
    /// The BAR is not resizable to this size, or does not exist.
    NotResizable(Sbdf, u8),
    /// The function has no SR-IOV, or not so many virtual functions.
    TooManyVirtualFunctions(Sbdf),
    /// The function's configuration space was not captured far enough to change it.
    NotCaptured(Sbdf),
    /// The table that reserves the memory cannot be read.
    Table(&'static str),
}

/// Makes changes one after the other; each sees what the ones before did.
///
/// Facts that the operating system reported and that a change makes stale are withdrawn, or,
/// for IOMMU groups, replaced by what the kernel would make of the changed host.
///
/// # Errors
/// A change names what does not exist, or cannot be made.
pub fn apply(capture: &Capture, changes: &[Change]) -> Result<Changed, ChangeError> {
    let mut changed = Changed {
        capture: capture.clone(),
        moved: BTreeMap::new(),
        notes: Vec::new(),
    };
    let mut assumed = groups::Assumed::default();
    for change in changes {
        one(&mut changed, &mut assumed, change)?;
    }
    if !changes.is_empty() {
        groups::report(&mut changed.capture, capture, changes, &assumed);
    }
    changed.notes.dedup();
    Ok(changed)
}

fn one(
    changed: &mut Changed,
    assumed: &mut groups::Assumed,
    change: &Change,
) -> Result<(), ChangeError> {
    let capture = &mut changed.capture;
    match change {
        Change::Acs { hop, on } => {
            for at in select(capture, hop)? {
                isolation::set_acs(capture, at, *on)?;
            }
        }
        Change::AcsOverride {
            downstream,
            multifunction,
        } => {
            isolation::set_override(capture, &change.to_string().replace('-', "_"));
            assumed.downstream |= downstream;
            assumed.multifunction |= multifunction;
            changed.notes.push(
                "pcie_acs_override makes groups smaller without isolating anything: a guest may \
                 reach the memory of neighbouring devices",
            );
        }
        Change::DropReserved(device) => {
            for at in select(capture, device)? {
                platform::drop_reserved(capture, at)?;
            }
        }
        Change::Iommu => changed.notes.extend(platform::iommu_on(capture)),
        Change::UnsafeInterrupts => {
            platform::allow_unsafe_interrupts(capture);
            changed.notes.push(
                "allow_unsafe_interrupts protects nothing: a guest can raise any interrupt on the \
                 host",
            );
        }
        Change::NativePcie => platform::native_pcie(capture),
        Change::CompleteTable => changed.notes.push(platform::complete_table(capture)?),
        Change::ServerEdition => {
            windows::server_edition(capture);
            changed
                .notes
                .push("another edition means to install Windows anew");
        }
        Change::Move { device, port } => {
            let devices = select(capture, device)?;
            let ports = select(capture, port)?;
            let (Some(&device), Some(&port)) = (devices.first(), ports.first()) else {
                return Ok(());
            };
            let moved = card::move_card(capture, device, port)?;
            changed.notes.extend(moved.notes);
            // A card that moves twice is known by where it was first.
            let firsts: BTreeMap<Sbdf, Sbdf> = changed
                .moved
                .iter()
                .map(|(&first, &now)| (now, first))
                .collect();
            for (from, to) in moved.places {
                let first = firsts.get(&from).copied().unwrap_or(from);
                changed.moved.insert(first, to);
            }
        }
        Change::Resize { device, bar, size } => {
            for at in select(capture, device)? {
                resize(capture, at, *bar, size.0)?;
            }
        }
        Change::VirtualFunctions { device, count } => {
            for at in select(capture, device)? {
                virtual_functions::switch(capture, at, *count)?;
            }
        }
    }
    Ok(())
}

/// Addresses of what a selector names in a capture.
fn select(capture: &Capture, selector: &Selector) -> Result<Vec<Sbdf>, ChangeError> {
    let found = with_tree(capture, |host, topology| {
        let ids = selector.matches(host, topology);
        ids.iter()
            .map(|&id| host.function(id).at)
            .collect::<Vec<_>>()
    });
    if found.is_empty() {
        return Err(ChangeError::NoFunction(selector.clone()));
    }
    Ok(found)
}

/// Asks something about the tree of a capture.
fn with_tree<T>(capture: &Capture, ask: impl FnOnce(&Host<'_>, &Topology) -> T) -> T {
    let host = Host::from_capture(capture);
    let topology = Topology::of(&host);
    ask(&host, &topology)
}

fn fact<T>(value: T) -> Reported<T> {
    Reported::new(value, Origin::of(Method::Synthetic))
}

/// Gives a BAR another size. Where it lies is open from then on, except that a smaller BAR
/// fits where the larger one was.
fn resize(capture: &mut Capture, at: Sbdf, bar: u8, size: u64) -> Result<(), ChangeError> {
    use crate::decode::config::ext::rebar::ResizableBars;
    use crate::spec::pcie::ExtCapId;
    let wrong = ChangeError::NotResizable(at, bar);
    let found = with_tree(capture, |host, _| {
        let id: FunctionId = host.find(at)?;
        let function = host.function(id);
        let demand = resources::bar(function, bar)?;
        let capability = function
            .space
            .extended(function.config, ExtCapId::RESIZABLE_BAR)
            .present()?;
        let pair = ResizableBars::new(capability).bar(bar)?;
        let mut codes = pair.supported()?.iter();
        let supported = codes.any(|code| code.bytes() == Some(size));
        (supported && demand.kind.is_memory()).then_some(demand)
    });
    let Some(demand) = found else {
        return Err(wrong);
    };
    let flags = match demand.kind {
        BarKind::Memory32 { prefetchable } => 0x200 | u64::from(prefetchable) << 13,
        BarKind::Memory64 { prefetchable } => 0x10_0200 | u64::from(prefetchable) << 13,
        BarKind::Io => return Err(wrong),
    };
    let stays = demand.size.exact().is_some_and(|old| size <= old);
    let resources = &mut capture.function(at).properties.resources;
    let old = resources
        .iter()
        .find(|resource| resource.value.index == bar);
    let flags = old.and_then(|old| old.value.flags).unwrap_or(flags);
    let start = demand.address.filter(|_| stays);
    resources.retain(|resource| resource.value.index != bar);
    resources.push(fact(Resource {
        index: bar,
        start: start.unwrap_or(0),
        len: Some(size),
        flags: Some(flags),
        unassigned: start.is_none(),
    }));
    resources.sort_by_key(|resource| resource.value.index);
    Ok(())
}

impl fmt::Display for ChangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFunction(selector) => {
                write!(f, "no device of the capture matches {selector}")
            }
            Self::NoPort(at) => write!(f, "{at} is no root or downstream port"),
            Self::SlotTaken(at) => write!(f, "something sits below {at} already"),
            Self::NoBus(at) => write!(f, "the bus below {at} has no number in the capture"),
            Self::NoBusNumbers { port, needed } => write!(
                f,
                "the card needs {needed} bus numbers in a row, and below {port} there are not so \
                 many that nothing else has; the firmware would number the buses of other devices \
                 anew"
            ),
            Self::PortOfCard(at) => write!(f, "{at} is part of the card that would move"),
            Self::NoCard(at) => write!(f, "{at} is part of the mainboard, not a card below a port"),
            Self::NotResizable(at, bar) => write!(
                f,
                "BAR {bar} of {at} is not known to be resizable to this size"
            ),
            Self::TooManyVirtualFunctions(at) => {
                write!(f, "{at} is not known to have so many virtual functions")
            }
            Self::NotCaptured(at) => write!(
                f,
                "the configuration space of {at} was not captured far enough to change it"
            ),
            Self::Table(name) => write!(f, "the {name} table cannot be read"),
        }
    }
}

impl std::error::Error for ChangeError {}
