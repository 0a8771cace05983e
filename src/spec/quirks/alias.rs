//! Devices that send requests under another function's id.
//!
//! As in Linux (drivers/pci/quirks.c, the DMA alias quirks, and drivers/pci/search.c).

use crate::spec::linux::Series;

/// Functions other than 0 also use the id of function 0 of their slot.
pub const ALIAS_FUNCTION_0: &[(u16, u16)] = &[
    (0x1180, 0xe832),
    (0x1180, 0xe476),
    (0x6766, 0x3d40),
    (0x6766, 0x3d41),
];

/// Functions other than 1 also use the id of function 1 of their slot, which need not exist.
pub const ALIAS_FUNCTION_1: &[(u16, u16)] = &[
    (0x1b4b, 0x9120),
    (0x1b4b, 0x9123),
    (0x1b4b, 0x9125),
    (0x1b4b, 0x9128),
    (0x1b4b, 0x9130),
    (0x1b4b, 0x9170),
    (0x1b4b, 0x9172),
    (0x1b4b, 0x917a),
    (0x1b4b, 0x9182),
    (0x1b4b, 0x9183),
    (0x1b4b, 0x91a0),
    (0x1b4b, 0x9215),
    (0x1b4b, 0x9220),
    (0x1b4b, 0x9230),
    (0x1b4b, 0x9235),
    (0x1103, 0x0642),
    (0x1103, 0x0645),
    (0x197b, 0x2392),
    (0x1c28, 0x0122),
];

/// Intel MIC x200: use the ids of 10.0, 11.0 and 12.3 of their bus.
pub const ALIAS_MIC_X200: &[(u16, u16)] = &[(0x8086, 0x2260), (0x8086, 0x2264)];

/// Intel Visual Compute Accelerator: use functions 0 to 4 of every slot of their bus.
pub const ALIAS_VCA: &[(u16, u16)] = &[
    (0x8086, 0x2954),
    (0x8086, 0x2955),
    (0x8086, 0x2956),
    (0x8086, 0x2958),
    (0x8086, 0x2959),
    (0x8086, 0x295a),
];

/// PLX non-transparent bridges: use every id of their bus.
pub const ALIAS_ANY: &[(u16, u16)] = &[(0x10b5, 0x87b0), (0x10b5, 0x87b1)];

/// Adaptec controllers by subsystem (vendor, device): use the id of 01.0.
pub const ALIAS_ADAPTEC: (u16, u16, u16, [u16; 2]) = (0x9005, 0x0285, 0x9005, [0x02bb, 0x02bc]);

/// Conventional bridges that are PCIe-to-PCI bridges in disguise.
pub const HIDDEN_PCIE_TO_PCI: &[(u16, u16)] = &[
    (0x1b21, 0x1080),
    (0x10e3, 0x8113),
    (0x1283, 0x8892),
    (0x1283, 0x8893),
    (0x8086, 0x244e),
];

/// PCIe-to-PCI bridges that pass requester ids on unchanged, and from which kernels on they are
/// known.
pub const TRANSPARENT_BRIDGES: (&[(u16, u16)], Series) = (&[(0x1a03, 0x1150)], Series::V7_2);

/// Microsemi and Microchip Switchtec: non-transparent bridges (class 0680) that use ids read
/// from registers behind a BAR. Vendor, and the first and last device id of each run; runs hold
/// management functions of the same switches too, which have another class.
pub const SWITCHTEC: &[(u16, u16, u16)] = &[
    (0x11f8, 0x4000, 0x4552),
    (0x11f8, 0x5000, 0x5584),
    (0x11f8, 0x8531, 0x8576),
    (0x1055, 0x1001, 0x1008),
];

/// Intel Volume Management Devices: what is behind one uses its id (drivers/pci/controller/vmd.c).
pub const VMD: &[(u16, u16)] = &[
    (0x8086, 0x201d),
    (0x8086, 0x28c0),
    (0x8086, 0x28c1),
    (0x8086, 0x467f),
    (0x8086, 0x4c3d),
    (0x8086, 0x7d0b),
    (0x8086, 0x9a0b),
    (0x8086, 0xa77f),
    (0x8086, 0xad0b),
    (0x8086, 0xb06f),
    (0x8086, 0xb07f),
    (0x8086, 0xb60b),
    (0x8086, 0xd70b),
    (0x8086, 0xd73b),
];

/// Graphics of Intel chipsets and processors: where one is present, units that serve the
/// graphics alone are left off (drivers/iommu/intel/iommu.c, `quirk_iommu_igfx`).
pub const GRAPHICS_LEFT_OFF: &[(u16, u16)] = &[
    (0x8086, 0x0044),
    (0x8086, 0x1602),
    (0x8086, 0x1606),
    (0x8086, 0x160a),
    (0x8086, 0x160b),
    (0x8086, 0x160d),
    (0x8086, 0x160e),
    (0x8086, 0x1612),
    (0x8086, 0x1616),
    (0x8086, 0x161a),
    (0x8086, 0x161b),
    (0x8086, 0x161d),
    (0x8086, 0x161e),
    (0x8086, 0x1622),
    (0x8086, 0x1626),
    (0x8086, 0x162a),
    (0x8086, 0x162b),
    (0x8086, 0x162d),
    (0x8086, 0x162e),
    (0x8086, 0x1632),
    (0x8086, 0x1636),
    (0x8086, 0x163a),
    (0x8086, 0x163b),
    (0x8086, 0x163d),
    (0x8086, 0x163e),
    (0x8086, 0x29b2),
    (0x8086, 0x2a40),
    (0x8086, 0x2e00),
    (0x8086, 0x2e10),
    (0x8086, 0x2e20),
    (0x8086, 0x2e30),
    (0x8086, 0x2e40),
    (0x8086, 0x2e90),
];

/// AMD Stoney Ridge graphics: at 00:xx.0 the whole unit is left off
/// (drivers/iommu/amd/init.c, `detect_ivrs`).
pub const STONEY_RIDGE: (u16, u16) = (0x1002, 0x98e4);

/// Bridges below the remapping unit: requests are translated before they reach them.
pub const TRANSLATION_ROOTS: &[(u16, u16)] = &[(0x14e4, 0x9000), (0x14e4, 0x9084)];
