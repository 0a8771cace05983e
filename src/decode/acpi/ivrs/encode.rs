//! From an IVRS table back to its bytes.

use super::{Body, Ivhd, Ivmd, IvmdDevices, Ivrs};
use crate::decode::acpi::sdt::seal;

pub(super) fn table(ivrs: &Ivrs) -> Vec<u8> {
    let mut bytes = ivrs.header.encode();
    bytes.extend(ivrs.info.to_le_bytes());
    bytes.extend(ivrs.reserved);
    for block in &ivrs.blocks {
        match &block.body {
            Body::Ivhd(unit) => bytes.extend(ivhd(unit)),
            Body::Ivmd(memory) => bytes.extend(ivmd(memory)),
            Body::Unknown { bytes: block, .. } => bytes.extend(block),
        }
    }
    seal(bytes)
}

fn ivhd(unit: &Ivhd) -> Vec<u8> {
    let mut bytes = vec![unit.kind, unit.flags, 0, 0];
    bytes.extend(unit.device.0.to_le_bytes());
    bytes.extend(unit.capability.to_le_bytes());
    bytes.extend(unit.base.to_le_bytes());
    bytes.extend(segment(unit.segment.0));
    bytes.extend(unit.info.to_le_bytes());
    bytes.extend(unit.features.to_le_bytes());
    if let Some((first, second)) = unit.images {
        bytes.extend(first.to_le_bytes());
        bytes.extend(second.to_le_bytes());
    }
    for entry in &unit.entries {
        let [low, high] = entry.device.0.to_le_bytes();
        bytes.extend([entry.kind, low, high, entry.setting]);
        bytes.extend(&entry.tail);
    }
    with_length(bytes)
}

fn ivmd(memory: &Ivmd) -> Vec<u8> {
    let (kind, (first, last)) = match memory.devices {
        IvmdDevices::All => (0x20, memory.ids),
        IvmdDevices::One(device) => (0x21, (device.0, memory.ids.1)),
        IvmdDevices::Range(first, last) => (0x22, (first.0, last.0)),
    };
    let mut bytes = vec![kind, memory.flags, 0, 0];
    bytes.extend(first.to_le_bytes());
    bytes.extend(last.to_le_bytes());
    bytes.extend(segment(memory.segment.0));
    bytes.extend(memory.reserved);
    bytes.extend(memory.start.to_le_bytes());
    bytes.extend(memory.length.to_le_bytes());
    with_length(bytes)
}

fn segment(segment: u32) -> [u8; 2] {
    u16::try_from(segment).unwrap_or(u16::MAX).to_le_bytes()
}

fn with_length(mut bytes: Vec<u8>) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    for (byte, value) in bytes.iter_mut().skip(2).zip(length.to_le_bytes()) {
        *byte = value;
    }
    bytes
}
