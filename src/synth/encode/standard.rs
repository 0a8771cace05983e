//! Standard capabilities other than PCI Express.

use crate::decode::config::Encoder;
use crate::decode::config::cap::{af, msi, msix, pm};
use crate::spec::pci::CapId;
use crate::synth::description::{
    AdvancedFeatures, EaEntry, HexBytes, MsiXPlace, PowerWords, RawCapability,
};

use super::writer::Writer;

/// Power management, version 3 (PCI PM 1.2, 3.2).
pub(super) fn power_management(words: PowerWords) -> Vec<u8> {
    Encoder::standard(CapId::POWER_MANAGEMENT)
        .set(pm::VERSION, 3)
        .set(pm::PME_SUPPORT, words.pme.into())
        .set(pm::POWER_STATE, words.state.into())
        .flag(pm::NO_SOFT_RESET, words.no_soft_reset)
        .finish(8)
}

/// MSI with a 64-bit address, switched off (PCIe 6.0, 7.7.1).
pub(super) fn messages(vectors: u8) -> Vec<u8> {
    let log = vectors.clamp(1, 32).next_power_of_two().ilog2();
    Encoder::standard(CapId::MSI)
        .set(msi::CAPABLE, log.into())
        .flag(msi::ADDRESS_64, true)
        .finish(14)
}

/// MSI-X, switched off (PCIe 6.0, 7.7.2).
pub(super) fn message_table(place: MsiXPlace) -> Vec<u8> {
    Encoder::standard(CapId::MSI_X)
        .set(msix::TABLE_SIZE, place.vectors.saturating_sub(1).into())
        .set(msix::TABLE_BIR, place.bar.into())
        .set(msix::TABLE_OFFSET, (place.table >> 3).into())
        .set(msix::PBA_BIR, place.bar.into())
        .set(msix::PBA_OFFSET, (place.pba >> 3).into())
        .finish(12)
}

/// Advanced features of a conventional function (PCIe 6.0, 7.9.21, as the PCI 3.0 ECN had it).
pub(super) fn advanced_features(features: AdvancedFeatures) -> Vec<u8> {
    Encoder::standard(CapId::ADVANCED_FEATURES)
        .set(af::LENGTH, 6)
        .flag(af::TRANSACTIONS_PENDING_CAP, features.tp)
        .flag(af::FLR, features.flr)
        .finish(6)
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
        let log = |vectors| messages(vectors)[2] >> 1 & 7;
        assert_eq!([1, 2, 3, 32, 33, 0].map(log), [0, 1, 2, 5, 5, 0]);
        let place = MsiXPlace {
            vectors: 2048,
            bar: 4,
            table: 0x2000,
            pba: 0xa000,
        };
        assert_eq!(
            message_table(place),
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
