//! What the kernel says about DMA and interrupt remapping.

use super::line::{function, hex, prefixed};
use super::{MAX_ENTRIES, Said};
use crate::addr::Sbdf;
use crate::range::AddrRange;

/// What a log says about remapping, in order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Remapping {
    /// Intel units as the DMAR table lists them (`DRHD base`).
    pub units: Vec<Said<Unit>>,
    /// Registers of Intel units (`dmar0: reg_base_addr`).
    pub registers: Vec<Said<UnitRegisters>>,
    /// Reserved memory (`RMRR base`). The log does not say for which devices.
    pub reserved: Vec<Said<AddrRange>>,
    /// Devices that keep their reserved memory mapped, as older kernels say.
    pub identity_maps: Vec<Said<IdentityMap>>,
    /// AMD units.
    pub amd_units: Vec<Said<AmdUnit>>,
    /// What the kernel did with them, in order.
    pub states: Vec<Said<State>>,
    /// What the drivers DMAR and AMD-Vi call a bug of the firmware, without the marks in front.
    pub firmware_bugs: Vec<Said<String>>,
    /// Extended feature register of AMD units, as the kernel prints it.
    pub amd_features: Option<Said<u64>>,
}

/// A DRHD structure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unit {
    /// Register base address.
    pub base: u64,
    /// Flags; bit 0 is INCLUDE_PCI_ALL.
    pub flags: u32,
}

/// Capability registers of an Intel unit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnitRegisters {
    /// The kernel's name (`dmar0`).
    pub name: String,
    /// Register base address.
    pub base: u64,
    /// Capability register.
    pub capability: u64,
    /// Extended capability register.
    pub extended_capability: u64,
}

/// A function that keeps a range mapped one to one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IdentityMap {
    /// The function.
    pub at: Sbdf,
    /// The range.
    pub range: AddrRange,
}

/// An AMD unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AmdUnit {
    /// The PCI function that it is.
    pub at: Sbdf,
    /// Offset of its capability block.
    pub capability: u16,
}

/// What the kernel did, or was told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum State {
    /// The command line asks for the Intel IOMMU.
    Requested,
    /// The command line or the kernel switches DMA remapping off.
    Disabled,
    /// The firmware asks for DMA protection, so that the kernel switches remapping on.
    PlatformOptIn,
    /// Intel DMA remapping is in use.
    DmaRemapping,
    /// Domains of devices translate by default.
    TranslatedByDefault,
    /// Devices are passed through by default.
    PassthroughByDefault,
    /// Graphics are left out of remapping.
    GraphicsExcluded,
    /// Interrupt remapping is in use.
    InterruptRemapping,
    /// Interrupt remapping was given up.
    InterruptRemappingFailed,
    /// VFIO found no interrupt remapping.
    VfioWithoutInterruptRemapping,
    /// The kernel takes ACS for granted, as told by `pcie_acs_override`.
    AcsOverride,
    /// No remapping table, or none that could be used.
    NoUnit,
}

