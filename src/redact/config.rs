//! Configuration space: the header and the structures that are understood.

use super::Changes;
use crate::addr::Sbdf;
use crate::bytes::ConfigImage;
use crate::capture::FunctionProperties;
use crate::decode::config::{CapEntry, CapabilityId, ConfigSpace, structure_of};
use crate::host::Identity;
use crate::spec::pci::{CapId, HEADER_SIZE};
use crate::spec::pcie::ExtCapId;

/// A space in which nothing is known but the header, the structures of both lists, and bytes
/// that hold zeros or ones only. What is a serial number by its definition is not known either.
///
/// Where a list is damaged, it shows only together with the bytes around it; then all stay but
/// the serial numbers.
pub(super) fn redact(
    at: Sbdf,
    image: &ConfigImage,
    reported: &FunctionProperties,
    changes: &mut Changes,
) -> ConfigImage {
    let decoded = ConfigSpace::decode(image);
    let identity = Identity::resolve(image, &decoded.value, reported);
    let fates = fates(image, &decoded.value, identity.has_wide_acs_registers());
    let (strict, taken) = masked(image, &fates, false);
    let again = ConfigSpace::decode(&strict);
    let damaged = (&again.value, &again.faults) != (&decoded.value, &decoded.faults);
    let (redacted, taken) = match damaged {
        false => (strict, taken),
        true => masked(image, &fates, true),
    };
    let serial = fates.iter().any(|fate| matches!(fate, Fate::Private));
    let registers = if damaged {
        ""
    } else {
        "registers of the vendor"
    };
    let what = match (serial, damaged) {
        (true, false) => "serial numbers and registers of the vendor",
        (true, true) => "serial numbers (its lists are damaged, so the rest stays)",
        (false, _) => registers,
    };
    if taken > 0 {
        changes.of(at, "config", format!("{taken} bytes taken out: {what}"));
    }
    redacted
}

/// What becomes of each byte.
fn fates(image: &ConfigImage, space: &ConfigSpace, wide_acs: bool) -> Vec<Fate> {
    let length = image.bytes().len();
    let mut fates = vec![Fate::Other; length];
    let mut mark = |from: usize, to: usize, fate: Fate| {
        let range = from.min(length)..to.min(length);
        fates.get_mut(range).unwrap_or_default().fill(fate);
    };
    mark(0, usize::from(HEADER_SIZE), Fate::Understood);
    for entry in &space.capabilities {
        let start = usize::from(entry.offset);
        let end = start + usize::from(kept_length(image, entry, wide_acs));
        mark(start, end, Fate::Understood);
    }
    for entry in &space.capabilities {
        let start = usize::from(entry.offset);
        if let Some((from, to)) = private(entry.id) {
            mark(start + from, start + to, Fate::Private);
        }
    }
    fates
}

/// The image without what goes, and how many known bytes went.
fn masked(image: &ConfigImage, fates: &[Fate], keep_other: bool) -> (ConfigImage, usize) {
    let known = image
        .known_mask()
        .map_or_else(|| vec![0xff; image.bytes().len()], <[u8]>::to_vec);
    let mut taken = 0_usize;
    let mask: Vec<u8> = fates
        .iter()
        .zip(image.bytes())
        .zip(&known)
        .map(|((fate, &byte), &known)| {
            let plain = byte & known == 0 || (byte == 0xff && known == 0xff);
            match fate {
                Fate::Understood => known,
                Fate::Other if plain || keep_other => known,
                Fate::Other | Fate::Private => {
                    taken += usize::from(known != 0);
                    0
                }
            }
        })
        .collect();
    if taken == 0 {
        return (image.clone(), 0);
    }
    let bytes = image.bytes().iter().zip(&mask);
    let bytes = bytes.map(|(byte, known)| byte & known).collect();
    let masked = ConfigImage::from_masked(bytes, mask).with_size(image.size());
    (masked, taken)
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
fn kept_length(image: &ConfigImage, entry: &CapEntry, wide_acs: bool) -> u16 {
    match entry.id {
        // Length and type stand in front (PCI 3.0, 6.7).
        CapabilityId::Standard(CapId::VENDOR) => 4,
        // The header of its own (PCIe 6.0, 7.9.5).
        CapabilityId::Extended(ExtCapId::VENDOR) => 8,
        // Both headers of its own (PCIe 6.0, 7.9.6).
        CapabilityId::Extended(ExtCapId::DVSEC) => 10,
        // Header, capability and control, as these ports have them (Linux
        // drivers/pci/quirks.c, `pci_quirk_intel_spt_pch_acs`).
        CapabilityId::Extended(ExtCapId::ACS) if wide_acs => 12,
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
