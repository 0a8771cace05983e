//! Address space in words and pictures.

mod fits;
mod picture;
mod svg;
pub(super) mod text;

pub use svg::svg;
pub use text::mmio;

pub(in crate::report) use fits::missing as missing_for_vfs;

pub(in crate::report) use picture::Picture;
pub(in crate::report) use svg::draw;

use crate::sim::guest::GuestStudy;
use crate::sim::host_space::{Fit, HostSpace, VfRoom, Wish};

/// What the `mmio` command shows.
#[derive(Clone, Debug)]
pub struct MmioReport {
    /// The host.
    pub space: HostSpace,
    /// A guest with the devices asked for; `None` where none was.
    pub guest: Option<GuestStudy>,
    /// What shall fit on the host, and whether it does.
    pub wishes: Vec<(Wish, Fit)>,
    /// Numbers of virtual functions that shall fit, and whether they do.
    pub virtual_functions: Vec<VfRoom>,
}

/// An amount of bytes without rounding: `128 GiB + 48 MiB`.
pub(super) fn exact(bytes: u64) -> String {
    const UNITS: [(&str, u32); 5] = [
        ("PiB", 50),
        ("TiB", 40),
        ("GiB", 30),
        ("MiB", 20),
        ("KiB", 10),
    ];
    let mut rest = bytes;
    let mut parts = Vec::new();
    for (unit, shift) in UNITS {
        let count = rest >> shift;
        if count > 0 {
            parts.push(format!("{count} {unit}"));
            rest -= count << shift;
        }
    }
    if rest > 0 || parts.is_empty() {
        parts.push(format!("{rest} B"));
    }
    match parts.len() {
        1 | 2 => parts.join(" + "),
        // Three parts and more read better as one number of the smallest unit.
        _ => {
            let (unit, shift) = UNITS
                .into_iter()
                .find(|(_, shift)| bytes.trailing_zeros() >= *shift)
                .unwrap_or(("B", 0));
            format!("{} {unit}", bytes >> shift)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::exact;

    #[test]
    fn amounts_are_never_rounded() {
        for (bytes, text) in [
            (0, "0 B"),
            (4096, "4 KiB"),
            ((128 << 30) + (48 << 20), "128 GiB + 48 MiB"),
            ((192 << 30) + (560 << 20) + 4096, "201900036 KiB"),
            (33280 << 20, "32 GiB + 512 MiB"),
        ] {
            assert_eq!(exact(bytes), text);
        }
    }
}
