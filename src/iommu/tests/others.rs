//! VIOT and IORT tables matched to a small machine.

use super::*;
use crate::testing::tables::seal;

/// A table of nodes: 36 bytes of header, then the table's own fields, then the nodes.
fn table(signature: &[u8; 4], fields: &[u8], nodes: &[&[u8]]) -> Vec<u8> {
    let mut bytes = signature.to_vec();
    bytes.extend([0; 32]);
    bytes.extend_from_slice(fields);
    bytes.extend(nodes.concat());
    seal(&mut bytes);
    bytes
}

mod viot {
    use super::*;

    /// The unit at 00:03.0, at offset 48.
    const UNIT: [u8; 16] = [
        3, 0, 16, 0, // type 3, 16 bytes
        0, 0, 0x18, 0, // 0000:00:03.0
        0, 0, 0, 0, 0, 0, 0, 0,
    ];

    /// Ids of segments, translated by the node at an offset.
    fn range(segments: (u8, u8), ids: (u16, u16), output: u8) -> Vec<u8> {
        let mut bytes = vec![1, 0, 24, 0, 0, 0, 0, 0, segments.0, 0, segments.1, 0];
        bytes.extend(ids.0.to_le_bytes());
        bytes.extend(ids.1.to_le_bytes());
        bytes.extend([output, 0, 0, 0, 0, 0, 0, 0]);
        bytes
    }

    fn machine(nodes: &[&[u8]]) -> Capture {
        let count = u8::try_from(nodes.len()).unwrap();
        let fields = [count, 0, 48, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        super::super::machine("VIOT", table(b"VIOT", &fields, nodes))
    }

    fn reason(capture: &Capture, at: &str) -> Option<OwnershipReason> {
        owner(capture, at).map(|(_, reason)| reason)
    }

    #[test]
    fn a_range_covers_ids_of_its_segments_and_not_the_unit_itself() {
        let capture = machine(&[&UNIT, &range((0, 0), (0x0000, 0x01ff), 48)]);
        let covered = Some(OwnershipReason::Range);
        assert_eq!(reason(&capture, DRIVE), covered);
        assert_eq!(reason(&capture, "0000:00:01.0"), covered);
        assert_eq!(reason(&capture, "0000:00:03.0"), None, "the unit");
        assert_eq!(reason(&capture, SWITCHED_DRIVE), None, "bus 4 is outside");
        assert_eq!(reason(&capture, OTHER_SEGMENT), None);
    }

    #[test]
    fn in_another_segment_the_units_address_is_any_functions() {
        let text = "[[root]]\ndevice = [{ kind = \"rciep\", at = \"03.0\", class = \"system\" }]\n\
            [[root]]\nsegment = 1\nbus = 0\n\
            device = [{ kind = \"rciep\", at = \"03.0\", class = \"ethernet\" }]\n";
        let mut capture = synthesise(text).unwrap();
        let fields = [2, 0, 48, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let all = range((0, 1), (0, 0xffff), 48);
        let bytes = table(b"VIOT", &fields, &[&UNIT, &all]);
        capture.tables.insert("VIOT".to_owned(), bytes);
        assert_eq!(reason(&capture, "0000:00:03.0"), None);
        let covered = Some(OwnershipReason::Range);
        assert_eq!(reason(&capture, "0001:00:03.0"), covered);
    }

    #[test]
    fn a_range_that_refers_to_no_unit_covers_nothing() {
        for output in [49, 64] {
            let capture = machine(&[&UNIT, &range((0, 0), (0, 0xffff), output)]);
            assert_eq!(reason(&capture, DRIVE), None, "node at {output}");
        }
    }
}

mod iort {
    use super::*;

    /// SMMUv3 with its registers at 2b400000h; 68 bytes at offset 48.
    fn smmu() -> Vec<u8> {
        let mut bytes = vec![4, 68, 0, 4];
        bytes.extend([0; 12]);
        bytes.extend(0x2b40_0000_u64.to_le_bytes());
        bytes.resize(68, 0);
        bytes
    }

    /// Root complex of a segment, at offset 116: maps `count + 1` ids from `input` to the node
    /// at `output`.
    fn root(segment: u8, input: u32, count: u32, output: u32) -> Vec<u8> {
        let mut bytes = vec![2, 56, 0, 1, 0, 0, 0, 0];
        bytes.extend([1, 0, 0, 0, 36, 0, 0, 0]); // one mapping at 36
        bytes.extend([0; 12]);
        bytes.extend([segment, 0, 0, 0, 48, 0, 0, 0]);
        for field in [input, count, 0x1000 + input, output, 0] {
            bytes.extend(field.to_le_bytes());
        }
        bytes
    }

    /// Reserved memory at 9000_0000h for some streams of the SMMU.
    fn memory(stream: u32, count: u32) -> Vec<u8> {
        let mut bytes = vec![6, 68, 0, 3, 0, 0, 0, 0];
        bytes.extend([1, 0, 0, 0, 48, 0, 0, 0]); // one mapping at 48
        bytes.extend([0, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0]); // one range at 28
        bytes.extend(0x9000_0000_u64.to_le_bytes());
        bytes.extend(0x1_0000_u64.to_le_bytes());
        bytes.extend([0; 4]);
        for field in [0, count, stream, 48, 0] {
            bytes.extend(field.to_le_bytes());
        }
        bytes
    }

    fn machine(nodes: &[&[u8]]) -> Capture {
        let count = u8::try_from(nodes.len()).unwrap();
        let fields = [count, 0, 0, 0, 48, 0, 0, 0, 0, 0, 0, 0];
        super::super::machine("IORT", table(b"IORT", &fields, nodes))
    }

    fn base(capture: &Capture, at: &str) -> Option<u64> {
        owner(capture, at).map(|(base, _)| base)
    }

    #[test]
    fn mapped_ids_of_the_segments_root_complex_are_covered() {
        // Ids 0000h to 01ffh of segment 0: buses 0 and 1.
        let capture = machine(&[&smmu(), &root(0, 0, 0x1ff, 48)]);
        assert_eq!(base(&capture, DRIVE), Some(0x2b40_0000));
        assert_eq!(base(&capture, SWITCHED_DRIVE), None, "bus 4 is not mapped");
        assert_eq!(base(&capture, OTHER_SEGMENT), None);
        let capture = machine(&[&smmu(), &root(1, 0, 0xffff, 48)]);
        assert_eq!(base(&capture, DRIVE), None);
        assert_eq!(base(&capture, OTHER_SEGMENT), Some(0x2b40_0000));
    }

    #[test]
    fn a_mapping_to_an_interrupt_controller_translates_no_dma() {
        let its = [
            0, 24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0,
        ];
        let capture = machine(&[&its, &root(0, 0, 0xffff, 48)]);
        assert_eq!(base(&capture, DRIVE), None);
    }

    #[test]
    fn reserved_memory_belongs_to_the_functions_behind_its_streams() {
        // 01:00.0 is stream 1100h.
        let nodes = [smmu(), root(0, 0, 0xffff, 48), memory(0x1100, 0)];
        let nodes: Vec<&[u8]> = nodes.iter().map(Vec::as_slice).collect();
        let capture = machine(&nodes);
        let range = AddrRange::with_len(0x9000_0000, 0x1_0000).unwrap();
        assert_eq!(reserved(&capture, DRIVE), [range]);
        assert_eq!(reserved(&capture, SWITCHED_DRIVE), []);
    }
}
