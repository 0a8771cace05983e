//! DMAR units and reserved memory, matched to functions as Linux does it
//! (drivers/iommu/intel/iommu.c, `device_lookup_iommu`).

use std::collections::BTreeMap;

use super::{Iommu, OwnershipReason, ReservedRegion, Scope, ScopeOwner, TableKind, Unit, scope};
use crate::addr::Segment;
use crate::bytes::Span;
use crate::decode::acpi::device_scope::{DeviceScope, ScopeType};
use crate::decode::acpi::dmar::{Body, Dmar};
use crate::host::{FunctionId, Host};
use crate::range::AddrRange;
use crate::topology::Topology;

pub(super) fn resolve(iommu: &mut Iommu, host: &Host<'_>, topology: &Topology, dmar: &Dmar) {
    let mut include_all: BTreeMap<Segment, usize> = BTreeMap::new();
    let mut explicit: BTreeMap<FunctionId, (usize, bool)> = BTreeMap::new();
    for structure in &dmar.structures {
        let span = structure.span;
        match &structure.body {
            Body::Drhd(unit) => {
                let index = iommu.units.len();
                let first = iommu.scopes.len();
                scopes(
                    iommu,
                    host,
                    ScopeOwner::Unit(index),
                    unit.segment,
                    span,
                    &unit.scopes,
                );
                // Linux keeps units with a scope in reverse order: of two that name a device
                // the later one wins.
                let named = iommu.scopes.iter().skip(first);
                explicit.extend(named.filter_map(|scope| {
                    let below = scope.entry.kind == ScopeType::PCI_SUB_HIERARCHY;
                    Some((scope.found.function()?, (index, below)))
                }));
                if unit.include_all {
                    include_all.entry(unit.segment).or_insert(index);
                }
                iommu.units.push(Unit {
                    table: TableKind::Dmar,
                    segment: unit.segment,
                    base: unit.base,
                    include_all: unit.include_all,
                    device: None,
                    span,
                });
            }
            Body::Rmrr(region) => {
                let first = iommu.scopes.len();
                let owner = ScopeOwner::Reserved;
                scopes(iommu, host, owner, region.segment, span, &region.scopes);
                if let Some(range) = AddrRange::new(region.base, region.limit) {
                    let here = ReservedRegion {
                        range,
                        span,
                        table: TableKind::Dmar,
                    };
                    let named = iommu.scopes.iter().skip(first);
                    for function in named.filter_map(|scope| scope.found.function()) {
                        iommu.scoped.entry(function).or_default().push(here);
                    }
                }
            }
            Body::Atsr(list) => {
                scopes(
                    iommu,
                    host,
                    ScopeOwner::Atsr,
                    list.segment,
                    span,
                    &list.scopes,
                );
            }
            Body::Satc(list) => {
                scopes(
                    iommu,
                    host,
                    ScopeOwner::Satc,
                    list.segment,
                    span,
                    &list.scopes,
                );
            }
            Body::Sidp(list) => {
                scopes(
                    iommu,
                    host,
                    ScopeOwner::Sidp,
                    list.segment,
                    span,
                    &list.scopes,
                );
            }
            _ => {}
        }
    }
    for (id, _) in host.iter() {
        let Some((translated, at)) = iommu.translated_as(host, id) else {
            continue;
        };
        let hit = topology.upstream(translated).find_map(|hop| {
            let &(unit, below) = explicit.get(&hop)?;
            (hop == translated || below).then_some((hop, unit))
        });
        let (unit, reason) = match hit {
            Some((hop, unit)) if hop == translated => (unit, OwnershipReason::Named),
            Some((hop, unit)) => (unit, OwnershipReason::BelowNamedBridge(hop)),
            None => match include_all.get(&at.segment) {
                Some(&unit) => (unit, OwnershipReason::IncludeAll),
                None => continue,
            },
        };
        iommu.claim(id, unit, OwnershipReason::of(host, id, translated, reason));
    }
}

fn scopes(
    iommu: &mut Iommu,
    host: &Host<'_>,
    of: ScopeOwner,
    segment: Segment,
    structure: Span,
    entries: &[DeviceScope],
) {
    iommu.scopes.extend(entries.iter().map(|entry| Scope {
        of,
        segment,
        structure,
        found: scope::resolve(host, segment, entry),
        entry: entry.clone(),
    }));
}
