//! Cards that hold a switch, moved on paper: their bus numbers, and the groups that the ACS rules
//! then give. The machines are the lab's, whose groups a real kernel made; an empty port is put
//! beside its ports.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

#[path = "support/changes.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};

use assignable::addr::Sbdf;
use assignable::bytes::ConfigImage;
use assignable::capture::Capture;
use assignable::decode::config::bridge::{BridgeWindows, BusNumbers};
use assignable::host::Host;
use assignable::plan::{ChangeError, apply};
use assignable::spec::pci::HeaderType;
use assignable::synth;
use assignable::topology::Topology;

use support::{HYPERV, VFIO, at, case, changes, run};

/// The lab's table names each device that there is; the added port is in none of its scopes.
const COMPLETE: &str = "iommu-table=complete";

/// Another port like one of the machine, with nothing below it, its windows closed.
fn with_port(mut capture: Capture, like: &str, address: &str, buses: [u8; 2]) -> Capture {
    let mut record = capture.functions[&at(like)].clone();
    let mut bytes = record.config.bytes().to_vec();
    bytes[0x19..0x1b].copy_from_slice(&buses);
    bytes[0x1c] |= 0xf0;
    bytes[0x1d] &= 0x0f;
    for (base, limit) in [(0x20, 0x22), (0x24, 0x26)] {
        bytes[base + 1] = 0xff;
        bytes[base] |= 0xf0;
        bytes[limit + 1] = 0;
        bytes[limit] &= 0x0f;
    }
    bytes[0x28..0x34].fill(0);
    record.config = ConfigImage::from_bytes(bytes);
    record.properties.resources.clear();
    record.properties.iommu_group = record.properties.iommu_group.map(|mut group| {
        group.value = 99;
        group
    });
    capture.functions.insert(at(address), record);
    capture
}

/// Every bridge's numbers hold those of what is below it, and no two beside each other overlap.
fn assert_consistent(capture: &Capture) {
    let host = Host::from_capture(capture);
    let topology = Topology::of(&host);
    assert_eq!(
        topology.faults(),
        [],
        "no contradiction between bus numbers"
    );
    let mut by_parent: BTreeMap<_, Vec<(u8, u8)>> = BTreeMap::new();
    for (id, function) in host.iter() {
        let parent = topology.parent(id);
        let above = parent.and_then(|parent| BusNumbers::decode(host.function(parent).config));
        if let Some(above) = above {
            if function.is_virtual() {
                assert!(above.contains(function.at.bus()), "{}", function.at);
            } else {
                assert_eq!(function.at.bus(), above.secondary, "{}", function.at);
            }
        }
        let own = BusNumbers::decode(function.config);
        let own = own.filter(|_| function.layout() == Some(HeaderType::BRIDGE));
        if let Some(own) = own {
            assert_eq!(own.primary, Some(function.at.bus()), "{}", function.at);
            assert!(own.secondary > function.at.bus() && own.secondary <= own.subordinate);
            if let Some(above) = above {
                assert!(own.subordinate <= above.subordinate, "{}", function.at);
            }
            let ranges = by_parent.entry(parent).or_default();
            ranges.push((own.secondary, own.subordinate));
        }
    }
    for ranges in by_parent.values_mut() {
        ranges.sort_unstable();
        for pair in ranges.windows(2) {
            assert!(pair[0].1 < pair[1].0, "{pair:?} overlap");
        }
    }
}

fn numbers(capture: &Capture, address: &str) -> [u8; 3] {
    let numbers = BusNumbers::decode(&capture.functions[&at(address)].config).unwrap();
    [
        numbers.primary.unwrap(),
        numbers.secondary,
        numbers.subordinate,
    ]
}

/// The groups with every address as it is after a move.
fn renamed(groups: &[Vec<Sbdf>], moved: &BTreeMap<Sbdf, Sbdf>) -> BTreeSet<Vec<Sbdf>> {
    let renamed = |group: &Vec<Sbdf>| {
        let now = group.iter().map(|at| moved.get(at).copied().unwrap_or(*at));
        let mut now: Vec<Sbdf> = now.collect();
        now.sort_unstable();
        now
    };
    groups.iter().map(renamed).collect()
}

