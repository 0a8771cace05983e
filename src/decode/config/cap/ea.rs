//! Enhanced Allocation capability (PCIe 6.0, 7.8.5): resources that are fixed in hardware
//! instead of programmed through BARs.

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::range::AddrRange;
use crate::spec::pci::{self, CapId, HeaderType};
use crate::spec::{Document, Field, Register, open_enum};

/// Number of entries that follow.
pub const NUM_ENTRIES: Field = Field::number("Num Entries", 0x02, 0, 6);
/// Bus on the lower side of a bridge (type 1 headers only).
pub const FIXED_SECONDARY: Field = Field::hex("Fixed Secondary Bus Number", 0x04, 0, 8);
/// Highest bus below a bridge (type 1 headers only).
pub const FIXED_SUBORDINATE: Field = Field::hex("Fixed Subordinate Bus Number", 0x04, 8, 8);

open_enum! {
    /// BAR Equivalent Indicator: which BAR an entry stands for (PCIe 6.0, 7.8.5.3).
    pub struct Bei(u8) {
        /// BAR 0; 1 to 5 are the other BARs.
        BAR_0 = 0 => "BAR 0",
        /// BAR 1.
        BAR_1 = 1 => "BAR 1",
        /// BAR 2.
        BAR_2 = 2 => "BAR 2",
        /// BAR 3.
        BAR_3 = 3 => "BAR 3",
        /// BAR 4.
        BAR_4 = 4 => "BAR 4",
        /// BAR 5.
        BAR_5 = 5 => "BAR 5",
        /// A resource behind a bridge.
        BEHIND_BRIDGE = 6 => "behind the bridge",
        /// No BAR stands for it.
        NOT_INDICATED = 7 => "not indicated",
        /// Expansion ROM.
        ROM = 8 => "Expansion ROM",
        /// VF BAR 0; 10 to 14 are the other VF BARs.
        VF_BAR_0 = 9 => "VF BAR 0",
        /// VF BAR 1.
        VF_BAR_1 = 10 => "VF BAR 1",
        /// VF BAR 2.
        VF_BAR_2 = 11 => "VF BAR 2",
        /// VF BAR 3.
        VF_BAR_3 = 12 => "VF BAR 3",
        /// VF BAR 4.
        VF_BAR_4 = 13 => "VF BAR 4",
        /// VF BAR 5.
        VF_BAR_5 = 14 => "VF BAR 5",
    }
}

open_enum! {
    /// What kind of resource an entry describes (PCIe 6.0, 7.8.5.3).
    pub struct Properties(u8) {
        /// Memory, not prefetchable.
        MEMORY = 0x00 => "Memory Space, non-prefetchable",
        /// Prefetchable memory.
        MEMORY_PREFETCHABLE = 0x01 => "Memory Space, prefetchable",
        /// I/O ports.
        IO = 0x02 => "I/O Space",
        /// Prefetchable memory of the virtual functions.
        VF_MEMORY_PREFETCHABLE = 0x03 => "VF Memory Space, prefetchable",
        /// Memory of the virtual functions, not prefetchable.
        VF_MEMORY = 0x04 => "VF Memory Space, non-prefetchable",
        /// Memory behind the bridge, not prefetchable.
        BRIDGE_MEMORY = 0x05 => "Memory behind the bridge, non-prefetchable",
        /// Prefetchable memory behind the bridge.
        BRIDGE_MEMORY_PREFETCHABLE = 0x06 => "Memory behind the bridge, prefetchable",
        /// I/O ports behind the bridge.
        BRIDGE_IO = 0x07 => "I/O behind the bridge",
        /// Memory that software must not use.
        RESERVED_MEMORY = 0xfd => "Memory Space, unavailable",
        /// I/O ports that software must not use.
        RESERVED_IO = 0xfe => "I/O Space, unavailable",
        /// The entry is not available.
        UNAVAILABLE = 0xff => "entry unavailable",
    }
}

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Standard(CapId::ENHANCED_ALLOCATION),
    Document::Pcie60.at("7.8.5 Enhanced Allocation Capability Structure (EA)"),
    |window| EnhancedAllocation::new(window).registers(),
);

