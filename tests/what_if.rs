//! Each kind of change, on machines whose real kernel, or whose argument, says what comes of it.

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
use assignable::capture::Capture;
use assignable::host::Host;
use assignable::plan::{ChangeError, Judged, WhatIf, apply, what_if};
use assignable::policy::Policy;
use assignable::sim::bars::DeviceBars;
use assignable::synth;
use assignable::verdict::Verdict;

use support::{HYPERV, VFIO, at, case, changes, run};

fn before(result: &WhatIf, policy: Policy, address: &str) -> Judged {
    result.before.judged(policy, at(address)).unwrap().clone()
}

fn after(result: &WhatIf, policy: Policy, address: &str) -> Judged {
    result.after.judged(policy, at(address)).unwrap().clone()
}

/// The group of a function after the changes.
fn group(result: &WhatIf, address: &str) -> Vec<String> {
    let groups = result.after.groups.iter();
    let found: Vec<_> = groups
        .filter(|group| group.contains(&at(address)))
        .collect();
    assert_eq!(found.len(), 1, "{address} is in {} groups", found.len());
    found[0].iter().map(ToString::to_string).collect()
}

/// The groups that a real kernel made, of the functions that both machines have.
fn shared(groups: &[Vec<Sbdf>], with: &[Vec<Sbdf>]) -> BTreeSet<Vec<Sbdf>> {
    let there: BTreeSet<&Sbdf> = with.iter().flatten().collect();
    let groups = groups.iter().map(|group| {
        let members = group.iter().filter(|at| there.contains(at));
        members.copied().collect::<Vec<_>>()
    });
    groups.filter(|group| !group.is_empty()).collect()
}

/// The lab's flat machine was booted without an IOMMU and with one: what `iommu=on` makes of the
/// first are the groups that the kernel made of the second.
#[test]
fn iommu_on_gives_the_groups_that_the_kernel_makes_with_one() {
    let without = case("lab-flat-none");
    let result = run(&without.capture, &["iommu=on"]);
    let with = run(&case("lab-flat-intel").capture, &[]);
    let expected = shared(&with.before.groups, &result.after.groups);
    assert!(expected.len() >= 8, "{expected:?}");
    assert_eq!(shared(&result.after.groups, &with.before.groups), expected);
    // The drive was not assignable for want of an IOMMU.
    let drive = before(&result, VFIO, "0000:01:00.0");
    assert_eq!(drive.verdict, Verdict::NotAssignable);
    assert!(drive.codes.contains(&"IOM001"), "{drive:?}");
    let now = after(&result, VFIO, "0000:01:00.0");
    assert!(now.is_assignable(), "{now:?}");
    assert_eq!(now, before(&with, VFIO, "0000:01:00.0"));
    assert!(!result.notes.is_empty(), "the table is taken for granted");
}

/// Ports without ACS in the lab: the kernel put each alone in its slot into one group with what
/// is below it. With ACS the two are apart; with ACS taken away again, together.
#[test]
fn acs_at_a_hop_parts_what_the_kernel_had_joined() {
    let case = case("lab-noacs-intel");
    let joined = ["0000:00:02.0", "0000:01:00.0"];
    let result = run(&case.capture, &[]);
    assert_eq!(
        group(&result, "0000:01:00.0"),
        joined,
        "as the kernel made it"
    );
    let on = run(&case.capture, &["acs@00:02.0=on"]);
    assert_eq!(group(&on, "0000:01:00.0"), ["0000:01:00.0"]);
    assert_eq!(group(&on, "0000:00:02.0"), ["0000:00:02.0"]);
    let others = |result: &WhatIf| -> BTreeSet<Vec<Sbdf>> {
        let groups = result.after.groups.iter().cloned();
        groups
            .filter(|g| g.iter().all(|a| !joined.contains(&a.to_string().as_str())))
            .collect()
    };
    assert_eq!(others(&on), others(&result), "no other group changes");
    let lost = before(&on, HYPERV, "0000:01:00.0");
    assert!(lost.codes.contains(&"ACS001"), "{lost:?}");
    let gained = after(&on, HYPERV, "0000:01:00.0");
    assert!(!gained.codes.contains(&"ACS001"), "{gained:?}");
    let off = run(&case.capture, &["acs@00:02.0=on", "acs@00:02.0=off"]);
    assert_eq!(group(&off, "0000:01:00.0"), joined);
}

