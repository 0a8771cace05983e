use crate::bytes::{ConfigImage, Decoded, Fault, FaultKind, Observed};
use crate::decode::config::cap::express::Express;
use crate::decode::config::{CapEntry, CapabilityId, ConfigSpace, ListEnd};
use crate::spec::pci::CapId;
use crate::spec::pcie::ExtCapId;

/// A type 0 function with a capability list that starts at 40h, patched.
fn space(size: usize, patches: &[(usize, &[u8])]) -> ConfigImage {
    let mut bytes = vec![0; size];
    bytes[..8].copy_from_slice(&[0x86, 0x80, 0x34, 0x12, 0x06, 0x00, 0x10, 0x00]);
    bytes[0x34] = 0x40;
    for (offset, patch) in patches {
        bytes[*offset..offset + patch.len()].copy_from_slice(patch);
    }
    ConfigImage::from_bytes(bytes)
}

/// An Express endpoint of 4096 bytes with nothing but Express, patched.
fn express(patches: &[(usize, &[u8])]) -> ConfigImage {
    let mut all: Vec<(usize, &[u8])> = vec![(0x40, &[0x10, 0x00, 0x02, 0x00])];
    all.extend_from_slice(patches);
    space(0x1000, &all)
}

fn ids(space: &ConfigSpace) -> Vec<(u16, u16)> {
    let id = |entry: &CapEntry| match entry.id {
        CapabilityId::Standard(id) => u16::from(id.0),
        CapabilityId::Extended(id) => id.0,
    };
    space
        .capabilities
        .iter()
        .map(|entry| (id(entry), entry.offset))
        .collect()
}

fn kinds(faults: &[Fault]) -> Vec<FaultKind> {
    faults.iter().map(|fault| fault.kind).collect()
}

#[test]
fn a_list_is_walked_in_its_own_order() {
    let image = space(
        0x100,
        &[
            (0x40, &[0x05, 0xd0]),
            (0xd0, &[0x11, 0x60]),
            (0x60, &[0x01, 0x00]),
        ],
    );
    let Decoded { value, faults } = ConfigSpace::decode(&image);
    assert_eq!(ids(&value), [(0x05, 0x40), (0x11, 0xd0), (0x01, 0x60)]);
    assert_eq!(value.standard_end, ListEnd::Complete);
    assert_eq!(faults, []);
    assert!(value.standard(&image, CapId::MSI_X).is_present());
    assert!(matches!(
        value.standard(&image, CapId::EXPRESS),
        Observed::Absent
    ));
}

#[test]
fn a_looping_standard_list_ends_with_a_fault() {
    let image = space(0x100, &[(0x40, &[0x05, 0x60]), (0x60, &[0x01, 0x40])]);
    let Decoded { value, faults } = ConfigSpace::decode(&image);
    assert_eq!(ids(&value), [(0x05, 0x40), (0x01, 0x60)]);
    assert_eq!(kinds(&faults), [FaultKind::Loop { offset: 0x40 }]);
    assert_eq!(faults[0].span.offset, 0x61);
    assert_eq!(value.standard_end, ListEnd::Broken(faults[0]));
    assert!(matches!(
        value.standard(&image, CapId::EXPRESS),
        Observed::Malformed(_)
    ));
    assert!(matches!(
        value.extended(&image, ExtCapId::ACS),
        Observed::Malformed(_)
    ));
}

#[test]
fn a_capability_that_points_to_itself_is_a_loop() {
    let image = space(0x100, &[(0x40, &[0x05, 0x40])]);
    let Decoded { value, faults } = ConfigSpace::decode(&image);
    assert_eq!(ids(&value), [(0x05, 0x40)]);
    assert_eq!(kinds(&faults), [FaultKind::Loop { offset: 0x40 }]);
}