/// A switch with a switch behind it goes from one port with ACS to another with the same ACS:
/// whether two functions are isolated hangs on the bits of the hops between them (PCIe 6.0,
/// 6.12; drivers/pci/pci.c, `pci_acs_path_enabled`), and those are the same. So the kernel's own
/// groups must come out, with the new addresses.
#[test]
fn below_an_equal_port_the_kernels_groups_stay() {
    for name in ["lab-switch2-intel", "lab-switch2-intel-k61"] {
        let capture = with_port(case(name).capture, "00:02.0", "00:03.0", [0x08, 0x08]);
        let change = [COMPLETE, "slot@01:00.0=00:03.0"];
        let result = run(&capture, &change);
        for (from, to) in [
            ("01:00.0", "08:00.0"),
            ("02:00.0", "09:00.0"),
            ("02:01.0", "09:01.0"),
            ("03:00.0", "0a:00.0"),
            ("04:00.0", "0b:00.0"),
            ("06:00.0", "0d:00.0"),
            ("07:00.0", "0e:00.0"),
            ("07:10.0", "0e:10.0"),
        ] {
            if !capture.functions.contains_key(&at(from)) {
                // The older kernel's machine has no virtual functions.
                assert!(from == "07:10.0" && name == "lab-switch2-intel-k61");
                continue;
            }
            assert_eq!(result.moved.get(&at(from)), Some(&at(to)), "{name}: {from}");
        }
        assert_eq!(
            result.after.groups.iter().cloned().collect::<BTreeSet<_>>(),
            renamed(&result.before.groups, &result.moved),
            "{name}"
        );
        let moved = apply(&capture, &changes(&change)).unwrap().capture;
        assert_consistent(&moved);
        assert_eq!(numbers(&moved, "00:03.0"), [0x00, 0x08, 0x0e]);
        assert_eq!(numbers(&moved, "08:00.0"), [0x08, 0x09, 0x0e]);
        assert_eq!(numbers(&moved, "0b:00.0"), [0x0b, 0x0c, 0x0e]);
        assert_eq!(numbers(&moved, "00:02.0"), [0x00, 0x01, 0x01]);
        assert_eq!(moved.functions.len(), capture.functions.len());
        // Each device is judged as before.
        let unmoved = run(&capture, &[COMPLETE]);
        for policy in [HYPERV, VFIO] {
            for (from, to) in &result.moved {
                assert_eq!(
                    result.after.judged(policy, *to),
                    unmoved.after.judged(policy, *from),
                    "{name}: {from}"
                );
            }
        }
    }
}

/// The ports are beside each other, so that the windows go with the card, and every BAR still
/// lies in the windows of all ports above it.
#[test]
fn windows_go_with_the_card() {
    let capture = with_port(
        case("lab-switch2-intel").capture,
        "00:02.0",
        "00:03.0",
        [0x08, 0x08],
    );
    let changed = apply(&capture, &changes(&["slot@01:00.0=00:03.0"])).unwrap();
    let windows = |capture: &Capture, address: &str| {
        let windows = BridgeWindows::decode(&capture.functions[&at(address)].config);
        (windows.io, windows.memory, windows.prefetchable)
    };
    let (old, new) = (&capture, &changed.capture);
    assert_eq!(windows(new, "00:03.0"), windows(old, "00:02.0"));
    assert_eq!(windows(new, "00:02.0"), windows(old, "00:03.0"));
    let host = Host::from_capture(new);
    let topology = Topology::of(&host);
    let space = assignable::sim::host_space::HostSpace::of(&host, &topology);
    assert_eq!(space.outside, []);
    assert_eq!(space.overlaps, []);
    assert!(
        changed
            .notes
            .iter()
            .any(|note| note.contains("numbered anew"))
    );
    assert!(
        !changed.notes.iter().any(|note| note.contains("memory")),
        "{:?}",
        changed.notes
    );
}

