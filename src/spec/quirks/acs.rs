//! Devices that isolate, or do not, whatever their ACS capability says.
//!
//! Ids and rules as in Linux (drivers/pci/quirks.c, `pci_dev_acs_enabled` and its neighbours),
//! the same in 5.10, 6.1, 6.12 and 7.2 as of their late stable releases: early ones may lack
//! entries.

use crate::spec::linux::Series;
use crate::spec::{Document, SpecRef};

/// How Linux judges a device of the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AcsQuirk {
    /// The functions of the device do not talk to each other.
    MultiFunctionEndpoint,
    /// The port isolates without, or in spite of, its capability.
    IsolatedPort,
    /// AMD southbridge functions: isolated on a root bus where an IVRS exists.
    AmdSouthbridge,
    /// Every Intel root complex integrated endpoint.
    IntelRcEndpoint,
    /// Intel chipset root ports that are switched over outside configuration space.
    IntelPch,
    /// Intel root ports whose ACS registers are double words: control is at +8.
    IntelSunrisePoint,
    /// Cavium root ports.
    CaviumRootPort,
    /// Annapurna Labs root ports.
    AnnapurnaRootPort,
    /// Zhaoxin root and downstream ports: those not listed do not isolate.
    ZhaoxinPort,
    /// Wangxun network controllers: those not listed do not isolate.
    WangxunNic,
}

impl AcsQuirk {
    /// What it says of the devices, as a clause without subject.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::MultiFunctionEndpoint => "known not to route between its functions",
            Self::IsolatedPort => "known to isolate without a standard ACS capability",
            Self::AmdSouthbridge => "AMD southbridge function, known not to reach its peers",
            Self::IntelRcEndpoint => "integrated endpoint of Intel, known to be isolated",
            Self::IntelPch => "Intel chipset port that the kernel switches to isolation",
            Self::IntelSunrisePoint => "Intel 100/200 series port with ACS registers 4 bytes wide",
            Self::CaviumRootPort => "Cavium root port, known to isolate",
            Self::AnnapurnaRootPort => "Annapurna Labs root port, known to isolate",
            Self::ZhaoxinPort => "Zhaoxin port, judged by a list of device ids alone",
            Self::WangxunNic => "Wangxun network controller, judged by a list of device ids alone",
        }
    }

    /// Where the kernel has it.
    pub const fn source(self) -> SpecRef {
        Document::LinuxPci.at(match self {
            Self::MultiFunctionEndpoint => "quirks.c, pci_quirk_mf_endpoint_acs",
            Self::IsolatedPort => "quirks.c, pci_quirk_qcom_rp_acs and its like",
            Self::AmdSouthbridge => "quirks.c, pci_quirk_amd_sb_acs",
            Self::IntelRcEndpoint => "quirks.c, pci_quirk_rciep_acs",
            Self::IntelPch => "quirks.c, pci_quirk_intel_pch_acs",
            Self::IntelSunrisePoint => "quirks.c, pci_quirk_intel_spt_pch_acs",
            Self::CaviumRootPort => "quirks.c, pci_quirk_cavium_acs",
            Self::AnnapurnaRootPort => "quirks.c, pci_quirk_al_acs",
            Self::ZhaoxinPort => "quirks.c, pci_quirk_zhaoxin_pcie_ports_acs",
            Self::WangxunNic => "quirks.c, pci_quirk_wangxun_nic_acs",
        })
    }
}

/// Every exception that names a vendor and a device, or any device of that vendor, in the
/// kernel's order; the first that has an opinion decides.
pub fn acs_quirks_of(vendor: u16, device: u16) -> impl Iterator<Item = AcsQuirk> {
    let from = ACS_QUIRKS.partition_point(|&(of, ..)| of < vendor);
    ACS_QUIRKS
        .get(from..)
        .unwrap_or_default()
        .iter()
        .take_while(move |&&(of, ..)| of == vendor)
        .filter(move |&&(_, of, _)| of.is_none_or(|of| of == device))
        .map(|&(.., quirk)| quirk)
}