/// The other way: ports with ACS, which the kernel kept apart from their cards.
#[test]
fn acs_off_at_a_hop_joins_what_the_kernel_had_parted() {
    let case = case("lab-flat-intel");
    let result = run(&case.capture, &[]);
    assert_eq!(
        group(&result, "0000:01:00.0"),
        ["0000:01:00.0"],
        "as the kernel made it"
    );
    let port = {
        let host = Host::from_capture(&case.capture);
        let topology = assignable::topology::Topology::of(&host);
        let device = host.find(at("0000:01:00.0")).unwrap();
        host.function(topology.parent(device).unwrap())
            .at
            .to_string()
    };
    let off = run(&case.capture, &[&format!("acs@{port}=off")]);
    assert_eq!(group(&off, "0000:01:00.0"), [port.as_str(), "0000:01:00.0"]);
    let judged = after(&off, HYPERV, "0000:01:00.0");
    assert!(judged.codes.contains(&"ACS001"), "{judged:?}");
}

/// Ports that share a slot: the override parts every function, isolates nothing, says so, and is
/// nothing to Windows.
#[test]
fn the_override_parts_groups_and_states_its_risk() {
    let case = case("lab-noacs-intel");
    let result = run(&case.capture, &["acs-override=downstream,multifunction"]);
    assert_eq!(
        group(&run(&case.capture, &[]), "0000:02:00.0"),
        [
            "0000:00:03.0",
            "0000:00:03.1",
            "0000:02:00.0",
            "0000:03:00.0"
        ],
        "as the kernel made it"
    );
    for address in [
        "0000:01:00.0",
        "0000:02:00.0",
        "0000:03:00.0",
        "0000:00:03.1",
    ] {
        assert_eq!(group(&result, address), [address]);
    }
    assert!(
        result
            .notes
            .iter()
            .any(|note| note.contains("guest may reach"))
    );
    assert_eq!(
        before(&result, HYPERV, "0000:02:00.0"),
        after(&result, HYPERV, "0000:02:00.0")
    );
    // Downstream alone parts ports in slots of their own; functions of one device stay together.
    let ports = run(&case.capture, &["acs-override=downstream"]);
    assert_eq!(group(&ports, "0000:01:00.0"), ["0000:01:00.0"]);
    assert_eq!(
        group(&ports, "0000:00:1f.2").len(),
        3,
        "the chipset's functions"
    );
}

/// The lab's flat machine with memory reserved for the network card, and without.
#[test]
fn without_the_reserved_memory_the_card_is_what_it_is_elsewhere() {
    let reserved = case("lab-flat-intel-rmrr");
    let card = "0000:02:00.0";
    let result = run(&reserved.capture, &["rmrr@02:00.0=off"]);
    assert!(before(&result, VFIO, card).codes.contains(&"RSV002"));
    assert!(before(&result, HYPERV, card).codes.contains(&"RSV001"));
    let plain = run(&case("lab-flat-intel").capture, &[]);
    for policy in [HYPERV, VFIO] {
        assert_eq!(after(&result, policy, card), after(&plain, policy, card));
    }
    assert!(after(&result, VFIO, card).is_assignable());
    // Nobody else's memory goes with it.
    let other = run(&reserved.capture, &["rmrr@01:00.0=off"]);
    assert!(after(&other, VFIO, card).codes.contains(&"RSV002"));
}

/// A card below a port without ACS, and a free slot whose port has it, on another NUMA node.
#[test]
fn a_card_in_another_slot_is_judged_there() {
    let capture = synth::synthesise(
        "[host]\nos = 'windows'\nos_release = '10.0.20348'\n\
         [[root]]\nnuma = 0\n\
         [[root.device]]\nkind = 'root-port'\nat = '01.0'\nacs = 'none'\n\
         [[root.device.device]]\nclass = 'nvme'\nflr = true\n\
         [[root]]\nnuma = 1\n\
         [[root.device]]\nkind = 'root-port'\nat = '02.0'\n",
    )
    .unwrap();
    let (from, port) = {
        let host = Host::from_capture(&capture);
        let topology = assignable::topology::Topology::of(&host);
        let find = |empty: bool| {
            let ports = host
                .iter()
                .filter(|(id, _)| topology.kind(*id).is_downstream_port());
            let mut ports = ports.filter(|(id, _)| topology.children(*id).is_empty() == empty);
            ports.next().unwrap()
        };
        let card = topology.children(find(false).0)[0];
        (host.function(card).at, find(true).1.at)
    };
    let change = format!("slot@{from}={port}");
    let result = run(&capture, &[&change]);
    let to = result.moved[&from];
    let was = result.before.judged(HYPERV, from).unwrap();
    assert!(was.codes.contains(&"ACS001"), "{was:?}");
    let now = result.after.judged(HYPERV, to).unwrap();
    assert!(!now.codes.contains(&"ACS001"), "{now:?}");
    let moved = apply(&capture, &changes(&[&change])).unwrap().capture;
    let node = moved.functions[&to].properties.numa_node.clone();
    assert_eq!(
        node.map(|node| node.value),
        Some(1),
        "the node is the port's"
    );
    assert!(!moved.functions.contains_key(&from));
}

