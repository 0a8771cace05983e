//! Registers that a capability has once for each lane of the link.

use crate::bytes::Window;
use crate::decode::config::list::first_standard;
use crate::spec::pci::CapId;
use crate::spec::{Field, Register};

/// Lanes of the widest link (PCIe 6.0, 7.5.3.6).
pub(super) const MOST: u16 = 32;

/// Maximum link width of the function's port; `None` where it was not captured or has no
/// meaning.
pub(super) fn count(window: Window<'_>) -> Option<u16> {
    const WIDTH: Field = Field::number("Maximum Link Width", 0x0c, 4, 6);
    let image = window.image();
    let express = first_standard(image, CapId::EXPRESS)?;
    let width = image.window(express).field(WIDTH)?;
    let width = u16::try_from(width).ok()?;
    (1..=MOST).contains(&width).then_some(width)
}

/// One copy of the registers for each lane, `step` bytes apart, named after the lane where
/// there is one register only.
pub(super) fn each(window: Window<'_>, lane: &[Register], step: u16) -> Vec<Register> {
    let lanes = count(window).unwrap_or(0);
    let copies = (0..lanes).flat_map(|index| {
        lane.iter()
            .map(move |register| register.moved(index.saturating_mul(step)))
    });
    copies.collect()
}

/// Preset of each direction at a data rate (16 GT/s and above).
pub(super) const PRESETS: Register = Register::new(
    "Lane Equalization Control",
    0x20,
    1,
    &[
        Field::number("Downstream Port Transmitter Preset", 0x20, 0, 4),
        Field::number("Upstream Port Transmitter Preset", 0x20, 4, 4),
    ],
);
