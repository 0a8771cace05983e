//! Single Root I/O Virtualization (PCIe 6.0, 9.3.3).

use crate::addr::{Bdf, Sbdf};
use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure, bar_registers};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// The hierarchy keeps its ARI setting over a reset of the PF.
pub const ARI_PRESERVED: Field = Field::flag("ARI Capable Hierarchy Preserved", 0x04, 1);
/// VFs are switched on.
pub const VF_ENABLE: Field = Field::flag("VF Enable", 0x08, 0);
/// The memory of the VFs is decoded.
pub const VF_MEMORY: Field = Field::flag("VF MSE", 0x08, 3);
/// VFs may lie at function numbers above 7.
pub const ARI_HIERARCHY: Field = Field::flag("ARI Capable Hierarchy", 0x08, 4);
/// VFs that exist before any migration.
pub const INITIAL_VFS: Field = Field::number("InitialVFs", 0x0c, 0, 16);
/// Most VFs that there can be.
pub const TOTAL_VFS: Field = Field::number("TotalVFs", 0x0e, 0, 16);
/// VFs that are switched on.
pub const NUM_VFS: Field = Field::number("NumVFs", 0x10, 0, 16);
/// The PF that this one depends on; itself where there is none.
pub const DEPENDENCY_LINK: Field = Field::number("Function Dependency Link", 0x12, 0, 8);
/// Routing id of the first VF, from that of the PF.
pub const FIRST_VF_OFFSET: Field = Field::number("First VF Offset", 0x14, 0, 16);
/// Routing id of each VF, from that of the one before.
pub const VF_STRIDE: Field = Field::number("VF Stride", 0x16, 0, 16);
/// Device id of the VFs.
pub const VF_DEVICE_ID: Field = Field::hex("VF Device ID", 0x1a, 0, 16);
/// Page sizes that VF BARs can be aligned to.
pub const SUPPORTED_PAGE_SIZES: Field =
    Field::power_set("Supported Page Sizes", 0x1c, 0, 32, 4096, "bytes");
/// Page size that VF BARs are aligned to.
pub const SYSTEM_PAGE_SIZE: Field =
    Field::power_set("System Page Size", 0x20, 0, 32, 4096, "bytes");

/// BAR register of the VFs, 0 to 5.
pub const fn vf_bar(index: u16) -> Field {
    Field::hex("VF BAR", 0x24 + 4 * index, 0, 32)
}

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::SR_IOV),
    Document::Pcie60.at("9.3.3 SR-IOV Extended Capability"),
    registers,
);

fn registers(window: Window<'_>) -> Vec<Register> {
    let mut registers = BEFORE_BARS.to_vec();
    registers.extend(bar_registers::registers(window, 0x24, 6, &VF_BARS));
    registers.push(MIGRATION);
    registers
}

const VF_BARS: [&str; 6] = [
    "VF BAR0", "VF BAR1", "VF BAR2", "VF BAR3", "VF BAR4", "VF BAR5",
];

const BEFORE_BARS: &[Register] = &[
    Register::new(
        "SR-IOV Capabilities",
        0x04,
        4,
        &[
            Field::flag("VF Migration Capable", 0x04, 0),
            ARI_PRESERVED,
            Field::flag("VF 10-Bit Tag Requester Supported", 0x04, 2),
            Field::flag("VF 14-Bit Tag Requester Supported", 0x04, 3),
            Field::number("VF Migration Interrupt Message Number", 0x04, 21, 11),
        ],
    ),
    Register::new(
        "SR-IOV Control",
        0x08,
        2,
        &[
            VF_ENABLE,
            Field::flag("VF Migration Enable", 0x08, 1),
            Field::flag("VF Migration Interrupt Enable", 0x08, 2),
            VF_MEMORY,
            ARI_HIERARCHY,
            Field::flag("VF 10-Bit Tag Requester Enable", 0x08, 5),
            Field::flag("VF 14-Bit Tag Requester Enable", 0x08, 6),
        ],
    ),
    Register::new(
        "SR-IOV Status",
        0x0a,
        2,
        &[Field::flag("VF Migration Status", 0x0a, 0)],
    ),
    Register::new("InitialVFs", 0x0c, 2, &[INITIAL_VFS]),
    Register::new("TotalVFs", 0x0e, 2, &[TOTAL_VFS]),
    Register::new("NumVFs", 0x10, 2, &[NUM_VFS]),
    Register::new("Function Dependency Link", 0x12, 1, &[DEPENDENCY_LINK]),
    Register::new("First VF Offset", 0x14, 2, &[FIRST_VF_OFFSET]),
    Register::new("VF Stride", 0x16, 2, &[VF_STRIDE]),
    Register::plain("VF Device ID", 0x1a, 2),
    Register::new("Supported Page Sizes", 0x1c, 4, &[SUPPORTED_PAGE_SIZES]),
    Register::new("System Page Size", 0x20, 4, &[SYSTEM_PAGE_SIZE]),
];