/// Vendor, device (`None` = any) and how it is judged: by vendor, those of one vendor in the
/// kernel's order.
pub const ACS_QUIRKS: &[(u16, Option<u16>, AcsQuirk)] = &[
    (0x0014, Some(0x3c09), AcsQuirk::IsolatedPort),
    (0x0014, Some(0x3c19), AcsQuirk::IsolatedPort),
    (0x0014, Some(0x3c29), AcsQuirk::IsolatedPort),
    (0x0014, Some(0x7a09), AcsQuirk::IsolatedPort),
    (0x0014, Some(0x7a19), AcsQuirk::IsolatedPort),
    (0x0014, Some(0x7a29), AcsQuirk::IsolatedPort),
    (0x0014, Some(0x7a39), AcsQuirk::IsolatedPort),
    (0x0014, Some(0x7a49), AcsQuirk::IsolatedPort),
    (0x0014, Some(0x7a59), AcsQuirk::IsolatedPort),
    (0x0014, Some(0x7a69), AcsQuirk::IsolatedPort),
    (0x1002, Some(0x4385), AcsQuirk::AmdSouthbridge),
    (0x1002, Some(0x439c), AcsQuirk::AmdSouthbridge),
    (0x1002, Some(0x4383), AcsQuirk::AmdSouthbridge),
    (0x1002, Some(0x439d), AcsQuirk::AmdSouthbridge),
    (0x1002, Some(0x4384), AcsQuirk::AmdSouthbridge),
    (0x1002, Some(0x4399), AcsQuirk::AmdSouthbridge),
    (0x1022, Some(0x780f), AcsQuirk::AmdSouthbridge),
    (0x1022, Some(0x7809), AcsQuirk::AmdSouthbridge),
    (0x10df, Some(0x0720), AcsQuirk::MultiFunctionEndpoint),
    (0x10e8, Some(0xe004), AcsQuirk::IsolatedPort),
    (0x14e4, Some(0x16d7), AcsQuirk::MultiFunctionEndpoint),
    (0x14e4, Some(0x1750), AcsQuirk::MultiFunctionEndpoint),
    (0x14e4, Some(0x1751), AcsQuirk::MultiFunctionEndpoint),
    (0x14e4, Some(0x1752), AcsQuirk::MultiFunctionEndpoint),
    (0x14e4, Some(0x1760), AcsQuirk::MultiFunctionEndpoint),
    (0x14e4, Some(0x1761), AcsQuirk::MultiFunctionEndpoint),
    (0x14e4, Some(0x1762), AcsQuirk::MultiFunctionEndpoint),
    (0x14e4, Some(0x1763), AcsQuirk::MultiFunctionEndpoint),
    (0x14e4, Some(0xd714), AcsQuirk::IsolatedPort),
    (0x177d, None, AcsQuirk::CaviumRootPort),
    (0x177d, Some(0xa026), AcsQuirk::MultiFunctionEndpoint),
    (0x177d, Some(0xa059), AcsQuirk::MultiFunctionEndpoint),
    (0x177d, Some(0xa060), AcsQuirk::MultiFunctionEndpoint),
    (0x17cb, Some(0x0400), AcsQuirk::IsolatedPort),
    (0x17cb, Some(0x0401), AcsQuirk::IsolatedPort),
    (0x17cb, Some(0x0115), AcsQuirk::IsolatedPort),
    (0x17cb, Some(0x0111), AcsQuirk::IsolatedPort),
    (0x17cb, Some(0x0120), AcsQuirk::IsolatedPort),
    (0x1924, Some(0x0903), AcsQuirk::MultiFunctionEndpoint),
    (0x1924, Some(0x0923), AcsQuirk::MultiFunctionEndpoint),
    (0x1924, Some(0x0a03), AcsQuirk::MultiFunctionEndpoint),
    (0x1957, Some(0x8d81), AcsQuirk::IsolatedPort),
    (0x1957, Some(0x8da1), AcsQuirk::IsolatedPort),
    (0x1957, Some(0x8d83), AcsQuirk::IsolatedPort),
    (0x1957, Some(0x8d80), AcsQuirk::IsolatedPort),
    (0x1957, Some(0x8da0), AcsQuirk::IsolatedPort),
    (0x1957, Some(0x8d82), AcsQuirk::IsolatedPort),
    (0x1957, Some(0x8d90), AcsQuirk::IsolatedPort),
    (0x1957, Some(0x8db0), AcsQuirk::IsolatedPort),
    (0x1957, Some(0x8d92), AcsQuirk::IsolatedPort),
    (0x1957, Some(0x8d91), AcsQuirk::IsolatedPort),
    (0x1957, Some(0x8db1), AcsQuirk::IsolatedPort),
    (0x1957, Some(0x8d93), AcsQuirk::IsolatedPort),
    (0x1957, Some(0x8d89), AcsQuirk::IsolatedPort),
    (0x1957, Some(0x8da9), AcsQuirk::IsolatedPort),
    (0x1957, Some(0x8d8b), AcsQuirk::IsolatedPort),
    (0x1957, Some(0x8d88), AcsQuirk::IsolatedPort),
    (0x1957, Some(0x8da8), AcsQuirk::IsolatedPort),
    (0x1957, Some(0x8d8a), AcsQuirk::IsolatedPort),
    (0x1957, Some(0x8d98), AcsQuirk::IsolatedPort),
    (0x1957, Some(0x8db8), AcsQuirk::IsolatedPort),
    (0x1957, Some(0x8d9a), AcsQuirk::IsolatedPort),
    (0x1957, Some(0x8d99), AcsQuirk::IsolatedPort),
    (0x1957, Some(0x8db9), AcsQuirk::IsolatedPort),
    (0x1957, Some(0x8d9b), AcsQuirk::IsolatedPort),
    (0x19a2, Some(0x0710), AcsQuirk::MultiFunctionEndpoint),
    (0x1c36, Some(0x0031), AcsQuirk::AnnapurnaRootPort),
    (0x1d17, Some(0x3038), AcsQuirk::MultiFunctionEndpoint),
    (0x1d17, Some(0x3104), AcsQuirk::MultiFunctionEndpoint),
    (0x1d17, Some(0x9083), AcsQuirk::MultiFunctionEndpoint),
    (0x1d17, None, AcsQuirk::ZhaoxinPort),
    (0x1dbf, Some(0x0401), AcsQuirk::IsolatedPort),
    (0x1def, Some(0xe005), AcsQuirk::IsolatedPort),
    (0x1def, Some(0xe006), AcsQuirk::IsolatedPort),
    (0x1def, Some(0xe007), AcsQuirk::IsolatedPort),
    (0x1def, Some(0xe008), AcsQuirk::IsolatedPort),
    (0x1def, Some(0xe009), AcsQuirk::IsolatedPort),
    (0x1def, Some(0xe00a), AcsQuirk::IsolatedPort),
    (0x1def, Some(0xe00b), AcsQuirk::IsolatedPort),
    (0x1def, Some(0xe00c), AcsQuirk::IsolatedPort),
    (0x8086, Some(0x10c6), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x10db), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x10dd), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x10e1), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x10f1), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x10f7), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x10f8), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x10f9), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x10fa), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x10fb), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x10fc), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x1507), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x1514), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x151c), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x1529), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x152a), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x154d), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x154f), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x1551), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x1558), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x1509), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x150e), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x150f), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x1510), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x1511), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x1516), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x1527), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x10c9), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x10e6), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x10e7), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x10e8), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x150a), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x150d), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x1518), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x1526), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x10a7), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x10a9), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x10d6), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x1521), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x1522), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x1523), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x1524), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x105e), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x105f), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x1060), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x10d9), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x15b7), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, Some(0x15b8), AcsQuirk::MultiFunctionEndpoint),
    (0x8086, None, AcsQuirk::IntelRcEndpoint),
    (0x8086, None, AcsQuirk::IntelPch),
    (0x8086, None, AcsQuirk::IntelSunrisePoint),
    (0x8088, None, AcsQuirk::WangxunNic),
];

