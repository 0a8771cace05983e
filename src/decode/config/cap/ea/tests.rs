use super::*;
use crate::bytes::ConfigImage;

/// A header of the given layout, and the capability at 40h.
fn image(layout: u8, capability: &[u8]) -> ConfigImage {
    let mut bytes = vec![0; 0x40];
    bytes[0x0e] = layout;
    bytes.extend_from_slice(capability);
    ConfigImage::from_bytes(bytes)
}

const ENDPOINT: &[u8] = &[
    0x14, 0x00, 0x03, 0x00, // id, end of list, 3 entries
    0x02, 0x00, 0xff, 0x80, // 2 words follow, BAR 0, memory, enabled
    0x00, 0x00, 0x00, 0xe0, // base e0000000h, 32 bits
    0xfc, 0xff, 0x0f, 0x00, // limit fffffh: 1 MiB
    0x14, 0x01, 0xff, 0xc0, // 4 words, BAR 1, prefetchable, enabled and writable
    0x02, 0x00, 0x00, 0x40, // base …40000000h, 64 bits
    0xfe, 0xff, 0xff, 0xff, // limit …ffffffffh, 64 bits
    0x01, 0x00, 0x00, 0x00, // base bits 63:32
    0x03, 0x00, 0x00, 0x00, // limit bits 63:32: 16 GiB
    0x93, 0x04, 0xff, 0x00, // 3 words, VF BAR 0, VF memory, disabled
    0x02, 0x00, 0x00, 0x00, // base …00000000h, 64 bits
    0xfc, 0x3f, 0x00, 0x00, // limit 3fffh: 16 KiB
    0x08, 0x00, 0x00, 0x00, // base bits 63:32
];

#[test]
fn entries_of_three_lengths_follow_each_other() {
    let image = image(0, ENDPOINT);
    let ea = EnhancedAllocation::new(image.window(0x40));
    assert_eq!(ea.count(), Some(3));
    assert_eq!(ea.fixed_buses(), None);
    let entries = ea.entries().unwrap();
    let lengths: Vec<_> = entries
        .iter()
        .map(|entry| entry.length().unwrap())
        .collect();
    assert_eq!(lengths, [12, 20, 16]);
    let beis: Vec<_> = entries.iter().map(|entry| entry.bei().unwrap()).collect();
    assert_eq!(beis, [Bei::BAR_0, Bei::BAR_1, Bei::VF_BAR_0]);
    let enabled: Vec<_> = entries
        .iter()
        .map(|entry| entry.enabled().unwrap())
        .collect();
    assert_eq!(enabled, [true, true, false]);
    assert_eq!(entries[1].primary(), Some(Properties::MEMORY_PREFETCHABLE));
    assert_eq!(entries[1].secondary(), Some(Properties::UNAVAILABLE));
    assert_eq!(
        (entries[0].writable(), entries[1].writable()),
        (Some(false), Some(true))
    );
}

#[test]
fn the_two_missing_bits_of_a_limit_count_as_ones() {
    let image = image(0, ENDPOINT);
    let entries = EnhancedAllocation::new(image.window(0x40))
        .entries()
        .unwrap();
    let ranges: Vec<_> = entries.iter().map(|entry| entry.range()).collect();
    assert_eq!(
        ranges,
        [
            AddrRange::with_len(0xe000_0000, 0x10_0000),
            AddrRange::with_len(0x1_4000_0000, 0x4_0000_0000),
            AddrRange::with_len(0x8_0000_0000, 0x4000),
        ]
    );
}

#[test]
fn a_limit_alone_may_have_64_bits() {
    let capability = [
        0x14, 0x00, 0x01, 0x00, // one entry
        0x03, 0x00, 0xff, 0x80, // 3 words
        0x00, 0x00, 0x00, 0x00, // base 0, 32 bits
        0xfe, 0xff, 0xff, 0xff, // limit, 64 bits
        0x01, 0x00, 0x00, 0x00, // limit bits 63:32
    ];
    let image = image(0, &capability);
    let entries = EnhancedAllocation::new(image.window(0x40))
        .entries()
        .unwrap();
    assert_eq!(entries[0].base(), Some(0));
    assert_eq!(entries[0].max_offset(), Some(0x1_ffff_ffff));
    let registers = (STRUCTURE.registers)(image.window(0x40));
    let names: Vec<_> = registers
        .iter()
        .map(|register| (register.name, register.offset))
        .collect();
    assert_eq!(
        names,
        [
            ("Num Entries", 0x02),
            ("Entry Header", 0x04),
            ("Base", 0x08),
            ("MaxOffset", 0x0c),
            ("MaxOffset Upper", 0x10),
        ]
    );
}

#[test]
fn a_bridge_has_its_bus_numbers_before_the_entries() {
    let capability = [
        0x14, 0x00, 0x01, 0x00, // one entry
        0x05, 0x07, 0x00, 0x00, // buses 5 to 7
        0x62, 0x05, 0xff, 0x80, // 2 words, behind the bridge, memory behind the bridge
        0x00, 0x00, 0x00, 0xd0, // base
        0xfc, 0xff, 0xff, 0x00, // 16 MiB
    ];
    let image = image(1, &capability);
    let ea = EnhancedAllocation::new(image.window(0x40));
    assert_eq!(ea.fixed_buses(), Some((5, 7)));
    let entries = ea.entries().unwrap();
    assert_eq!(entries[0].bei(), Some(Bei::BEHIND_BRIDGE));
    assert_eq!(entries[0].primary(), Some(Properties::BRIDGE_MEMORY));
    assert_eq!(
        entries[0].range(),
        AddrRange::with_len(0xd000_0000, 0x100_0000)
    );
}

#[test]
fn the_register_table_describes_the_bits_that_the_entries_read() {
    let image = image(0, ENDPOINT);
    let window = image.window(0x40);
    let fields: Vec<_> = (STRUCTURE.registers)(window)
        .iter()
        .flat_map(|register| register.fields)
        .map(|field| (field.name, field.offset, window.field(*field).unwrap()))
        .collect();
    assert!(fields.contains(&("BAR Equivalent Indicator", 0x10, 1)));
    assert!(fields.contains(&("Base", 0x14, 0x4000_0000 >> 2)));
    assert!(fields.contains(&("64-bit", 0x18, 1)));
    assert!(fields.contains(&("Primary Properties", 0x24, 4)));
}

#[test]
fn an_entry_of_unknown_length_is_the_last() {
    let image = image(0, ENDPOINT.get(..0x10).unwrap());
    let ea = EnhancedAllocation::new(image.window(0x40));
    let entries = ea.entries().unwrap();
    assert_eq!(entries.len(), 2);
    assert_eq!((entries[1].length(), entries[1].bei()), (None, None));
}

#[test]
fn an_entry_too_short_for_its_address_has_none() {
    let capability = [
        0x14, 0x00, 0x01, 0x00, 0x01, 0x00, 0, 0x80, 0, 0, 0, 0xe0, 0xff, 0, 0, 0,
    ];
    let image = image(0, &capability);
    let entries = EnhancedAllocation::new(image.window(0x40))
        .entries()
        .unwrap();
    assert_eq!(entries[0].base(), Some(0xe000_0000));
    assert_eq!((entries[0].max_offset(), entries[0].range()), (None, None));
}
