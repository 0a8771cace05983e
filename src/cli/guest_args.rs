//! What was typed about a guest: its gaps, memory, processor, devices.

use std::path::PathBuf;
use std::str::FromStr;

use assignable::decode::config::bar::BarKind;
use assignable::plan::Want;
use assignable::policy::Policy;
use assignable::report::emit::Target;
use assignable::select::Selector;
use assignable::sim::Bytes;
use assignable::sim::bars::SizedBar;
use assignable::sim::policy::hyperv::Gaps;
use assignable::sim::policy::qemu::{Chipset, Machine, Vendor};
use clap::ValueEnum;

use super::args::{Inputs, policy};

/// Arguments of `mmio`.
#[derive(Debug, clap::Args)]
pub(crate) struct MmioArgs {
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    /// A device of the guest; without any, the host alone is shown
    #[arg(short, long, value_name = "DEVICE")]
    pub(crate) device: Vec<Selector>,
    /// Take a BAR as resized, on the host and in the guest
    #[arg(long, value_name = "DEVICE/BAR=SIZE")]
    pub(crate) resize: Vec<Replacement>,
    /// Would a card with these BARs fit below a port: PORT=BAR,BAR…, a BAR as mem64p:32G
    #[arg(long, value_name = "PORT=BARS")]
    pub(crate) add_card: Vec<Card>,
    /// Would a device with this many virtual functions fit on the host
    #[arg(long, value_name = "DEVICE=COUNT")]
    pub(crate) vfs: Vec<VirtualFunctions>,
    #[command(flatten)]
    pub(crate) guest: GuestArgs,
}

/// Arguments of `simulate`.
#[derive(Debug, clap::Args)]
pub(crate) struct SimulateArgs {
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    /// A scenario (TOML, docs/scenarios.md); without one, --vm and --assign describe it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["vm", "assign", "assign_class", "any"])]
    pub(crate) scenario: Option<PathBuf>,
    /// The virtual machine that gets the devices
    #[arg(long, value_name = "NAME")]
    pub(crate) vm: Option<String>,
    /// A device for it
    #[arg(long, value_name = "DEVICE")]
    pub(crate) assign: Vec<Selector>,
    /// Every device of a class
    #[arg(long, value_name = "CLASS")]
    pub(crate) assign_class: Vec<Selector>,
    /// Put the devices into the pool, and add this many of it
    #[arg(long, value_name = "COUNT")]
    pub(crate) any: Option<u32>,
    /// Dismount by force
    #[arg(long)]
    pub(crate) force: bool,
    /// The host's power-on policies for assigned devices are off
    #[arg(long)]
    pub(crate) relaxed_policies: bool,
    /// Platform on which it is played
    #[arg(short, long = "policy", value_name = "POLICY", value_parser = policy(), default_value = "hyperv-2025")]
    pub(crate) platform: Policy,
    /// Exit with 1 where a step is refused
    #[arg(long)]
    pub(crate) fail_on_refusal: bool,
    /// Print the commands instead of the timeline, and those that undo them
    #[arg(long, value_name = "LANGUAGE")]
    pub(crate) emit: Option<EmitTarget>,
    /// Print the commands although a step is refused
    #[arg(long, requires = "emit")]
    pub(crate) anyway: bool,
    #[command(flatten)]
    pub(crate) guest: GuestArgs,
}

/// Arguments of `place`.
#[derive(Debug, clap::Args)]
pub(crate) struct PlaceArgs {
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    /// What each guest gets: gpu=4,nvme=2
    #[arg(long, value_name = "DEVICE=COUNT,…", required = true)]
    pub(crate) want: Vec<Wants>,
    /// Guests that are wanted; default: as many as possible
    #[arg(long, value_name = "COUNT")]
    pub(crate) vms: Option<usize>,
    /// Devices of one guest may be on different NUMA nodes
    #[arg(long)]
    pub(crate) any_node: bool,
    /// Platform
    #[arg(short, long = "policy", value_name = "POLICY", value_parser = policy(), default_value = "hyperv-2025")]
    pub(crate) platform: Policy,
    #[command(flatten)]
    pub(crate) guest: GuestArgs,
}