/// Root ports of Intel chipsets from the 5 to the 9 series, which have no ACS capability.
pub const INTEL_PCH_ROOT_PORTS: &[u16] = &[
    0x1c10, 0x1c11, 0x1c12, 0x1c13, 0x1c14, 0x1c15, 0x1c16, 0x1c17, 0x1c18, 0x1c19, 0x1c1a, 0x1c1b,
    0x1c1c, 0x1c1d, 0x1c1e, 0x1c1f, 0x1d10, 0x1d12, 0x1d14, 0x1d16, 0x1d18, 0x1d1a, 0x1d1c, 0x1d1e,
    0x1e10, 0x1e11, 0x1e12, 0x1e13, 0x1e14, 0x1e15, 0x1e16, 0x1e17, 0x1e18, 0x1e19, 0x1e1a, 0x1e1b,
    0x1e1c, 0x1e1d, 0x1e1e, 0x1e1f, 0x3b42, 0x3b43, 0x3b44, 0x3b45, 0x3b46, 0x3b47, 0x3b48, 0x3b49,
    0x3b4a, 0x3b4b, 0x3b4c, 0x3b4d, 0x3b4e, 0x3b4f, 0x3b50, 0x3b51, 0x8c10, 0x8c11, 0x8c12, 0x8c13,
    0x8c14, 0x8c15, 0x8c16, 0x8c17, 0x8c18, 0x8c19, 0x8c1a, 0x8c1b, 0x8c1c, 0x8c1d, 0x8c1e, 0x8c1f,
    0x8c90, 0x8c92, 0x8c94, 0x8c96, 0x8c98, 0x8c9a, 0x8c9c, 0x8c9e, 0x8d10, 0x8d11, 0x8d12, 0x8d13,
    0x8d14, 0x8d15, 0x8d16, 0x8d17, 0x8d18, 0x8d19, 0x8d1a, 0x8d1b, 0x8d1c, 0x8d1d, 0x8d1e, 0x9c10,
    0x9c11, 0x9c12, 0x9c13, 0x9c14, 0x9c15, 0x9c16, 0x9c17, 0x9c18, 0x9c19, 0x9c1a, 0x9c1b, 0x9c90,
    0x9c91, 0x9c92, 0x9c93, 0x9c94, 0x9c95, 0x9c96, 0x9c97, 0x9c98, 0x9c99, 0x9c9a, 0x9c9b,
];

