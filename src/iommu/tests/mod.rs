//! Tables matched to small machines.

use super::*;
use crate::capture::Capture;
use crate::synth::synthesise;
use crate::testing::tables::{dmar, drhd, rmrr, scope};

mod amd;
mod others;

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
    let capture = machine("DMAR", dmar(&[drhd(true, 0, 0x1000, &[])]));
    assert_eq!(
        owner(&capture, DRIVE),
        Some((0x1000, OwnershipReason::IncludeAll))
    );
    assert_eq!(owner(&capture, OTHER_SEGMENT), None);
}

#[test]
fn a_named_function_beats_include_all_whatever_the_order() {
    let named = drhd(false, 0, 0x2000, &[scope(1, 0, 0, &[(1, 0), (0, 0)])]);
    let all = drhd(true, 0, 0x1000, &[]);
    for units in [[named.clone(), all.clone()], [all, named]] {
        let capture = machine("DMAR", dmar(&units));
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
    let unit = drhd(false, 0, 0x2000, &[scope(2, 0, 0, &[(2, 0)])]);
    let capture = machine("DMAR", dmar(&[unit]));
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
    let unit = drhd(false, 0, 0x2000, &[scope(1, 0, 0, &[(2, 0)])]);
    let capture = machine("DMAR", dmar(&[unit]));
    assert_eq!(owner(&capture, SWITCHED_DRIVE), None);
}

#[test]
fn of_two_units_that_name_a_function_the_later_one_wins() {
    let path = [scope(1, 0, 0, &[(1, 0), (0, 0)])];
    let units = [drhd(false, 0, 0x1000, &path), drhd(false, 0, 0x2000, &path)];
    let capture = machine("DMAR", dmar(&units));
    assert_eq!(
        owner(&capture, DRIVE),
        Some((0x2000, OwnershipReason::Named))
    );
}

#[test]
fn a_path_through_a_switch_follows_secondary_buses() {
    let path = scope(1, 0, 0, &[(2, 0), (0, 0), (0, 0), (0, 0)]);
    let capture = machine("DMAR", dmar(&[drhd(false, 0, 0x2000, &[path])]));
    assert_eq!(
        owner(&capture, SWITCHED_DRIVE),
        Some((0x2000, OwnershipReason::Named))
    );
}

#[test]
fn entries_for_devices_that_are_not_there_name_nothing() {
    let entries = [
        scope(1, 0, 0, &[(9, 0)]),
        scope(1, 0, 0, &[(3, 0), (0, 0)]),
        scope(1, 0, 0, &[(40, 0)]),
        scope(3, 0, 0, &[(1, 0)]),
        scope(7, 0, 0, &[(1, 0)]),
    ];
    let capture = machine("DMAR", dmar(&[drhd(false, 0, 0x2000, &entries)]));
    for at in [DRIVE, SWITCHED_DRIVE, "0000:00:01.0", "0000:00:03.0"] {
        assert_eq!(owner(&capture, at), None, "{at}");
    }
}

#[test]
fn reserved_memory_of_a_bridge_concerns_everything_below_it() {
    let regions = [
        rmrr(0x8000_0000, 0x8000_ffff, &[scope(2, 0, 0, &[(2, 0)])]),
        rmrr(
            0x9000_0000,
            0x9fff_ffff,
            &[scope(1, 0, 0, &[(1, 0), (0, 0)])],
        ),
    ];
    let capture = machine("DMAR", dmar(&regions));
    let range = |start, last| AddrRange::new(start, last).unwrap();
    assert_eq!(
        reserved(&capture, SWITCHED_DRIVE),
        [range(0x8000_0000, 0x8000_ffff)]
    );
    assert_eq!(reserved(&capture, DRIVE), [range(0x9000_0000, 0x9fff_ffff)]);
    assert_eq!(reserved(&capture, "0000:00:03.0"), []);
    assert_eq!(reserved(&capture, OTHER_SEGMENT), []);
}

#[test]
fn a_path_through_two_bridges_starts_at_any_root_bus_of_the_segment() {
    let capture = synthesise(
        r#"
[[root]]
device = [{ kind = "root-port", at = "01.0", device = [{ class = "nvme" }] }]

[[root]]
bus = 0x80
device = [{ kind = "root-port", at = "01.0", device = [
  { kind = "pcie-to-pci", device = [{ kind = "pci", at = "03.0", class = "ethernet" }] },
] }]
"#,
    );
    let mut capture = capture.unwrap();
    // Port 80:01.0, bridge on the bus below it, and 03.0 on the bus below that.
    let path = scope(1, 0, 0x80, &[(1, 0), (0, 0), (3, 0)]);
    let units = [drhd(false, 0, 0x2000, &[path]), drhd(true, 0, 0x1000, &[])];
    capture.tables.insert("DMAR".to_owned(), dmar(&units));
    let named = Some((0x2000, OwnershipReason::Named));
    assert_eq!(owner(&capture, "0000:82:03.0"), named);
    // The same path on the other root bus would be another device, and the bridges on the way
    // are not named by it.
    for at in [DRIVE, "0000:80:01.0", "0000:81:00.0"] {
        let rest = Some((0x1000, OwnershipReason::IncludeAll));
        assert_eq!(owner(&capture, at), rest, "{at}");
    }
}

#[test]
fn a_unit_of_another_segment_names_nothing_here() {
    let here = scope(1, 0, 0, &[(1, 0), (0, 0)]);
    let capture = machine("DMAR", dmar(&[drhd(false, 1, 0x2000, &[here])]));
    assert_eq!(owner(&capture, DRIVE), None);
    let named = Some((0x2000, OwnershipReason::Named));
    assert_eq!(owner(&capture, OTHER_SEGMENT), named);
}

#[test]
fn of_two_units_for_the_rest_of_a_segment_the_first_counts() {
    let units = [drhd(true, 0, 0x1000, &[]), drhd(true, 0, 0x2000, &[])];
    let capture = machine("DMAR", dmar(&units));
    assert_eq!(
        owner(&capture, DRIVE),
        Some((0x1000, OwnershipReason::IncludeAll))
    );
}

#[test]
fn the_nearest_named_bridge_above_decides() {
    let outer = drhd(false, 0, 0x1000, &[scope(2, 0, 0, &[(2, 0)])]);
    let inner = drhd(false, 0, 0x2000, &[scope(2, 0, 0, &[(2, 0), (0, 0)])]);
    let capture = machine("DMAR", dmar(&[inner, outer]));
    assert!(matches!(
        owner(&capture, SWITCHED_DRIVE),
        Some((0x2000, OwnershipReason::BelowNamedBridge(_)))
    ));
}

#[test]
fn buses_that_the_table_does_not_know_belong_to_the_unit_for_the_rest() {
    let explicit = drhd(false, 0, 0x2000, &[scope(2, 0, 0, &[(1, 0)])]);
    let only = machine("DMAR", dmar(std::slice::from_ref(&explicit)));
    assert_eq!(owner(&only, SWITCHED_DRIVE), None, "no unit for the rest");
    let both = machine("DMAR", dmar(&[explicit, drhd(true, 0, 0x1000, &[])]));
    assert_eq!(
        owner(&both, SWITCHED_DRIVE),
        Some((0x1000, OwnershipReason::IncludeAll))
    );
}

#[test]
fn interrupt_sources_in_a_scope_own_no_function() {
    // An I/O APIC and a timer at addresses where functions of the machine are.
    let sources = [scope(3, 2, 0, &[(1, 0)]), scope(4, 0, 0, &[(3, 0)])];
    let capture = machine("DMAR", dmar(&[drhd(false, 0, 0x2000, &sources)]));
    assert_eq!(owner(&capture, "0000:00:01.0"), None);
    assert_eq!(owner(&capture, "0000:00:03.0"), None);
}

#[test]
fn a_domain_of_a_volume_management_device_is_translated_as_that_device() {
    let text = r#"
[[root]]
device = [{ kind = "rciep", at = "05.5", class = "raid", id = "8086:28c0" }]

[[root]]
segment = 0x10000
bus = 0xe0
parent = "0000:00:05.5"
device = [{ kind = "root-port", device = [{ class = "nvme" }] }]
"#;
    let mut capture = synthesise(text).unwrap();
    let units = [
        drhd(false, 0, 0x2000, &[scope(1, 0, 0, &[(5, 5)])]),
        drhd(true, 0, 0x1000, &[]),
    ];
    capture.tables.insert("DMAR".to_owned(), dmar(&units));
    let drive = "10000:e1:00.0";
    let through = |capture: &Capture| {
        let host = Host::from_capture(capture);
        host.find("0000:00:05.5".parse().unwrap()).unwrap()
    };
    let controller = through(&capture);
    let expected = Some((0x2000, OwnershipReason::WithController(controller)));
    assert_eq!(owner(&capture, drive), expected);
    // Memory reserved for the controller is reserved for the drives behind it.
    let region = rmrr(0x8000_0000, 0x8000_ffff, &[scope(1, 0, 0, &[(5, 5)])]);
    capture.tables.insert("DMAR".to_owned(), dmar(&[region]));
    let range = AddrRange::new(0x8000_0000, 0x8000_ffff).unwrap();
    assert_eq!(reserved(&capture, drive), [range]);
}

#[test]
fn without_a_table_nothing_is_known() {
    let capture = synthesise(MACHINE).unwrap();
    assert_eq!(owner(&capture, DRIVE), None);
    assert_eq!(reserved(&capture, DRIVE), []);
}
