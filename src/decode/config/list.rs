//! Walking the standard and the extended capability list.
//!
//! Each chain is guarded three ways: reserved pointer bits are masked and noted, a pointer
//! outside its region ends the list, and so does a structure met twice. The walk follows
//! Linux where the specification leaves a choice (drivers/pci/pci.c).

use crate::bytes::{ConfigImage, Fault, FaultKind, Span};
use crate::spec::pci::{self, CapId, ClassCode, HeaderType};
use crate::spec::pcie::ExtCapId;

use super::{Header, Response};

/// Where one capability lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CapEntry {
    /// Which capability.
    pub id: CapabilityId,
    /// Offset of its header from the start of the space.
    pub offset: u16,
    /// Version from the extended header; 0 for standard capabilities, which have none.
    pub version: u8,
}

/// A capability id of either list; the number spaces are separate.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CapabilityId {
    /// From the list that starts in the header.
    Standard(CapId),
    /// From the list that starts at 100h.
    Extended(ExtCapId),
}

/// How a capability list ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ListEnd {
    /// The function has no such list.
    NoList,
    /// Walked to its terminator: what was not met is absent.
    Complete,
    /// The next header lies at bytes that were not captured.
    NotCaptured {
        /// Offset of the missing bytes.
        offset: u16,
    },
    /// Walked to its terminator, but one capability's id is not known in full: lspci prints the
    /// same words for both ids of Virtual Channel.
    Unnamed {
        /// Offset of that capability.
        offset: u16,
    },
    /// The chain is damaged; what was not met may still exist.
    Broken(Fault),
}

impl CapabilityId {
    /// Length in bytes of the list header in front of the capability's registers.
    pub const fn header_length(self) -> u16 {
        match self {
            Self::Standard(_) => 2,
            Self::Extended(_) => 4,
        }
    }
}

impl std::fmt::Display for CapabilityId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Standard(id) => id.fmt(f),
            Self::Extended(id) => id.fmt(f),
        }
    }
}

/// Walks both lists and returns how each ended.
pub(super) fn walk(
    image: &ConfigImage,
    header: &Header,
    entries: &mut Vec<CapEntry>,
    faults: &mut Vec<Fault>,
) -> (ListEnd, ListEnd) {
    match header.response {
        Response::Data => {}
        // A space without data says nothing about what the function has.
        _ => {
            let missing = ListEnd::NotCaptured { offset: 0 };
            return (missing, missing);
        }
    }
    let standard = walk_standard(image, header, entries, faults);
    let express = entries
        .iter()
        .any(|entry| entry.id == CapabilityId::Standard(CapId::EXPRESS));
    let extended = match standard {
        _ if express => walk_extended(image, entries, faults),
        ListEnd::NoList | ListEnd::Complete => walk_without_express(image, header, entries, faults),
        ListEnd::NotCaptured { .. } | ListEnd::Unnamed { .. } | ListEnd::Broken(_) => standard,
    };
    (standard, extended)
}

/// Offset of the first standard capability with this id, where the walk meets one. For
/// structures whose layout depends on another capability of the function.
pub(super) fn first_standard(image: &ConfigImage, id: CapId) -> Option<u16> {
    let (mut entries, mut faults) = (Vec::new(), Vec::new());
    let header = Header::decode(image, &mut faults);
    walk_standard(image, &header, &mut entries, &mut faults);
    let id = CapabilityId::Standard(id);
    entries
        .iter()
        .find(|entry| entry.id == id)
        .map(|entry| entry.offset)
}

fn walk_standard(
    image: &ConfigImage,
    header: &Header,
    entries: &mut Vec<CapEntry>,
    faults: &mut Vec<Fault>,
) -> ListEnd {
    const LOWEST: u16 = pci::HEADER_SIZE;
    const WITHIN: &str = "capability list";
    let Some(layout) = header.layout else {
        return ListEnd::NotCaptured {
            offset: pci::HEADER_LAYOUT.offset,
        };
    };
    let start = match layout {
        HeaderType::ENDPOINT | HeaderType::BRIDGE => pci::CAPABILITIES_POINTER,
        HeaderType::CARDBUS => pci::CARDBUS_CAPABILITIES_POINTER,
        _ => return ListEnd::NoList,
    };
    match image.field(pci::STATUS_CAPABILITIES) {
        None => {
            return ListEnd::NotCaptured {
                offset: pci::STATUS.offset,
            };
        }
        Some(0) => return ListEnd::NoList,
        Some(_) => {}
    }
    let mut seen = 0_u64;
    let mut from = start.offset;
    loop {
        let Some(next) = image.bits(from, 2, 6) else {
            return ListEnd::NotCaptured { offset: from };
        };
        let fault = |kind| Fault {
            kind,
            span: Span::new(from, 1),
            within: WITHIN,
        };
        if let Some(pointer) = image.u8(from)
            && pointer & 3 != 0
        {
            faults.push(fault(FaultKind::PointerUnaligned {
                pointer: pointer.into(),
            }));
        }
        let offset = u16::try_from(next << 2).unwrap_or(0);
        if offset == 0 {
            if entries.is_empty() {
                faults.push(fault(FaultKind::ListBitContradiction));
            }
            return ListEnd::Complete;
        }
        if offset < LOWEST {
            let kind = FaultKind::PointerTooLow {
                pointer: offset,
                lowest: LOWEST,
            };
            return broken(fault(kind), faults);
        }
        let bit = 1_u64 << (offset >> 2);
        if seen & bit != 0 {
            return broken(fault(FaultKind::Loop { offset }), faults);
        }
        seen |= bit;
        let Some(id) = image.u8(offset) else {
            return ListEnd::NotCaptured { offset };
        };
        if id == 0xff {
            let span = Span::new(offset, 2);
            let kind = FaultKind::AllOnes;
            return broken(
                Fault {
                    kind,
                    span,
                    within: WITHIN,
                },
                faults,
            );
        }
        let id = CapabilityId::Standard(CapId(id));
        note_duplicate(id, offset, entries, faults);
        entries.push(CapEntry {
            id,
            offset,
            version: 0,
        });
        from = offset + 1;
    }
}