/// Root ports of Intel chipsets of the 100 and 200 series, as inclusive ranges of device ids.
pub const INTEL_SPT_ROOT_PORTS: &[(u16, u16)] = &[
    (0xa110, 0xa11f),
    (0xa167, 0xa16a),
    (0xa290, 0xa29f),
    (0xa2e7, 0xa2ee),
    (0x9d10, 0x9d1b),
];

/// Cavium root ports.
pub const CAVIUM_ROOT_PORTS: &[(u16, u16)] =
    &[(0xa000, 0xa7ff), (0xaf84, 0xaf84), (0xb884, 0xb884)];

/// Zhaoxin ports that isolate.
pub const ZHAOXIN_PORTS: &[(u16, u16)] = &[(0x0710, 0x071e), (0x0721, 0x0721), (0x0723, 0x0752)];

/// Wangxun network controllers that isolate.
pub const WANGXUN_NICS: &[(u16, u16)] = &[
    (0x0100, 0x010f),
    (0x1001, 0x1001),
    (0x2001, 0x2001),
    (0x5010, 0x5010),
    (0x5025, 0x5025),
    (0x5040, 0x5040),
    (0x5110, 0x5110),
    (0x5125, 0x5125),
    (0x5140, 0x5140),
];

/// IDT switches whose source validation is broken, and from which kernels on it is neither
/// switched on nor asked for (drivers/pci/quirks.c, `pci_disable_broken_acs_cap`).
pub const BROKEN_SOURCE_VALIDATION: (&[(u16, u16)], Series) =
    (&[(0x111d, 0x80b5), (0x111d, 0x8090)], Series::V7_2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_are_found_by_vendor_in_the_order_of_the_kernel() {
        assert!(ACS_QUIRKS.is_sorted_by_key(|&(vendor, ..)| vendor));
        assert!(INTEL_PCH_ROOT_PORTS.is_sorted());
        for &(vendor, device, _) in ACS_QUIRKS {
            let device = device.unwrap_or(0xfffe);
            let expected = ACS_QUIRKS
                .iter()
                .filter(|&&(v, d, _)| v == vendor && d.is_none_or(|d| d == device))
                .map(|&(.., quirk)| quirk);
            assert!(acs_quirks_of(vendor, device).eq(expected), "{vendor:04x}");
        }
        // pci_dev_acs_enabled lists Intel's integrated endpoints before its chipset ports.
        assert!(acs_quirks_of(0x8086, 0x1c10).eq([
            AcsQuirk::IntelRcEndpoint,
            AcsQuirk::IntelPch,
            AcsQuirk::IntelSunrisePoint,
        ]));
        assert_eq!(acs_quirks_of(0xffff, 0).count(), 0);
    }
}
