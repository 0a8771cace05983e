//! Resizable BAR and VF Resizable BAR (PCIe 6.0, 7.8.6 and 7.8.7): sizes that a BAR can have,
//! and the one that it has.

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Number of capability and control register pairs; only the first pair has it.
pub const COUNT: Field = Field::number("Number of Resizable BARs", 0x08, 5, 3);

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::RESIZABLE_BAR),
    Document::Pcie60.at("7.8.6 Resizable BAR Extended Capability"),
    |window| ResizableBars::new(window).registers(),
);

/// The same layout for VF BARs.
pub(super) const VF_STRUCTURE: Structure = Structure {
    id: CapabilityId::Extended(ExtCapId::VF_RESIZABLE_BAR),
    spec: Document::Pcie60.at("7.8.7 VF Resizable BAR Extended Capability"),
    ..STRUCTURE
};

/// A function's resizable BARs, or those of its VFs.
#[derive(Clone, Copy, Debug)]
pub struct ResizableBars<'a> {
    window: Window<'a>,
}

/// One resizable BAR: a capability and a control register.
#[derive(Clone, Copy, Debug)]
pub struct ResizableBar<'a> {
    /// The capability register.
    window: Window<'a>,
}

/// Size of a resizable BAR as the registers code it: `2^(20 + code)` bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SizeCode(pub u8);

/// Which size codes a BAR supports. Bit `n` stands for `2^(20 + n)` bytes; the highest is 43
/// (8 EiB).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SizeSet(pub u64);

impl SizeCode {
    /// The size in bytes; `None` for reserved codes (44 and above).
    pub const fn bytes(self) -> Option<u64> {
        if self.0 > 43 {
            return None;
        }
        Some(1 << (20 + self.0))
    }
}

impl SizeSet {
    /// Whether the BAR can have this size.
    pub const fn contains(self, code: SizeCode) -> bool {
        code.0 < 64 && self.0 >> code.0 & 1 != 0
    }

    /// The sizes, smallest first.
    pub fn iter(self) -> impl Iterator<Item = SizeCode> {
        (0..44)
            .map(SizeCode)
            .filter(move |code| self.contains(*code))
    }
}

impl<'a> ResizableBars<'a> {
    /// Views the capability that starts at the window.
    pub const fn new(window: Window<'a>) -> Self {
        Self { window }
    }

    /// The bytes behind the view.
    pub const fn window(self) -> Window<'a> {
        self.window
    }

    /// Number of resizable BARs, 1 to 6; 0 and 7 are malformed.
    pub fn count(self) -> Option<u8> {
        let count = self.window.field(COUNT)?;
        u8::try_from(count).ok()
    }

    /// The resizable BARs, where their number is known.
    pub fn bars(self) -> Option<impl Iterator<Item = ResizableBar<'a>>> {
        let count = self.count()?;
        let bar = move |index: u8| {
            let base = self
                .window
                .base()
                .checked_add(0x04 + 8 * u16::from(index))?;
            Some(ResizableBar {
                window: self.window.image().window(base),
            })
        };
        Some((0..count).filter_map(bar))
    }

    /// The pair for BAR number `bar`; `None` where there is none or it was not captured.
    pub fn bar(self, bar: u8) -> Option<ResizableBar<'a>> {
        self.bars()?.find(|pair| pair.bar() == Some(bar))
    }

    fn registers(self) -> Vec<Register> {
        let mut registers = Vec::new();
        for pair in (0..self.count().unwrap_or(0)).filter_map(|pair| PAIRS.get(usize::from(pair))) {
            let [capability, control] = [pair.capability[0].offset, pair.control[0].offset];
            registers.push(Register::new(
                "Resizable BAR Capability",
                capability,
                4,
                &pair.capability,
            ));
            // Only the first control register tells how many there are.
            let fields = if capability == 0x04 {
                FIRST_CONTROL
            } else {
                &pair.control
            };
            registers.push(Register::new("Resizable BAR Control", control, 4, fields));
        }
        registers
    }
}

impl ResizableBar<'_> {
    /// Which BAR, 0 to 5.
    pub fn bar(self) -> Option<u8> {
        self.window
            .bits(4, 0, 3)
            .and_then(|bar| u8::try_from(bar).ok())
    }

    /// Size that the BAR has now.
    pub fn size(self) -> Option<SizeCode> {
        self.window
            .bits(4, 8, 6)
            .and_then(|code| u8::try_from(code).ok())
            .map(SizeCode)
    }

    /// Sizes that it can have. The capability register holds the codes 0 to 27, the upper half
    /// of the control register the codes 28 to 43.
    pub fn supported(self) -> Option<SizeSet> {
        let low = self.window.bits(0, 4, 28)?;
        let high = self.window.bits(4, 16, 16)?;
        Some(SizeSet(high << 28 | low))
    }
}

/// The fields of one pair.
struct Pair {
    capability: [Field; 1],
    control: [Field; 3],
}