/// Starts of messages and what they mean. Older kernels use other
/// tags than `DMAR:`.
const STATES: &[(&str, State)] = &[
    ("DMAR: IOMMU enabled", State::Requested),
    ("Intel-IOMMU: enabled", State::Requested),
    ("DMAR: IOMMU disabled", State::Disabled),
    ("Intel-IOMMU: disabled", State::Disabled),
    ("AMD-Vi: AMD IOMMU disabled", State::Disabled),
    (
        "DMAR: Intel-IOMMU force enabled due to platform opt in",
        State::PlatformOptIn,
    ),
    (
        "DMAR: Intel(R) Virtualization Technology for Directed I/O",
        State::DmaRemapping,
    ),
    (
        "PCI-DMA: Intel(R) Virtualization Technology for Directed I/O",
        State::DmaRemapping,
    ),
    (
        "iommu: Default domain type: Translated",
        State::TranslatedByDefault,
    ),
    (
        "iommu: Default domain type: Passthrough",
        State::PassthroughByDefault,
    ),
    ("iommu: Using passthrough", State::PassthroughByDefault),
    ("DMAR: Disable GFX device mapping", State::GraphicsExcluded),
    (
        "Intel-IOMMU: disable GFX device mapping",
        State::GraphicsExcluded,
    ),
    ("DMAR-IR: Enabled IRQ remapping", State::InterruptRemapping),
    ("Enabled IRQ remapping", State::InterruptRemapping),
    (
        "AMD-Vi: Interrupt remapping enabled",
        State::InterruptRemapping,
    ),
    (
        "DMAR-IR: Failed to enable irq remapping",
        State::InterruptRemappingFailed,
    ),
    (
        "DMAR-IR: Not enabling interrupt remapping",
        State::InterruptRemappingFailed,
    ),
    (
        "AMD-Vi: Disabling interrupt remapping",
        State::InterruptRemappingFailed,
    ),
    (
        "vfio_iommu_type1_attach_group: No interrupt remapping",
        State::VfioWithoutInterruptRemapping,
    ),
    ("PCIe ACS overrides enabled", State::AcsOverride),
    ("Warning: PCIe ACS overrides enabled", State::AcsOverride),
    ("DMAR: No DMAR devices found", State::NoUnit),
    ("AMD-Vi: Failed to initialize", State::NoUnit),
];

impl Remapping {
    /// A message without a subject.
    pub(super) fn general(&mut self, line: u32, text: &str) {
        if let Some(&(_, state)) = STATES.iter().find(|(start, _)| text.starts_with(start)) {
            push(&mut self.states, line, state);
            return;
        }
        if let Some(bug) = firmware_bug(text) {
            push(&mut self.firmware_bugs, line, bug.to_owned());
            return;
        }
        if let Some(features) = amd_features(text) {
            self.amd_features = Some(Said::new(features, line));
            return;
        }
        let Some(rest) = text
            .strip_prefix("DMAR: ")
            .or_else(|| text.strip_prefix("IOMMU: "))
        else {
            if let Some(unit) = found_amd(text) {
                push(&mut self.amd_units, line, unit);
            }
            return;
        };
        if let Some(unit) = unit(rest) {
            push(&mut self.units, line, unit);
        } else if let Some(range) = reserved(rest) {
            push(&mut self.reserved, line, range);
        } else if let Some(map) = identity_map(rest) {
            push(&mut self.identity_maps, line, map);
        } else if let Some(registers) = registers(rest)
            && self.registers.len() < MAX_ENTRIES
        {
            self.registers.push(Said::new(registers, line));
        }
    }

    /// A message about a function: `AMD-Vi: Found IOMMU cap 0x40`.
    pub(super) fn function(&mut self, line: u32, at: Sbdf, text: &str) {
        if let Some(capability) = text.strip_prefix("AMD-Vi: Found IOMMU cap ")
            && let Some(capability) =
                prefixed(capability.trim()).and_then(|at| u16::try_from(at).ok())
        {
            push(&mut self.amd_units, line, AmdUnit { at, capability });
        } else if let Some(features) = amd_features(text) {
            self.amd_features = Some(Said::new(features, line));
        }
    }

    /// The last statement among `wanted`.
    pub fn last_of(&self, wanted: &[State]) -> Option<Said<State>> {
        let mut states = self.states.iter().rev();
        states.find(|said| wanted.contains(&said.value)).copied()
    }
}

/// Adds what is new. A journal may say everything twice.
fn push<T: PartialEq>(list: &mut Vec<Said<T>>, line: u32, value: T) {
    if list.len() < MAX_ENTRIES && !list.iter().any(|known| known.value == value) {
        list.push(Said::new(value, line));
    }
}

