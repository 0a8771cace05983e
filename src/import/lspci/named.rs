//! Ids by names: for texts that were made without `-n`.
//!
//! A name gives an id only where it is the only one of that name in the id list.

use std::collections::BTreeSet;

use crate::import::text::hex16;
use crate::spec::id_list::{devices_named, vendors_named};

/// Vendor id, and device id where it is certain, of `Intel Corporation 82574L Gigabit Network
/// Connection` or `Intel Corporation Device 9d10`.
pub(in crate::import) fn ids(description: &[u8]) -> Option<(u16, Option<u16>)> {
    let text = std::str::from_utf8(description).ok()?.trim_ascii();
    let mut vendor = None;
    let mut found = BTreeSet::new();
    for (space, _) in text.match_indices(' ') {
        let (name, rest) = text.split_at_checked(space)?;
        for candidate in vendors_named(name) {
            let named = devices_named(candidate, rest.trim_ascii_start());
            let devices = named.chain(unnamed(rest));
            found.extend(devices.map(|device| (candidate, device)));
            // The longest name that fits counts: `Intel Corporation` is no device of `Intel`.
            vendor = Some((candidate, name.len()));
        }
    }
    if let (Some(&(vendor, device)), 1) = (found.first(), found.len()) {
        return Some((vendor, Some(device)));
    }
    let (id, length) = vendor?;
    let alone = vendors_named(text.get(..length)?).count() == 1;
    (alone && found.iter().all(|ids| ids.0 == id)).then_some((id, None))
}

/// `Device 9d10`, as lspci prints a device that its list does not name.
fn unnamed(text: &str) -> Option<u16> {
    let digits = text.trim_ascii_start().strip_prefix("Device ")?;
    hex16(digits.split(' ').next()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_stands_for_one_device_gives_its_id() {
        assert_eq!(
            ids(b"NVIDIA Corporation TU104GL [Tesla T4]"),
            Some((0x10de, Some(0x1eb8)))
        );
        // Two devices have this name.
        assert_eq!(
            ids(b"Intel Corporation 82574L Gigabit Network Connection"),
            Some((0x8086, None))
        );
        assert_eq!(
            ids(b"Intel Corporation Device fffe"),
            Some((0x8086, Some(0xfffe)))
        );
        assert_eq!(
            ids(b"Intel Corporation A Chip That Nobody Made"),
            Some((0x8086, None))
        );
        assert_eq!(ids(b"Nobody Inc. Device 1234"), None);
        assert_eq!(ids(b""), None);
    }

    #[test]
    fn each_name_of_the_list_gives_its_own_id_or_none() {
        let (mut certain, mut all) = (0, 0);
        for vendor in pci_ids::Vendors::iter() {
            for device in vendor.devices().step_by(7) {
                all += 1;
                let text = format!("{} {}", vendor.name(), device.name());
                let Some((vendor_id, device_id)) = ids(text.as_bytes()) else {
                    continue;
                };
                let Some(device_id) = device_id else { continue };
                certain += 1;
                assert_eq!((vendor_id, device_id), (vendor.id(), device.id()), "{text}");
            }
        }
        assert!(certain * 2 > all, "{certain} of {all}");
    }
}
