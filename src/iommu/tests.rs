//! Tables matched to small machines.

use super::*;
use crate::capture::Capture;
use crate::synth::synthesise;

/// Two root ports with a drive each, one of them behind a switch; a second segment.
const MACHINE: &str = r#"
[[root]]
device = [
  { kind = "root-port", at = "01.0", device = [{ class = "nvme" }] },
  { kind = "root-port", at = "02.0", device = [
    { kind = "upstream-port", device = [
      { kind = "downstream-port", device = [{ class = "nvme" }] },
    ] },
  ] },
  { kind = "rciep", at = "03.0", class = "system" },
]

[[root]]
segment = 1
bus = 0
device = [{ kind = "root-port", at = "01.0", device = [{ class = "nvme" }] }]
"#;

const DRIVE: &str = "0000:01:00.0";
const SWITCHED_DRIVE: &str = "0000:04:00.0";
const OTHER_SEGMENT: &str = "0001:01:00.0";

/// A table with a header of 48 bytes, right length and checksum.
fn table(signature: &[u8; 4], structures: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = signature.to_vec();
    bytes.extend([0; 32]);
    bytes.extend([46, 1]);
    bytes.extend([0; 10]);
    bytes.extend(structures.concat());
    let length = u32::try_from(bytes.len()).unwrap();
    bytes[4..8].copy_from_slice(&length.to_le_bytes());
    let sum = bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    bytes[9] = bytes[9].wrapping_sub(sum);
    bytes
}

/// Scope entry: kind 1 = endpoint, 2 = sub-hierarchy.
fn scope(kind: u8, start_bus: u8, path: &[(u8, u8)]) -> Vec<u8> {
    let length = u8::try_from(6 + 2 * path.len()).unwrap();
    let mut bytes = vec![kind, length, 0, 0, 0, start_bus];
    bytes.extend(
        path.iter()
            .flat_map(|&(device, function)| [device, function]),
    );
    bytes
}

fn structure(kind: u16, fixed: &[u8], scopes: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = kind.to_le_bytes().to_vec();
    bytes.extend([0, 0]);
    bytes.extend_from_slice(fixed);
    bytes.extend(scopes.concat());
    let length = u16::try_from(bytes.len()).unwrap();
    bytes[2..4].copy_from_slice(&length.to_le_bytes());
    bytes
}

fn drhd(include_all: bool, segment: u16, base: u64, scopes: &[Vec<u8>]) -> Vec<u8> {
    let mut fixed = vec![u8::from(include_all), 0];
    fixed.extend(segment.to_le_bytes());
    fixed.extend(base.to_le_bytes());
    structure(0, &fixed, scopes)
}

fn rmrr(base: u64, limit: u64, scopes: &[Vec<u8>]) -> Vec<u8> {
    let mut fixed = vec![0, 0, 0, 0];
    fixed.extend(base.to_le_bytes());
    fixed.extend(limit.to_le_bytes());
    structure(1, &fixed, scopes)
}

fn machine(name: &str, table: Vec<u8>) -> Capture {
    let mut capture = synthesise(MACHINE).unwrap();
    capture.tables.insert(name.to_owned(), table);
    capture
}

/// The unit's base and the reason, for a function.
fn owner(capture: &Capture, at: &str) -> Option<(u64, OwnershipReason)> {
    let host = Host::from_capture(capture);
    let topology = Topology::of(&host);
    let iommu = Iommu::of(&host, &topology);
    let id = host
        .find(at.parse().unwrap())
        .expect("the function is captured");
    let owner = iommu.owner(id)?;
    Some((iommu.units()[owner.unit].base, owner.reason))
}

fn reserved(capture: &Capture, at: &str) -> Vec<AddrRange> {
    let host = Host::from_capture(capture);
    let topology = Topology::of(&host);
    let iommu = Iommu::of(&host, &topology);
    let id = host
        .find(at.parse().unwrap())
        .expect("the function is captured");
    iommu
        .reserved(&host, &topology, id)
        .map(|region| region.range)
        .collect()
}

