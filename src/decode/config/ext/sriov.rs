//! Single Root I/O Virtualization (PCIe 6.0, 9.3.3).

use crate::addr::{Bdf, Sbdf};
use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// VFs are switched on.
pub const VF_ENABLE: Field = Field::flag("VF Enable", 0x08, 0);

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure {
    id: CapabilityId::Extended(ExtCapId::SR_IOV),
    spec: Document::Pcie60.at("9.3.3 SR-IOV Extended Capability"),
    registers: |_| vec![Register::new("SR-IOV Control", 0x08, 2, &[VF_ENABLE])],
};

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

    /// Number of VFs that the hardware has.
    pub fn total_vfs(self) -> Option<u16> {
        self.window.u16(0x0e)
    }

    /// Number of VFs that are visible while enabled.
    pub fn num_vfs(self) -> Option<u16> {
        self.window.u16(0x10)
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

    /// Address of VF number `index` (from 0), where offset and stride are captured and the
    /// routing id stays within 16 bits (PCIe 6.0, 9.2.1.2).
    pub fn vf_address(self, pf: Sbdf, index: u16) -> Option<Sbdf> {
        let step = u32::from(self.vf_stride()?) * u32::from(index);
        let id = u32::from(pf.bdf.bits()) + u32::from(self.first_vf_offset()?) + step;
        let bdf = Bdf::from_bits(u16::try_from(id).ok()?);
        Some(Sbdf::new(pf.segment, bdf))
    }
}
