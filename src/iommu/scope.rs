//! From a DMAR device scope to captured functions (VT-d, 8.3.1.1; Linux
//! drivers/iommu/intel/dmar.c).

use crate::addr::{Bdf, Sbdf, Segment};
use crate::bytes::Span;
use crate::decode::acpi::device_scope::{DeviceScope, ScopeType};
use crate::decode::config::bridge::BusNumbers;
use crate::host::{Function, FunctionId, Host};
use crate::spec::pci::HeaderType;

/// A scope entry of a DMAR structure with what it names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scope {
    /// The structure that it belongs to.
    pub of: ScopeOwner,
    /// PCI segment of that structure.
    pub segment: Segment,
    /// Where that structure stands in the table.
    pub structure: Span,
    /// The entry.
    pub entry: DeviceScope,
    /// What it names.
    pub found: Found,
}

/// The structure that a scope entry belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ScopeOwner {
    /// The remapping unit with this index in [`Iommu::units`](super::Iommu::units).
    Unit(usize),
    /// A reserved memory region.
    Reserved,
    /// Root ports that may use address translation services.
    Atsr,
    /// Integrated devices with a translation cache.
    Satc,
    /// Properties of integrated devices.
    Sidp,
}

impl ScopeOwner {
    /// The name of the structure.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unit(_) => "DRHD",
            Self::Reserved => "RMRR",
            Self::Atsr => "ATSR",
            Self::Satc => "SATC",
            Self::Sidp => "SIDP",
        }
    }
}

/// What a scope entry of a PCI type names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// This function.
    Function(FunctionId),
    /// A function of another kind than the entry says: an endpoint where it names a bridge, or
    /// the other way round. The kernel refuses such a match.
    OtherKind(FunctionId),
    /// Nothing is captured at this address.
    Nothing(Sbdf),
    /// The path leads through this function, which is no bridge.
    NotABridge(FunctionId),
    /// The path leads through this function, whose bus numbers are not captured.
    NotCaptured(FunctionId),
    /// The path has no element, or a device or function number that cannot be.
    Impossible,
    /// The entry is of another type: an interrupt controller, timer or ACPI device.
    NoPci,
}

impl Found {
    /// The function that the kernel would take.
    pub const fn function(self) -> Option<FunctionId> {
        match self {
            Self::Function(id) => Some(id),
            _ => None,
        }
    }
}

/// What a scope entry names, its path walked through secondary buses as captured.
pub(super) fn resolve(host: &Host<'_>, segment: Segment, scope: &DeviceScope) -> Found {
    let below = match scope.kind {
        ScopeType::PCI_ENDPOINT => false,
        ScopeType::PCI_SUB_HIERARCHY => true,
        _ => return Found::NoPci,
    };
    let mut bus = scope.start_bus;
    let Some((last, bridges)) = scope.path.split_last() else {
        return Found::Impossible;
    };
    let place =
        |bus, (device, function)| Some(Sbdf::new(segment, Bdf::new(bus, device, function)?));
    for &hop in bridges {
        let Some(at) = place(bus, hop) else {
            return Found::Impossible;
        };
        let Some(id) = host.find(at) else {
            return Found::Nothing(at);
        };
        let function = host.function(id);
        match function.layout() {
            None => return Found::NotCaptured(id),
            Some(HeaderType::ENDPOINT) => return Found::NotABridge(id),
            Some(_) => {}
        }
        match BusNumbers::decode(function.config) {
            Some(numbers) => bus = numbers.secondary,
            None => return Found::NotCaptured(id),
        }
    }
    let Some(at) = place(bus, *last) else {
        return Found::Impossible;
    };
    match host.find(at) {
        None => Found::Nothing(at),
        Some(id) if fits(host.function(id), below) => Found::Function(id),
        Some(id) => Found::OtherKind(id),
    }
}

/// Whether an entry for a bridge, or for an endpoint, may name the function
/// (`dmar_insert_dev_scope`). A function of a bridge's class with the header of an endpoint may
/// be named as a bridge: non-transparent bridges look like that. What is not captured fits.
fn fits(function: &Function<'_>, below: bool) -> bool {
    let Some(layout) = function.layout() else {
        return true;
    };
    let class = function.identity.class;
    match (below, layout == HeaderType::ENDPOINT) {
        (false, endpoint) => endpoint,
        (true, true) => class.is_none_or(|class| class.is_bridge()),
        (true, false) => true,
    }
}
