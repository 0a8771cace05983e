//! IORT units and reserved memory, as far as root complexes of PCI are named
//! (DEN0049; Linux drivers/acpi/arm64/iort.c).

use std::collections::BTreeMap;

use super::{Iommu, MemoryBlock, OwnershipReason, ReservedRegion, TableKind, Unit};
use crate::addr::Segment;
use crate::decode::acpi::iort::{Iort, IortBody, IortNode};
use crate::host::Host;
use crate::range::AddrRange;

/// Far more mappings than machines have: each is compared with every function.
const MAX_MAPPINGS: usize = 4096;

pub(super) fn resolve(iommu: &mut Iommu, host: &Host<'_>, iort: &Iort) {
    let mut by_offset: BTreeMap<u32, usize> = BTreeMap::new();
    for node in &iort.nodes {
        if let IortBody::Smmu { base, .. } = node.body {
            by_offset.insert(node.span.offset, iommu.units.len());
            iommu.units.push(Unit {
                table: TableKind::Iort,
                segment: Segment(0),
                base,
                include_all: false,
                device: None,
                span: node.span,
            });
        }
    }
    let roots: Vec<(Segment, &IortNode)> = iort
        .nodes
        .iter()
        .filter_map(|node| match node.body {
            IortBody::RootComplex { segment, .. } => Some((segment, node)),
            _ => None,
        })
        .collect();
    let reserved = reserved(iort);
    for (id, _) in host.iter() {
        let Some((translated, at)) = iommu.translated_as(host, id) else {
            continue;
        };
        let bits = at.bdf.bits();
        let nodes = roots.iter().filter(|(segment, _)| *segment == at.segment);
        let mappings = nodes
            .flat_map(|(_, node)| &node.mappings)
            .take(MAX_MAPPINGS);
        let hit = mappings
            .filter_map(|mapping| Some((mapping.output, mapping.map(bits.into())?)))
            .find_map(|(output, stream)| Some((*by_offset.get(&output)?, output, stream)));
        let Some((unit, output, stream)) = hit else {
            continue;
        };
        if let Some(unit) = iommu.units.get_mut(unit) {
            unit.segment = at.segment;
        }
        let reason = OwnershipReason::of(host, id, translated, OwnershipReason::Range);
        iommu.claim(id, unit, reason);
        let own = reserved.iter().filter(|memory| {
            memory.unit == output && (memory.first..=memory.last).contains(&stream)
        });
        iommu.memory.extend(own.map(|memory| MemoryBlock {
            segment: at.segment,
            first: bits,
            last: bits,
            region: memory.region,
        }));
    }
    let key = |block: &MemoryBlock| (block.segment, block.first, block.region);
    iommu.memory.sort_by_key(key);
    iommu.memory.dedup_by_key(|block| key(block));
}

/// Memory reserved for the devices behind some stream ids of a unit.
struct Memory {
    /// Offset of the unit's node.
    unit: u32,
    first: u32,
    last: u32,
    region: ReservedRegion,
}

fn reserved(iort: &Iort) -> Vec<Memory> {
    let mut found = Vec::new();
    for node in &iort.nodes {
        let IortBody::ReservedMemory { regions, .. } = &node.body else {
            continue;
        };
        for mapping in &node.mappings {
            for region in regions {
                let Some(range) = AddrRange::with_len(region.base, region.length) else {
                    continue;
                };
                found.push(Memory {
                    unit: mapping.output,
                    first: mapping.output_base,
                    last: mapping.output_base.saturating_add(mapping.id_count),
                    region: ReservedRegion {
                        range,
                        span: region.span,
                        table: TableKind::Iort,
                    },
                });
            }
        }
    }
    found.truncate(MAX_MAPPINGS);
    found
}