#[test]
fn a_looping_extended_list_ends_with_a_fault() {
    let image = express(&[
        (0x100, &[0x0d, 0x00, 0x01, 0x20]), // ACS, next 200h
        (0x200, &[0x0e, 0x00, 0x01, 0x10]), // ARI, next 100h
    ]);
    let Decoded { value, faults } = ConfigSpace::decode(&image);
    assert_eq!(ids(&value), [(0x10, 0x40), (0x0d, 0x100), (0x0e, 0x200)]);
    assert_eq!(kinds(&faults), [FaultKind::Loop { offset: 0x100 }]);
    assert_eq!(value.standard_end, ListEnd::Complete);
    assert_eq!(value.extended_end, ListEnd::Broken(faults[0]));
    assert!(matches!(
        value.extended(&image, ExtCapId::ATS),
        Observed::Malformed(_)
    ));
    assert!(value.extended(&image, ExtCapId::ACS).is_present());
}

#[test]
fn a_pointer_below_40h_breaks_the_list() {
    let image = space(0x100, &[(0x40, &[0x05, 0x3c])]);
    let Decoded { value, faults } = ConfigSpace::decode(&image);
    assert_eq!(ids(&value), [(0x05, 0x40)]);
    assert_eq!(
        kinds(&faults),
        [FaultKind::PointerTooLow {
            pointer: 0x3c,
            lowest: 0x40
        }]
    );
    assert!(matches!(
        value.standard(&image, CapId::EXPRESS),
        Observed::Malformed(_)
    ));
}

#[test]
fn a_pointer_below_100h_breaks_the_extended_list() {
    let image = express(&[(0x100, &[0x0d, 0x00, 0x01, 0x08])]); // next 080h
    let Decoded { value, faults } = ConfigSpace::decode(&image);
    assert_eq!(ids(&value), [(0x10, 0x40), (0x0d, 0x100)]);
    assert_eq!(
        kinds(&faults),
        [FaultKind::PointerTooLow {
            pointer: 0x80,
            lowest: 0x100
        }]
    );
}

#[test]
fn an_unaligned_pointer_is_noted_and_followed_without_its_low_bits() {
    let image = space(0x100, &[(0x40, &[0x05, 0x63]), (0x60, &[0x01, 0x00])]);
    let Decoded { value, faults } = ConfigSpace::decode(&image);
    assert_eq!(ids(&value), [(0x05, 0x40), (0x01, 0x60)]);
    assert_eq!(
        kinds(&faults),
        [FaultKind::PointerUnaligned { pointer: 0x63 }]
    );
    assert_eq!(value.standard_end, ListEnd::Complete);
}

#[test]
fn an_unaligned_extended_pointer_is_noted_as_it_reads() {
    let image = express(&[
        (0x100, &[0x0d, 0x00, 0x11, 0x20]), // next 201h
        (0x200, &[0x0e, 0x00, 0x01, 0x00]),
    ]);
    let Decoded { value, faults } = ConfigSpace::decode(&image);
    assert_eq!(ids(&value), [(0x10, 0x40), (0x0d, 0x100), (0x0e, 0x200)]);
    assert_eq!(
        kinds(&faults),
        [FaultKind::PointerUnaligned { pointer: 0x201 }]
    );
    assert_eq!(value.extended_end, ListEnd::Complete);
}

#[test]
fn an_id_of_ff_breaks_the_list_there() {
    let image = space(0x100, &[(0x40, &[0x05, 0x60]), (0x60, &[0xff, 0xff])]);
    let Decoded { value, faults } = ConfigSpace::decode(&image);
    assert_eq!(ids(&value), [(0x05, 0x40)]);
    assert_eq!(kinds(&faults), [FaultKind::AllOnes]);
    assert_eq!(faults[0].span.offset, 0x60);
}

#[test]
fn an_extended_header_of_ones_means_that_the_space_cannot_be_read() {
    let image = express(&[(0x100, &[0xff; 0xf00])]);
    let Decoded { value, faults } = ConfigSpace::decode(&image);
    assert_eq!(ids(&value), [(0x10, 0x40)]);
    assert_eq!(kinds(&faults), [FaultKind::AllOnes]);
    assert!(matches!(
        value.extended(&image, ExtCapId::ACS),
        Observed::Malformed(_)
    ));
    assert!(matches!(
        value.standard(&image, CapId::MSI),
        Observed::Absent
    ));
}