/// Entry headers, and base and limit registers, by double word from the structure's start.
/// A standard structure has fewer than 48 double words.
static HEADER_FIELDS: [[Field; 6]; 48] = tables::headers();
static BASE_FIELDS: [[Field; 2]; 48] = tables::addresses("Base");
static LIMIT_FIELDS: [[Field; 2]; 48] = tables::addresses("MaxOffset");

/// A function's enhanced allocation capability.
#[derive(Clone, Copy, Debug)]
pub struct EnhancedAllocation<'a> {
    window: Window<'a>,
}

/// One entry: a resource and where it is fixed.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    window: Window<'a>,
}

impl<'a> EnhancedAllocation<'a> {
    /// Views the capability that starts at the window.
    pub const fn new(window: Window<'a>) -> Self {
        Self { window }
    }

    /// The bytes behind the view.
    pub const fn window(self) -> Window<'a> {
        self.window
    }

    /// Number of entries, 0 to 63.
    pub fn count(self) -> Option<u8> {
        let count = self.window.field(NUM_ENTRIES)?;
        u8::try_from(count).ok()
    }

    /// Secondary and subordinate bus number fixed in hardware; only bridges (type 1) have
    /// them, and a secondary number of 0 means that they are not fixed.
    pub fn fixed_buses(self) -> Option<(u8, u8)> {
        if self.layout()? != HeaderType::BRIDGE {
            return None;
        }
        Some((self.window.u8(0x04)?, self.window.u8(0x05)?))
    }

    /// The entries in order, where their number and place are known. An entry whose length was
    /// not captured is the last, because nothing tells where the next one starts.
    pub fn entries(self) -> Option<Vec<Entry<'a>>> {
        let mut offset = if self.layout()? == HeaderType::BRIDGE {
            0x08
        } else {
            0x04
        };
        let mut entries = Vec::new();
        for _ in 0..self.count()? {
            let Some(base) = self.window.base().checked_add(offset) else {
                break;
            };
            if base >= pci::CONVENTIONAL_SIZE {
                break;
            }
            let entry = Entry {
                window: self.window.image().window(base),
            };
            entries.push(entry);
            let Some(length) = entry.length() else { break };
            offset = offset.saturating_add(length);
        }
        Some(entries)
    }

    fn layout(self) -> Option<HeaderType> {
        let layout = self.window.image().field(pci::HEADER_LAYOUT)?;
        u8::try_from(layout).ok().map(HeaderType)
    }

    fn registers(self) -> Vec<Register> {
        let mut registers = vec![Register::new("Num Entries", 0x02, 1, &[NUM_ENTRIES])];
        if self.layout() == Some(HeaderType::BRIDGE) {
            registers.push(Register::new(
                "Fixed Bus Numbers",
                0x04,
                2,
                &[FIXED_SECONDARY, FIXED_SUBORDINATE],
            ));
        }
        for entry in self.entries().into_iter().flatten() {
            let offset = entry.window.base().saturating_sub(self.window.base());
            entry.add_registers(offset, &mut registers);
        }
        registers
    }
}

impl<'a> Entry<'a> {
    const SIZE: Field = Field::number("Entry Size", 0, 0, 3);