/// `gpu=4,nvme=2`.
#[derive(Clone, Debug)]
pub(crate) struct Wants(pub(crate) Vec<Want>);

impl FromStr for Wants {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let want = |part: &str| {
            let wanted = || format!("'{part}' is not DEVICE=COUNT (gpu=4)");
            let (device, count) = part.rsplit_once('=').ok_or_else(wanted)?;
            let count: usize = count.parse().map_err(|_| wanted())?;
            if count == 0 {
                return Err(wanted());
            }
            Ok(Want {
                device: device
                    .parse()
                    .map_err(|error| format!("'{device}': {error}"))?,
                count,
            })
        };
        text.split(',')
            .map(want)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// What a guest is like.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Guest")]
pub(crate) struct GuestArgs {
    /// Hyper-V: -LowMemoryMappedIoSpace; default: 128M, for `simulate` as much as is needed
    #[arg(long, value_name = "SIZE")]
    pub(crate) low: Option<Bytes>,
    /// Hyper-V: -HighMemoryMappedIoSpace; default: 512M, for `simulate` as much as is needed
    #[arg(long, value_name = "SIZE")]
    pub(crate) high: Option<Bytes>,
    /// Hyper-V: where the high gap starts (HighMmioGapBase)
    #[arg(long, value_name = "SIZE", default_value = "65024M")]
    pub(crate) high_base: Bytes,
    /// Physical address bits of the host; default: as captured
    #[arg(long, value_name = "BITS", value_parser = clap::value_parser!(u8).range(32..=64))]
    pub(crate) host_bits: Option<u8>,
    /// QEMU: memory of the guest
    #[arg(long, value_name = "SIZE", default_value = "4G")]
    pub(crate) ram: Bytes,
    /// QEMU: chipset
    #[arg(long, value_name = "CHIPSET", default_value = "q35")]
    pub(crate) chipset: ChipsetName,
    /// QEMU: physical address bits that the guest sees
    #[arg(long, value_name = "BITS", default_value = "40", value_parser = clap::value_parser!(u8).range(32..=52))]
    pub(crate) guest_bits: u8,
    /// QEMU: maker of the virtual processor
    #[arg(long, value_name = "MAKER", default_value = "intel")]
    pub(crate) vcpu: VendorName,
    /// OVMF: opt/ovmf/X-PciMmio64Mb
    #[arg(long, value_name = "MIB")]
    pub(crate) mmio64_mb: Option<u64>,
    /// QEMU: pci-hole64-size; default: the chipset's
    #[arg(long, value_name = "SIZE")]
    pub(crate) hole64: Option<Bytes>,
}

/// A chipset on the command line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum ChipsetName {
    Q35,
    I440fx,
}

/// A language of commands on the command line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum EmitTarget {
    Powershell,
    Libvirt,
    Qemu,
    Proxmox,
}

impl EmitTarget {
    pub(crate) const fn target(self) -> Target {
        match self {
            Self::Powershell => Target::PowerShell,
            Self::Libvirt => Target::Libvirt,
            Self::Qemu => Target::Qemu,
            Self::Proxmox => Target::Proxmox,
        }
    }
}

/// A maker of processors on the command line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum VendorName {
    Intel,
    Amd,
}

/// `DEVICE/BAR=SIZE`.
#[derive(Clone, Debug)]
pub(crate) struct Replacement {
    pub(crate) device: Selector,
    pub(crate) bar: u8,
    pub(crate) size: u64,
}

/// `DEVICE=COUNT`.
#[derive(Clone, Debug)]
pub(crate) struct VirtualFunctions {
    pub(crate) device: Selector,
    pub(crate) count: u16,
}