/// A BAR that grows loses its address, one that shrinks keeps it; a size that the card does not
/// offer is refused.
#[test]
fn a_resized_bar_has_the_size_and_maybe_no_place() {
    let capture = synth::synthesise(
        "[[root]]\n[[root.device]]\nkind = 'root-port'\n\
         [[root.device.device]]\nclass = 'vga'\nbars = ['mem32 16M', 'mem64p 512M']\n\
         rebar = [{ bar = 1, sizes = ['256M', '512M', '16G'], current = '512M' }]\n",
    )
    .unwrap();
    let card = at("0000:01:00.0");
    let resized = |size: &str| apply(&capture, &changes(&[&format!("bar1@01:00.0={size}")]));
    let bar = |capture: &Capture| {
        let host = Host::from_capture(capture);
        let bars = DeviceBars::of(&host, host.find(card).unwrap(), &[]);
        let size = bars.sized.iter().find(|bar| bar.index == 1).unwrap().size;
        let resources = &capture.functions[&card].properties.resources;
        let own = resources.iter().find(|own| own.value.index == 1);
        (size, own.is_some_and(|own| own.value.unassigned))
    };
    assert_eq!(bar(&capture).0, 512 << 20);
    assert_eq!(bar(&resized("16G").unwrap().capture), (16 << 30, true));
    assert_eq!(bar(&resized("256M").unwrap().capture), (256 << 20, false));
    assert_eq!(
        resized("1G").unwrap_err(),
        ChangeError::NotResizable(card, 1)
    );
    assert!(apply(&capture, &changes(&["bar0@01:00.0=16M"])).is_err());
    // The verdict does not hang on the size.
    let result = run(&capture, &["bar1@01:00.0=16G"]);
    assert_eq!(
        before(&result, VFIO, "0000:01:00.0").verdict,
        after(&result, VFIO, "0000:01:00.0").verdict
    );
}

/// The lab's kernel switched virtual functions on. Off, they are gone; on again by the same
/// number, they are where the kernel found them, and grouped as it grouped them.
#[test]
fn virtual_functions_come_where_the_kernel_found_them() {
    let case = case("lab-sriov-intel");
    let by_parent: BTreeMap<Sbdf, Vec<Sbdf>> = {
        let host = Host::from_capture(&case.capture);
        let mut found: BTreeMap<Sbdf, Vec<Sbdf>> = BTreeMap::new();
        for (_, function) in host.iter() {
            if let Some(physical) = function.physical {
                let physical = host.function(physical).at;
                found.entry(physical).or_default().push(function.at);
            }
        }
        found
    };
    assert!(by_parent.len() >= 4, "{by_parent:?}");
    let reported = run(&case.capture, &[]).before.groups;
    for (physical, vfs) in by_parent {
        let off = format!("vfs@{physical}=0");
        let on = format!("vfs@{physical}={}", vfs.len());
        let without = run(&case.capture, &[&off]);
        assert!(
            before(&without, VFIO, &physical.to_string())
                .codes
                .contains(&"VFI003")
        );
        let judged = after(&without, VFIO, &physical.to_string());
        assert!(!judged.codes.contains(&"VFI003"), "{physical}: {judged:?}");
        for vf in &vfs {
            assert_eq!(without.after.judged(VFIO, *vf), None, "{vf} is gone");
        }
        let again = run(&case.capture, &[&off, &on]);
        for vf in &vfs {
            assert!(again.after.judged(VFIO, *vf).is_some(), "{vf} is back");
        }
        assert_eq!(again.after.groups, reported, "{physical}");
    }
    assert!(matches!(
        apply(&case.capture, &changes(&["vfs@01:00.0=65535"])),
        Err(ChangeError::TooManyVirtualFunctions(_))
    ));
}