#[test]
fn include_all_covers_its_own_segment_only() {
    let capture = machine("DMAR", table(b"DMAR", &[drhd(true, 0, 0x1000, &[])]));
    assert_eq!(
        owner(&capture, DRIVE),
        Some((0x1000, OwnershipReason::IncludeAll))
    );
    assert_eq!(owner(&capture, OTHER_SEGMENT), None);
}

#[test]
fn a_named_function_beats_include_all_whatever_the_order() {
    let named = drhd(false, 0, 0x2000, &[scope(1, 0, &[(1, 0), (0, 0)])]);
    let all = drhd(true, 0, 0x1000, &[]);
    for units in [[named.clone(), all.clone()], [all, named]] {
        let capture = machine("DMAR", table(b"DMAR", &units));
        assert_eq!(
            owner(&capture, DRIVE),
            Some((0x2000, OwnershipReason::Named))
        );
        assert!(matches!(
            owner(&capture, SWITCHED_DRIVE),
            Some((0x1000, OwnershipReason::IncludeAll))
        ));
    }
}

#[test]
fn a_sub_hierarchy_covers_all_levels_below_its_bridge() {
    let unit = drhd(false, 0, 0x2000, &[scope(2, 0, &[(2, 0)])]);
    let capture = machine("DMAR", table(b"DMAR", &[unit]));
    assert!(matches!(
        owner(&capture, SWITCHED_DRIVE),
        Some((0x2000, OwnershipReason::BelowNamedBridge(_)))
    ));
    assert_eq!(
        owner(&capture, "0000:00:02.0"),
        Some((0x2000, OwnershipReason::Named))
    );
    assert_eq!(owner(&capture, DRIVE), None);
}

#[test]
fn an_endpoint_entry_on_a_bridge_does_not_cover_what_is_below() {
    let unit = drhd(false, 0, 0x2000, &[scope(1, 0, &[(2, 0)])]);
    let capture = machine("DMAR", table(b"DMAR", &[unit]));
    assert_eq!(owner(&capture, SWITCHED_DRIVE), None);
}

#[test]
fn of_two_units_that_name_a_function_the_later_one_wins() {
    let path = [scope(1, 0, &[(1, 0), (0, 0)])];
    let units = [drhd(false, 0, 0x1000, &path), drhd(false, 0, 0x2000, &path)];
    let capture = machine("DMAR", table(b"DMAR", &units));
    assert_eq!(
        owner(&capture, DRIVE),
        Some((0x2000, OwnershipReason::Named))
    );
}

#[test]
fn a_path_through_a_switch_follows_secondary_buses() {
    let path = scope(1, 0, &[(2, 0), (0, 0), (0, 0), (0, 0)]);
    let capture = machine("DMAR", table(b"DMAR", &[drhd(false, 0, 0x2000, &[path])]));
    assert_eq!(
        owner(&capture, SWITCHED_DRIVE),
        Some((0x2000, OwnershipReason::Named))
    );
}

#[test]
fn entries_for_devices_that_are_not_there_name_nothing() {
    let entries = [
        scope(1, 0, &[(9, 0)]),
        scope(1, 0, &[(3, 0), (0, 0)]),
        scope(1, 0, &[(40, 0)]),
        scope(3, 0, &[(1, 0)]),
        scope(7, 0, &[(1, 0)]),
    ];
    let capture = machine("DMAR", table(b"DMAR", &[drhd(false, 0, 0x2000, &entries)]));
    for at in [DRIVE, SWITCHED_DRIVE, "0000:00:01.0", "0000:00:03.0"] {
        assert_eq!(owner(&capture, at), None, "{at}");
    }
}

