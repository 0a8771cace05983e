//! Decoders against damaged artefacts: every distinct configuration space and table of the
//! corpus, cut at every byte, with every length field, next pointer and header bit changed.
//!
//! Nothing may panic, work stays bounded, and faults say where: their spans lie inside.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::path::Path;

use assignable::bytes::{ConfigImage, Fault};
use assignable::corpus;
use assignable::decode::acpi;
use assignable::decode::config::{self, CapabilityId, ConfigSpace, ListEnd};

/// Every distinct configuration space and table of the corpus, in the order of their bytes.
fn artefacts() -> (BTreeSet<Vec<u8>>, BTreeSet<Vec<u8>>) {
    let (mut spaces, mut tables) = (BTreeSet::new(), BTreeSet::new());
    for (_, case) in corpus::load_all(Path::new("corpus")).unwrap() {
        let capture = case.unwrap().capture;
        let all_known = |image: &ConfigImage| image.known_mask().is_none() && !image.is_empty();
        let records = capture.functions.into_values();
        spaces.extend(
            records
                .map(|record| record.config)
                .filter(all_known)
                .map(|image| image.bytes().to_vec()),
        );
        tables.extend(capture.tables.into_values());
    }
    (spaces, tables)
}

/// Decodes a space and everything in it; returns how its lists ended and how many they hold.
fn space(bytes: &[u8]) -> (ListEnd, usize) {
    let image = ConfigImage::from_bytes(bytes.to_vec());
    let decoded = ConfigSpace::decode(&image);
    spans_lie_inside(&decoded.faults, 0x1000);
    let shown = config::dump(&image, &decoded.value);
    let count = decoded.value.capabilities.len();
    assert_eq!(shown.len(), count + 1);
    // 48 standard capabilities and 960 extended ones fit.
    assert!(count <= 1008, "{count} capabilities");
    (decoded.value.standard_end, count)
}

fn table(bytes: &[u8]) -> usize {
    let Some(dumped) = acpi::dump(bytes) else {
        assert!(bytes.len() < 36);
        return 0;
    };
    spans_lie_inside(&dumped.faults, bytes.len().max(36));
    assert!(dumped.parts.len() <= bytes.len());
    dumped.faults.len()
}

fn spans_lie_inside(faults: &[Fault], size: usize) {
    for fault in faults {
        let end = fault.span.offset as usize + fault.span.len as usize;
        assert!(end <= size, "{fault:?} of {size} bytes");
        assert!(!fault.to_string().is_empty());
    }
}

#[test]
fn damaged_configuration_spaces_are_decoded_as_far_as_they_go() {
    let (spaces, _) = artefacts();
    let (mut mutants, mut loops) = (0, 0);
    for bytes in &spaces {
        let image = ConfigImage::from_bytes(bytes.clone());
        let entries = ConfigSpace::decode(&image).value.capabilities;
        // Cut at every byte of the header and the lists; zeros behind need no cut each.
        let used = bytes
            .iter()
            .rposition(|&byte| byte != 0)
            .map_or(0, |last| last + 2);
        for length in 0..used.min(bytes.len()) {
            space(&bytes[..length]);
            mutants += 1;
        }
        let mut change = |at: usize, value: &[u8]| {
            let mut changed = bytes.clone();
            if let Some(place) = changed.get_mut(at..at + value.len()) {
                place.copy_from_slice(value);
                mutants += 1;
                return Some(space(&changed));
            }
            None
        };
        // Every bit of the header.
        for at in 0..0x40 {
            for bit in 0..8 {
                change(at, &[bytes.get(at).copied().unwrap_or(0) ^ 1 << bit]);
            }
        }
        for entry in &entries {
            let at = usize::from(entry.offset);
            // Every next pointer to every capability, itself among them, and to odd places.
            for target in entries
                .iter()
                .map(|entry| entry.offset)
                .chain([0, 1, 0x3c, 0xffc])
            {
                let end = match entry.id {
                    CapabilityId::Standard(_) => change(at + 1, &[target.to_le_bytes()[0]]),
                    CapabilityId::Extended(_) => {
                        let [low, high] = (target << 4 | u16::from(entry.version)).to_le_bytes();
                        change(at + 2, &[low, high])
                    }
                };
                if matches!(end, Some((ListEnd::Broken(_), _))) {
                    loops += 1;
                }
            }
            // Bytes behind the list header hold lengths, counts and sizes.
            for place in 2..16 {
                for value in [0x00, 0x01, 0xff] {
                    change(at + place, &[value]);
                }
            }
        }
    }
    println!("{mutants} mutants of {} configuration spaces", spaces.len());
    assert!(spaces.len() >= 150, "{} spaces", spaces.len());
    assert!(mutants >= 200_000, "{mutants} mutants");
    assert!(loops >= 1000, "{loops} lists were cycled or led astray");
}

#[test]
fn damaged_tables_are_decoded_as_far_as_they_go() {
    let (_, tables) = artefacts();
    let (mut mutants, mut faults) = (0, 0);
    // Large tables without a decoder are all alike.
    let tables: Vec<_> = tables
        .iter()
        .filter(|bytes| acpi::Table::has_decoder(bytes))
        .collect();
    for bytes in &tables {
        for length in 0..bytes.len() {
            faults += table(&bytes[..length]);
            mutants += 1;
        }
        // Each byte as a length, type or count of 0, 1 and the most; each bit of it, too.
        for at in 0..bytes.len() {
            let values = [0x00, 0x01, 0x7f, 0x80, 0xff].into_iter();
            let bits = (0..8).map(|bit| bytes[at] ^ 1 << bit);
            for value in values.chain(bits) {
                let mut changed = (*bytes).clone();
                changed[at] = value;
                faults += table(&changed);
                mutants += 1;
            }
        }
    }
    println!(
        "{mutants} mutants of {} tables, {faults} faults",
        tables.len()
    );
    assert!(tables.len() >= 10, "{} tables", tables.len());
    assert!(mutants >= 20_000, "{mutants} mutants");
    // Nearly every change breaks the checksum, if nothing else.
    assert!(faults >= mutants / 2, "{faults} faults");
}
