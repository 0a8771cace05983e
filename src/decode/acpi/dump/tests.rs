use super::*;
use crate::decode::acpi::testing::table;

/// How often each byte of a table is shown: by a field or as raw bytes.
fn shown(parts: &[DumpedPart], counts: &mut [u32]) {
    for part in parts {
        let entries = part.entries.iter().map(|entry| (entry.offset, entry.len));
        let raw = part
            .raw
            .iter()
            .map(|run| (run.offset, number(run.bytes.len())));
        for (offset, len) in entries.chain(raw) {
            for count in &mut counts[offset as usize..(offset + len) as usize] {
                *count += 1;
            }
        }
        shown(&part.parts, counts);
    }
}

fn every_byte_is_shown_once(bytes: &[u8]) {
    let dumped = dump(bytes).unwrap();
    let mut counts = vec![0; bytes.len()];
    shown(&dumped.parts, &mut counts);
    let wrong: Vec<_> = (0..)
        .zip(&counts)
        .filter(|(_, count)| **count != 1)
        .collect();
    assert_eq!(wrong, [], "{:?}", dumped.header.name());
}

/// A structure of `length` bytes with its type and length in front, in the notation of each
/// table.
fn structure(signature: &[u8; 4], kind: u8, length: u8) -> Vec<u8> {
    let mut bytes = match signature {
        b"DMAR" => vec![kind, 0, length, 0],
        b"IVRS" | b"VIOT" => vec![kind, 0, length, 0],
        b"IORT" => vec![kind, length, 0, 0],
        _ => vec![kind, length],
    };
    bytes.resize(length.into(), 0);
    bytes
}

/// Bytes of each table between the common header and the first structure.
const FIXED: &[(&[u8; 4], usize)] = &[
    (b"DMAR", 12),
    (b"IVRS", 12),
    (b"APIC", 8),
    (b"SRAT", 12),
    (b"VIOT", 12),
    (b"IORT", 12),
];

#[test]
fn every_byte_of_every_structure_is_shown_once() {
    for &(signature, fixed) in FIXED {
        for kind in 0..=255 {
            for length in [2, 3, 4, 5, 16, 17, 40, 60, 64, 255] {
                let mut body = vec![0; fixed];
                if matches!(signature, b"VIOT") {
                    body[2] = 48;
                } else if matches!(signature, b"IORT") {
                    body[4] = 48;
                }
                body.extend(structure(signature, kind, length));
                body.extend([0xee; 3]);
                every_byte_is_shown_once(&table(signature, 3, &body));
            }
        }
    }
}

#[test]
fn every_byte_of_a_fadt_of_any_size_is_shown_once() {
    for size in 46..300 {
        for revision in [1, 3, 6] {
            every_byte_is_shown_once(&table(b"FACP", revision, &vec![0x5a; size - 36]));
        }
    }
}

#[test]
fn every_byte_of_an_error_source_is_shown_once() {
    for kind in 0..14 {
        let mut source = vec![0; 200];
        source[0] = kind;
        source[32] = 1;
        source[44] = 2;
        let body = [&[1, 0, 0, 0][..], &source].concat();
        every_byte_is_shown_once(&table(b"HEST", 1, &body));
    }
}

#[test]
fn a_table_without_a_decoder_shows_its_header_and_some_bytes() {
    let bytes = table(b"SSDT", 2, &[0x10; 1000]);
    let dumped = dump(&bytes).unwrap();
    assert_eq!(dumped.left_out, 1036 - RAW_LIMIT);
    let mut counts = vec![0; RAW_LIMIT as usize];
    shown(&dumped.parts, &mut counts);
    assert!(counts.iter().all(|&count| count == 1));
}

#[test]
fn bits_have_the_value_that_they_have_in_their_field() {
    let mut body = vec![38, 0x05];
    body.extend([0; 10]);
    let dumped = dump(&table(b"DMAR", 1, &body)).unwrap();
    let flags = dumped.parts[0]
        .entries
        .iter()
        .find(|entry| entry.name == "Flags")
        .unwrap();
    let bits: Vec<_> = flags.fields.iter().map(|field| field.raw).collect();
    assert_eq!(bits, [Some(1), Some(0), Some(1), Some(0)]);
    assert_eq!(flags.unnamed_bits(), 0);
}

#[test]
fn a_cut_table_is_shown_as_far_as_it_goes() {
    let bytes = table(
        b"DMAR",
        1,
        &[&[38, 1][..], &[0; 10], &[0, 0, 16, 0, 1, 0, 0, 0]].concat(),
    );
    for length in 36..bytes.len() {
        let dumped = dump(&bytes[..length]).unwrap();
        let mut counts = vec![0; length];
        shown(&dumped.parts, &mut counts);
        assert!(counts.iter().all(|&count| count == 1), "{length}");
        assert!(!dumped.faults.is_empty());
    }
}
