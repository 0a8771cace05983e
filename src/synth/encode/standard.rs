//! Standard capabilities other than PCI Express.

use crate::spec::pci::CapId;
use crate::synth::description::{
    AdvancedFeatures, EaEntry, HexBytes, MsiXPlace, PowerWords, RawCapability,
};

use super::writer::Writer;

/// Power management, version 3 (PCI PM 1.2, 3.2).
pub(super) fn power_management(words: PowerWords) -> Vec<u8> {
    let reset = if words.no_soft_reset { 1 << 3 } else { 0 };
    Writer::standard(CapId::POWER_MANAGEMENT)
        .u16(u16::from(words.pme & 0x1f) << 11 | 3)
        .u16(u16::from(words.state & 3) | reset)
        .u16(0)
        .finish()
}

/// MSI with a 64-bit address, switched off (PCIe 6.0, 7.7.1).
pub(super) fn msi(vectors: u8) -> Vec<u8> {
    let log = vectors.clamp(1, 32).next_power_of_two().ilog2();
    let capable = u16::try_from(log).unwrap_or(0) << 1;
    Writer::standard(CapId::MSI)
        .u16(1 << 7 | capable)
        .u64(0) // message address
        .u16(0) // message data
        .finish()
}

/// MSI-X, switched off (PCIe 6.0, 7.7.2).
pub(super) fn msix(place: MsiXPlace) -> Vec<u8> {
    let bar = u32::from(place.bar & 7);
    Writer::standard(CapId::MSI_X)
        .u16(place.vectors.saturating_sub(1) & 0x7ff)
        .u32(place.table & !7 | bar)
        .u32(place.pba & !7 | bar)
        .finish()
}

/// Advanced features of a conventional function (PCIe 6.0, 7.9.21, as the PCI 3.0 ECN had it).
pub(super) fn advanced_features(features: AdvancedFeatures) -> Vec<u8> {
    Writer::standard(CapId::ADVANCED_FEATURES)
        .u8(6) // length
        .u8(u8::from(features.tp) | u8::from(features.flr) << 1)
        .u8(0) // control
        .u8(0) // status
        .finish()
}

/// A vendor-specific capability; its length byte counts the header (PCI 3.0, appendix H).
pub(super) fn vendor(body: &HexBytes) -> Vec<u8> {
    let length = u8::try_from(body.0.len() + 3).unwrap_or(u8::MAX);
    Writer::standard(CapId::VENDOR)
        .u8(length)
        .bytes(&body.0)
        .finish()
}

/// Subsystem ids of a bridge (PCI-to-PCI Bridge 1.2, 3.2.5.13).
pub(super) fn bridge_subsystem(vendor: u16, device: u16) -> Vec<u8> {
    Writer::standard(CapId::BRIDGE_SUBSYSTEM)
        .u16(0)
        .u16(vendor)
        .u16(device)
        .finish()
}

/// Enhanced allocation (PCIe 6.0, 7.8.5); a bridge states its bus numbers first.
pub(super) fn enhanced_allocation(entries: &[EaEntry], buses: Option<(u8, u8)>) -> Vec<u8> {
    let count = u8::try_from(entries.len()).unwrap_or(0x3f) & 0x3f;
    let mut writer = Writer::standard(CapId::ENHANCED_ALLOCATION).u8(count).u8(0);
    if let Some((secondary, subordinate)) = buses {
        writer = writer.u8(secondary).u8(subordinate).u16(0);
    }
    for entry in entries {
        let (base, last) = (entry.base.0, entry.size.0.saturating_sub(1));
        let (base_low, base_high) = halves(base);
        let (last_low, last_high) = halves(last);
        let (wide_base, wide_last) = (base_high != 0, last_high != 0);
        let following = 2 + u32::from(wide_base) + u32::from(wide_last);
        let enabled = 1 << 31;
        let unused = 0xff << 16; // no secondary properties
        let kind = u32::from(entry.properties) << 8 | u32::from(entry.bei & 0xf) << 4;
        writer = writer
            .u32(enabled | unused | kind | following)
            .u32(base_low & !3 | u32::from(wide_base) << 1)
            .u32(last_low & !3 | u32::from(wide_last) << 1);
        if wide_base {
            writer = writer.u32(base_high);
        }
        if wide_last {
            writer = writer.u32(last_high);
        }
    }
    writer.finish()
}

/// A capability that the description states byte by byte.
pub(super) fn raw(capability: &RawCapability) -> Vec<u8> {
    let id = CapId(capability.id.to_le_bytes()[0]);
    Writer::standard(id).bytes(&capability.bytes.0).finish()
}

fn halves(value: u64) -> (u32, u32) {
    let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
    (
        u32::from_le_bytes([a, b, c, d]),
        u32::from_le_bytes([e, f, g, h]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::description::Number;

    #[test]
    fn a_message_capability_counts_vectors_as_the_specification_does() {
        let log = |vectors| msi(vectors)[2] >> 1 & 7;
        assert_eq!([1, 2, 3, 32, 33, 0].map(log), [0, 1, 2, 5, 5, 0]);
        let place = MsiXPlace {
            vectors: 2048,
            bar: 4,
            table: 0x2000,
            pba: 0xa000,
        };
        assert_eq!(
            msix(place),
            [0x11, 0, 0xff, 0x07, 4, 0x20, 0, 0, 4, 0xa0, 0, 0]
        );
    }

    #[test]
    fn a_wide_allocation_entry_has_its_upper_halves_behind_both_lower_ones() {
        let entry = EaEntry {
            bei: 0,
            properties: 1,
            base: Number(0x40_0000_1000),
            size: Number(0x2000),
        };
        let bytes = enhanced_allocation(&[entry], None);
        assert_eq!(
            bytes,
            [
                0x14, 0, 1, 0, // id, next, one entry
                0x03, 0x01, 0xff, 0x80, // enabled, prefetchable memory, BAR 0, three dwords
                0x02, 0x10, 0x00, 0x00, // base 31:2, 64 bits wide
                0xfc, 0x1f, 0x00, 0x00, // largest offset
                0x40, 0x00, 0x00, 0x00, // base 63:32
            ]
        );
    }
}
