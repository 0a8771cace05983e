use super::*;
use crate::decode::acpi::testing;

fn table(blocks: &[u8]) -> Vec<u8> {
    let info = [0x41, 0x30, 0x20, 0x00];
    testing::table(b"IVRS", 2, &[&info[..], &[0; 8], blocks].concat())
}

const IVHD: [u8; 48] = [
    0x10, 0xb0, 0x30, 0x00, // type 10h, flags, 48 bytes
    0x02, 0x00, 0x40, 0x00, // the unit is 00:00.2, its capability at 40h
    0x00, 0x00, 0x58, 0xfd, 0x00, 0x00, 0x00, 0x00, // registers at fd580000h
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, // segment 0, info, features
    0x03, 0x08, 0x00, 0x00, // range from 00:01.0
    0x04, 0xfe, 0xff, 0x00, // to ff:1f.6
    0x42, 0x10, 0x02, 0x00, 0x00, 0x00, 0x02, 0x00, // 02:02.0 uses the id of 02:00.0
    0x48, 0x00, 0x00, 0xd7, 0x21, 0xa0, 0x00, 0x01, // I/O APIC 21h is 00:14.0
];
const IVMD: [u8; 32] = [
    0x22, 0x08, 0x20, 0x00, // type 22h, exclusion range, 32 bytes
    0x00, 0x04, 0x07, 0x04, // 04:00.0 to 04:00.7
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, // segment 0, reserved
    0x00, 0x00, 0x00, 0x7e, 0x00, 0x00, 0x00, 0x00, // from 7e000000h
    0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, // 1 MiB
];

#[test]
fn units_ranges_aliases_and_special_devices_are_read() {
    let Decoded {
        value: ivrs,
        faults,
    } = Ivrs::decode(&table(&IVHD)).unwrap();
    assert_eq!(faults, []);
    let (unit, _) = ivrs.units().next().unwrap();
    assert_eq!(
        (unit.kind, unit.device, unit.base),
        (0x10, RequesterId(2), 0xfd58_0000)
    );
    let kinds: Vec<_> = unit.entries.iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [0x03, 0x04, 0x42, 0x48]);
    assert_eq!(unit.entries[1].device, RequesterId(0xfffe));
    assert_eq!(unit.entries[2].source, Some(RequesterId(0x0200)));
    assert_eq!(unit.entries[3].special, Some((0x21, 1)));
    assert_eq!(unit.entries[3].source, Some(RequesterId(0x00a0)));
}

#[test]
fn memory_blocks_name_their_devices() {
    let Decoded {
        value: ivrs,
        faults,
    } = Ivrs::decode(&table(&IVMD)).unwrap();
    assert_eq!(faults, []);
    let (memory, _) = ivrs.reserved().next().unwrap();
    assert_eq!(
        memory.devices,
        IvmdDevices::Range(RequesterId(0x0400), RequesterId(0x0407))
    );
    assert_eq!(
        (memory.start, memory.length, memory.flags),
        (0x7e00_0000, 0x10_0000, 8)
    );
}

#[test]
fn an_unknown_block_is_kept_and_the_next_one_read() {
    let unknown = [0x51, 0x00, 0x06, 0x00, 0xaa, 0xbb];
    let Decoded {
        value: ivrs,
        faults,
    } = Ivrs::decode(&table(&[&unknown[..], &IVHD].concat())).unwrap();
    assert_eq!(faults, []);
    assert!(matches!(
        ivrs.blocks[0].body,
        Body::Unknown { kind: 0x51, .. }
    ));
    assert_eq!(ivrs.units().count(), 1);
}

#[test]
fn an_entry_type_without_a_length_ends_the_unit_with_a_fault() {
    for kind in (0x80..=0xef).chain(0xf1..=0xff) {
        let mut ivhd = IVHD;
        ivhd[32] = kind;
        let Decoded {
            value: ivrs,
            faults,
        } = Ivrs::decode(&table(&ivhd)).unwrap();
        assert_eq!(ivrs.units().next().unwrap().0.entries.len(), 2, "{kind:#x}");
        assert_eq!(faults[0].span.offset, 48 + 32, "{kind:#x}");
    }
}

