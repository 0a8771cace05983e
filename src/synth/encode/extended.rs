//! Extended capabilities other than SR-IOV.

use crate::decode::config::Encoder;
use crate::decode::config::ext::{acs, ari, ats, pasid};
use crate::spec::pcie::ExtCapId;
use crate::synth::description::{AcsWords, RawCapability, ResizableBar};

use super::writer::Writer;

/// Advanced error reporting, version 2, with the reset values of the masks (PCIe 6.0, 7.8.4).
pub(super) fn aer() -> Vec<u8> {
    Writer::extended(ExtCapId::AER, 2)
        .u32(0) // uncorrectable status
        .u32(0) // uncorrectable mask
        .u32(0x0046_2030) // uncorrectable severity
        .u32(0) // correctable status
        .u32(0x0000_2000) // correctable mask
        .u32(0) // capabilities and control
        .zeros(0x48 - 0x1c)
        .finish()
}

/// Access control services; the vector's length gives its size (PCIe 6.0, 7.7.11).
pub(super) fn access_control(words: &AcsWords) -> Vec<u8> {
    let bits = words.vector.0.len().saturating_mul(8);
    // 256 bits are written as 0.
    let size = u16::try_from(bits).unwrap_or(0);
    Encoder::extended(ExtCapId::ACS, 1)
        .set(acs::SERVICES, words.cap.into())
        .set(acs::VECTOR_SIZE, size.into())
        .set(acs::CONTROLS, words.ctrl.into())
        .bytes(&words.vector.0)
        .finish(8 + words.vector.0.len())
}

/// Alternative routing-id interpretation (PCIe 6.0, 7.8.7).
pub(super) fn alternative_routing(next_function: u8) -> Vec<u8> {
    Encoder::extended(ExtCapId::ARI, 1)
        .set(ari::NEXT_FUNCTION, next_function.into())
        .finish(8)
}

/// Address translation services with a queue of 32, page aligned (PCIe 6.0, 10.5.1).
pub(super) fn translation(enabled: bool) -> Vec<u8> {
    Encoder::extended(ExtCapId::ATS, 1)
        .flag(ats::PAGE_ALIGNED, true)
        .flag(ats::ENABLE, enabled)
        .finish(8)
}

/// Page request interface, off (PCIe 6.0, 10.5.2).
pub(super) fn pri() -> Vec<u8> {
    Writer::extended(ExtCapId::PRI, 1)
        .u16(0)
        .u16(1 << 8) // stopped
        .u32(32)
        .u32(0)
        .finish()
}

/// Process address space ids, off (PCIe 6.0, 7.8.9).
pub(super) fn address_spaces(width: u8) -> Vec<u8> {
    Encoder::extended(ExtCapId::PASID, 1)
        .set(pasid::WIDTH, width.into())
        .finish(8)
}

/// Device serial number (PCIe 6.0, 7.9.3).
pub(super) fn serial_number(number: u64) -> Vec<u8> {
    Writer::extended(ExtCapId::SERIAL_NUMBER, 1)
        .u64(number)
        .finish()
}

/// Resizable BARs, or those of the VFs: the layout is the same (PCIe 6.0, 7.8.6 and 9.3.7.5).
pub(super) fn resizable_bars(id: ExtCapId, bars: &[ResizableBar]) -> Vec<u8> {
    let mut writer = Writer::extended(id, 1);
    let count = u32::try_from(bars.len()).unwrap_or(7) & 7;
    for (index, bar) in bars.iter().enumerate() {
        let mut sizes = 0_u64;
        for size in &bar.sizes {
            sizes |= code(size.0).map_or(0, |code| 1 << code);
        }
        // Codes 0 to 27 are bits 4 to 31 of the capability, 28 to 43 the upper control half.
        let [low, high] = [sizes << 4 & 0xffff_ffff, sizes >> 28 & 0xffff];
        let number = if index == 0 { count << 5 } else { 0 };
        let current = code(bar.current.0).unwrap_or(0) << 8;
        let high = u32::try_from(high).unwrap_or(0) << 16;
        writer = writer
            .u32(u32::try_from(low).unwrap_or(0))
            .u32(high | current | number | u32::from(bar.bar & 7));
    }
    writer.finish()
}

/// Which integrated endpoints report to an event collector, version 2, none on other buses
/// (PCIe 6.0, 7.9.10).
pub(super) fn event_collector(devices: u32) -> Vec<u8> {
    Writer::extended(ExtCapId::RC_EC_ASSOCIATION, 2)
        .u32(devices)
        .u32(0x0000_ff00)
        .finish()
}

/// A capability that the description states byte by byte.
pub(super) fn raw(capability: &RawCapability) -> Vec<u8> {
    Writer::extended(ExtCapId(capability.id), capability.version)
        .bytes(&capability.bytes.0)
        .finish()
}

/// Size code: 0 = 1 MiB.
fn code(size: u64) -> Option<u32> {
    size.checked_ilog2()
        .and_then(|log| log.checked_sub(20))
        .filter(|&code| code < 44)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::description::{HexBytes, Number};

    #[test]
    fn an_egress_vector_of_256_bits_is_written_as_zero() {
        let words = |bytes| AcsWords {
            cap: 0x3f,
            ctrl: 0x1d,
            vector: HexBytes(vec![0; bytes]),
        };
        assert_eq!(access_control(&words(0))[4..8], [0x3f, 0, 0x1d, 0]);
        assert_eq!(access_control(&words(4))[4..8], [0x3f, 32, 0x1d, 0]);
        assert_eq!(access_control(&words(32))[5], 0);
        assert_eq!(access_control(&words(32)).len(), 8 + 32);
    }

    #[test]
    fn sizes_from_256_terabytes_on_lie_in_the_control_register() {
        let bar = ResizableBar {
            bar: 2,
            sizes: vec![Number(1 << 20), Number(1 << 28), Number(1 << 48)],
            current: Number(1 << 28),
        };
        let bytes = resizable_bars(ExtCapId::RESIZABLE_BAR, &[bar]);
        assert_eq!(bytes[4..8], [0x10, 0x10, 0, 0]); // bits 4 and 12
        assert_eq!(bytes[8..12], [0x22, 0x08, 0x01, 0x00]); // BAR 2, one BAR, code 8, 2^48
    }
}
