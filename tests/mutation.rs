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
use std::iter::Sum;
use std::path::Path;

use assignable::bytes::{ConfigImage, Fault};
use assignable::corpus;
use assignable::decode::acpi;
use assignable::decode::acpi::dump::{DumpedPart, Value};
use assignable::decode::config::cap::ea::EnhancedAllocation;
use assignable::decode::config::ext::rebar::ResizableBars;
use assignable::decode::config::{self, CapabilityId, ConfigSpace, ListEnd};
use assignable::spec::pci::CapId;
use assignable::spec::pcie::ExtCapId;
use rayon::prelude::*;

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

/// What was tried, and what came of it.
#[derive(Default, Debug)]
struct Tried {
    cuts: usize,
    pointers: usize,
    values: usize,
    bits: usize,
    /// Lists of which a changed pointer made a loop or led astray.
    broken: usize,
    faults: usize,
}

impl Tried {
    const fn mutants(&self) -> usize {
        self.cuts + self.pointers + self.values + self.bits
    }
}

impl Sum for Tried {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            cuts: sum.cuts + one.cuts,
            pointers: sum.pointers + one.pointers,
            values: sum.values + one.values,
            bits: sum.bits + one.bits,
            broken: sum.broken + one.broken,
            faults: sum.faults + one.faults,
        })
    }
}

fn spans_lie_inside(faults: &[Fault], size: usize) {
    for fault in faults {
        let end = fault.span.offset as usize + fault.span.len as usize;
        assert!(end <= size, "{fault:?} of {size} bytes");
        assert!(!fault.to_string().is_empty());
    }
}

/// Decodes a space and everything in it; returns how its lists ended and its faults.
fn space(bytes: Vec<u8>) -> ([ListEnd; 2], usize) {
    let image = ConfigImage::from_bytes(bytes);
    let decoded = ConfigSpace::decode(&image);
    spans_lie_inside(&decoded.faults, 0x1000);
    let space = decoded.value;
    // 48 standard capabilities and 960 extended ones fit.
    let count = space.capabilities.len();
    assert!(count <= 1008, "{count} capabilities");
    let shown = config::dump(&image, &space);
    assert_eq!(shown.len(), count + 1);
    for structure in &shown {
        let registers = structure.registers.iter();
        let named: usize = registers.map(|register| usize::from(register.bytes)).sum();
        let raw: usize = structure.raw.iter().map(|run| run.bytes.len()).sum();
        assert!(named + raw <= 0x1000, "{} shown twice", structure.part);
    }
    // The structures that are as long as they say.
    for id in [ExtCapId::RESIZABLE_BAR, ExtCapId::VF_RESIZABLE_BAR] {
        if let Some(window) = space.extended(&image, id).present() {
            let bars = ResizableBars::new(window).bars();
            assert!(bars.is_none_or(|bars| bars.count() <= 7));
        }
    }
    if let Some(window) = space.standard(&image, CapId::ENHANCED_ALLOCATION).present() {
        let entries = EnhancedAllocation::new(window).entries();
        assert!(entries.is_none_or(|entries| entries.len() <= 63));
    }
    (
        [space.standard_end, space.extended_end],
        decoded.faults.len(),
    )
}

fn damage_space(bytes: &[u8]) -> Tried {
    let mut tried = Tried::default();
    // Two cuts among the zeros at the end differ in nothing but their length: there, every
    // 64th is made.
    let used = bytes
        .iter()
        .rposition(|&byte| byte != 0)
        .map_or(0, |at| at + 2);
    for length in (0..used.min(bytes.len())).chain((used..bytes.len()).step_by(64)) {
        tried.faults += space(bytes[..length].to_vec()).1;
        tried.cuts += 1;
    }
    let change = |at: usize, value: &[u8]| {
        let mut changed = bytes.to_vec();
        let place = changed.get_mut(at..at + value.len())?;
        if place == value {
            return None;
        }
        place.copy_from_slice(value);
        Some(space(changed))
    };
    let image = ConfigImage::from_bytes(bytes.to_vec());
    let original = ConfigSpace::decode(&image).value;
    let entries = &original.capabilities;
    let flip = |at: usize| (0..8).filter_map(move |bit| Some(bytes.get(at)? ^ 1 << bit));
    let headers = entries.iter().flat_map(|entry| {
        let at = usize::from(entry.offset);
        at..at + usize::from(entry.id.header_length())
    });
    for at in (0..0x40).chain(headers) {
        for value in flip(at) {
            tried.faults += change(at, &[value]).map_or(0, |(_, faults)| faults);
            tried.bits += 1;
        }
    }
    // Every next pointer to every capability, itself among them, and to odd places.
    for entry in entries {
        let at = usize::from(entry.offset);
        let targets = entries.iter().map(|entry| entry.offset);
        for target in targets.chain([0, 1, 0x3c, 0xffc]) {
            let changed = match entry.id {
                CapabilityId::Standard(_) => change(at + 1, &[target.to_le_bytes()[0]]),
                CapabilityId::Extended(_) => {
                    let word = target << 4 | u16::from(entry.version);
                    change(at + 2, &word.to_le_bytes())
                }
            };
            let Some((ends, faults)) = changed else {
                continue;
            };
            tried.pointers += 1;
            tried.faults += faults;
            if ends.iter().any(|end| matches!(end, ListEnd::Broken(_))) {
                tried.broken += 1;
                assert!(faults > 0, "a broken list without a fault");
            }
        }
    }
    // Every register of a capability, lengths and counts among them: zero, one and the most.
    for structure in config::dump(&image, &original).iter().skip(1) {
        for register in structure.registers.iter().skip(1) {
            let width = usize::from(register.bytes);
            let fields = register
                .fields
                .iter()
                .filter(|field| says_how_many(field.name));
            let masks = fields.map(|field| (field.mask(), field.low));
            for (mask, low) in masks.chain([(u64::MAX, 0)]) {
                for value in [0, 1 << low, u64::MAX] {
                    let value = register.value.value & !mask | value & mask;
                    let value = &value.to_le_bytes()[..width];
                    if let Some((_, faults)) = change(usize::from(register.offset), value) {
                        tried.values += 1;
                        tried.faults += faults;
                    }
                }
            }
        }
    }
    tried
}

