//! DMAR units and reserved memory, matched to functions as Linux does it
//! (drivers/iommu/intel/iommu.c, `device_lookup_iommu`).

use std::collections::BTreeMap;

use super::{Iommu, OwnershipReason, ReservedRegion, TableKind, Unit, scope, translated_as};
use crate::addr::Segment;
use crate::decode::acpi::device_scope::{DeviceScope, ScopeType};
use crate::decode::acpi::dmar::Dmar;
use crate::host::{FunctionId, Host};
use crate::range::AddrRange;
use crate::topology::Topology;

pub(super) fn resolve(iommu: &mut Iommu, host: &Host<'_>, topology: &Topology, dmar: &Dmar) {
    let first = iommu.units.len();
    let mut explicit: BTreeMap<FunctionId, Named> = BTreeMap::new();
    let mut include_all: BTreeMap<Segment, usize> = BTreeMap::new();
    for (index, (unit, span)) in dmar.units().enumerate() {
        let unit_index = first + index;
        iommu.units.push(Unit {
            base: unit.base,
            include_all: unit.include_all,
            span,
        });
        if unit.include_all {
            include_all.entry(unit.segment).or_insert(unit_index);
            continue;
        }
        // Linux keeps these units in reverse order: of two that name a device the later wins.
        for (function, below) in named(host, unit.segment, &unit.scopes) {
            explicit.insert(
                function,
                Named {
                    unit: unit_index,
                    below,
                },
            );
        }
    }
    for (id, _) in host.iter() {
        let (physical, at) = translated_as(host, id);
        let hit = topology.upstream(physical).find_map(|hop| {
            let named = explicit.get(&hop)?;
            (hop == physical || named.below).then_some((hop, named.unit))
        });
        match hit {
            Some((hop, unit)) if hop == physical => iommu.claim(id, unit, OwnershipReason::Named),
            Some((hop, unit)) => iommu.claim(id, unit, OwnershipReason::BelowNamedBridge(hop)),
            None => {
                if let Some(&unit) = include_all.get(&at.segment) {
                    iommu.claim(id, unit, OwnershipReason::IncludeAll);
                }
            }
        }
    }
    reserved(iommu, host, dmar);
}

/// A function that a unit names, and whether it stands for everything below it.
struct Named {
    unit: usize,
    below: bool,
}

fn named<'s>(
    host: &'s Host<'_>,
    segment: Segment,
    scopes: &'s [DeviceScope],
) -> impl Iterator<Item = (FunctionId, bool)> + 's {
    scopes.iter().filter_map(move |entry| {
        let function = scope::resolve(host, segment, entry)?;
        Some((function, entry.kind == ScopeType::PCI_SUB_HIERARCHY))
    })
}

/// Notes each reserved region with the functions that it names.
fn reserved(iommu: &mut Iommu, host: &Host<'_>, dmar: &Dmar) {
    for (region, span) in dmar.reserved() {
        let Some(range) = AddrRange::new(region.base, region.limit) else {
            continue;
        };
        let region_here = ReservedRegion {
            range,
            span,
            table: TableKind::Dmar,
        };
        for (function, _) in named(host, region.segment, &region.scopes) {
            iommu.scoped.entry(function).or_default().push(region_here);
        }
    }
}
