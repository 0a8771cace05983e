//! IVRS units and reserved memory, matched to functions as Linux does it
//! (drivers/iommu/amd/init.c).

use std::collections::{BTreeMap, BTreeSet};

use super::{Iommu, MemoryBlock, OwnershipReason, ReservedRegion, TableKind, Unit};
use crate::bytes::Span;
use crate::decode::acpi::ivrs::{Body, DeviceEntry, Ivhd, IvmdDevices, Ivrs};
use crate::host::Host;
use crate::range::AddrRange;

pub(super) fn resolve(iommu: &mut Iommu, host: &Host<'_>, ivrs: &Ivrs) {
    let chosen = chosen_kind(ivrs);
    for (unit, span) in ivrs.units().filter(|(unit, _)| Some(unit.kind) == chosen) {
        claim(iommu, host, unit, span);
    }
    for (memory, span) in ivrs.reserved() {
        // Unity map or exclusion range; anything else Linux ignores.
        if memory.flags & 0b1001 == 0 {
            continue;
        }
        if let Some(range) = AddrRange::with_len(memory.start, memory.length) {
            let region = ReservedRegion {
                range,
                span,
                table: TableKind::Ivrs,
            };
            let (first, last) = match memory.devices {
                IvmdDevices::All => (0, u16::MAX),
                IvmdDevices::One(device) => (device.0, device.0),
                IvmdDevices::Range(from, to) => (from.0, to.0),
            };
            iommu.memory.push(MemoryBlock {
                segment: memory.segment,
                first,
                last,
                region,
            });
        }
    }
}

/// Linux uses the blocks of one type only: that of the last block of the first block's unit,
/// up to the first block of a type above 40h.
fn chosen_kind(ivrs: &Ivrs) -> Option<u8> {
    let (first, _) = ivrs.units().next()?;
    let mut chosen = first.kind;
    for block in &ivrs.blocks {
        match &block.body {
            Body::Ivhd(unit) if unit.device == first.device => chosen = unit.kind,
            Body::Unknown { kind, .. } if *kind > 0x40 => break,
            _ => {}
        }
    }
    Some(chosen)
}

/// Gives the unit every function that its entries name, its own left out.
fn claim(iommu: &mut Iommu, host: &Host<'_>, unit: &Ivhd, span: Span) {
    let index = iommu.units.len();
    iommu.units.push(Unit {
        table: TableKind::Ivrs,
        segment: unit.segment,
        base: unit.base,
        include_all: false,
        device: Some(unit.device),
        span,
    });
    let mut cover = Cover::default();
    let mut all = false;
    let mut start = None;
    for entry in &unit.entries {
        let id = entry.device.0;
        match entry.kind {
            DeviceEntry::ALL => all = true,
            DeviceEntry::SELECT | DeviceEntry::ALIAS_SELECT | DeviceEntry::EXTENDED_SELECT => {
                cover.named.insert(id);
            }
            DeviceEntry::RANGE_START
            | DeviceEntry::ALIAS_RANGE_START
            | DeviceEntry::EXTENDED_RANGE_START => start = Some(id),
            DeviceEntry::RANGE_END => {
                if let Some(start) = start.take() {
                    cover.add(start, id);
                }
            }
            _ => {}
        }
        if let (DeviceEntry::ALIAS_SELECT | DeviceEntry::ALIAS_RANGE_START, Some(source)) =
            (entry.kind, entry.source)
        {
            cover.aliases.insert(source.0);
        }
    }
    let in_range = cover.in_range();
    // Of two units that name an id the later one wins: it overwrites the device's entry.
    for (id, _) in host.iter() {
        let Some((translated, at)) = iommu.translated_as(host, id) else {
            continue;
        };
        let bits = at.bdf.bits();
        if at.segment != unit.segment || bits == unit.device.0 {
            continue;
        }
        let reason = if cover.named.contains(&bits) {
            OwnershipReason::Named
        } else if in_range.get(usize::from(bits)) == Some(&true) {
            OwnershipReason::Range
        } else if cover.aliases.contains(&bits) {
            OwnershipReason::Alias
        } else if all {
            OwnershipReason::All
        } else {
            continue;
        };
        iommu.claim(id, index, OwnershipReason::of(host, id, translated, reason));
    }
}

/// The ids that a unit's entries cover.
#[derive(Default)]
struct Cover {
    named: BTreeSet<u16>,
    /// Ids that other devices use.
    aliases: BTreeSet<u16>,
    /// How many ranges begin (or, negative, have ended) at an id.
    steps: BTreeMap<u32, i32>,
}

impl Cover {
    fn add(&mut self, first: u16, last: u16) {
        if first <= last {
            *self.steps.entry(first.into()).or_default() += 1;
            *self.steps.entry(u32::from(last) + 1).or_default() -= 1;
        }
    }

    /// Whether each id lies in a range: work proportional to ids and ranges, not to their
    /// product.
    fn in_range(&self) -> Vec<bool> {
        let mut covered = vec![false; 1 << 16];
        let mut open = 0;
        let mut from = 0;
        for (&at, step) in &self.steps {
            if open > 0 {
                covered
                    .iter_mut()
                    .take(at as usize)
                    .skip(from as usize)
                    .for_each(|id| *id = true);
            }
            open += step;
            from = at;
        }
        covered
    }
}
