//! From a DMAR device scope to captured functions (VT-d, 8.3.1.1; Linux
//! drivers/iommu/intel/dmar.c).

use crate::addr::{Bdf, Sbdf, Segment};
use crate::decode::acpi::device_scope::{DeviceScope, ScopeType};
use crate::decode::config::bridge::BusNumbers;
use crate::host::{FunctionId, Host};

/// The function that a scope entry of a PCI type names. `None` where a hop of its path is not
/// captured or is no bridge, and for entries that name no PCI device.
pub(super) fn resolve(
    host: &Host<'_>,
    segment: Segment,
    scope: &DeviceScope,
) -> Option<FunctionId> {
    if !matches!(
        scope.kind,
        ScopeType::PCI_ENDPOINT | ScopeType::PCI_SUB_HIERARCHY
    ) {
        return None;
    }
    let mut bus = scope.start_bus;
    let (last, bridges) = scope.path.split_last()?;
    for &(device, function) in bridges {
        let at = Sbdf::new(segment, Bdf::new(bus, device, function)?);
        bus = BusNumbers::decode(host.function(host.find(at)?).config)?.secondary;
    }
    host.find(Sbdf::new(segment, Bdf::new(bus, last.0, last.1)?))
}
