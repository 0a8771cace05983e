use super::*;
use crate::addr::Segment;
use crate::decode::acpi::testing::table;

const HEADER: [u8; 12] = [
    0x02, 0x00, 0x00, 0x00, // two nodes
    0x30, 0x00, 0x00, 0x00, // from offset 48
    0x00, 0x00, 0x00, 0x00, // reserved
];
const ITS: [u8; 24] = [
    0x00, 0x18, 0x00, 0x00, 0, 0, 0, 0, // type 0, 24 bytes, revision 0
    0, 0, 0, 0, 0, 0, 0, 0, // no mappings
    0x01, 0x00, 0x00, 0x00, // one translation service
    0x05, 0x00, 0x00, 0x00, // number 5
];
const ROOT: [u8; 56] = [
    0x02, 0x38, 0x00, 0x01, 0, 0, 0, 0, // type 2, 56 bytes, revision 1
    0x01, 0, 0, 0, 0x24, 0, 0, 0, // one mapping at 36
    0x01, 0, 0, 0, 0x00, 0, 0, 0x03, // coherent
    0x01, 0, 0, 0, // ATS
    0x02, 0, 0, 0, // segment 2
    0x30, 0, 0, 0, // 48 address bits
    0x00, 0x01, 0, 0, 0xff, 0x00, 0, 0, // ids 100h to 1ffh
    0x00, 0x01, 0x01, 0, 0x30, 0, 0, 0, // become 10100h at the node at 48
    0, 0, 0, 0, // no single mapping
];

fn decode(nodes: &[&[u8]]) -> Decoded<Iort> {
    let body = [&HEADER[..], &nodes.concat()].concat();
    Iort::decode(&table(b"IORT", 0, &body)).unwrap()
}

#[test]
fn a_root_complex_maps_ids_to_another_node() {
    let Decoded { value, faults } = decode(&[&ITS, &ROOT]);
    assert_eq!(faults, []);
    let root = &value.nodes[1];
    assert_eq!(
        root.body,
        IortBody::RootComplex {
            segment: Segment(2),
            ats: 1,
            address_limit: 48
        }
    );
    let [mapping] = root.mappings[..] else {
        panic!("one mapping")
    };
    assert_eq!(mapping.span.offset, 48 + 24 + 36);
    assert_eq!(mapping.map(0x100), Some(0x1_0100));
    assert_eq!(mapping.map(0x1ff), Some(0x1_01ff));
    assert_eq!((mapping.map(0xff), mapping.map(0x200)), (None, None));
    let its = value.node_at(mapping.output).unwrap();
    assert_eq!(its.body, IortBody::ItsGroup { ids: vec![5] });
}

#[test]
fn a_single_mapping_has_one_output_for_all() {
    let mut root = ROOT;
    root[52] = 1;
    let decoded = decode(&[&ITS, &root]);
    assert_eq!(
        decoded.value.nodes[1].mappings[0].map(0x7777),
        Some(0x1_0100)
    );
}

#[test]
fn mappings_outside_their_node_are_not_read() {
    for (count, offset, found) in [(2, 36, 1), (1, 40, 0), (1, 0, 0), (u32::MAX, u32::MAX, 0)] {
        let mut root = ROOT;
        root[8..12].copy_from_slice(&u32::to_le_bytes(count));
        root[12..16].copy_from_slice(&u32::to_le_bytes(offset));
        let Decoded { value, faults } = decode(&[&ITS, &root]);
        assert_eq!(value.nodes[1].mappings.len(), found, "{count} at {offset}");
        let kind = FaultKind::Count {
            stated: count,
            found: u32::try_from(found).unwrap(),
        };
        assert_eq!(faults[0].kind, kind);
        assert_eq!(
            faults[0].span,
            Span {
                offset: 48 + 24 + 8,
                len: 4
            }
        );
    }
}

#[test]
fn reserved_memory_has_its_ranges() {
    let mut node = vec![0x06, 0x30, 0x00, 0x03, 0, 0, 0, 0]; // type 6, 48 bytes, revision 3
    node.extend([0, 0, 0, 0, 0, 0, 0, 0]); // no mappings
    node.extend([0x01, 0, 0, 0, 0x01, 0, 0, 0, 0x1c, 0, 0, 0]); // one range at 28
    node.extend(0x8000_0000_u64.to_le_bytes());
    node.extend(0x10_0000_u64.to_le_bytes());
    node.extend([0; 4]);
    let Decoded { value, faults } = decode(&[&ITS, &node]);
    assert_eq!(faults, []);
    let IortBody::ReservedMemory { flags, regions } = &value.nodes[1].body else {
        panic!("reserved memory")
    };
    assert_eq!((*flags, regions.len()), (1, 1));
    assert_eq!(
        (regions[0].base, regions[0].length),
        (0x8000_0000, 0x10_0000)
    );
    assert_eq!(regions[0].span.offset, 48 + 24 + 28);
}

#[test]
fn a_named_component_ends_its_name_with_a_zero() {
    let mut node = vec![0x01, 0x28, 0x00, 0x02, 0, 0, 0, 0];
    node.extend([0; 8]); // no mappings
    node.extend([0; 12]); // flags and memory properties
    node.push(40); // address bits
    node.extend(b"\\_SB.GPU0\0\0");
    let decoded = decode(&[&ITS, &node]);
    let IortBody::NamedComponent {
        name,
        address_limit,
    } = &decoded.value.nodes[1].body
    else {
        panic!("a named component")
    };
    assert_eq!((name.as_str(), *address_limit), ("\\_SB.GPU0", 40));
}

#[test]
fn a_short_node_and_a_wrong_count_are_faults() {
    let short = [0x02, 0x10, 0x00, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let Decoded { value, faults } = decode(&[&short]);
    assert_eq!(value.nodes[0].body, IortBody::Other);
    assert!(matches!(
        faults[0].kind,
        FaultKind::Length { length: 16, .. }
    ));
    assert_eq!(
        faults[1].kind,
        FaultKind::Count {
            stated: 2,
            found: 1
        }
    );
}
