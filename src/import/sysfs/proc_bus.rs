//! The older view of a Linux machine's functions: `/proc/bus/pci`.

use super::text;
use crate::addr::{Bdf, Sbdf, Segment};
use crate::bytes::ConfigImage;
use crate::capture::limits::MAX_FUNCTIONS;
use crate::capture::{Capture, Method, Origin, Reported};
use crate::import::tree::{Entry, Tree};

const FOLDER: &str = "proc/bus/pci";

/// Takes over what `sys` does not have: the spaces, and ids and drivers of the list.
pub(super) fn read(tree: &Tree, capture: &mut Capture) {
    for (path, entry) in tree.below(FOLDER) {
        if let (Some(at), Entry::File(bytes)) = (function(path), entry)
            && capture.functions.len() < MAX_FUNCTIONS
        {
            let record = capture.function(at);
            if record.config.is_empty() {
                record.config = ConfigImage::from_bytes(bytes.clone());
            }
        }
    }
    let list = text(tree, &format!("{FOLDER}/devices")).unwrap_or_default();
    for line in list.lines() {
        let mut words = line.split_ascii_whitespace();
        let hex = |word: Option<&str>| u32::from_str_radix(word?, 16).ok();
        let (Some(place), Some(ids)) = (hex(words.next()), hex(words.next())) else {
            continue;
        };
        let (Ok(bits), false) = (
            u16::try_from(place),
            capture.functions.len() >= MAX_FUNCTIONS,
        ) else {
            continue;
        };
        let [vendor_high, vendor_low, high, low] = ids.to_be_bytes();
        let properties = &mut capture
            .function(Sbdf::new(Segment(0), Bdf::from_bits(bits)))
            .properties;
        let fact = |value| Reported::new(value, Origin::of(Method::Other));
        let vendor = u16::from_be_bytes([vendor_high, vendor_low]);
        properties.vendor.get_or_insert(fact(vendor));
        properties
            .device
            .get_or_insert(fact(u16::from_be_bytes([high, low])));
        // Interrupt, seven addresses, seven sizes.
        if let Some(driver) = words.nth(15) {
            let driver = Reported::new(driver.to_owned(), Origin::of(Method::Other));
            properties.driver.get_or_insert(driver);
        }
    }
}

/// `00/1f.3`, or `0001:00/1f.3` in other domains than the first.
pub(crate) fn function(path: &str) -> Option<Sbdf> {
    let (bus, function) = path.split_once('/')?;
    let at: Sbdf = format!("{bus}:{function}").parse().ok()?;
    let full = at.to_string();
    (full == format!("{bus}:{function}") || full == format!("0000:{bus}:{function}")).then_some(at)
}
