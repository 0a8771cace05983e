//! IVRS blocks matched to a small machine.

use super::*;
use crate::testing::tables::{ivhd, ivmd, ivrs};

/// The registers of the units that [`ivhd`] makes.
const UNIT: u64 = 0xfd80_0000;

fn machine(blocks: &[Vec<u8>]) -> Capture {
    super::machine("IVRS", ivrs(blocks))
}

/// A block with other registers.
fn at(base: u64, mut block: Vec<u8>) -> Vec<u8> {
    block[8..16].copy_from_slice(&base.to_le_bytes());
    block
}

fn reason(capture: &Capture, at: &str) -> Option<OwnershipReason> {
    owner(capture, at).map(|(_, reason)| reason)
}

#[test]
fn ranges_cover_ids_and_the_best_block_type_is_used_alone() {
    let blocks = [
        ivhd(0x10, &[&[1, 0, 0, 0]]),
        // 00:01.0 to 01:00.0, and 04:00.0 by name.
        at(
            0xfe00_0000,
            ivhd(
                0x11,
                &[
                    &[3, 0x08, 0x00, 0],
                    &[4, 0x00, 0x01, 0],
                    &[2, 0x00, 0x04, 0],
                ],
            ),
        ),
    ];
    let capture = machine(&blocks);
    assert_eq!(
        owner(&capture, DRIVE),
        Some((0xfe00_0000, OwnershipReason::Range))
    );
    assert_eq!(
        owner(&capture, SWITCHED_DRIVE),
        Some((0xfe00_0000, OwnershipReason::Named))
    );
    assert_eq!(owner(&capture, "0000:02:00.0"), None);
    assert_eq!(owner(&capture, OTHER_SEGMENT), None);
}

#[test]
fn an_alias_entry_covers_the_device_and_the_id_that_it_uses() {
    // 01:00.0 is seen as 00:01.0.
    let select = ivhd(0x11, &[&[0x42, 0x00, 0x01, 0, 0, 0x08, 0x00, 0]]);
    let capture = machine(&[select]);
    assert_eq!(reason(&capture, DRIVE), Some(OwnershipReason::Named));
    let port = "0000:00:01.0";
    assert_eq!(reason(&capture, port), Some(OwnershipReason::Alias));
    assert_eq!(reason(&capture, SWITCHED_DRIVE), None);

    // 01:00.0 to 04:00.0 are seen as 00:02.0.
    let range = ivhd(
        0x11,
        &[
            &[0x43, 0x00, 0x01, 0, 0, 0x10, 0x00, 0],
            &[4, 0x00, 0x04, 0],
        ],
    );
    let capture = machine(&[range]);
    for at in [DRIVE, "0000:02:00.0", SWITCHED_DRIVE] {
        assert_eq!(reason(&capture, at), Some(OwnershipReason::Range), "{at}");
    }
    let alias = "0000:00:02.0";
    assert_eq!(reason(&capture, alias), Some(OwnershipReason::Alias));
    assert_eq!(reason(&capture, port), None);
}

#[test]
fn extended_entries_cover_like_plain_ones() {
    let entries: [&[u8]; 3] = [
        &[0x46, 0x00, 0x01, 0, 0, 0, 0, 0x80],
        &[0x47, 0x00, 0x03, 0, 0, 0, 0, 0],
        &[4, 0x00, 0x04, 0],
    ];
    let capture = machine(&[ivhd(0x11, &entries)]);
    assert_eq!(reason(&capture, DRIVE), Some(OwnershipReason::Named));
    let switched = reason(&capture, SWITCHED_DRIVE);
    assert_eq!(switched, Some(OwnershipReason::Range));
}

#[test]
fn special_entries_own_no_function() {
    // I/O APIC 33 uses 00:01.0, timer 0 uses 00:03.0.
    let entries: [&[u8]; 2] = [
        &[0x48, 0, 0, 0, 33, 0x08, 0x00, 1],
        &[0x48, 0, 0, 0, 0, 0x18, 0x00, 2],
    ];
    let capture = machine(&[ivhd(0x11, &entries)]);
    for at in ["0000:00:01.0", "0000:00:03.0", DRIVE] {
        assert_eq!(reason(&capture, at), None, "{at}");
    }
}

#[test]
fn of_two_units_that_name_an_id_the_later_one_wins() {
    let entries: &[&[u8]] = &[&[2, 0x00, 0x01, 0]];
    let later = at(0xfe00_0000, ivhd(0x11, entries));
    let capture = machine(&[ivhd(0x11, entries), later.clone()]);
    assert_eq!(
        owner(&capture, DRIVE).map(|(base, _)| base),
        Some(0xfe00_0000)
    );
    let capture = machine(&[later, ivhd(0x11, entries)]);
    assert_eq!(owner(&capture, DRIVE).map(|(base, _)| base), Some(UNIT));
}

#[test]
fn an_entry_for_all_covers_buses_that_no_entry_names() {
    let capture = machine(&[ivhd(0x11, &[&[1, 0, 0, 0]])]);
    for at in ["0000:00:03.0", DRIVE, SWITCHED_DRIVE] {
        assert_eq!(reason(&capture, at), Some(OwnershipReason::All), "{at}");
    }
    assert_eq!(reason(&capture, OTHER_SEGMENT), None);
}

#[test]
fn a_range_without_an_end_and_one_that_ends_before_it_starts_cover_nothing() {
    let open: &[&[u8]] = &[&[3, 0x00, 0x01, 0]];
    let backwards: &[&[u8]] = &[&[3, 0x00, 0x02, 0], &[4, 0x00, 0x01, 0]];
    for entries in [open, backwards] {
        let capture = machine(&[ivhd(0x11, entries)]);
        assert_eq!(reason(&capture, DRIVE), None);
    }
}

#[test]
fn memory_blocks_name_ids_and_count_only_with_a_flag() {
    let memory = (0x7e00_0000, 0x10_0000);
    let region = [AddrRange::with_len(memory.0, memory.1).unwrap()];
    let capture = machine(&[ivmd(0x22, 1, (0x0100, 0x0107), memory)]);
    assert_eq!(reserved(&capture, DRIVE), region);
    assert_eq!(reserved(&capture, SWITCHED_DRIVE), []);
    let capture = machine(&[ivmd(0x20, 8, (0, 0), memory)]);
    assert_eq!(reserved(&capture, SWITCHED_DRIVE), region);
    let capture = machine(&[ivmd(0x21, 6, (0x0100, 0), memory)]);
    assert_eq!(reserved(&capture, DRIVE), []);
}