#[test]
fn a_zero_header_at_100h_is_an_empty_list() {
    let image = express(&[]);
    let Decoded { value, faults } = ConfigSpace::decode(&image);
    assert_eq!(value.extended_end, ListEnd::Complete);
    assert_eq!(faults, []);
    assert!(matches!(
        value.extended(&image, ExtCapId::ACS),
        Observed::Absent
    ));
}

#[test]
fn a_null_capability_with_a_next_pointer_is_passed_over() {
    let image = express(&[
        (0x100, &[0x00, 0x00, 0x00, 0x25]), // id 0, next 250h, as current graphics cards have
        (0x250, &[0x0d, 0x00, 0x01, 0x00]),
    ]);
    let Decoded { value, faults } = ConfigSpace::decode(&image);
    assert_eq!(ids(&value), [(0x10, 0x40), (0x0d, 0x250)]);
    assert_eq!(value.extended_end, ListEnd::Complete);
    assert_eq!(faults, []);
}

#[test]
fn an_extended_space_that_repeats_the_first_256_bytes_is_no_list() {
    let page = space(0x100, &[(0x40, &[0x10, 0x00, 0x02, 0x00])]);
    let image = ConfigImage::from_bytes(page.bytes().repeat(16));
    let Decoded { value, faults } = ConfigSpace::decode(&image);
    assert_eq!(ids(&value), [(0x10, 0x40)]);
    assert_eq!(kinds(&faults), [FaultKind::RepeatsConventionalSpace]);
    assert!(matches!(
        value.extended(&image, ExtCapId::ACS),
        Observed::Malformed(_)
    ));
}

#[test]
fn a_64_byte_dump_tells_nothing_about_capabilities() {
    let image = space(0x40, &[]);
    let Decoded { value, faults } = ConfigSpace::decode(&image);
    assert_eq!(faults, []);
    assert_eq!(value.standard_end, ListEnd::NotCaptured { offset: 0x40 });
    assert!(matches!(
        value.standard(&image, CapId::EXPRESS),
        Observed::NotCaptured
    ));
    assert!(matches!(
        value.extended(&image, ExtCapId::ACS),
        Observed::NotCaptured
    ));
}

#[test]
fn a_256_byte_dump_of_an_express_function_leaves_the_extended_list_open() {
    let image = space(0x100, &[(0x40, &[0x10, 0x00, 0x42, 0x00])]);
    let Decoded { value, .. } = ConfigSpace::decode(&image);
    assert_eq!(value.extended_end, ListEnd::NotCaptured { offset: 0x100 });
    assert!(matches!(
        value.extended(&image, ExtCapId::ACS),
        Observed::NotCaptured
    ));
    assert!(matches!(
        value.standard(&image, CapId::MSI),
        Observed::Absent
    ));
}

#[test]
fn a_conventional_function_has_no_extended_capabilities() {
    let image = space(0x100, &[(0x40, &[0x01, 0x00])]);
    let Decoded { value, .. } = ConfigSpace::decode(&image);
    assert_eq!(value.extended_end, ListEnd::NoList);
    assert!(matches!(
        value.extended(&image, ExtCapId::ACS),
        Observed::Absent
    ));
}

#[test]
fn a_conventional_function_has_none_even_if_bytes_there_look_like_a_list() {
    let acs: &[u8] = &[0x0d, 0x00, 0x01, 0x00];
    let image = space(0x1000, &[(0x40, &[0x01, 0x00]), (0x100, acs)]);
    let Decoded { value, .. } = ConfigSpace::decode(&image);
    assert_eq!(value.extended_end, ListEnd::NoList);
}