/// Without an Express capability, extended space may exist in PCI-X mode 2 and on host bridges
/// (Linux: `pci_cfg_space_size`). Where what lies there is no list, the function has none.
fn walk_without_express(
    image: &ConfigImage,
    header: &Header,
    entries: &mut Vec<CapEntry>,
    faults: &mut Vec<Fault>,
) -> ListEnd {
    let pci_x = entries
        .iter()
        .any(|entry| entry.id == CapabilityId::Standard(CapId::PCI_X));
    let possible = pci_x || header.class.is_some_and(ClassCode::is_host_bridge);
    let first_id = image.bits(pci::CONVENTIONAL_SIZE, 0, 16);
    let readable = first_id.is_some_and(|id| id != 0xffff);
    if !possible || !readable || repeats_conventional_space(image) {
        return ListEnd::NoList;
    }
    walk_extended(image, entries, faults)
}

fn walk_extended(
    image: &ConfigImage,
    entries: &mut Vec<CapEntry>,
    faults: &mut Vec<Fault>,
) -> ListEnd {
    const LOWEST: u16 = pci::CONVENTIONAL_SIZE;
    const WITHIN: &str = "extended capability list";
    if repeats_conventional_space(image) {
        let fault = Fault {
            kind: FaultKind::RepeatsConventionalSpace,
            span: Span::new(LOWEST, LOWEST),
            within: WITHIN,
        };
        return broken(fault, faults);
    }
    let mut seen = [0_u64; 16];
    let mut offset = LOWEST;
    let mut unnamed = None;
    loop {
        let fault = |kind| Fault {
            kind,
            span: Span::new(offset, 4),
            within: WITHIN,
        };
        let header = (image.bits(offset, 16, 4), image.bits(offset, 22, 10));
        let (Some(version), Some(next)) = header else {
            return ListEnd::NotCaptured { offset };
        };
        let id = match image.bits(offset, 0, 16) {
            Some(id) => id,
            None if unnamed.is_none() => {
                unnamed = Some(offset);
                0
            }
            None => return ListEnd::NotCaptured { offset },
        };
        if id == 0xffff {
            return broken(fault(FaultKind::AllOnes), faults);
        }
        if let Some(low @ 1..) = image.bits(offset, 20, 2) {
            let pointer = u16::try_from(next << 2 | low).unwrap_or(0);
            faults.push(fault(FaultKind::PointerUnaligned { pointer }));
        }
        // Id 0 with a next pointer is a placeholder that real devices have at 100h.
        if id != 0 {
            let id = CapabilityId::Extended(ExtCapId(u16::try_from(id).unwrap_or(0)));
            let version = u8::try_from(version).unwrap_or(0);
            entries.push(CapEntry {
                id,
                offset,
                version,
            });
        }
        if let Some(word) = seen.get_mut(usize::from(offset >> 8)) {
            *word |= 1 << (offset >> 2 & 63);
        }
        let target = u16::try_from(next << 2).unwrap_or(0);
        if target == 0 {
            return unnamed.map_or(ListEnd::Complete, |offset| ListEnd::Unnamed { offset });
        }
        if target < LOWEST {
            let kind = FaultKind::PointerTooLow {
                pointer: target,
                lowest: LOWEST,
            };
            return broken(fault(kind), faults);
        }
        let met = seen.get(usize::from(target >> 8)).copied().unwrap_or(0);
        if met & (1 << (target >> 2 & 63)) != 0 {
            return broken(fault(FaultKind::Loop { offset: target }), faults);
        }
        offset = target;
    }
}

/// Some root complexes alias extended space to the first 256 bytes (Linux:
/// `pci_ext_cfg_is_aliased`).
fn repeats_conventional_space(image: &ConfigImage) -> bool {
    let Some(id) = image.u32(0) else { return false };
    if image.u32(pci::CONVENTIONAL_SIZE) != Some(id) {
        return false;
    }
    let pages = image.extent() / pci::CONVENTIONAL_SIZE;
    (1..pages).all(|page| image.u32(page * pci::CONVENTIONAL_SIZE) == Some(id))
}

/// Capabilities of which a function has one at most (PCIe 6.0, 7.5.2 and 7.5.3; PCI 3.0, 6.8).
fn note_duplicate(id: CapabilityId, offset: u16, entries: &[CapEntry], faults: &mut Vec<Fault>) {
    const UNIQUE: [CapId; 4] = [
        CapId::POWER_MANAGEMENT,
        CapId::MSI,
        CapId::MSI_X,
        CapId::EXPRESS,
    ];
    let CapabilityId::Standard(standard) = id else {
        return;
    };
    if !UNIQUE.contains(&standard) {
        return;
    }
    if let Some(first) = entries.iter().find(|entry| entry.id == id) {
        faults.push(Fault {
            kind: FaultKind::Duplicate {
                first: first.offset,
            },
            span: Span::new(offset, 2),
            within: "capability list",
        });
    }
}

fn broken(fault: Fault, faults: &mut Vec<Fault>) -> ListEnd {
    faults.push(fault);
    ListEnd::Broken(fault)
}
