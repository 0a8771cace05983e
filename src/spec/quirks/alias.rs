//! Devices that send requests under another function's id.
//!
//! As in Linux (drivers/pci/quirks.c, the DMA alias quirks, and drivers/pci/search.c).

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

/// Bridges below the remapping unit: requests are translated before they reach them.
pub const TRANSLATION_ROOTS: &[(u16, u16)] = &[(0x14e4, 0x9000), (0x14e4, 0x9084)];
