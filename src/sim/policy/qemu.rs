//! The address map of QEMU's x86 machines (hw/i386, 10.2).

use super::GIB;
use crate::range::AddrRange;

/// A guest as far as its address map depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Machine {
    /// Chipset.
    pub chipset: Chipset,
    /// Bytes of RAM.
    pub ram: u64,
    /// Physical address width that the guest sees.
    pub address_bits: u8,
    /// Maker of the virtual processor.
    pub vendor: Vendor,
    /// `opt/ovmf/X-PciMmio64Mb`, in MiB.
    pub mmio64_hint_mib: Option<u64>,
    /// `pci-hole64-size`, in bytes; `None` for the chipset's default.
    pub hole64: Option<u64>,
}

/// Emulated chipset.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Chipset {
    /// `q35`.
    Q35,
    /// `pc`.
    I440fx,
}

/// Maker of a processor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Vendor {
    /// GenuineIntel.
    Intel,
    /// AuthenticAMD.
    Amd,
}

/// The start-up check that a guest fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AddressWidthTooSmall {
    /// Last address of the 64-bit PCI hole.
    pub last: u64,
    /// The guest's address width.
    pub address_bits: u8,
}

impl Default for Machine {
    /// q35 with 4 GiB and the 40 bits of a named processor model.
    fn default() -> Self {
        Self {
            chipset: Chipset::Q35,
            ram: 4 * GIB,
            address_bits: 40,
            vendor: Vendor::Intel,
            mmio64_hint_mib: None,
            hole64: None,
        }
    }
}

/// AMD processors keep addresses from here to 1 TiB for HyperTransport.
const HT_START: u64 = 0xfd_0000_0000;
const TIB: u64 = 1024 * GIB;

impl Machine {
    /// Bytes of RAM below 4 GiB.
    pub const fn low_ram(&self) -> u64 {
        let (limit, split) = match self.chipset {
            Chipset::Q35 => (0xb000_0000, 2 * GIB),
            Chipset::I440fx => (0xe000_0000, 3 * GIB),
        };
        if self.ram < limit { self.ram } else { split }
    }

    /// First address past the RAM above 4 GiB; 4 GiB where there is none.
    pub const fn ram_end(&self) -> u64 {
        self.high_ram_start()
            .saturating_add(self.ram - self.low_ram())
    }

    /// Where RAM above 4 GiB starts: at 1 TiB on AMD processors where it would reach the
    /// addresses of HyperTransport.
    pub const fn high_ram_start(&self) -> u64 {
        let above = self.ram - self.low_ram();
        let end = (4 * GIB)
            .saturating_add(above)
            .saturating_add(self.hole64_size());
        match self.vendor {
            Vendor::Amd if end > HT_START => TIB,
            _ => 4 * GIB,
        }
    }

    /// The addresses of HyperTransport, which an AMD guest's firmware is told to leave alone.
    pub const fn hyper_transport(&self) -> Option<AddrRange> {
        match self.vendor {
            Vendor::Amd if self.address_bits >= 40 => AddrRange::new(HT_START, TIB - 1),
            _ => None,
        }
    }

    /// Size of the 64-bit PCI hole: the least that QEMU announces to the guest.
    pub const fn hole64_size(&self) -> u64 {
        match (self.hole64, self.chipset) {
            (Some(size), _) => size,
            (None, Chipset::Q35) => 32 * GIB,
            (None, Chipset::I440fx) => 2 * GIB,
        }
    }

    /// Whether QEMU starts such a guest.
    ///
    /// # Errors
    /// The end of the 64-bit hole lies beyond the guest's address width.
    pub fn check(&self) -> Result<(), AddressWidthTooSmall> {
        let end = self.ram_end().max(4 * GIB);
        let start = end.checked_next_multiple_of(GIB).unwrap_or(u64::MAX);
        let last = start.saturating_add(self.hole64_size()).saturating_sub(1);
        if self.address_bits < 64 && last >> self.address_bits != 0 {
            return Err(AddressWidthTooSmall {
                last,
                address_bits: self.address_bits,
            });
        }
        Ok(())
    }
}
