//! Address Translation Service (PCIe 6.0, 10.5.1): the function keeps translations of its own.

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Invalidations that the function can take before it pushes back.
pub const QUEUE_DEPTH: Field = Field::count("Invalidate Queue Depth", 0x04, 0, 5);
/// Smallest translation unit.
pub const SMALLEST_UNIT: Field =
    Field::power("Smallest Translation Unit", 0x06, 0, 5, 4096, "bytes");
/// The function may ask for and use translations.
pub const ENABLE: Field = Field::flag("Enable", 0x06, 15);

/// Untranslated addresses are always aligned to 4096 bytes.
pub const PAGE_ALIGNED: Field = Field::flag("Page Aligned Request", 0x04, 5);

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::ATS),
    Document::Pcie60.at("10.5.1 ATS Extended Capability Structure"),
    |_| REGISTERS.to_vec(),
);

const REGISTERS: &[Register] = &[
    Register::new(
        "ATS Capability",
        0x04,
        2,
        &[
            QUEUE_DEPTH,
            PAGE_ALIGNED,
            Field::flag("Global Invalidate Supported", 0x04, 6),
            Field::flag("Relaxed Ordering Supported", 0x04, 7),
        ],
    ),
    Register::new("ATS Control", 0x06, 2, &[SMALLEST_UNIT, ENABLE]),
];

/// A function's ATS capability.
#[derive(Clone, Copy, Debug)]
pub struct Ats<'a> {
    window: Window<'a>,
}

impl<'a> Ats<'a> {
    /// Views the capability that starts at the window.
    pub const fn new(window: Window<'a>) -> Self {
        Self { window }
    }

    /// The bytes behind the view.
    pub const fn window(self) -> Window<'a> {
        self.window
    }

    /// Whether the function may ask for and use translations.
    pub fn enabled(self) -> Option<bool> {
        self.window.flag(ENABLE)
    }

    /// Invalidations that the function can take before it pushes back, 1 to 32.
    pub fn queue_depth(self) -> Option<u8> {
        match self.window.field(QUEUE_DEPTH)? {
            0 => Some(32),
            depth => u8::try_from(depth).ok(),
        }
    }

    /// Smallest range that one translation covers, in bytes.
    pub fn smallest_unit(self) -> Option<u64> {
        self.window
            .field(SMALLEST_UNIT)
            .map(|log| 4096 << (log & 0x1f))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ConfigImage;

    #[test]
    fn a_depth_of_zero_means_32() {
        let of = |capability, control: u16| {
            let [low, high] = control.to_le_bytes();
            let image = ConfigImage::from_bytes(vec![
                0x0f, 0x00, 0x01, 0x00, // id, version 1, end of list
                capability, 0x00, // 4:0 queue depth, 5 page aligned, 6 global invalidate
                low, high, // 4:0 smallest unit, 15 enable
            ]);
            let ats = Ats::new(image.window(0));
            (ats.queue_depth(), ats.enabled(), ats.smallest_unit())
        };
        assert_eq!(of(0x60, 0x8000), (Some(32), Some(true), Some(4096)));
        assert_eq!(of(0x3f, 0x0001), (Some(31), Some(false), Some(8192)));
        assert_eq!(of(0x01, 0x801f), (Some(1), Some(true), Some(1 << 43)));
    }

    #[test]
    fn a_capability_that_was_not_captured_is_not_off() {
        let image = ConfigImage::from_bytes(vec![0x0f, 0, 1, 0]);
        let ats = Ats::new(image.window(0));
        assert_eq!(
            (ats.enabled(), ats.queue_depth(), ats.smallest_unit()),
            (None, None, None)
        );
    }
}