#[test]
fn a_host_bridge_may_have_an_extended_list_without_express() {
    let host_bridge = |extended: &[u8]| {
        let class: &[u8] = &[0x00, 0x00, 0x06];
        ConfigSpace::decode(&space(
            0x1000,
            &[(0x09, class), (0x40, &[0x01, 0x00]), (0x100, extended)],
        ))
    };
    let Decoded { value, faults } = host_bridge(&[0x0b, 0x00, 0x01, 0x00]);
    assert_eq!(ids(&value), [(0x01, 0x40), (0x0b, 0x100)]);
    assert_eq!((value.extended_end, faults.len()), (ListEnd::Complete, 0));
    let Decoded { value, faults } = host_bridge(&[0xff; 0xf00]);
    assert_eq!((value.extended_end, faults.len()), (ListEnd::NoList, 0));
    let page = space(0x100, &[(0x09, &[0x00, 0x00, 0x06])]);
    let repeated = ConfigImage::from_bytes(page.bytes().repeat(16));
    let Decoded { value, .. } = ConfigSpace::decode(&repeated);
    assert_eq!(value.extended_end, ListEnd::NoList);
}

#[test]
fn without_the_list_bit_the_pointer_means_nothing() {
    let image = space(0x40, &[(0x06, &[0x00])]);
    let Decoded { value, faults } = ConfigSpace::decode(&image);
    assert_eq!(faults, []);
    assert!(matches!(
        value.standard(&image, CapId::EXPRESS),
        Observed::Absent
    ));
}

#[test]
fn a_list_bit_without_a_list_is_a_contradiction() {
    let image = space(0x100, &[(0x34, &[0x00])]);
    let Decoded { value, faults } = ConfigSpace::decode(&image);
    assert_eq!(kinds(&faults), [FaultKind::ListBitContradiction]);
    assert_eq!(value.standard_end, ListEnd::Complete);
}

#[test]
fn a_function_that_did_not_answer_has_no_known_list() {
    for byte in [0x00, 0xff] {
        let image = ConfigImage::from_bytes(vec![byte; 0x1000]);
        let Decoded { value, faults } = ConfigSpace::decode(&image);
        assert_eq!((value.capabilities.len(), faults.len()), (0, 0));
        assert!(matches!(
            value.standard(&image, CapId::EXPRESS),
            Observed::NotCaptured
        ));
        assert!(matches!(
            value.extended(&image, ExtCapId::ACS),
            Observed::NotCaptured
        ));
    }
}

#[test]
fn a_second_express_capability_is_noted_and_the_first_counts() {
    let image = space(
        0x100,
        &[
            (0x40, &[0x10, 0x80, 0x41, 0x00]),
            (0x80, &[0x10, 0x00, 0x01, 0x00]),
        ],
    );
    let Decoded { value, faults } = ConfigSpace::decode(&image);
    assert_eq!(kinds(&faults), [FaultKind::Duplicate { first: 0x40 }]);
    let express = value
        .standard(&image, CapId::EXPRESS)
        .present()
        .map(Express::new)
        .unwrap();
    assert_eq!(express.window().base(), 0x40);
}

#[test]
fn two_capabilities_that_claim_the_same_bytes_overlap() {
    // MSI-X at 40h has 12 bytes; power management starts at 48h.
    let image = space(0x100, &[(0x40, &[0x11, 0x48]), (0x48, &[0x01, 0x00])]);
    let Decoded { value, faults } = ConfigSpace::decode(&image);
    assert_eq!(kinds(&faults), [FaultKind::Overlap { other: 0x40 }]);
    assert_eq!((faults[0].span.offset, faults[0].span.len), (0x48, 4));
    assert_eq!(value.standard_end, ListEnd::Complete);
}

#[test]
fn an_overlap_is_found_against_the_order_of_the_list_and_across_a_short_one() {
    // The list visits 60h before 40h. The vendor capability at 40h states 30h bytes and so
    // swallows the short one at 50h and reaches into the one at 60h.
    let image = space(
        0x100,
        &[
            (0x34, &[0x60]),
            (0x60, &[0x01, 0x40]),
            (0x40, &[0x09, 0x50, 0x30]),
            (0x50, &[0x16, 0x00]),
        ],
    );
    let Decoded { faults, .. } = ConfigSpace::decode(&image);
    let overlaps: Vec<_> = faults
        .iter()
        .map(|fault| (fault.kind, fault.span.offset))
        .collect();
    assert_eq!(
        overlaps,
        [
            (FaultKind::Overlap { other: 0x40 }, 0x50),
            (FaultKind::Overlap { other: 0x40 }, 0x60),
        ]
    );
}

