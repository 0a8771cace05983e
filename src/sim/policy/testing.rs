//! Cards of the examples, for the tests of every platform.

use super::tree::Slot;
use super::{GIB, MIB};
use crate::decode::config::bar::BarKind;
use crate::sim::bars::{DeviceBars, SizedBar};

/// A device with BARs as the synthesiser writes them.
pub(crate) fn device(bars: &[(&str, u64)]) -> DeviceBars {
    let mut index = 0;
    let mut sized = Vec::new();
    for &(kind, size) in bars {
        let (kind, registers) = match kind {
            "mem32" => (
                BarKind::Memory32 {
                    prefetchable: false,
                },
                1,
            ),
            "mem32p" => (BarKind::Memory32 { prefetchable: true }, 1),
            "mem64" => (
                BarKind::Memory64 {
                    prefetchable: false,
                },
                2,
            ),
            _ => (BarKind::Memory64 { prefetchable: true }, 2),
        };
        sized.push(SizedBar { index, kind, size });
        index += registers;
    }
    DeviceBars {
        sized,
        ..DeviceBars::default()
    }
}

/// GRID K520: 176 MiB.
pub(crate) fn k520() -> DeviceBars {
    device(&[
        ("mem32", 16 * MIB),
        ("mem64p", 128 * MIB),
        ("mem64p", 32 * MIB),
    ])
}

/// H100 SXM: all BARs 64-bit and prefetchable.
pub(crate) fn h100() -> DeviceBars {
    device(&[
        ("mem64p", 16 * MIB),
        ("mem64p", 128 * GIB),
        ("mem64p", 32 * MIB),
    ])
}

/// A card with 16 MiB below 4 GiB, one large BAR and one of 32 MiB.
pub(crate) fn card(large: u64) -> DeviceBars {
    device(&[("mem32", 16 * MIB), ("mem64p", large), ("mem64p", 32 * MIB)])
}

/// A root port as QEMU makes it, with its own 4 KiB BAR.
pub(crate) fn root_port(below: &DeviceBars) -> Slot {
    let own = device(&[("mem32", 4096)]).sized;
    Slot::port(own, vec![Slot::device(below.sized.clone())])
}