#[test]
fn what_windows_and_hyper_v_reported_changes_with_the_cause() {
    for (name, set, code) in [
        (
            "windows-01-firmware-control",
            &["native-pcie=on"][..],
            "DDA004",
        ),
        ("windows-02-client-edition", &["edition=server"], "DDA029"),
        ("windows-03-iommu-policy", &["iommu=on"], "DDA030"),
        (
            "windows-17-iov-reasons",
            &["native-pcie=on", "acs@00:01.0=on"],
            "DDA028",
        ),
    ] {
        let result = run(&case(name).capture, set);
        let device = "0000:01:00.0";
        let was = before(&result, HYPERV, device);
        assert!(was.codes.contains(&code), "{name}: {was:?}");
        let now = after(&result, HYPERV, device);
        assert!(!now.codes.contains(&code), "{name}: {now:?}");
    }
    // One of two reasons is not enough.
    let half = run(&case("windows-17-iov-reasons").capture, &["native-pcie=on"]);
    assert!(
        after(&half, HYPERV, "0000:01:00.0")
            .codes
            .contains(&"DDA028")
    );
}

#[test]
fn a_complete_table_covers_what_was_left_out() {
    let device = "0000:02:00.0";
    let result = run(&case("partly-covered").capture, &["iommu-table=complete"]);
    assert!(before(&result, VFIO, device).codes.contains(&"IOM003"));
    assert!(!after(&result, VFIO, device).codes.contains(&"IOM003"));
    let result = run(
        &case("io-apics-not-covered").capture,
        &["iommu-table=complete"],
    );
    let apics = "0000:01:00.0";
    assert!(before(&result, HYPERV, apics).codes.contains(&"INT003"));
    assert!(!after(&result, HYPERV, apics).codes.contains(&"INT003"));
    assert!(result.notes.iter().any(|note| note.contains("firmware")));
    // Where there is no table, none is completed.
    assert_eq!(
        apply(
            &case("lab-flat-none").capture,
            &changes(&["iommu-table=complete"])
        )
        .unwrap_err(),
        ChangeError::Table("DMAR")
    );
    // Memory that the old table reserves stays reserved.
    let reserved = run(
        &case("lab-flat-intel-rmrr").capture,
        &["iommu-table=complete"],
    );
    assert!(after(&reserved, HYPERV, device).codes.contains(&"RSV001"));
}

/// The lab booted one machine with interrupt remapping and without: VFIO took its devices with it,
/// and none without.
#[test]
fn interrupt_remapping_comes_back_or_vfio_is_told_to_go_without() {
    let off = case("lab-noir-intel-k612").capture;
    let on = case("lab-flat-intel-k612").capture;
    let with = what_if(&on, &[], &[VFIO]).unwrap();
    for set in ["iommu=on", "unsafe-interrupts=on"] {
        let result = run(&off, &[set]);
        for device in ["0000:01:00.0", "0000:02:00.0", "0000:03:10.0"] {
            assert!(before(&result, VFIO, device).codes.contains(&"IOM040"));
            let now = after(&result, VFIO, device);
            let there = with.before.judged(VFIO, at(device)).unwrap();
            assert_eq!(
                (now.verdict, &now.codes),
                (there.verdict, &there.codes),
                "{set} {device}"
            );
        }
        let warned = result
            .notes
            .iter()
            .any(|note| note.contains("protects nothing"));
        assert_eq!(warned, set == "unsafe-interrupts=on");
    }
    // A paravirtual unit has no other way.
    let mut paravirtual = case("virtio-unit").capture;
    let processor = b"vendor_id\t: GenuineIntel\n".to_vec();
    paravirtual.host.insert("cpuinfo".to_owned(), processor);
    let device = paravirtual
        .functions
        .keys()
        .copied()
        .next_back()
        .unwrap()
        .to_string();
    let helps = |set: &str| {
        let result = run(&paravirtual, &[set]);
        assert!(before(&result, VFIO, &device).codes.contains(&"IOM040"));
        !after(&result, VFIO, &device).codes.contains(&"IOM040")
    };
    assert!(!helps("iommu=on"));
    assert!(helps("unsafe-interrupts=on"));
}
