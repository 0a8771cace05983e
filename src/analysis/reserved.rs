//! Memory that the firmware reserves for a device, as operating systems report it.

use crate::host::Function;
use crate::range::AddrRange;

/// One line of `reserved_regions` that stands for firmware memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReservedRegion<'c> {
    /// The line as reported: start, end and type.
    pub text: &'c str,
    /// The kernel gives the device up for it when the IOMMU allows (USB and display).
    pub relaxable: bool,
}

/// The regions of a function's IOMMU group that stand for firmware memory (Intel RMRR, AMD
/// IVMD). `None` where the list was not captured.
///
/// The kernel lists the lowest 16 MiB for an ISA bridge on its own account
/// (drivers/iommu/intel/iommu.c, `intel_iommu_get_resv_regions`); that is no firmware memory.
pub fn reserved_regions<'c>(
    function: &Function<'c>,
) -> Option<impl Iterator<Item = ReservedRegion<'c>> + use<'c>> {
    let reported = function.reported.reserved_regions.as_ref()?;
    Some(reported.value.iter().filter_map(|line| region(line)))
}

/// The address ranges of every line, whatever their type. `None` where the list was not
/// captured.
pub fn reported_ranges(function: &Function<'_>) -> Option<Vec<AddrRange>> {
    let reported = function.reported.reserved_regions.as_ref()?;
    let range = |text: &String| {
        let mut words = text.split_whitespace();
        AddrRange::new(number(words.next()?)?, number(words.next()?)?)
    };
    Some(reported.value.iter().filter_map(range).collect())
}

fn region(text: &str) -> Option<ReservedRegion<'_>> {
    let mut words = text.split_whitespace();
    let (start, end) = (number(words.next()?), number(words.next()?));
    let relaxable = match words.next()? {
        "direct" => false,
        "direct-relaxable" => true,
        _ => return None,
    };
    let isa_bridge = relaxable && (start, end) == (Some(0), Some(0xff_ffff));
    (!isa_bridge).then_some(ReservedRegion { text, relaxable })
}

fn number(word: &str) -> Option<u64> {
    u64::from_str_radix(word.strip_prefix("0x").unwrap_or(word), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_direct_regions_are_firmware_memory() {
        // Lines of a Linux host's iommu_groups/N/reserved_regions.
        let relaxable = "0x00000000d5800000 0x00000000dfffffff direct-relaxable";
        let direct = "0x00000000bdffd000 0x00000000be002fff direct";
        let msi = "0x00000000fee00000 0x00000000feefffff msi";
        assert!(region(relaxable).unwrap().relaxable);
        assert!(!region(direct).unwrap().relaxable);
        assert_eq!(region(msi), None);
        assert_eq!(region(""), None);
        assert_eq!(region("0x0"), None);
    }

    #[test]
    fn the_region_that_the_kernel_adds_for_an_isa_bridge_is_not_the_firmwares() {
        let isa = "0x0000000000000000 0x0000000000ffffff direct-relaxable";
        assert_eq!(region(isa), None);
        let rmrr = "0x0000000000000000 0x0000000000ffffff direct";
        assert!(region(rmrr).is_some());
    }
}
