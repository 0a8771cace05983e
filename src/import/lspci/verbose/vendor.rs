//! Capabilities that are printed on one line: vendor's own, subsystem, debug port, serial
//! number.

use super::body::{Body, behind, hex, number};
use super::identity::subsystem_ids;

/// `Vendor Specific Information: Len=14 <?>`
pub(super) fn standard(name: &str, body: &mut Body<'_, '_, '_>) {
    if let Some(length) = behind(name, "Len=").and_then(|rest| hex(rest, 2)) {
        body.set(body.capability.line, 0x02, 0, 8, length);
    }
}

/// `Subsystem: Dell Device [1028:0af3]` of a bridge (PCI-to-PCI Bridge 1.2, 3.2.5.13).
pub(super) fn subsystem(name: &str, body: &mut Body<'_, '_, '_>) {
    if let Some((vendor, device)) = subsystem_ids(name) {
        body.set(body.capability.line, 0x04, 0, 16, vendor);
        body.set(body.capability.line, 0x06, 0, 16, device);
    }
}

/// `Debug port: BAR=1 offset=00a0`
pub(super) fn debug_port(name: &str, body: &mut Body<'_, '_, '_>) {
    let line = body.capability.line;
    if let Some(offset) = behind(name, "offset=").and_then(|rest| hex(rest, 4)) {
        body.set(line, 0x02, 0, 13, offset);
    }
    if let Some(bar) = behind(name, "BAR=").and_then(|rest| number(rest, 10)) {
        body.set(line, 0x02, 13, 3, bar);
    }
}

/// `Vendor Specific Information: ID=0001 Rev=1 Len=010 <?>` (PCIe 6.0, 7.9.5)
pub(super) fn extended(name: &str, body: &mut Body<'_, '_, '_>) {
    let line = body.capability.line;
    if let Some(id) = behind(name, "ID=").and_then(|rest| hex(rest, 4)) {
        body.set(line, 0x04, 0, 16, id);
    }
    if let Some(revision) = behind(name, "Rev=").and_then(|rest| number(rest, 10)) {
        body.set(line, 0x04, 16, 4, revision);
    }
    if let Some(length) = behind(name, "Len=").and_then(|rest| hex(rest, 3)) {
        body.set(line, 0x04, 20, 12, length);
    }
}

/// `Designated Vendor-Specific: Vendor=8086 ID=0006 Rev=0 Len=16 <?>` (PCIe 6.0, 7.9.6)
pub(super) fn designated(name: &str, body: &mut Body<'_, '_, '_>) {
    let line = body.capability.line;
    if let Some(vendor) = behind(name, "Vendor=").and_then(|rest| hex(rest, 4)) {
        body.set(line, 0x04, 0, 16, vendor);
    }
    if let Some(revision) = behind(name, "Rev=").and_then(|rest| number(rest, 10)) {
        body.set(line, 0x04, 16, 4, revision);
    }
    // Decimal, other than that of the vendor's own capability.
    if let Some(length) = behind(name, "Len=").and_then(|rest| number(rest, 10)) {
        body.set(line, 0x04, 20, 12, length);
    }
    if let Some(id) = behind(name, "ID=").and_then(|rest| hex(rest, 4)) {
        body.set(line, 0x08, 0, 16, id);
    }
}

/// `Device Serial Number 00-1b-21-ff-ff-01-02-03`, highest byte first (PCIe 6.0, 7.9.3).
/// Early versions print the lowest one first; those do not print a capability's version.
pub(super) fn serial_number(name: &str, body: &mut Body<'_, '_, '_>) {
    let Some(rest) = name.strip_prefix("Device Serial Number ") else {
        return;
    };
    if body.version.is_none() {
        return;
    }
    let bytes: Option<Vec<u64>> = rest.trim().split('-').map(|byte| hex(byte, 2)).collect();
    if let Some(bytes) = bytes.filter(|bytes| bytes.len() == 8) {
        let number = bytes.iter().fold(0, |number, byte| number << 8 | byte);
        body.set(body.capability.line, 0x04, 0, 64, number);
    }
}
