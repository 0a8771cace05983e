//! VIOT units, matched to functions as Linux does it (drivers/acpi/viot.c).

use std::collections::BTreeMap;

use super::{Iommu, OwnershipReason, TableKind, Unit};
use crate::addr::{RequesterId, Segment};
use crate::decode::acpi::viot::{Viot, ViotBody};
use crate::host::Host;

/// Far more nodes than machines have: each is compared with every function.
const MAX_RANGES: usize = 4096;

pub(super) fn resolve(iommu: &mut Iommu, host: &Host<'_>, viot: &Viot) {
    let mut by_offset: BTreeMap<u32, usize> = BTreeMap::new();
    for node in &viot.nodes {
        let (segment, base, device) = match node.body {
            ViotBody::VirtioIommuPci { segment, function } => {
                (segment, 0, Some(RequesterId(function.bits())))
            }
            ViotBody::VirtioIommuMmio { base } => (Segment(0), base, None),
            _ => continue,
        };
        by_offset.insert(node.span.offset, iommu.units.len());
        iommu.units.push(Unit {
            table: TableKind::Viot,
            segment,
            base,
            include_all: false,
            device,
            span: node.span,
        });
    }
    for node in viot.nodes.iter().take(MAX_RANGES) {
        let ViotBody::PciRange {
            segments,
            ids,
            output,
            ..
        } = node.body
        else {
            continue;
        };
        let Some(&unit) = by_offset.get(&output.into()) else {
            continue;
        };
        let own = iommu
            .units
            .get(unit)
            .map(|unit| (unit.segment, unit.device));
        for (id, _) in host.iter() {
            let Some((translated, at)) = iommu.translated_as(host, id) else {
                continue;
            };
            let segment = (u32::from(segments.0)..=u32::from(segments.1)).contains(&at.segment.0);
            let bits = at.bdf.bits();
            // The unit's own requests are not translated.
            let own = own == Some((at.segment, Some(RequesterId(bits))));
            if segment && !own && (ids.0.0..=ids.1.0).contains(&bits) {
                let reason = OwnershipReason::of(host, id, translated, OwnershipReason::Range);
                iommu.claim(id, unit, reason);
            }
        }
    }
}