/// A root port without ACS sends requests back to what is below it, whatever the switch does: all
/// of the card and the port are one group, as the kernel made it of the card that was below such
/// a port in the same machine.
#[test]
fn below_a_port_without_acs_the_whole_card_is_one_group() {
    let capture = case("lab-sriov-intel").capture;
    let kernels = capture.functions[&at("03:00.0")]
        .properties
        .iommu_group
        .clone();
    let port = capture.functions[&at("00:04.0")]
        .properties
        .iommu_group
        .clone();
    assert_eq!(kernels.map(|g| g.value), port.map(|g| g.value));
    let capture = with_port(capture, "00:04.0", "00:06.0", [0x07, 0x07]);
    let result = run(&capture, &[COMPLETE, "slot@04:00.0=00:06.0"]);
    let expected: Vec<Sbdf> = [
        "00:06.0", "07:00.0", "08:00.0", "09:00.0", "09:10.0", "09:10.2",
    ]
    .map(at)
    .to_vec();
    assert!(
        result.after.groups.contains(&expected),
        "{:?}",
        result.after.groups
    );
    // Everything else is as the kernel made it.
    let rest = |groups: &[Vec<Sbdf>]| -> BTreeSet<Vec<Sbdf>> {
        let moved = |at: &Sbdf| result.moved.contains_key(at) || expected.contains(at);
        let others = groups.iter().filter(|group| !group.iter().any(moved));
        others.cloned().collect()
    };
    assert_eq!(rest(&result.after.groups), rest(&result.before.groups));
    let now = result.after.judged(HYPERV, at("09:00.0")).unwrap();
    assert!(now.codes.contains(&"ACS001"), "{now:?}");
    // The virtual functions came along, at the same distance from theirs.
    assert_eq!(result.moved[&at("06:10.2")], at("09:10.2"));
    let moved = apply(&capture, &changes(&["slot@04:00.0=00:06.0"])).unwrap();
    let parent = &moved.capture.functions[&at("09:10.2")].properties;
    let physical = parent.physical_function.as_ref().unwrap();
    assert_eq!(physical.value, "0000:09:00.0");
    assert!(
        moved
            .notes
            .iter()
            .any(|note| note.contains("virtual functions"))
    );
    assert_consistent(&moved.capture);
}

/// A device behind the switch names the port above it: only what is in that slot moves. The
/// upstream port names the card.
#[test]
fn what_is_named_decides_what_moves() {
    let capture = with_port(
        case("lab-switch2-intel").capture,
        "00:02.0",
        "00:03.0",
        [0x08, 0x08],
    );
    let drive = run(&capture, &["slot@03:00.0=00:03.0"]);
    assert_eq!(
        drive.moved,
        BTreeMap::from([(at("03:00.0"), at("08:00.0"))])
    );
    let inner = run(&capture, &["slot@04:00.0=00:03.0"]);
    assert_eq!(
        inner.moved.len(),
        7,
        "the inner switch and what is below it"
    );
    // A downstream port is no card; the switch that it is part of is.
    let port = run(&capture, &["slot@05:01.0=00:03.0"]);
    assert_eq!(port.moved, inner.moved);
    let error = |text: &str| apply(&capture, &changes(&[text])).unwrap_err();
    assert_eq!(
        error("slot@00:02.0=00:03.0"),
        ChangeError::NoCard(at("00:02.0"))
    );
    let empty = apply(&capture, &changes(&["slot@03:00.0=00:03.0"]))
        .unwrap()
        .capture;
    assert_eq!(
        apply(&empty, &changes(&["slot@01:00.0=02:00.0"])).unwrap_err(),
        ChangeError::PortOfCard(at("02:00.0"))
    );
}

