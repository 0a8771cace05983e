//! Base address registers (PCI 3.0, 6.2.5; PCIe 6.0, 7.5.1.2.1).

use crate::bytes::{ConfigImage, Window};
use crate::spec::pci::HeaderType;

/// What a BAR asks for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum BarKind {
    /// I/O ports.
    Io,
    /// Memory below 4 GiB.
    Memory32 {
        /// Reads have no side effects.
        prefetchable: bool,
    },
    /// Memory anywhere; uses the next register too.
    Memory64 {
        /// Reads have no side effects.
        prefetchable: bool,
    },
}

/// One register of the BAR file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BarSlot {
    /// Not captured.
    Unknown,
    /// Reads zero: not implemented, or a 32-bit non-prefetchable memory BAR without an
    /// address. The bytes alone cannot tell.
    Zero,
    /// The upper half of the 64-bit BAR before it.
    UpperHalf,
    /// A BAR with its kind and programmed address.
    Bar {
        /// What it asks for.
        kind: BarKind,
        /// Address as programmed; 0 where none was assigned.
        address: u64,
        /// The type bits are reserved, or a 64-bit BAR has no register for its upper half.
        malformed: bool,
    },
}

impl BarKind {
    /// Kind from the low bits of the register. Memory types 1 (below 1 MiB, obsolete) and 3
    /// (reserved) count as 32 bits wide, as in Linux.
    pub const fn from_register(register: u32) -> Self {
        let prefetchable = register & 8 != 0;
        if register & 1 != 0 {
            Self::Io
        } else if register & 6 == 4 {
            Self::Memory64 { prefetchable }
        } else {
            Self::Memory32 { prefetchable }
        }
    }

    /// Whether the BAR takes part in the memory address space.
    pub const fn is_memory(self) -> bool {
        !matches!(self, Self::Io)
    }
}

impl std::fmt::Display for BarKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Io => "I/O",
            Self::Memory32 {
                prefetchable: false,
            } => "32-bit memory",
            Self::Memory32 { prefetchable: true } => "32-bit prefetchable memory",
            Self::Memory64 {
                prefetchable: false,
            } => "64-bit memory",
            Self::Memory64 { prefetchable: true } => "64-bit prefetchable memory",
        })
    }
}

/// Number of BARs in a header: 6 on endpoints, 2 on bridges, 1 on CardBus bridges.
pub const fn bar_count(layout: HeaderType) -> u8 {
    match layout {
        HeaderType::ENDPOINT => 6,
        HeaderType::BRIDGE => 2,
        HeaderType::CARDBUS => 1,
        _ => 0,
    }
}

/// The BAR registers of a header; slots that its layout lacks are `Zero`.
pub fn bars(image: &ConfigImage, layout: HeaderType) -> [BarSlot; 6] {
    slots(image.window(0x10), bar_count(layout))
}

/// The six VF BARs of an SR-IOV capability (PCIe 6.0, 9.3.3.14).
pub fn vf_bars(sriov: Window<'_>) -> [BarSlot; 6] {
    let base = sriov.base().saturating_add(0x24);
    slots(sriov.image().window(base), 6)
}

fn slots(window: Window<'_>, count: u8) -> [BarSlot; 6] {
    let mut slots = [BarSlot::Zero; 6];
    let mut upper_half = false;
    for (index, slot) in (0..count).zip(&mut slots) {
        if upper_half {
            *slot = BarSlot::UpperHalf;
            upper_half = false;
            continue;
        }
        *slot = bar(window, index, index + 1 < count);
        upper_half = matches!(
            slot,
            BarSlot::Bar {
                kind: BarKind::Memory64 { .. },
                malformed: false,
                ..
            }
        );
    }
    slots
}

fn bar(window: Window<'_>, index: u8, has_next: bool) -> BarSlot {
    let offset = 4 * u16::from(index);
    // A text may know the kind but not the address: then the address counts as unassigned.
    let (low_bits, register) = match window.u32(offset) {
        Some(0) => return BarSlot::Zero,
        Some(register) => (register & 0xf, register),
        None => match window.bits(offset, 0, 4).map(u32::try_from) {
            Some(Ok(low_bits)) => (low_bits, 0),
            _ => return BarSlot::Unknown,
        },
    };
    let kind = BarKind::from_register(low_bits);
    match kind {
        BarKind::Io => BarSlot::Bar {
            kind,
            address: u64::from(register & !3),
            malformed: false,
        },
        BarKind::Memory32 { .. } => BarSlot::Bar {
            kind,
            address: u64::from(register & !0xf),
            malformed: low_bits & 6 == 6,
        },
        BarKind::Memory64 { .. } => {
            let high = has_next
                .then(|| window.u32(offset + 4))
                .flatten()
                .unwrap_or(0);
            BarSlot::Bar {
                kind,
                address: u64::from(high) << 32 | u64::from(register & !0xf),
                malformed: !has_next,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(registers: [u32; 6]) -> ConfigImage {
        let mut bytes = vec![0; 0x10];
        bytes.extend(registers.iter().flat_map(|register| register.to_le_bytes()));
        ConfigImage::from_bytes(bytes)
    }

    #[test]
    fn a_64_bit_bar_swallows_the_next_register() {
        let image = image([0xe000_000c, 0x0000_0040, 0xf000_0000, 0xe001, 0, 0]);
        let slots = bars(&image, HeaderType::ENDPOINT);
        assert_eq!(
            slots[0],
            BarSlot::Bar {
                kind: BarKind::Memory64 { prefetchable: true },
                address: 0x40_e000_0000,
                malformed: false
            }
        );
        assert_eq!(slots[1], BarSlot::UpperHalf);
        assert!(matches!(
            slots[2],
            BarSlot::Bar {
                kind: BarKind::Memory32 {
                    prefetchable: false
                },
                ..
            }
        ));
        assert!(matches!(
            slots[3],
            BarSlot::Bar {
                kind: BarKind::Io,
                address: 0xe000,
                ..
            }
        ));
        assert_eq!(slots[4], BarSlot::Zero);
    }

    #[test]
    fn a_64_bit_bar_in_the_last_register_is_malformed() {
        let image = image([0, 0, 0, 0, 0, 0xe000_0004]);
        let slots = bars(&image, HeaderType::ENDPOINT);
        assert!(matches!(
            slots[5],
            BarSlot::Bar {
                malformed: true,
                ..
            }
        ));
        let bridge = bars(&image, HeaderType::BRIDGE);
        assert_eq!(bridge[5], BarSlot::Zero);
    }

    #[test]
    fn registers_that_were_not_captured_are_unknown_not_zero() {
        let image = ConfigImage::from_bytes(vec![0; 0x14]);
        let slots = bars(&image, HeaderType::ENDPOINT);
        assert_eq!(slots[0], BarSlot::Zero);
        assert_eq!(slots[1], BarSlot::Unknown);
    }
}
