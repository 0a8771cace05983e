//! The address space of one guest with some devices, on each platform.

use crate::host::{FunctionId, Host};
use crate::sim::bars::{DeviceBars, Resize};
use crate::sim::policy::hyperv::{self, Gaps, Sizes};
use crate::sim::policy::qemu::{AddressWidthTooSmall, Machine};
use crate::sim::policy::tree::{Slot, TreeLayout};
use crate::sim::policy::{ovmf, seabios};

/// What a guest is like.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct GuestOptions {
    /// The gaps of a Hyper-V guest.
    pub gaps: Gaps,
    /// A QEMU guest.
    pub machine: Machine,
    /// Physical address width of the host, against which a Hyper-V guest's gaps are checked.
    pub host_bits: Option<u8>,
}

/// One guest, laid out everywhere.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GuestStudy {
    /// The devices.
    pub devices: Vec<FunctionId>,
    /// Their BARs, in the same order.
    pub bars: Vec<DeviceBars>,
    /// What was asked.
    pub options: GuestOptions,
    /// In the gaps as given.
    pub hyperv: hyperv::Layout,
    /// The gaps to give.
    pub sizes: Sizes,
    /// With OVMF; devices are numbered as in `devices`.
    pub ovmf: TreeLayout,
    /// With SeaBIOS.
    pub seabios: seabios::Boot,
    /// Whether QEMU starts the guest at all.
    pub qemu: Result<(), AddressWidthTooSmall>,
}

impl GuestStudy {
    /// Lays out a guest that has these devices, each below a root port of its own.
    pub fn of(
        host: &Host<'_>,
        devices: &[FunctionId],
        resizes: &[Resize],
        options: GuestOptions,
    ) -> Self {
        let bars: Vec<DeviceBars> = devices
            .iter()
            .map(|&id| DeviceBars::of(host, id, resizes))
            .collect();
        let slots: Vec<Slot> = bars.iter().map(root_port).collect();
        let machine = options.machine;
        Self {
            hyperv: hyperv::lay_out(&bars, options.gaps),
            sizes: hyperv::sizes(&bars, options.gaps.high_base),
            ovmf: ovmf::lay_out(&slots, &machine),
            seabios: seabios::lay_out(&slots, &machine, seabios::Release::V1_17),
            qemu: machine.check(),
            devices: devices.to_vec(),
            bars,
            options,
        }
    }

    /// Whether every BAR's size is known; otherwise every layout is a lower bound.
    pub fn is_complete(&self) -> bool {
        self.bars.iter().all(DeviceBars::is_complete)
    }

    /// The smallest `X-PciMmio64Mb`, in MiB, with which OVMF places everything; `None` where
    /// none does. A power of two from 32 GiB up.
    pub fn smallest_ovmf_hint(&self) -> Option<u64> {
        let slots: Vec<Slot> = self.bars.iter().map(root_port).collect();
        (15..=24).map(|power| 1_u64 << power).find(|&mebibytes| {
            let machine = Machine {
                mmio64_hint_mib: Some(mebibytes),
                ..self.options.machine
            };
            let bits = machine.address_bits;
            let within = ovmf::aperture(&machine)
                .is_some_and(|range| bits >= 64 || range.last() >> bits == 0);
            within && ovmf::lay_out(&slots, &machine).fits()
        })
    }
}

/// A device below a QEMU root port, which has a BAR of 4 KiB of its own.
fn root_port(device: &DeviceBars) -> Slot {
    let own = crate::sim::bars::SizedBar {
        index: 0,
        kind: crate::decode::config::bar::BarKind::Memory32 {
            prefetchable: false,
        },
        size: 4096,
    };
    Slot::port(vec![own], vec![Slot::device(device.sized.clone())])
}
