//! Base address registers as a register table, for headers (PCIe 6.0, 7.5.1.2.1) and for VF
//! BARs (9.3.3.14).

use crate::bytes::Window;
use crate::decode::config::bar::BarKind;
use crate::spec::{Field, Register};

/// The registers of `count` BARs from `offset` on. A 64-bit BAR is one register of 8 bytes; a
/// BAR of unknown kind has no fields.
pub(super) fn registers(
    window: Window<'_>,
    offset: u16,
    count: u8,
    names: &[&'static str; 6],
) -> Vec<Register> {
    let mut registers = Vec::new();
    let mut slots = (0..count).zip(names);
    while let Some((index, name)) = slots.next() {
        let at = offset.saturating_add(4 * u16::from(index));
        let word = usize::from(at / 4);
        let low_bits = window
            .bits(at, 0, 4)
            .and_then(|bits| u32::try_from(bits).ok());
        let wide_possible = index + 1 < count;
        let (bytes, fields) = match low_bits.map(BarKind::from_register) {
            None => (4, None),
            Some(BarKind::Io) => (4, IO.get(word).map(<[Field; 2]>::as_slice)),
            Some(BarKind::Memory64 { .. }) if wide_possible => {
                slots.next();
                (8, MEMORY_64.get(word).map(<[Field; 4]>::as_slice))
            }
            Some(BarKind::Memory32 { .. } | BarKind::Memory64 { .. }) => {
                (4, MEMORY_32.get(word).map(<[Field; 4]>::as_slice))
            }
        };
        registers.push(Register::new(name, at, bytes, fields.unwrap_or(&[])));
    }
    registers
}

/// Fields by double word from the structure's start; a header and an SR-IOV capability both
/// have 16 of them.
static MEMORY_32: [[Field; 4]; 16] = memory_table(28);
static MEMORY_64: [[Field; 4]; 16] = memory_table(60);
static IO: [[Field; 2]; 16] = io_table();

const SPACE: &[(u64, &str)] = &[(0, "memory"), (1, "I/O")];
const TYPE: &[(u64, &str)] = &[(0, "32-bit"), (1, "below 1 MiB"), (2, "64-bit")];

const fn memory(offset: u16, width: u8) -> [Field; 4] {
    [
        Field::code("Space", offset, 0, 1, SPACE),
        Field::code("Type", offset, 1, 2, TYPE),
        Field::flag("Prefetchable", offset, 3),
        Field::address("Base Address", offset, 4, width),
    ]
}

const fn io(offset: u16) -> [Field; 2] {
    [
        Field::code("Space", offset, 0, 1, SPACE),
        Field::address("Base Address", offset, 2, 30),
    ]
}

const fn memory_table(width: u8) -> [[Field; 4]; 16] {
    let mut table = [memory(0, width); 16];
    let mut word: u16 = 0;
    while word < 16 {
        table[word as usize] = memory(4 * word, width);
        word += 1;
    }
    table
}

const fn io_table() -> [[Field; 2]; 16] {
    let mut table = [io(0); 16];
    let mut word: u16 = 0;
    while word < 16 {
        table[word as usize] = io(4 * word);
        word += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ConfigImage;

    const NAMES: [&str; 6] = ["0", "1", "2", "3", "4", "5"];

    fn of(bars: &[u32], count: u8) -> (ConfigImage, Vec<Register>) {
        let mut bytes = vec![0; 0x10];
        bytes.extend(bars.iter().flat_map(|bar| bar.to_le_bytes()));
        let image = ConfigImage::from_bytes(bytes);
        let registers = registers(image.window(0), 0x10, count, &NAMES);
        (image, registers)
    }

    #[test]
    fn a_64_bit_bar_is_one_register_of_eight_bytes() {
        let bars = [
            0xe000_000c,
            0x40,        // 64 bits, prefetchable, at 40_e0000000h
            0xf000_0000, // 32 bits
            0xe001,      // I/O
            0,
            0, // none
        ];
        let (image, registers) = of(&bars, 6);
        let shape: Vec<_> = registers
            .iter()
            .map(|bar| (bar.name, bar.offset, bar.bytes))
            .collect();
        assert_eq!(
            shape,
            [
                ("0", 0x10, 8),
                ("2", 0x18, 4),
                ("3", 0x1c, 4),
                ("4", 0x20, 4),
                ("5", 0x24, 4)
            ]
        );
        let values = |register: Register| {
            register
                .fields
                .iter()
                .map(|field| image.field(*field).unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(values(registers[0]), [0, 2, 1, 0x40_e000_0000 >> 4]);
        assert_eq!(values(registers[1]), [0, 0, 0, 0xf000_0000 >> 4]);
        assert_eq!(values(registers[2]), [1, 0xe000 >> 2]);
    }

    #[test]
    fn a_64_bit_bar_in_the_last_slot_keeps_to_its_four_bytes() {
        let (_, registers) = of(&[0, 0xe000_0004], 2);
        assert_eq!((registers[1].offset, registers[1].bytes), (0x14, 4));
    }

    #[test]
    fn a_bar_of_unknown_kind_has_no_fields() {
        let (_, registers) = of(&[0xe000_0000], 2);
        assert_eq!(registers[0].fields.len(), 4);
        assert_eq!(registers[1].fields, []);
    }
}