    /// The bytes of the entry.
    pub const fn window(self) -> Window<'a> {
        self.window
    }

    /// Length of the entry in bytes, 4 to 32; 12 to 20 are meaningful.
    pub fn length(self) -> Option<u16> {
        let words = self.window.field(Self::SIZE)?;
        u16::try_from(4 + 4 * words).ok()
    }

    /// Which BAR the entry stands for.
    pub fn bei(self) -> Option<Bei> {
        self.window
            .bits(0, 4, 4)
            .and_then(|bei| u8::try_from(bei).ok())
            .map(Bei)
    }

    /// Kind of resource.
    pub fn primary(self) -> Option<Properties> {
        self.window.u8(1).map(Properties)
    }

    /// Kind of resource for software that does not know [`Self::primary`].
    pub fn secondary(self) -> Option<Properties> {
        self.window.u8(2).map(Properties)
    }

    /// Whether software may change base and limit.
    pub fn writable(self) -> Option<bool> {
        self.window.bits(0, 30, 1).map(|bit| bit != 0)
    }

    /// Whether the resource is decoded.
    pub fn enabled(self) -> Option<bool> {
        self.window.bits(0, 31, 1).map(|bit| bit != 0)
    }

    /// First address.
    pub fn base(self) -> Option<u64> {
        let low = self.word(1)?;
        let high = if is_wide(low) { self.word(3)? } else { 0 };
        Some(u64::from(high) << 32 | u64::from(low & !3))
    }

    /// Size less one; the two bits that the register lacks count as ones.
    pub fn max_offset(self) -> Option<u64> {
        let low = self.word(2)?;
        let high = if is_wide(low) {
            self.word(if is_wide(self.word(1)?) { 4 } else { 3 })?
        } else {
            0
        };
        Some(u64::from(high) << 32 | u64::from(low | 3))
    }

    /// The addresses; `None` also where they exceed 64 bits.
    pub fn range(self) -> Option<AddrRange> {
        let base = self.base()?;
        AddrRange::new(base, base.checked_add(self.max_offset()?)?)
    }

    /// Double word `index` of the entry; `None` also past the entry's own length.
    fn word(self, index: u16) -> Option<u32> {
        if 4 * index >= self.length()? {
            return None;
        }
        self.window.u32(4 * index)
    }

    fn add_registers(self, offset: u16, registers: &mut Vec<Register>) {
        let word = usize::from(offset / 4);
        let mut add = |name, index: u16, table: Option<&'static [Field]>| {
            if let (Some(offset), Some(fields)) = (offset.checked_add(4 * index), table) {
                registers.push(Register::new(name, offset, 4, fields));
            }
        };
        add(
            "Entry Header",
            0,
            HEADER_FIELDS.get(word).map(<[Field; 6]>::as_slice),
        );
        let Some(length) = self.length() else { return };
        let halves = [
            (
                "Base",
                Some(true),
                BASE_FIELDS.get(word + 1).map(<[Field; 2]>::as_slice),
            ),
            (
                "MaxOffset",
                Some(true),
                LIMIT_FIELDS.get(word + 2).map(<[Field; 2]>::as_slice),
            ),
            ("Base Upper", self.word(1).map(is_wide), Some(&[])),
            ("MaxOffset Upper", self.word(2).map(is_wide), Some(&[])),
        ];
        let mut index = 1;
        for (name, exists, table) in halves {
            match exists {
                Some(true) if 4 * index < length => {
                    add(name, index, table);
                    index += 1;
                }
                Some(_) => {}
                None => return,
            }
        }
    }
}

/// Bit 1 of a base or limit register: an upper half follows.
const fn is_wide(register: u32) -> bool {
    register & 2 != 0
}

mod tables {
    use super::{Bei, Field, Properties};

    const fn header(offset: u16) -> [Field; 6] {
        [
            Field::number("Entry Size", offset, 0, 3),
            Field::code("BAR Equivalent Indicator", offset, 4, 4, Bei::CODES),
            Field::code("Primary Properties", offset, 8, 8, Properties::CODES),
            Field::code("Secondary Properties", offset, 16, 8, Properties::CODES),
            Field::flag("Writable", offset, 30),
            Field::flag("Enable", offset, 31),
        ]
    }

    const fn address(name: &'static str, offset: u16) -> [Field; 2] {
        [
            Field::flag("64-bit", offset, 1),
            Field::address(name, offset, 2, 30),
        ]
    }

    pub(super) const fn headers() -> [[Field; 6]; 48] {
        let mut table = [header(0); 48];
        let mut word: u16 = 0;
        while word < 48 {
            table[word as usize] = header(4 * word);
            word += 1;
        }
        table
    }

    pub(super) const fn addresses(name: &'static str) -> [[Field; 2]; 48] {
        let mut table = [address(name, 0); 48];
        let mut word: u16 = 0;
        while word < 48 {
            table[word as usize] = address(name, 4 * word);
            word += 1;
        }
        table
    }
}

#[cfg(test)]
mod tests;
