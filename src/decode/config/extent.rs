//! Capabilities that claim the same bytes, or bytes that their space does not have.

use super::structure::certain_length;
use super::{CapEntry, CapabilityId};
use crate::bytes::{ConfigImage, Fault, FaultKind, Span};
use crate::spec::pci::{self, CapId};
use crate::spec::pcie::ExtCapId;

/// Bytes that a capability claims for certain.
struct Claim {
    start: u16,
    end: u16,
}

/// Notes overlaps and overruns, judged by lengths that are certain only: registers that may
/// not exist claim nothing.
pub(super) fn check(image: &ConfigImage, entries: &[CapEntry], faults: &mut Vec<Fault>) {
    let apart = |pair: &[CapEntry]| match pair {
        [one, next] => next.offset.checked_sub(one.offset) >= Some(longest(one.id)),
        _ => true,
    };
    let last_fits = entries
        .last()
        .is_none_or(|last| space_of(*last).0.saturating_sub(last.offset) >= longest(last.id));
    // Nearly every list: ascending, and everything has room for its longest form.
    if last_fits && entries.windows(2).all(apart) {
        return;
    }
    let mut sorted = entries.to_vec();
    sorted.sort_by_key(|entry| entry.offset);
    let mut farthest: Option<Claim> = None;
    for (index, &entry) in sorted.iter().enumerate() {
        let start = entry.offset;
        let room = sorted.get(index + 1).map_or(0, |next| next.offset - start);
        if room >= longest(entry.id) && farthest.as_ref().is_none_or(|before| start >= before.end) {
            continue;
        }
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

/// The most bytes that a capability can claim, list header included. Counting the registers
/// of an instance costs more than all the rest of decoding, and is seldom needed.
pub(super) const fn longest(id: CapabilityId) -> u16 {
    match id {
        CapabilityId::Standard(id) => match id {
            CapId::POWER_MANAGEMENT | CapId::VPD | CapId::BRIDGE_SUBSYSTEM => 8,
            CapId::ADVANCED_FEATURES => 6,
            CapId::MSI => 24,
            CapId::MSI_X => 12,
            CapId::EXPRESS => 0x3c,
            CapId::DEBUG_PORT | CapId::SLOT_ID => 4,
            CapId::SATA => 16,
            CapId::SECURE_DEVICE => 0x18,
            _ => u16::MAX,
        },
        CapabilityId::Extended(id) => match id {
            ExtCapId::SERIAL_NUMBER => 12,
            ExtCapId::ARI | ExtCapId::ATS | ExtCapId::PASID | ExtCapId::LTR => 8,
            ExtCapId::PRI => 16,
            ExtCapId::ACS => 0x28,
            ExtCapId::SR_IOV => 0x40,
            ExtCapId::AER => 0x48,
            ExtCapId::PTM | ExtCapId::DATA_LINK_FEATURE => 12,
            ExtCapId::POWER_BUDGETING => 16,
            ExtCapId::L1_SUBSTATES => 0x14,
            ExtCapId::SECONDARY_PCIE => 0x0c + 2 * 32,
            ExtCapId::PHY_16GT => 0x20 + 32,
            ExtCapId::LANE_MARGINING => 8 + 4 * 32,
            _ => u16::MAX,
        },
    }
}

/// Where the space ends that holds the capability's list, and the name of that list.
fn space_of(entry: CapEntry) -> (u16, &'static str) {
    match entry.id {
        CapabilityId::Standard(_) => (pci::CONVENTIONAL_SIZE, "capability list"),
        CapabilityId::Extended(_) => (pci::EXPRESS_SIZE, "extended capability list"),
    }
}