#[test]
fn reserved_memory_of_a_bridge_concerns_everything_below_it() {
    let regions = [
        rmrr(0x8000_0000, 0x8000_ffff, &[scope(2, 0, &[(2, 0)])]),
        rmrr(0x9000_0000, 0x9fff_ffff, &[scope(1, 0, &[(1, 0), (0, 0)])]),
    ];
    let capture = machine("DMAR", table(b"DMAR", &regions));
    let range = |start, last| AddrRange::new(start, last).unwrap();
    assert_eq!(
        reserved(&capture, SWITCHED_DRIVE),
        [range(0x8000_0000, 0x8000_ffff)]
    );
    assert_eq!(reserved(&capture, DRIVE), [range(0x9000_0000, 0x9fff_ffff)]);
    assert_eq!(reserved(&capture, "0000:00:03.0"), []);
    assert_eq!(reserved(&capture, OTHER_SEGMENT), []);
}

/// IVHD block of a type for the unit 00:00.2 with its device entries.
fn ivhd(kind: u8, entries: &[[u8; 4]]) -> Vec<u8> {
    let fixed = if kind == 0x10 { 24 } else { 40 };
    let mut bytes = vec![kind, 0, 0, 0, 0x02, 0x00, 0x40, 0x00];
    bytes.extend((u64::from(kind) << 20).to_le_bytes());
    bytes.resize(fixed, 0);
    bytes.extend(entries.concat());
    let length = u16::try_from(bytes.len()).unwrap();
    bytes[2..4].copy_from_slice(&length.to_le_bytes());
    bytes
}

#[test]
fn amd_ranges_cover_ids_and_the_best_block_type_is_used_alone() {
    let blocks = [
        ivhd(0x10, &[[1, 0, 0, 0]]),
        // 00:01.0 to 01:00.0, and 04:00.0 by name.
        ivhd(
            0x11,
            &[[3, 0x08, 0x00, 0], [4, 0x00, 0x01, 0], [2, 0x00, 0x04, 0]],
        ),
    ];
    let capture = machine("IVRS", table(b"IVRS", &blocks));
    assert_eq!(
        owner(&capture, DRIVE),
        Some((0x110_0000, OwnershipReason::Range))
    );
    assert!(matches!(
        owner(&capture, SWITCHED_DRIVE),
        Some((_, OwnershipReason::Named))
    ));
    assert_eq!(owner(&capture, "0000:02:00.0"), None);
    assert_eq!(owner(&capture, OTHER_SEGMENT), None);
}

#[test]
fn amd_memory_blocks_name_ids_and_count_only_with_a_flag() {
    let ivmd = |kind: u8, flags: u8, first: u16, last: u16| {
        let mut bytes = vec![kind, flags, 32, 0];
        bytes.extend(first.to_le_bytes());
        bytes.extend(last.to_le_bytes());
        bytes.extend([0; 8]);
        bytes.extend(0x7e00_0000_u64.to_le_bytes());
        bytes.extend(0x10_0000_u64.to_le_bytes());
        bytes
    };
    let region = [AddrRange::with_len(0x7e00_0000, 0x10_0000).unwrap()];
    let capture = machine("IVRS", table(b"IVRS", &[ivmd(0x22, 1, 0x0100, 0x0107)]));
    assert_eq!(reserved(&capture, DRIVE), region);
    assert_eq!(reserved(&capture, SWITCHED_DRIVE), []);
    let capture = machine("IVRS", table(b"IVRS", &[ivmd(0x20, 8, 0, 0)]));
    assert_eq!(reserved(&capture, SWITCHED_DRIVE), region);
    let capture = machine("IVRS", table(b"IVRS", &[ivmd(0x21, 6, 0x0100, 0)]));
    assert_eq!(reserved(&capture, DRIVE), []);
}

#[test]
fn without_a_table_nothing_is_known() {
    let capture = synthesise(MACHINE).unwrap();
    assert_eq!(owner(&capture, DRIVE), None);
    assert_eq!(reserved(&capture, DRIVE), []);
}