/// A length, a size or a number of things, by its name.
fn says_how_many(name: &str) -> bool {
    ["Length", "Size", "Number", "Count", "Entries", "NFM"]
        .iter()
        .any(|word| name.contains(word))
}

#[test]
fn damaged_configuration_spaces_are_decoded_as_far_as_they_go() {
    let (spaces, _) = artefacts();
    let spaces: Vec<_> = spaces.into_iter().collect();
    let tried: Tried = spaces.par_iter().map(|bytes| damage_space(bytes)).sum();
    println!(
        "{} mutants of {} configuration spaces: {tried:?}",
        tried.mutants(),
        spaces.len()
    );
    assert!(spaces.len() >= 500, "{} spaces", spaces.len());
    assert!(tried.cuts >= 150_000);
    assert!(tried.bits >= 300_000);
    assert!(tried.pointers >= 15_000);
    assert!(tried.values >= 50_000);
    assert!(tried.broken >= 5_000, "{} led astray", tried.broken);
}

fn table(bytes: &[u8]) -> usize {
    let Some(dumped) = acpi::dump(bytes) else {
        assert!(bytes.len() < 36, "a table with its header is decoded");
        return 0;
    };
    spans_lie_inside(&dumped.faults, bytes.len());
    // Each structure has a byte of its own at least, and stays inside.
    for part in &dumped.parts {
        assert!(part.len > 0);
        assert!((part.offset + part.len) as usize <= bytes.len());
    }
    assert!(dumped.parts.len() <= bytes.len());
    dumped.faults.len()
}

/// The places of numbers in the structures of a table: offset and length of each.
fn numbers(parts: &[DumpedPart], found: &mut Vec<(usize, usize)>) {
    for part in parts {
        for entry in &part.entries {
            if let Value::Number { .. } = entry.value {
                found.push((entry.offset as usize, entry.len as usize));
            }
        }
        numbers(&part.parts, found);
    }
}

/// Longest table that is damaged at every byte. Longer ones repeat one structure a thousand
/// times, so that a change in the middle is like one at the ends, and all of them would take time
/// with the square of the length.
const WHOLE: usize = 8192;

/// Whether damage at a byte of a table of this length is tried.
fn is_tried(at: usize, length: usize) -> bool {
    length <= WHOLE || at < 512 || at + 64 >= length
}

fn damage_table(bytes: &[u8]) -> Tried {
    let mut tried = Tried::default();
    for length in (0..bytes.len()).filter(|&at| is_tried(at, bytes.len())) {
        tried.faults += table(&bytes[..length]);
        tried.cuts += 1;
    }
    let change = |at: usize, value: &[u8]| {
        let mut changed = bytes.to_vec();
        changed[at..at + value.len()].copy_from_slice(value);
        table(&changed)
    };
    // Every bit, not only those of the headers: a structure may begin anywhere.
    for (at, byte) in bytes.iter().enumerate() {
        if !is_tried(at, bytes.len()) {
            continue;
        }
        for bit in 0..8 {
            tried.faults += change(at, &[byte ^ 1 << bit]);
            tried.bits += 1;
        }
    }
    let mut places = Vec::new();
    numbers(&acpi::dump(bytes).unwrap().parts, &mut places);
    for (at, width) in places {
        if !is_tried(at, bytes.len()) {
            continue;
        }
        for value in [0, 1, u64::MAX] {
            tried.faults += change(at, &value.to_le_bytes()[..width]);
            tried.values += 1;
        }
    }
    tried
}

#[test]
fn damaged_tables_are_decoded_as_far_as_they_go() {
    let (_, tables) = artefacts();
    // Tables without a decoder are all alike.
    let tables: Vec<_> = tables
        .iter()
        .filter(|bytes| acpi::Table::has_decoder(bytes))
        .collect();
    let tried: Tried = tables.par_iter().map(|bytes| damage_table(bytes)).sum();
    println!(
        "{} mutants of {} tables: {tried:?}",
        tried.mutants(),
        tables.len()
    );
    assert!(tables.len() >= 50, "{} tables", tables.len());
    assert!(tried.cuts >= 5_000);
    assert!(tried.bits >= 50_000);
    assert!(tried.values >= 5_000);
    // Nearly every change breaks the checksum, if nothing else.
    assert!(tried.faults >= tried.mutants() * 9 / 10);
}