/// `DMAR: [Firmware Bug]: RMRR entry for device 1a:00.0 is broken - applying workaround`, or
/// `AMD-Vi: [Firmware Bug]: : No southbridge IOAPIC found`, some behind the name of a device.
/// Before Linux 6.1 a warning without the mark says `Your BIOS is broken; DMAR reported at address
/// fed90000 returns all ones!`. `[Firmware Warn]: EFR mismatch` is about feature registers that are
/// not what the IVRS table says.
fn firmware_bug(text: &str) -> Option<&str> {
    const UNMARKED: [&str; 3] = [
        "Your BIOS is broken; DMAR",
        "Your BIOS is broken; bad RMRR",
        "AMD-Vi: Can not reserve memory region",
    ];
    if UNMARKED.iter().any(|start| text.starts_with(start)) {
        return Some(text.trim_end());
    }
    let (before, bug) = text
        .split_once("[Firmware Bug]: ")
        .or_else(|| text.split_once("[Firmware Warn]: "))?;
    let driver = before.trim_end();
    let ours = ["DMAR:", "DMAR-IR:", "AMD-Vi:"].iter();
    ours.into_iter().find(|name| driver.ends_with(**name))?;
    Some(bug.trim_start_matches([':', ' ']).trim_end())
}

/// `DRHD base: 0x000000fed91000 flags: 0x1`.
fn unit(text: &str) -> Option<Unit> {
    let (base, flags) = text.strip_prefix("DRHD base: ")?.split_once(" flags: ")?;
    Some(Unit {
        base: prefixed(base)?,
        flags: u32::try_from(prefixed(flags.trim())?).ok()?,
    })
}

/// `RMRR base: 0x0000008d000000 end: 0x0000008f7fffff`.
fn reserved(text: &str) -> Option<AddrRange> {
    let (base, end) = text.strip_prefix("RMRR base: ")?.split_once(" end: ")?;
    AddrRange::new(prefixed(base)?, prefixed(end.trim())?)
}

/// `Setting identity map for device 0000:00:1d.0 [0xdd1ec000 - 0xdd20bfff]` of older kernels,
/// some with `pci` before the address.
fn identity_map(text: &str) -> Option<IdentityMap> {
    let text = text.strip_prefix("Setting identity map for device ")?;
    let (at, range) = text.split_once(" [")?;
    let at = function(at.strip_prefix("pci ").unwrap_or(at))?;
    let (start, last) = range.trim_end().strip_suffix(']')?.split_once(" - ")?;
    let range = AddrRange::new(prefixed(start)?, prefixed(last)?)?;
    Some(IdentityMap { at, range })
}

/// `dmar0: reg_base_addr fed90000 ver 4:0 cap 1c0000c40660462 ecap 29a00f0505e`.
fn registers(text: &str) -> Option<UnitRegisters> {
    let (name, rest) = text.split_once(": reg_base_addr ")?;
    let (base, rest) = rest.split_once(" ver ")?;
    let (_, rest) = rest.split_once(" cap ")?;
    let (capability, extended) = rest.split_once(" ecap ")?;
    Some(UnitRegisters {
        name: name.to_owned(),
        base: hex(base, 1..=16)?,
        capability: hex(capability, 1..=16)?,
        extended_capability: hex(extended.trim(), 1..=16)?,
    })
}

/// `AMD-Vi: Extended features (0x246577efa2254afa, 0x0): PPR NX GT`, the second number from Linux
/// 6.1 on; old kernels have no prefix.
fn amd_features(text: &str) -> Option<u64> {
    let text = text.strip_prefix("AMD-Vi: Extended features (")?;
    prefixed(text.split([',', ')']).next()?)
}

/// `AMD-Vi: Found IOMMU at 0000:00:00.2 cap 0x40`, as older kernels write it.
fn found_amd(text: &str) -> Option<AmdUnit> {
    let (at, capability) = text
        .strip_prefix("AMD-Vi: Found IOMMU at ")?
        .split_once(" cap ")?;
    Some(AmdUnit {
        at: function(at)?,
        capability: u16::try_from(prefixed(capability.trim())?).ok()?,
    })
}