/// There and back again is where it was.
#[test]
fn a_card_that_comes_back_is_judged_as_before() {
    let capture = with_port(
        case("lab-switch2-intel").capture,
        "00:02.0",
        "00:03.0",
        [0x08, 0x08],
    );
    let change = [COMPLETE, "slot@01:00.0=00:03.0", "slot@08:00.0=00:02.0"];
    let result = run(&capture, &change);
    assert_eq!(result.after.groups, result.before.groups);
    assert!(
        result.moved.iter().all(|(from, to)| from == to),
        "{:?}",
        result.moved
    );
    let back = apply(&capture, &changes(&change)).unwrap().capture;
    assert_consistent(&back);
    for (address, record) in &capture.functions {
        let now = &back.functions[address];
        if !["0000:00:03.0"].contains(&address.to_string().as_str()) {
            assert_eq!(now.config, record.config, "{address}");
        }
    }
}

/// The numbers behind the new port belong to another port: the lowest ones that are free are
/// taken, here two that the card itself had.
#[test]
fn numbers_of_others_are_never_taken() {
    let capture = with_port(
        case("lab-sriov-intel").capture,
        "00:02.0",
        "00:06.0",
        [0x07, 0x07],
    );
    let capture = with_port(capture, "00:02.0", "00:07.0", [0x08, 0x09]);
    let change = changes(&["slot@04:00.0=00:06.0"]);
    let moved = apply(&capture, &change).unwrap();
    assert_consistent(&moved.capture);
    assert_eq!(numbers(&moved.capture, "00:06.0"), [0x00, 0x05, 0x07]);
    assert_eq!(moved.moved[&at("06:00.0")], at("07:00.0"));
    // Where there are no three in a row, that is said: 05 and 06, and 0a.
    let full = with_port(
        case("lab-sriov-intel").capture,
        "00:02.0",
        "00:06.0",
        [0x0a, 0x0a],
    );
    let full = with_port(full, "00:02.0", "00:07.0", [0x07, 0x09]);
    let full = with_port(full, "00:02.0", "00:08.0", [0x0b, 0xff]);
    assert_eq!(
        apply(&full, &change).unwrap_err(),
        ChangeError::NoBusNumbers {
            port: at("00:06.0"),
            needed: 3
        }
    );
}

/// Below a port of another switch, every port above is extended, and a neighbour's numbers are
/// left alone.
#[test]
fn the_ports_above_the_new_one_are_extended() {
    let switch = "[[root.device.device]]\nkind = 'upstream-port'\n\
                  [[root.device.device.device]]\nkind = 'downstream-port'\n";
    let card = "[[root.device.device.device.device]]\nclass = 'nvme'\nflr = true\n";
    let machine = |between: &str| {
        synth::synthesise(&format!(
            "[[root]]\n[[root.device]]\nkind = 'root-port'\nat = '01.0'\n{switch}{card}\
             [[root.device]]\nkind = 'root-port'\nat = '02.0'\n{switch}{between}"
        ))
        .unwrap()
    };
    // Buses: 01 02 03 for the first port, 04 05 06 for the second one.
    let capture = machine("");
    let change = changes(&["slot@01:00.0=05:00.0"]);
    let moved = apply(&capture, &change).unwrap();
    assert_consistent(&moved.capture);
    assert_eq!(numbers(&moved.capture, "05:00.0"), [5, 6, 8]);
    assert_eq!(numbers(&moved.capture, "04:00.0"), [4, 5, 8]);
    assert_eq!(numbers(&moved.capture, "00:02.0"), [0, 4, 8]);
    assert_eq!(moved.moved[&at("03:00.0")], at("08:00.0"));
    assert!(
        moved.notes.iter().any(|note| note.contains("memory")),
        "other windows"
    );
    // A third port has 07: the card cannot have 06 to 08 then, but 08 and further on would lie
    // outside of what the second port can be extended to.
    let third = "[[root.device]]\nkind = 'root-port'\nat = '03.0'\n\
                 [[root.device.device]]\nclass = 'nvme'\n";
    assert!(matches!(
        apply(&machine(third), &change).unwrap_err(),
        ChangeError::NoBusNumbers { needed: 3, .. }
    ));
}
