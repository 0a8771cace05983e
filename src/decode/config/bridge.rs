//! Bus numbers and forwarding windows of a bridge (PCI-to-PCI Bridge 1.2, 3.2.5).

use crate::bytes::{ConfigImage, Observed};
use crate::range::AddrRange;
use crate::spec::pci;

/// The bus numbers that a bridge is programmed with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BusNumbers {
    /// Bus on its upper side. It routes nothing, and sources other than registers leave it out.
    pub primary: Option<u8>,
    /// Bus on its lower side.
    pub secondary: u8,
    /// Highest bus below it.
    pub subordinate: u8,
}

/// What a bridge forwards downwards.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BridgeWindows {
    /// I/O ports.
    pub io: Observed<BridgeWindow>,
    /// Memory, always below 4 GiB and not prefetchable.
    pub memory: Observed<BridgeWindow>,
    /// Prefetchable memory.
    pub prefetchable: Observed<BridgeWindow>,
}

/// One window; closed windows are `Absent` in [`BridgeWindows`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BridgeWindow {
    /// The addresses forwarded.
    pub range: AddrRange,
    /// The registers can hold addresses beyond 16 bits (I/O) or 32 bits (memory).
    pub wide: bool,
}

impl BusNumbers {
    /// From a type 1 or type 2 header; `None` where what is below was not captured.
    pub fn decode(image: &ConfigImage) -> Option<Self> {
        Some(Self {
            primary: image.u8(pci::PRIMARY_BUS.offset),
            secondary: image.u8(pci::SECONDARY_BUS.offset)?,
            subordinate: image.u8(pci::SUBORDINATE_BUS.offset)?,
        })
    }

    /// Whether `bus` lies below the bridge.
    pub const fn contains(self, bus: u8) -> bool {
        self.secondary <= bus && bus <= self.subordinate
    }
}

impl BridgeWindows {
    /// From a type 1 header. A window whose base and limit registers are both zero cannot be
    /// told from one that does not exist: it is `NotCaptured`.
    pub fn decode(image: &ConfigImage) -> Self {
        Self {
            io: io(image),
            memory: memory(image),
            prefetchable: prefetchable(image),
        }
    }
}

fn io(image: &ConfigImage) -> Observed<BridgeWindow> {
    let (Some(base), Some(limit)) = (image.u8(0x1c), image.u8(0x1d)) else {
        return Observed::NotCaptured;
    };
    let wide = base & 0xf == 1;
    let (mut first, mut last) = (u64::from(base & 0xf0) << 8, u64::from(limit & 0xf0) << 8);
    if wide {
        let (Some(high_base), Some(high_limit)) = (image.u16(0x30), image.u16(0x32)) else {
            return Observed::NotCaptured;
        };
        first |= u64::from(high_base) << 16;
        last |= u64::from(high_limit) << 16;
    } else if base == 0 && limit == 0 {
        return Observed::NotCaptured;
    }
    window(first, last | 0xfff, wide)
}

fn memory(image: &ConfigImage) -> Observed<BridgeWindow> {
    let (Some(base), Some(limit)) = (image.u16(0x20), image.u16(0x22)) else {
        return Observed::NotCaptured;
    };
    let first = u64::from(base & 0xfff0) << 16;
    let last = u64::from(limit & 0xfff0) << 16;
    if base == 0 && limit == 0 {
        return Observed::NotCaptured;
    }
    window(first, last | 0xf_ffff, false)
}

fn prefetchable(image: &ConfigImage) -> Observed<BridgeWindow> {
    let (Some(base), Some(limit)) = (image.u16(0x24), image.u16(0x26)) else {
        return Observed::NotCaptured;
    };
    let wide = base & 0xf == 1;
    let mut first = u64::from(base & 0xfff0) << 16;
    let mut last = u64::from(limit & 0xfff0) << 16;
    if wide {
        let (Some(high_base), Some(high_limit)) = (image.u32(0x28), image.u32(0x2c)) else {
            return Observed::NotCaptured;
        };
        first |= u64::from(high_base) << 32;
        last |= u64::from(high_limit) << 32;
    } else if base == 0 && limit == 0 {
        return Observed::NotCaptured;
    }
    window(first, last | 0xf_ffff, wide)
}

fn window(first: u64, last: u64, wide: bool) -> Observed<BridgeWindow> {
    AddrRange::new(first, last).map_or(Observed::Absent, |range| {
        Observed::Present(BridgeWindow { range, wide })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The window registers of a root port from 18h on.
    fn image(registers: &[u8]) -> ConfigImage {
        let mut bytes = vec![0; 0x18];
        bytes.extend_from_slice(registers);
        ConfigImage::from_bytes(bytes)
    }

    #[test]
    fn windows_of_a_64_bit_port() {
        let image = image(&[
            0x00, 0x02, 0x05, 0x00, // buses 00, 02, 05
            0x21, 0x31, 0x00, 0x00, // I/O 2000h-3fffh, 32 bit
            0x00, 0xfe, 0x10, 0xfe, // memory fe000000h-fe1fffffh
            0x01, 0x00, 0xf1, 0x0f, // prefetchable …00000000h-…0fffffffh, 64 bit
            0x40, 0x00, 0x00, 0x00, // base bits 63:32 = 40h
            0x40, 0x00, 0x00, 0x00, // limit bits 63:32 = 40h
            0x01, 0x00, 0x01, 0x00, // I/O bits 31:16 = 1
        ]);
        let buses = BusNumbers::decode(&image).unwrap();
        assert_eq!(
            (buses.primary, buses.secondary, buses.subordinate),
            (Some(0), 2, 5)
        );
        assert!(buses.contains(2) && buses.contains(5) && !buses.contains(6));
        let windows = BridgeWindows::decode(&image);
        let range = |window: Observed<BridgeWindow>| window.present().unwrap().range;
        assert_eq!(
            range(windows.io),
            AddrRange::new(0x1_2000, 0x1_3fff).unwrap()
        );
        assert_eq!(
            range(windows.memory),
            AddrRange::new(0xfe00_0000, 0xfe1f_ffff).unwrap()
        );
        assert_eq!(
            range(windows.prefetchable),
            AddrRange::new(0x40_0000_0000, 0x40_0fff_ffff).unwrap()
        );
    }

    #[test]
    fn base_above_limit_is_a_closed_window() {
        let image = image(&[
            0, 1, 1, 0, 0xf0, 0x00, 0, 0, 0xf0, 0xff, 0x00, 0x00, 0xf0, 0xff, 0, 0,
        ]);
        let windows = BridgeWindows::decode(&image);
        assert_eq!(windows.io, Observed::Absent);
        assert_eq!(windows.memory, Observed::Absent);
        assert_eq!(windows.prefetchable, Observed::Absent);
    }

    #[test]
    fn two_zero_registers_do_not_tell_whether_a_window_exists() {
        let image = image(&[0; 0x20]);
        assert_eq!(
            BridgeWindows::decode(&image).prefetchable,
            Observed::NotCaptured
        );
        assert_eq!(
            BridgeWindows::decode(&ConfigImage::empty()).io,
            Observed::NotCaptured
        );
    }
}