const MIGRATION: Register = Register::new(
    "VF Migration State Array Offset",
    0x3c,
    4,
    &[
        Field::number("VF Migration State BIR", 0x3c, 0, 3),
        Field::address("VF Migration State Offset", 0x3c, 3, 29),
    ],
);

/// A physical function's SR-IOV capability.
#[derive(Clone, Copy, Debug)]
pub struct SrIov<'a> {
    window: Window<'a>,
}

impl<'a> SrIov<'a> {
    /// Views the capability that starts at the window.
    pub const fn new(window: Window<'a>) -> Self {
        Self { window }
    }

    /// The bytes behind the view.
    pub const fn window(self) -> Window<'a> {
        self.window
    }

    /// Whether VFs are switched on.
    pub fn enabled(self) -> Option<bool> {
        self.window.flag(VF_ENABLE)
    }

    /// Whether the memory of the VFs is decoded.
    pub fn memory_enabled(self) -> Option<bool> {
        self.window.flag(VF_MEMORY)
    }

    /// Whether VFs may lie at function numbers above 7.
    pub fn ari_hierarchy(self) -> Option<bool> {
        self.window.flag(ARI_HIERARCHY)
    }

    /// Number of VFs that the hardware has at first; less than the total only with migration.
    pub fn initial_vfs(self) -> Option<u16> {
        self.window.u16(0x0c)
    }

    /// Number of VFs that the hardware has.
    pub fn total_vfs(self) -> Option<u16> {
        self.window.u16(0x0e)
    }

    /// Number of VFs that are visible while enabled.
    pub fn num_vfs(self) -> Option<u16> {
        self.window.u16(0x10)
    }

    /// Function number of the PF whose VFs this PF's need; its own where none.
    pub fn dependency_link(self) -> Option<u8> {
        self.window.u8(0x12)
    }

    /// Routing id of the first VF less that of the PF.
    pub fn first_vf_offset(self) -> Option<u16> {
        self.window.u16(0x14)
    }

    /// Routing id of a VF less that of the VF before it.
    pub fn vf_stride(self) -> Option<u16> {
        self.window.u16(0x16)
    }

    /// Device id of every VF; their vendor id is the PF's.
    pub fn vf_device_id(self) -> Option<u16> {
        self.window.u16(0x1a)
    }

    /// Page size that VF BARs are aligned to, in bytes; `None` also where the register does
    /// not name exactly one.
    pub fn system_page_size(self) -> Option<u64> {
        let bits = self.window.u32(0x20)?;
        bits.is_power_of_two().then(|| u64::from(bits) << 12)
    }

    /// Address of VF number `index` (from 0), where offset and stride are captured and the
    /// routing id stays within 16 bits (PCIe 6.0, 9.2.1.2).
    pub fn vf_address(self, pf: Sbdf, index: u16) -> Option<Sbdf> {
        let step = u32::from(self.vf_stride()?) * u32::from(index);
        let id = u32::from(pf.bdf.bits()) + u32::from(self.first_vf_offset()?) + step;
        let bdf = Bdf::from_bits(u16::try_from(id).ok()?);
        Some(Sbdf::new(pf.segment, bdf))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ConfigImage;
    use crate::decode::config::bar::{BarKind, BarSlot, vf_bars};

    /// A network card with 8 VFs, 2 of them on; annotated by hand.
    const CAPABILITY: &[u8] = &[
        0x10, 0x00, 0x01, 0x00, // id, version 1, end of list
        0x02, 0x00, 0x00, 0x00, // ARI hierarchy preserved
        0x19, 0x00, // VFs and their memory on, ARI hierarchy
        0x00, 0x00, // status
        0x08, 0x00, 0x08, 0x00, // 8 VFs at first, 8 in total
        0x02, 0x00, // 2 visible
        0x01, 0x00, // depends on function 1
        0x80, 0x01, 0x02, 0x00, // first at +180h, every second
        0x00, 0x00, 0xca, 0x10, // VF device id 10cah
        0x53, 0x05, 0x00, 0x00, // 4 K, 8 K, 64 K, 256 K, 1 M, 4 M
        0x01, 0x00, 0x00, 0x00, // 4 K
        0x0c, 0x00, 0x00, 0xe0, 0x01, 0x00, 0x00, 0x00, // 64-bit prefetchable
        0x00, 0x00, 0x00, 0x00, // none
        0x04, 0x00, 0x40, 0xf0, 0x00, 0x00, 0x00, 0x00, // 64-bit
        0x00, 0x00, 0x00, 0x00, // none
        0x03, 0x10, 0x00, 0x00, // migration state in BAR 3 at 1000h
    ];

    #[test]
    fn every_register_of_a_card_with_eight_vfs() {
        let image = ConfigImage::from_bytes(CAPABILITY.to_vec());
        let sriov = SrIov::new(image.window(0));
        assert_eq!(
            (sriov.enabled(), sriov.memory_enabled()),
            (Some(true), Some(true))
        );
        assert_eq!(sriov.ari_hierarchy(), Some(true));
        assert_eq!(sriov.window().flag(ARI_PRESERVED), Some(true));
        assert_eq!((sriov.initial_vfs(), sriov.total_vfs()), (Some(8), Some(8)));
        assert_eq!(
            (sriov.num_vfs(), sriov.dependency_link()),
            (Some(2), Some(1))
        );
        assert_eq!(
            (sriov.first_vf_offset(), sriov.vf_stride()),
            (Some(0x180), Some(2))
        );
        assert_eq!(sriov.vf_device_id(), Some(0x10ca));
        assert_eq!(sriov.system_page_size(), Some(4096));
        let bars = vf_bars(sriov.window());
        assert_eq!(
            bars[0],
            BarSlot::Bar {
                kind: BarKind::Memory64 { prefetchable: true },
                address: 0x1_e000_0000,
                malformed: false
            }
        );
        assert_eq!((bars[1], bars[2]), (BarSlot::UpperHalf, BarSlot::Zero));
        assert_eq!(STRUCTURE.certain_length(image.window(0)), 0x40);
        let offsets: Vec<_> = registers(image.window(0))
            .iter()
            .map(|r| r.offset)
            .collect();
        assert_eq!(offsets.get(12..), Some(&[0x24, 0x2c, 0x30, 0x38, 0x3c][..]));
    }

    #[test]
    fn vfs_go_on_to_the_next_bus_and_never_past_the_last() {
        let image = ConfigImage::from_bytes(CAPABILITY.to_vec());
        let sriov = SrIov::new(image.window(0));
        let pf = "0000:41:00.0".parse().unwrap();
        assert_eq!(
            sriov.vf_address(pf, 0),
            Some("0000:42:10.0".parse().unwrap())
        );
        assert_eq!(
            sriov.vf_address(pf, 7),
            Some("0000:42:11.6".parse().unwrap())
        );
        let last = "0000:ff:00.0".parse().unwrap();
        assert_eq!(sriov.vf_address(last, 0), None);
    }

    #[test]
    fn a_page_size_register_with_two_bits_names_no_size() {
        let mut bytes = CAPABILITY.to_vec();
        bytes[0x20] = 0x03;
        let image = ConfigImage::from_bytes(bytes);
        assert_eq!(SrIov::new(image.window(0)).system_page_size(), None);
    }
}
