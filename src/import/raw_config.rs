//! One configuration space as a raw file, such as a copy of sysfs' `config`.

use super::diagnostic::{DiagnosticKind, Diagnostics};
use crate::addr::{Bdf, Sbdf, Segment};
use crate::bytes::ConfigImage;
use crate::capture::{Capture, FunctionRecord};
use crate::spec::pci::{CAPABILITIES_POINTER, HEADER_LAYOUT, STATUS, VENDOR_ID};

/// Lengths of such files: the header alone, the conventional space, the whole of it.
const LENGTHS: [usize; 3] = [64, 256, 4096];
/// Longest one.
pub(super) const MAX: u64 = 4096;

/// Whether bytes look like a configuration space: of its length, with a vendor, a known header
/// layout, and a capability pointer that fits the status register (PCI 3.0, 6.1 and 6.7).
pub(super) fn is_config(bytes: &[u8]) -> bool {
    if !LENGTHS.contains(&bytes.len()) {
        return false;
    }
    let image = ConfigImage::from_bytes(bytes.to_vec());
    let vendor = image.u16(VENDOR_ID.offset).unwrap_or_default();
    let layout = image.field(HEADER_LAYOUT).unwrap_or(u64::MAX);
    let has_list = image
        .u16(STATUS.offset)
        .is_some_and(|status| status & 0x10 != 0);
    let pointer = image.u8(CAPABILITIES_POINTER.offset).unwrap_or_default();
    let pointer_fits = layout == 2 || !has_list || pointer >= 0x40;
    !matches!(vendor, 0 | 0xffff) && layout <= 2 && pointer_fits
}

/// The space as a function. The bytes do not say which one it is: the file's name may.
pub(super) fn read(path: &str, bytes: Vec<u8>, diagnostics: &mut Diagnostics) -> Capture {
    let at = address(path).unwrap_or_else(|| {
        let function = Sbdf::new(Segment(0), Bdf::from_bits(0));
        diagnostics.whole(DiagnosticKind::NoAddress { function });
        function
    });
    let size = u16::try_from(bytes.len()).ok().filter(|&size| size > 64);
    let record = FunctionRecord {
        config: ConfigImage::from_bytes(bytes).with_size(size.filter(|&size| size == 4096)),
        ..FunctionRecord::default()
    };
    let mut capture = Capture::default();
    capture.functions.insert(at, record);
    capture
}

/// The address in the last two parts of a path: `0000-00-01.0.config`, `pci_0000_01_00_0`,
/// `0000:01:00.0/config`, `01-00.0.bin`.
fn address(path: &str) -> Option<Sbdf> {
    let mut parts = path.rsplit(['/', '\\']);
    parts.by_ref().take(2).find_map(in_name)
}

fn in_name(name: &str) -> Option<Sbdf> {
    let words: Vec<&str> = name.split([':', '-', '_', '.', ' ']).collect();
    let hex = |word: &str, length: std::ops::RangeInclusive<usize>| {
        let digits =
            length.contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        digits.then(|| u32::from_str_radix(word, 16).ok()).flatten()
    };
    let function = |bus: &str, device: &str, function: &str| {
        let byte = |word, length| u8::try_from(hex(word, length)?).ok();
        Bdf::new(
            byte(bus, 2..=2)?,
            byte(device, 2..=2)?,
            byte(function, 1..=1)?,
        )
    };
    let full = words.windows(4).find_map(|words| match *words {
        [segment, bus, device, number] => {
            let bdf = function(bus, device, number)?;
            Some(Sbdf::new(Segment(hex(segment, 4..=8)?), bdf))
        }
        _ => None,
    });
    full.or_else(|| {
        words.windows(3).find_map(|words| match *words {
            [bus, device, number] => Some(Sbdf::new(Segment(0), function(bus, device, number)?)),
            _ => None,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_from_usual_names() {
        for (name, expected) in [
            ("0000-00-01.0.config", Some("0000:00:01.0")),
            ("dumps/pci_0000_01_00_0", Some("0000:01:00.0")),
            ("sys/10000:e1:00.0/config", Some("10000:e1:00.0")),
            ("01-00.0.bin", Some("0000:01:00.0")),
            ("config", None),
            ("2024-12-17.config", None),
            ("0000-00-20.0.config", None),
        ] {
            assert_eq!(
                address(name).map(|at| at.to_string()).as_deref(),
                expected,
                "{name}"
            );
        }
    }

    #[test]
    fn other_bytes_are_no_configuration_space() {
        let mut space = [0_u8; 256];
        assert!(!is_config(&space), "no vendor");
        space[..2].copy_from_slice(&[0x86, 0x80]);
        assert!(is_config(&space));
        assert!(!is_config(&space[..255]));
        space[6] = 0x10;
        assert!(!is_config(&space), "a list without a pointer");
        space[0x34] = 0x40;
        assert!(is_config(&space));
        space[0x0e] = 0x7f;
        assert!(!is_config(&space), "an unknown layout");
    }
}
