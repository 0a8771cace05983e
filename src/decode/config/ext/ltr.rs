//! Latency Tolerance Reporting (PCIe 6.0, 7.8.2).

use crate::bytes::Window;
use crate::decode::config::{CapabilityId, Structure};
use crate::spec::pcie::ExtCapId;
use crate::spec::{Document, Field, Register};

/// Layout for the structure table.
pub(super) const STRUCTURE: Structure = Structure::new(
    CapabilityId::Extended(ExtCapId::LTR),
    Document::Pcie60.at("7.8.2 Latency Tolerance Reporting Extended Capability"),
    |_| REGISTERS.to_vec(),
);

const REGISTERS: &[Register] = &[
    Register::new(
        "Max Snoop Latency",
        0x04,
        2,
        &[
            Field::number("Max Snoop LatencyValue", 0x04, 0, 10),
            Field::code("Max Snoop LatencyScale", 0x04, 10, 3, SCALES),
        ],
    ),
    Register::new(
        "Max No-Snoop Latency",
        0x06,
        2,
        &[
            Field::number("Max No-Snoop LatencyValue", 0x06, 0, 10),
            Field::code("Max No-Snoop LatencyScale", 0x06, 10, 3, SCALES),
        ],
    ),
];

/// Units of a latency value; codes 6 and 7 are reserved.
pub(super) const SCALES: &[(u64, &str)] = &[
    (0, "1 ns"),
    (1, "32 ns"),
    (2, "1024 ns"),
    (3, "32768 ns"),
    (4, "1048576 ns"),
    (5, "33554432 ns"),
];

/// A function's latency tolerance limits.
#[derive(Clone, Copy, Debug)]
pub struct Ltr<'a> {
    window: Window<'a>,
}

impl<'a> Ltr<'a> {
    /// Views the capability that starts at the window.
    pub const fn new(window: Window<'a>) -> Self {
        Self { window }
    }

    /// The bytes behind the view.
    pub const fn window(self) -> Window<'a> {
        self.window
    }

    /// Longest latency that the platform allows the function to report for snooped accesses,
    /// in nanoseconds; `None` also for a reserved scale.
    pub fn max_snoop_ns(self) -> Option<u64> {
        self.latency(0x04)
    }

    /// The same for accesses without snooping.
    pub fn max_no_snoop_ns(self) -> Option<u64> {
        self.latency(0x06)
    }

    fn latency(self, offset: u16) -> Option<u64> {
        let value = self.window.bits(offset, 0, 10)?;
        let scale = self.window.bits(offset, 10, 3)?;
        (scale <= 5).then(|| value << (5 * scale))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ConfigImage;

    #[test]
    fn each_scale_is_32_times_the_one_before() {
        let of = |word: u16| {
            let [low, high] = word.to_le_bytes();
            let image = ConfigImage::from_bytes(vec![
                0x18, 0x00, 0x01, 0x00, // id, version 1, end of list
                low, high, // snooped
                0x47, 0x08, // not snooped: 71, scale 2
            ]);
            let ltr = Ltr::new(image.window(0));
            // 71 * 1024 ns
            assert_eq!(ltr.max_no_snoop_ns(), Some(72_704));
            ltr.max_snoop_ns()
        };
        assert_eq!(of(0x0001), Some(1));
        assert_eq!(of(0x0401), Some(32));
        assert_eq!(of(0x1003), Some(3 * 1_048_576));
        assert_eq!(of(0x17ff), Some(1023 * 33_554_432));
        assert_eq!(of(0x1801), None);
    }

    #[test]
    fn the_codes_agree_with_the_arithmetic() {
        for (scale, text) in SCALES {
            assert_eq!(format!("{} ns", 1_u64 << (5 * scale)), *text);
        }
    }
}
