//! SR-IOV of a physical function, and the configuration space of its virtual functions
//! (PCIe 6.0, chapter 9).

use crate::spec::pcie::ExtCapId;
use crate::synth::description::Sriov;
use crate::synth::tree::VfNumbers;

use super::writer::Writer;

/// The capability of the physical function (PCIe 6.0, 9.3.3).
pub(super) fn sriov(
    sriov: &Sriov,
    numbers: VfNumbers,
    device_id: u16,
    bars: [u32; 6],
    link: (u8, bool),
) -> Vec<u8> {
    let (function, ari_hierarchy) = link;
    let on = if sriov.enabled > 0 { 1 | 1 << 3 } else { 0 };
    let mut writer = Writer::extended(ExtCapId::SR_IOV, 1)
        .u32(1 << 1) // ARI Capable Hierarchy is kept over a reset
        .u16(on | u16::from(ari_hierarchy) << 4)
        .u16(0) // status
        .u16(sriov.total) // initial
        .u16(sriov.total)
        .u16(sriov.enabled)
        .u8(function) // dependency link: none
        .u8(0)
        .u16(numbers.offset)
        .u16(numbers.stride)
        .u16(0)
        .u16(device_id)
        .u32(0x0000_0553) // 4K, 8K, 64K, 256K, 1M and 4M pages
        .u32(1);
    for bar in bars {
        writer = writer.u32(bar);
    }
    writer.u32(0).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_lie_where_the_specification_has_them() {
        let wish = Sriov {
            total: 64,
            enabled: 8,
            ..Sriov::default()
        };
        let numbers = VfNumbers {
            offset: 0x80,
            stride: 2,
        };
        let bytes = sriov(&wish, numbers, 0x10ca, [0xc, 1, 0, 0, 0, 0], (1, true));
        assert_eq!(bytes.len(), 0x40);
        assert_eq!(bytes[0x08], 0x19); // VF enable, VF memory, ARI hierarchy
        assert_eq!(bytes[0x0e..0x13], [64, 0, 8, 0, 1]);
        assert_eq!(bytes[0x14..0x18], [0x80, 0, 2, 0]);
        assert_eq!(bytes[0x1a..0x1c], [0xca, 0x10]);
        assert_eq!(bytes[0x24..0x29], [0xc, 0, 0, 0, 1]);
    }
}