#[test]
fn every_cut_of_a_table_decodes_as_far_as_it_goes() {
    let bytes = table(&[&IVHD[..], &IVMD].concat());
    for length in 0..bytes.len() {
        let decoded = Ivrs::decode(&bytes[..length]);
        assert_eq!(decoded.is_none(), length < 40, "{length}");
        assert!(
            decoded.is_none_or(|decoded| !decoded.faults.is_empty()),
            "{length}"
        );
    }
}

/// An IVHD block of type 40h around device entries.
fn mixed(entries: &[&[u8]]) -> Vec<u8> {
    let mut block = IVHD[..24].to_vec();
    block[0] = 0x40;
    block.extend(0x206d_73ef_2225_4ade_u64.to_le_bytes()); // feature register
    block.extend(0x10_u64.to_le_bytes()); // feature register 2
    block.extend(entries.concat());
    let length = u16::try_from(block.len()).unwrap();
    block[2..4].copy_from_slice(&length.to_le_bytes());
    block
}

/// An entry of type F0h for 00:14.5.
fn acpi(format: u8, uid: &[u8]) -> Vec<u8> {
    let mut entry = vec![0xf0, 0xa5, 0x00, 0x40];
    entry.extend(b"AMDI0020\0\0\0\0\0\0\0\0");
    entry.extend([format, u8::try_from(uid.len()).unwrap()]);
    entry.extend(uid);
    entry
}

#[test]
fn acpi_devices_have_their_ids_and_feature_images_are_read() {
    let entries = [
        acpi(2, b"\\_SB.FUR0"),
        acpi(1, &[5, 0, 0, 0, 0, 0, 0, 0]),
        acpi(0, &[]),
        acpi(1, &[5]),
        acpi(3, &[1, 2]),
    ];
    let entries: Vec<_> = entries.iter().map(Vec::as_slice).collect();
    let bytes = table(&mixed(&entries));
    let Decoded { value, faults } = Ivrs::decode(&bytes).unwrap();
    assert_eq!(faults, []);
    let (unit, _) = value.units().next().unwrap();
    assert_eq!(unit.images, Some((0x206d_73ef_2225_4ade, 0x10)));
    let devices: Vec<_> = unit
        .entries
        .iter()
        .filter_map(|entry| entry.acpi.as_ref())
        .collect();
    assert!(devices.iter().all(|device| device.hid == *b"AMDI0020"));
    let uids: Vec<_> = devices.iter().map(|device| device.uid.clone()).collect();
    assert_eq!(
        uids,
        [
            Uid::Text("\\_SB.FUR0".to_owned()),
            Uid::Number(5),
            Uid::None,
            Uid::Unknown(vec![5]),
            Uid::Unknown(vec![1, 2]),
        ]
    );
    assert_eq!(unit.entries[0].device, RequesterId(0x00a5));
}

#[test]
fn extended_entries_have_settings_and_padding_none() {
    let extended = [0x46, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80];
    let padding = [0x00, 0x00, 0x00, 0x00];
    let decoded = Ivrs::decode(&table(&mixed(&[&extended, &padding]))).unwrap();
    assert_eq!(decoded.faults, []);
    let (unit, _) = decoded.value.units().next().unwrap();
    assert_eq!(unit.entries[0].extended, Some(0x8000_0000));
    assert_eq!((unit.entries[1].kind, unit.entries[1].extended), (0, None));
}

#[test]
fn every_block_is_encoded_as_it_was_read() {
    let unknown = [0x51, 0x00, 0x06, 0x00, 0xaa, 0xbb];
    let named = acpi(2, b"\\_SB.FUR0");
    let mut all = IVMD;
    all[0] = 0x20;
    all[10] = 0x77; // reserved
    let blocks = [&IVHD[..], &mixed(&[&named]), &unknown, &IVMD, &all].concat();
    let bytes = table(&blocks);
    let Decoded { value, faults } = Ivrs::decode(&bytes).unwrap();
    assert_eq!(faults, []);
    assert_eq!(value.blocks.len(), 5);
    assert_eq!(value.encode(), bytes);
}