#[test]
fn registers_that_may_not_exist_claim_nothing() {
    // 32-bit MSI ends at 4ah; with 64 bits or masking it would reach 4ch.
    let image = space(
        0x100,
        &[(0x40, &[0x05, 0x4c, 0x00, 0x00]), (0x4c, &[0x01, 0x00])],
    );
    assert_eq!(ConfigSpace::decode(&image).faults, []);
    let image = space(
        0x100,
        &[(0x40, &[0x05, 0x4c, 0x80, 0x00]), (0x4c, &[0x01, 0x00])],
    );
    assert_eq!(
        kinds(&ConfigSpace::decode(&image).faults),
        [FaultKind::Overlap { other: 0x40 }]
    );
    // Express version 1 on an endpoint ends at +14h.
    let image = space(
        0x100,
        &[(0x40, &[0x10, 0x54, 0x01, 0x00]), (0x54, &[0x01, 0x00])],
    );
    assert_eq!(ConfigSpace::decode(&image).faults, []);
}

#[test]
fn a_capability_that_runs_past_its_space_is_noted() {
    let image = space(0x100, &[(0x40, &[0x05, 0xf8]), (0xf8, &[0x11, 0x00])]);
    let Decoded { faults, .. } = ConfigSpace::decode(&image);
    assert_eq!(kinds(&faults), [FaultKind::PastEnd { needs: 12, has: 8 }]);
    let image = express(&[
        (0x100, &[0x0e, 0x00, 0x01, 0xff]), // ARI, next ff0h
        (0xff0, &[0x10, 0x00, 0x01, 0x00]), // SR-IOV has 40h bytes
    ]);
    let Decoded { faults, .. } = ConfigSpace::decode(&image);
    assert_eq!(
        kinds(&faults),
        [FaultKind::PastEnd {
            needs: 0x40,
            has: 0x10
        }]
    );
}

#[test]
fn a_cardbus_bridge_keeps_its_pointer_at_14h() {
    let image = space(
        0x100,
        &[
            (0x0e, &[0x02]),
            (0x34, &[0x00]),
            (0x14, &[0x80]),
            (0x80, &[0x01, 0x00]),
        ],
    );
    let Decoded { value, .. } = ConfigSpace::decode(&image);
    assert_eq!(ids(&value), [(0x01, 0x80)]);
}

#[test]
fn a_list_whose_next_header_is_unknown_is_not_complete() {
    let mut image = ConfigImage::from_bytes(space(0x100, &[]).bytes()[..0x40].to_vec());
    image.set_bits(0x40, 0, 16, 0x6005).unwrap();
    let Decoded { value, .. } = ConfigSpace::decode(&image);
    assert_eq!(ids(&value), [(0x05, 0x40)]);
    assert_eq!(value.standard_end, ListEnd::NotCaptured { offset: 0x60 });
    assert!(matches!(
        value.standard(&image, CapId::EXPRESS),
        Observed::NotCaptured
    ));
}

#[test]
fn a_list_goes_on_behind_a_capability_whose_id_is_known_in_part() {
    let header = [0x02, 0x00, 0x01, 0x14]; // Virtual Channel, next 140h
    let bytes = express(&[(0x100, &header), (0x140, &[0x03, 0x00, 0x01, 0x00])]);
    let mut known = vec![0xff; 0x1000];
    // 0002h or 0009h: what the two have in common.
    known[0x100] = !0x0b;
    let image = ConfigImage::from_masked(bytes.bytes().to_vec(), known);
    let Decoded { value, .. } = ConfigSpace::decode(&image);
    assert_eq!(value.extended_end, ListEnd::Unnamed { offset: 0x100 });
    let found = |id| value.extended(&image, ExtCapId(id));
    assert!(matches!(found(0x03), Observed::Present(_)));
    for excluded in [0x0d, 0x10, 0x0f] {
        assert!(matches!(found(excluded), Observed::Absent), "{excluded:x}");
    }
    for open in [0x02, 0x09] {
        assert!(matches!(found(open), Observed::NotCaptured), "{open:x}");
    }
}
