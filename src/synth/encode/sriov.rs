//! SR-IOV of a physical function, and the configuration space of its virtual functions
//! (PCIe 6.0, chapter 9).

use crate::decode::config::Encoder;
use crate::decode::config::ext::sriov::{
    ARI_HIERARCHY, ARI_PRESERVED, DEPENDENCY_LINK, FIRST_VF_OFFSET, INITIAL_VFS, NUM_VFS,
    SUPPORTED_PAGE_SIZES, SYSTEM_PAGE_SIZE, TOTAL_VFS, VF_DEVICE_ID, VF_ENABLE, VF_MEMORY,
    VF_STRIDE, vf_bar,
};
use crate::spec::pcie::ExtCapId;
use crate::synth::description::Sriov;
use crate::synth::tree::VfNumbers;

/// The capability of the physical function (PCIe 6.0, 9.3.3).
pub(super) fn sriov(
    sriov: &Sriov,
    numbers: VfNumbers,
    device_id: u16,
    bars: [u32; 6],
    link: (u8, bool),
) -> Vec<u8> {
    let (function, ari_hierarchy) = link;
    let on = sriov.enabled > 0;
    let encoder = Encoder::extended(ExtCapId::SR_IOV, 1)
        .flag(ARI_PRESERVED, true)
        .flag(VF_ENABLE, on)
        .flag(VF_MEMORY, on)
        .flag(ARI_HIERARCHY, ari_hierarchy)
        .set(INITIAL_VFS, sriov.total.into())
        .set(TOTAL_VFS, sriov.total.into())
        .set(NUM_VFS, sriov.enabled.into())
        .set(DEPENDENCY_LINK, function.into()) // none
        .set(FIRST_VF_OFFSET, numbers.offset.into())
        .set(VF_STRIDE, numbers.stride.into())
        .set(VF_DEVICE_ID, device_id.into())
        .set(SUPPORTED_PAGE_SIZES, 0x553) // 4K, 8K, 64K, 256K, 1M and 4M
        .set(SYSTEM_PAGE_SIZE, 1);
    (0..)
        .zip(bars)
        .fold(encoder, |encoder, (index, bar)| {
            encoder.set(vf_bar(index), bar.into())
        })
        .finish(0x40)
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
