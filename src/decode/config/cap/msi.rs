//! MSI capability (PCI 3.0, 6.8.1; PCIe 6.0, 7.7.1).

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pci::CapId;
use crate::spec::{Document, Field, Register};

/// MSI is on.
pub const ENABLE: Field = Field::flag("MSI Enable", 0x02, 0);
/// Binary logarithm of the vectors that the function asks for.
pub const CAPABLE: Field = Field::power("Multiple Message Capable", 0x02, 1, 3, 1, "vectors");
/// Binary logarithm of the vectors that software gave it.
pub const ENABLED_VECTORS: Field =
    Field::power("Multiple Message Enable", 0x02, 4, 3, 1, "vectors");
/// Messages can go to addresses above 4 GiB.
pub const ADDRESS_64: Field = Field::flag("64-bit Address Capable", 0x02, 7);
/// Vectors can be masked one by one.
pub const PER_VECTOR_MASKING: Field = Field::flag("Per-Vector Masking Capable", 0x02, 8);
/// Messages can carry 32 bits of data.
pub const EXTENDED_DATA: Field = Field::flag("Extended Message Data Capable", 0x02, 9);

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Standard(CapId::MSI),
    Document::Pcie60.at("7.7.1 MSI Capability Structures"),
    |window| Msi::new(window).registers(),
);

const CONTROL: Register = Register::new(
    "Message Control",
    0x02,
    2,
    &[
        ENABLE,
        CAPABLE,
        ENABLED_VECTORS,
        ADDRESS_64,
        PER_VECTOR_MASKING,
        EXTENDED_DATA,
        Field::flag("Extended Message Data Enable", 0x02, 10),
    ],
);
const ADDRESS: Register = Register::new(
    "Message Address",
    0x04,
    4,
    &[Field::address("Message Address", 0x04, 2, 30)],
);

/// A function's MSI capability.
#[derive(Clone, Copy, Debug)]
pub struct Msi<'a> {
    window: Window<'a>,
}

impl<'a> Msi<'a> {
    /// Views the capability that starts at the window.
    pub const fn new(window: Window<'a>) -> Self {
        Self { window }
    }

    /// The bytes behind the view.
    pub const fn window(self) -> Window<'a> {
        self.window
    }

    /// Whether MSI is on.
    pub fn enabled(self) -> Option<bool> {
        self.window.flag(ENABLE)
    }

    /// Number of vectors that the function asks for, 1 to 32 (the codes 6 and 7 are reserved
    /// and read as 64 and 128).
    pub fn vectors(self) -> Option<u16> {
        self.window.field(CAPABLE).map(|log| 1 << (log & 7))
    }

    /// Number of vectors that software gave it, 1 to 32; reserved codes as in
    /// [`Self::vectors`].
    pub fn vectors_enabled(self) -> Option<u16> {
        self.window.field(ENABLED_VECTORS).map(|log| 1 << (log & 7))
    }

    /// Whether messages can go to addresses above 4 GiB.
    pub fn address_64(self) -> Option<bool> {
        self.window.flag(ADDRESS_64)
    }

    /// Whether vectors can be masked one by one.
    pub fn per_vector_masking(self) -> Option<bool> {
        self.window.flag(PER_VECTOR_MASKING)
    }

    /// Where interrupt messages go.
    pub fn address(self) -> Option<u64> {
        let low = u64::from(self.window.u32(0x04)?);
        if !self.address_64()? {
            return Some(low);
        }
        Some(u64::from(self.window.u32(0x08)?) << 32 | low)
    }

    fn registers(self) -> Vec<Register> {
        let mut registers = vec![CONTROL, ADDRESS];
        let Some(wide) = self.address_64() else {
            return registers;
        };
        let data = if wide {
            registers.push(Register::plain("Message Upper Address", 0x08, 4));
            0x0c
        } else {
            0x08
        };
        registers.push(Register::plain("Message Data", data, 2));
        if self.window.flag(EXTENDED_DATA) == Some(true) {
            registers.push(Register::plain("Extended Message Data", data + 2, 2));
        }
        if self.per_vector_masking() == Some(true) {
            registers.push(Register::plain("Mask Bits", data + 4, 4));
            registers.push(Register::plain("Pending Bits", data + 8, 4));
        }
        registers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ConfigImage;

    fn layout(control: u16) -> Vec<(&'static str, u16)> {
        let [low, high] = control.to_le_bytes();
        let image = ConfigImage::from_bytes(vec![0x05, 0, low, high]);
        let registers = (STRUCTURE.registers)(image.window(0));
        registers
            .iter()
            .skip(2)
            .map(|register| (register.name, register.offset))
            .collect()
    }

    #[test]
    fn the_layout_follows_address_width_and_masking() {
        assert_eq!(layout(0x0000), [("Message Data", 0x08)]);
        assert_eq!(
            layout(0x0080),
            [("Message Upper Address", 0x08), ("Message Data", 0x0c)]
        );
        assert_eq!(
            layout(0x0100),
            [
                ("Message Data", 0x08),
                ("Mask Bits", 0x0c),
                ("Pending Bits", 0x10)
            ]
        );
        assert_eq!(
            layout(0x0380),
            [
                ("Message Upper Address", 0x08),
                ("Message Data", 0x0c),
                ("Extended Message Data", 0x0e),
                ("Mask Bits", 0x10),
                ("Pending Bits", 0x14),
            ]
        );
    }

    #[test]
    fn a_64_bit_message_address_has_two_halves() {
        let image = ConfigImage::from_bytes(vec![
            0x05, 0x70, // id, next
            0xa7, 0x00, // on; asks for 8 vectors, has 4; 64 bits
            0x04, 0xf0, 0xe0, 0xfe, // fee0f004h
            0x01, 0x00, 0x00, 0x00, // bits 63:32
            0x21, 0x40, // data
        ]);
        let msi = Msi::new(image.window(0));
        assert_eq!(msi.enabled(), Some(true));
        assert_eq!((msi.vectors(), msi.vectors_enabled()), (Some(8), Some(4)));
        assert_eq!(
            (msi.address_64(), msi.per_vector_masking()),
            (Some(true), Some(false))
        );
        assert_eq!(msi.address(), Some(0x1_fee0_f004));
    }

    #[test]
    fn without_the_control_word_only_the_common_registers_are_certain() {
        let image = ConfigImage::from_bytes(vec![0x05, 0x00]);
        let registers = (STRUCTURE.registers)(image.window(0));
        assert_eq!(registers, [CONTROL, ADDRESS]);
    }
}
