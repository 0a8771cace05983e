//! Configuration space: the header and the structures that are understood.

use super::Changes;
use crate::addr::Sbdf;
use crate::bytes::ConfigImage;
use crate::decode::config::{CapEntry, CapabilityId, ConfigSpace, structure_of};
use crate::spec::pci::{CapId, HEADER_SIZE};
use crate::spec::pcie::ExtCapId;

/// A space in which nothing is known but the header, the structures of both lists, and bytes
/// that hold zeros or ones only. What is a serial number by its definition is not known either.
pub(super) fn redact(at: Sbdf, image: &ConfigImage, changes: &mut Changes) -> ConfigImage {
    let space = ConfigSpace::decode(image).value;
    let length = image.bytes().len();
    let mut fate = vec![Fate::Other; length];
    let mut mark = |from: usize, to: usize, what: Fate| {
        let range = from.min(length)..to.min(length);
        fate.get_mut(range).unwrap_or_default().fill(what);
    };
    mark(0, usize::from(HEADER_SIZE), Fate::Understood);
    for entry in &space.capabilities {
        let start = usize::from(entry.offset);
        let end = start + usize::from(kept_length(image, entry));
        mark(start, end, Fate::Understood);
    }
    let mut serial = false;
    for entry in &space.capabilities {
        let start = usize::from(entry.offset);
        if let Some((from, to)) = private(entry.id) {
            mark(start + from, start + to, Fate::Private);
            serial = true;
        }
    }
    let known = image
        .known_mask()
        .map_or_else(|| vec![0xff; length], <[u8]>::to_vec);
    let mut other = 0_usize;
    let mask: Vec<u8> = fate
        .iter()
        .zip(image.bytes())
        .zip(&known)
        .map(|((fate, &byte), &known)| {
            let plain = byte & known == 0 || (byte == 0xff && known == 0xff);
            match fate {
                Fate::Understood => known,
                Fate::Other if plain => known,
                Fate::Other | Fate::Private => {
                    other += usize::from(known != 0);
                    0
                }
            }
        })
        .collect();
    if other == 0 {
        return image.clone();
    }
    let what = match serial {
        true => format!("{other} bytes taken out: serial numbers and registers of the vendor"),
        false => format!("{other} bytes taken out: registers of the vendor"),
    };
    changes.of(at, "config", what);
    let bytes = image
        .bytes()
        .iter()
        .zip(&mask)
        .map(|(byte, known)| byte & known);
    ConfigImage::from_masked(bytes.collect(), mask).with_size(image.size())
}

/// What becomes of a byte.
#[derive(Clone, Copy)]
enum Fate {
    /// Part of the header or of a structure: it stays.
    Understood,
    /// A serial number: it goes, whatever it is.
    Private,
    /// Anything else: it goes unless it is all zeros or all ones, which tells nothing.
    Other,
}

/// Bytes of a structure that are understood. What a vendor puts behind the header of a
/// structure of its own is not.
fn kept_length(image: &ConfigImage, entry: &CapEntry) -> u16 {
    match entry.id {
        // Length and type stand in front (PCI 3.0, 6.7).
        CapabilityId::Standard(CapId::VENDOR) => 4,
        // The header of its own (PCIe 6.0, 7.9.5).
        CapabilityId::Extended(ExtCapId::VENDOR) => 8,
        // Both headers of its own (PCIe 6.0, 7.9.6).
        CapabilityId::Extended(ExtCapId::DVSEC) => 10,
        id => structure_of(id).map_or(id.header_length(), |structure| {
            structure.certain_length(image.window(entry.offset))
        }),
    }
}

/// First and last byte but one of what identifies one device.
fn private(id: CapabilityId) -> Option<(usize, usize)> {
    match id {
        CapabilityId::Extended(ExtCapId::SERIAL_NUMBER) => Some((4, 12)),
        CapabilityId::Standard(CapId::VPD) => Some((4, 8)),
        _ => None,
    }
}