const fn pair(capability: u16) -> Pair {
    let control = capability + 4;
    Pair {
        capability: [Field::power_set(
            "Supported Sizes",
            capability,
            4,
            28,
            MIB,
            "bytes",
        )],
        control: [
            BAR_INDEX.at(control),
            SIZE.at(control),
            LARGE_SIZES.at(control),
        ],
    }
}

const MIB: u64 = 1 << 20;
const BAR_INDEX: Field = Field::number("BAR Index", 0x08, 0, 3);
const SIZE: Field = Field::power("BAR Size", 0x08, 8, 6, MIB, "bytes");
const LARGE_SIZES: Field =
    Field::power_set("Supported Sizes (large)", 0x08, 16, 16, MIB << 28, "bytes");
const FIRST_CONTROL: &[Field] = &[BAR_INDEX, COUNT, SIZE, LARGE_SIZES];

/// The count has three bits: seven pairs at most.
static PAIRS: [Pair; 7] = [
    pair(0x04),
    pair(0x0c),
    pair(0x14),
    pair(0x1c),
    pair(0x24),
    pair(0x2c),
    pair(0x34),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ConfigImage;

    /// A graphics card: BAR 1 of 256 MiB that can have up to 16 GiB, BAR 3 of 32 MiB.
    const CAPABILITY: &[u8] = &[
        0x15, 0x00, 0x01, 0x00, // id, version 1, end of list
        0x00, 0xc0, 0x07, 0x00, // 1 GiB to 16 GiB
        0x41, 0x08, 0x00, 0x00, // BAR 1, two BARs, 256 MiB
        0x00, 0x02, 0x00, 0x00, // 32 MiB
        0x03, 0x05, 0x01, 0x00, // BAR 3, 32 MiB; also 256 TiB
    ];

    fn bytes_of(bar: ResizableBar<'_>) -> Vec<u64> {
        bar.supported()
            .unwrap()
            .iter()
            .map(|code| code.bytes().unwrap())
            .collect()
    }

    #[test]
    fn two_bars_with_their_sizes() {
        let image = ConfigImage::from_bytes(CAPABILITY.to_vec());
        let rebar = ResizableBars::new(image.window(0));
        assert_eq!(rebar.count(), Some(2));
        let bars: Vec<_> = rebar.bars().unwrap().collect();
        assert_eq!(
            bars.iter()
                .map(|bar| bar.bar().unwrap())
                .collect::<Vec<_>>(),
            [1, 3]
        );
        assert_eq!(bars[0].size().unwrap().bytes(), Some(256 << 20));
        assert_eq!(
            bytes_of(bars[0]),
            [1 << 30, 1 << 31, 1 << 32, 1 << 33, 1 << 34]
        );
        assert_eq!(rebar.bar(3).unwrap().size(), Some(SizeCode(5)));
        assert!(rebar.bar(0).is_none());
        assert_eq!(STRUCTURE.certain_length(image.window(0)), 0x14);
    }

    #[test]
    fn the_upper_half_of_the_control_register_holds_the_large_sizes() {
        let image = ConfigImage::from_bytes(CAPABILITY.to_vec());
        let bar = ResizableBars::new(image.window(0)).bar(3).unwrap();
        assert_eq!(bytes_of(bar), [32 << 20, 1 << 48]);
    }

    #[test]
    fn every_supported_bit_stands_for_its_power_of_two() {
        for code in 0..44_u8 {
            let (low, high) = if code < 28 {
                (1_u32 << (code + 4), 0)
            } else {
                (0, 1_u32 << (code - 12))
            };
            let mut bytes = vec![0x15, 0, 1, 0];
            bytes.extend(low.to_le_bytes());
            bytes.extend((high | 0x20).to_le_bytes());
            let image = ConfigImage::from_bytes(bytes);
            let bar = ResizableBars::new(image.window(0)).bar(0).unwrap();
            assert_eq!(bytes_of(bar), [1_u64 << (20 + code)]);
        }
    }

    #[test]
    fn reserved_sizes_have_no_bytes() {
        assert_eq!(SizeCode(43).bytes(), Some(1 << 63));
        assert_eq!(SizeCode(44).bytes(), None);
        assert_eq!(SizeCode(63).bytes(), None);
    }

    #[test]
    fn only_the_first_control_register_has_the_count() {
        let image = ConfigImage::from_bytes(CAPABILITY.to_vec());
        let registers = (STRUCTURE.registers)(image.window(0));
        let shape: Vec<_> = registers
            .iter()
            .map(|register| (register.offset, register.fields.len()))
            .collect();
        assert_eq!(shape, [(0x04, 1), (0x08, 4), (0x0c, 1), (0x10, 3)]);
    }

    #[test]
    fn an_unknown_count_is_not_zero_bars() {
        let image = ConfigImage::from_bytes(CAPABILITY.get(..8).unwrap().to_vec());
        let rebar = ResizableBars::new(image.window(0));
        assert_eq!(rebar.count(), None);
        assert!(rebar.bars().is_none());
    }
}
