use super::*;
use crate::bytes::FaultKind;
use crate::decode::acpi::device_scope::ScopeType;
use crate::decode::acpi::testing;

/// A table around structures, with the right length and checksum.
fn table(structures: &[u8]) -> Vec<u8> {
    // 47 bits; interrupt remapping, opt-in
    let body = [&[46, 0x05][..], &[0; 10], structures].concat();
    testing::table(b"DMAR", 1, &body)
}

const DRHD: [u8; 24] = [
    0x00, 0x00, 0x18, 0x00, // type 0, 24 bytes
    0x00, 0x00, 0x01, 0x00, // not include-all, one page, segment 1
    0x00, 0x00, 0xd9, 0xfe, 0x00, 0x00, 0x00, 0x00, // registers at fed90000h
    0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, // endpoint 00:02.0
];
const RMRR: [u8; 34] = [
    0x01, 0x00, 0x22, 0x00, // type 1, 34 bytes
    0x00, 0x00, 0x00, 0x00, // reserved, segment 0
    0x00, 0x00, 0x80, 0xdb, 0x00, 0x00, 0x00, 0x00, // base db800000h
    0xff, 0xff, 0xff, 0xdf, 0x00, 0x00, 0x00, 0x00, // limit dfffffffh
    0x02, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x1c, 0x00, 0x00, 0x01, // bridge 00:1c.0 > 00.1
];

#[test]
fn units_and_reserved_memory_carry_their_devices() {
    let bytes = table(&[&DRHD[..], &RMRR].concat());
    let Decoded {
        value: dmar,
        faults,
    } = Dmar::decode(&bytes).unwrap();
    assert_eq!(faults, []);
    assert_eq!((dmar.host_address_width, dmar.flags), (47, 5));
    let (unit, span) = dmar.units().next().unwrap();
    assert_eq!(
        (unit.include_all, unit.segment, unit.base),
        (false, Segment(1), 0xfed9_0000)
    );
    assert_eq!(
        (unit.scopes[0].kind, unit.scopes[0].start_bus),
        (ScopeType::PCI_ENDPOINT, 0)
    );
    assert_eq!(unit.scopes[0].path, [(2, 0)]);
    assert_eq!((span.offset, unit.scopes[0].span.offset), (48, 64));
    let (region, _) = dmar.reserved().next().unwrap();
    assert_eq!((region.base, region.limit), (0xdb80_0000, 0xdfff_ffff));
    assert_eq!(region.scopes[0].kind, ScopeType::PCI_SUB_HIERARCHY);
    assert_eq!(region.scopes[0].path, [(0x1c, 0), (0, 1)]);
}

#[test]
fn an_unknown_structure_is_kept_and_the_next_one_read() {
    let unknown = [0x77, 0x00, 0x06, 0x00, 0xaa, 0xbb];
    let bytes = table(&[&unknown[..], &DRHD].concat());
    let Decoded {
        value: dmar,
        faults,
    } = Dmar::decode(&bytes).unwrap();
    assert_eq!(faults, []);
    assert_eq!(
        dmar.structures[0].body,
        Body::Unknown {
            kind: 0x77,
            bytes: vec![0xaa, 0xbb]
        }
    );
    assert_eq!(dmar.units().count(), 1);
}

#[test]
fn a_length_of_zero_ends_the_walk_with_a_fault_where_it_stands() {
    let bytes = table(&[&DRHD[..], &[0, 0, 0, 0, 0, 0]].concat());
    let Decoded {
        value: dmar,
        faults,
    } = Dmar::decode(&bytes).unwrap();
    assert_eq!(dmar.units().count(), 1);
    assert_eq!(faults[0].span.offset, 48 + 24);
    assert!(matches!(
        faults[0].kind,
        FaultKind::Length {
            length: 0,
            least: 4,
            room: 6
        }
    ));
}

#[test]
fn a_scope_of_length_zero_is_a_fault_and_no_loop() {
    let mut drhd = DRHD;
    drhd[17] = 0;
    let Decoded {
        value: dmar,
        faults,
    } = Dmar::decode(&table(&drhd)).unwrap();
    assert_eq!(dmar.units().next().unwrap().0.scopes, []);
    assert!(matches!(
        faults[0].kind,
        FaultKind::Length {
            length: 0,
            least: 8,
            ..
        }
    ));
}

#[test]
fn every_cut_of_a_table_decodes_as_far_as_it_goes() {
    let bytes = table(&[&DRHD[..], &RMRR].concat());
    for length in 0..bytes.len() {
        let decoded = Dmar::decode(&bytes[..length]);
        assert_eq!(decoded.is_none(), length < 38, "{length}");
        if let Some(decoded) = decoded {
            assert!(!decoded.faults.is_empty(), "{length}");
        }
    }
}

#[test]
fn a_wrong_checksum_is_a_fault_and_the_table_is_read_all_the_same() {
    let mut bytes = table(&DRHD);
    bytes[9] = bytes[9].wrapping_add(1);
    let Decoded {
        value: dmar,
        faults,
    } = Dmar::decode(&bytes).unwrap();
    assert_eq!(faults[0].kind, FaultKind::Checksum { sum: 1 });
    assert_eq!(dmar.units().count(), 1);
}

#[test]
fn every_structure_is_encoded_as_it_was_read() {
    let structures = [
        &DRHD[..],
        &RMRR,
        &[2, 0, 16, 0, 1, 0xee, 3, 0], // ATSR, all ports, reserved bits set, segment 3
        &[2, 8, 0, 0, 0, 0, 1, 0],     // with a bridge
        &[
            3, 0, 20, 0, 1, 2, 3, 4, 0, 0x10, 0xd9, 0xfe, 0, 0, 0, 0, 7, 0, 0, 0,
        ], // RHSA
        &[
            4, 0, 16, 0, 0, 0, 0, 9, b'\\', b'_', b'S', b'B', 0, 0xaa, 0, 0,
        ], // ANDD, padded
        &[5, 0, 8, 0, 1, 0, 0, 0],     // SATC
        &[6, 0, 16, 0, 0, 0, 0, 0],    // SIDP
        &[1, 8, 0x1f, 0x55, 0, 0, 2, 1], // with flags
        &[0x77, 0, 6, 0, 0xaa, 0xbb],  // unknown
    ];
    let bytes = table(&structures.concat());
    let Decoded { value, faults } = Dmar::decode(&bytes).unwrap();
    assert_eq!(faults, []);
    assert_eq!(value.structures.len(), 8);
    assert_eq!(value.encode(), bytes);
    let Body::Andd(andd) = &value.structures[4].body else {
        panic!("ANDD")
    };
    assert_eq!((andd.device_number, andd.name.as_str()), (9, "\\_SB"));
}
