//! Capabilities that claim the same bytes, or bytes that their space does not have.

use super::structure::certain_length;
use super::{CapEntry, CapabilityId};
use crate::bytes::{ConfigImage, Fault, FaultKind, Span};
use crate::spec::pci;

/// Bytes that a capability claims for certain.
struct Claim {
    start: u16,
    end: u16,
}

/// Notes overlaps and overruns, judged by lengths that are certain only: registers that may
/// not exist claim nothing.
pub(super) fn check(image: &ConfigImage, entries: &[CapEntry], faults: &mut Vec<Fault>) {
    let mut sorted = entries.to_vec();
    sorted.sort_by_key(|entry| entry.offset);
    let mut farthest: Option<Claim> = None;
    for entry in sorted {
        let start = entry.offset;
        let length = certain_length(image, entry);
        let end = start.saturating_add(length);
        let (space_end, within) = space_of(entry);
        if end > space_end {
            faults.push(Fault {
                kind: FaultKind::PastEnd {
                    needs: length,
                    has: space_end.saturating_sub(start),
                },
                span: Span::new(start, space_end.saturating_sub(start)),
                within,
            });
        }
        let end = end.min(space_end);
        if let Some(before) = &farthest
            && start < before.end
        {
            faults.push(Fault {
                kind: FaultKind::Overlap {
                    other: before.start,
                },
                span: Span::new(start, end.min(before.end).saturating_sub(start)),
                within,
            });
        }
        if farthest.as_ref().is_none_or(|before| end > before.end) {
            farthest = Some(Claim { start, end });
        }
    }
}

/// Where the space ends that holds the capability's list, and the name of that list.
fn space_of(entry: CapEntry) -> (u16, &'static str) {
    match entry.id {
        CapabilityId::Standard(_) => (pci::CONVENTIONAL_SIZE, "capability list"),
        CapabilityId::Extended(_) => (pci::EXPRESS_SIZE, "extended capability list"),
    }
}
