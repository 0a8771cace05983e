//! Device scopes: which devices a remapping structure speaks of (VT-d, 8.3.1).

use super::envelope::envelopes;
use crate::bytes::{Fault, FaultKind, Span};
use crate::spec::open_enum;

open_enum! {
    /// What a scope entry names.
    pub struct ScopeType(u8) {
        /// One PCI function.
        PCI_ENDPOINT = 1 => "PCI endpoint",
        /// A bridge and everything below it.
        PCI_SUB_HIERARCHY = 2 => "PCI sub-hierarchy",
        /// An I/O APIC.
        IOAPIC = 3 => "I/O APIC",
        /// A timer that interrupts by message.
        HPET = 4 => "MSI-capable HPET",
        /// A device of the ACPI namespace.
        ACPI_DEVICE = 5 => "ACPI namespace device",
    }
}

/// One scope entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeviceScope {
    /// What it names.
    pub kind: ScopeType,
    /// Flags; only SIDP gives them a meaning.
    pub flags: u8,
    /// Reserved field, as read.
    pub reserved: u8,
    /// I/O APIC id, HPET number or ACPI device number.
    pub enumeration_id: u8,
    /// Bus on which the path starts.
    pub start_bus: u8,
    /// Device and function of each hop.
    pub path: Vec<(u8, u8)>,
    /// Where it stands in the table.
    pub span: Span,
}

/// Reads the scope entries that fill `region`, which starts at `base` in the table.
pub(super) fn device_scopes(region: &[u8], base: u32, faults: &mut Vec<Fault>) -> Vec<DeviceScope> {
    let length = |bytes: &[u8]| bytes.get(1).map(|&length| usize::from(length));
    envelopes(region, base, 8, "device scope", length, faults)
        .into_iter()
        .filter_map(|entry| {
            let [
                kind,
                _,
                flags,
                reserved,
                enumeration_id,
                start_bus,
                path @ ..,
            ] = entry.bytes
            else {
                return None;
            };
            let len = u32::try_from(entry.bytes.len()).unwrap_or(u32::MAX);
            let span = Span {
                offset: entry.offset,
                len,
            };
            let (pairs, odd) = path.as_chunks::<2>();
            if !odd.is_empty() {
                let kind = FaultKind::Length {
                    length: len,
                    least: 8,
                    room: len,
                };
                faults.push(Fault {
                    kind,
                    span,
                    within: "device scope path",
                });
            }
            Some(DeviceScope {
                kind: ScopeType(*kind),
                flags: *flags,
                reserved: *reserved,
                enumeration_id: *enumeration_id,
                start_bus: *start_bus,
                path: pairs
                    .iter()
                    .map(|&[device, function]| (device, function))
                    .collect(),
                span,
            })
        })
        .collect()
}