/// `PORT=BAR,BAR…`.
#[derive(Clone, Debug)]
pub(crate) struct Card {
    pub(crate) below: Selector,
    pub(crate) bars: Vec<SizedBar>,
}

impl GuestArgs {
    pub(crate) fn gaps(&self) -> Gaps {
        let defaults = Gaps::default();
        Gaps {
            low: self.low.map_or(defaults.low, |size| size.0),
            high: self.high.map_or(defaults.high, |size| size.0),
            high_base: self.high_base.0,
        }
    }

    pub(crate) fn is_amd(&self) -> bool {
        self.vcpu == VendorName::Amd
    }

    pub(crate) fn machine(&self) -> Machine {
        Machine {
            chipset: match self.chipset {
                ChipsetName::Q35 => Chipset::Q35,
                ChipsetName::I440fx => Chipset::I440fx,
            },
            ram: self.ram.0,
            address_bits: self.guest_bits,
            vendor: match self.vcpu {
                VendorName::Intel => Vendor::Intel,
                VendorName::Amd => Vendor::Amd,
            },
            mmio64_hint_mib: self.mmio64_mb,
            hole64: self.hole64.map(|size| size.0),
        }
    }
}

impl FromStr for Replacement {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || format!("'{text}' is not DEVICE/BAR=SIZE (0000:01:00.0/2=32G)");
        let (place, size) = text.rsplit_once('=').ok_or_else(wanted)?;
        let (device, bar) = place.rsplit_once('/').ok_or_else(wanted)?;
        let bar: u8 = bar.parse().map_err(|_| wanted())?;
        let size: Bytes = size.parse().map_err(|_| wanted())?;
        if bar > 5 || !size.0.is_power_of_two() {
            return Err(format!(
                "{}: a BAR is 0 to 5 and has a power of two in size",
                wanted()
            ));
        }
        Ok(Self {
            device: device.parse().map_err(|error| format!("{error}"))?,
            bar,
            size: size.0,
        })
    }
}

impl FromStr for VirtualFunctions {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || format!("'{text}' is not DEVICE=COUNT (0000:01:00.0=16)");
        let (device, count) = text.rsplit_once('=').ok_or_else(wanted)?;
        Ok(Self {
            device: device.parse().map_err(|error| format!("{error}"))?,
            count: count.parse().map_err(|_| wanted())?,
        })
    }
}

impl FromStr for Card {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (port, bars) = text.rsplit_once('=').ok_or_else(|| {
            format!("'{text}' is not PORT=BARS (0000:00:01.0=mem32:16M,mem64p:32G)")
        })?;
        Ok(Self {
            below: port.parse().map_err(|error| format!("{error}"))?,
            bars: bars
                .split(',')
                .zip(0..6)
                .map(|(bar, index)| self::bar(bar, index))
                .collect::<Result<_, _>>()?,
        })
    }
}

/// `KIND:SIZE`.
fn bar(text: &str, index: u8) -> Result<SizedBar, String> {
    let wanted = || {
        format!(
            "'{text}' is no BAR: mem32, mem32p, mem64 or mem64p, and a power of two, as mem64p:32G"
        )
    };
    let (kind, size) = text.split_once(':').ok_or_else(wanted)?;
    let kind = match kind {
        "mem32" => BarKind::Memory32 {
            prefetchable: false,
        },
        "mem32p" => BarKind::Memory32 { prefetchable: true },
        "mem64" => BarKind::Memory64 {
            prefetchable: false,
        },
        "mem64p" => BarKind::Memory64 { prefetchable: true },
        _ => return Err(wanted()),
    };
    let size: Bytes = size.parse().map_err(|_| wanted())?;
    if !size.0.is_power_of_two() || size.0 < 16 {
        return Err(wanted());
    }
    Ok(SizedBar {
        index,
        kind,
        size: size.0,
    })
}
