use super::*;
use crate::testing::{Dev, Machine, at, reported};

#[test]
fn a_change_reads_as_it_prints() {
    for text in [
        "acs@0000:00:01.0=on",
        "acs@0000:00:01.0=off",
        "acs-override=downstream",
        "acs-override=downstream,multifunction",
        "acs-override=multifunction",
        "rmrr@0000:01:00.0=off",
        "iommu=on",
        "native-pcie=on",
        "iommu-table=complete",
        "unsafe-interrupts=on",
        "edition=server",
        "slot@0000:01:00.0=0000:00:02.0",
        "bar2@PCIROOT(0)#PCI(0100)=32G",
        "vfs@0000:01:00.0=8",
    ] {
        let change: Change = text.parse().unwrap();
        assert_eq!(change.to_string(), text);
    }
    for text in [
        "",
        "acs",
        "acs=on",
        "acs@gpus=on",
        "acs@gpu=yes",
        "iommu=off",
        "iommu@gpu=on",
        "bar6@gpu=1M",
        "bar0@gpu=3M",
        "bar0@gpu=16",
        "vfs@gpu=-1",
        "vfs@gpu=65536",
        "acs-override=up",
        "slot@gpu=nowhere",
        "bar@gpu=1M",
    ] {
        assert!(
            text.parse::<Change>().is_err(),
            "{text:?} was taken as a change"
        );
    }
}

fn change(text: &str) -> Change {
    text.parse().unwrap()
}

fn settled(device: Dev) -> Dev {
    device
        .group(3)
        .report(|p| p.reserved_regions = Some(reported(Vec::new())))
}

/// Two ports, the first without ACS and with a card, the second with ACS and empty.
fn machine() -> Machine {
    Machine::new()
        .with("00:01.0", Dev::root_port(1).group(1))
        .with("01:00.0", settled(Dev::endpoint()))
        .with("00:02.0", Dev::root_port(2).acs(0x5f, 0x1d).group(2))
}

const HYPERV: Policy = Policy::HyperV2022;

fn judged(result: &WhatIf, policy: Policy, address: &str) -> Judged {
    result.after.judged(policy, at(address)).unwrap().clone()
}

#[test]
fn a_port_that_isolates_loses_the_finding() {
    let capture = machine().capture;
    let result = what_if(&capture, &[change("acs@00:01.0=on")], &[HYPERV]).unwrap();
    let before = result.before.judged(HYPERV, at("01:00.0")).unwrap();
    assert!(before.codes.contains(&"ACS001"), "{before:?}");
    let after = judged(&result, HYPERV, "01:00.0");
    assert!(!after.codes.contains(&"ACS001"), "{after:?}");
    let off = [change("acs@00:01.0=on"), change("acs@00:01.0=off")];
    let back = judged(
        &what_if(&capture, &off, &[HYPERV]).unwrap(),
        HYPERV,
        "01:00.0",
    );
    assert_eq!(back.verdict, Verdict::NotAssignable);
}

#[test]
fn a_card_that_moves_is_judged_in_its_new_place() {
    let capture = machine().capture;
    let result = what_if(&capture, &[change("slot@01:00.0=00:02.0")], &[HYPERV]).unwrap();
    assert_eq!(result.moved[&at("01:00.0")], at("02:00.0"));
    let after = judged(&result, HYPERV, "02:00.0");
    assert!(!after.codes.contains(&"ACS001"), "{after:?}");
    assert_eq!(result.after.judged(HYPERV, at("01:00.0")), None);
}

#[test]
fn a_slot_that_is_taken_or_no_slot_is_refused() {
    let taken = machine().with("02:00.0", Dev::endpoint()).capture;
    let error = |text: &str| apply(&taken, &[change(text)]).unwrap_err();
    assert_eq!(
        error("slot@01:00.0=00:02.0"),
        ChangeError::SlotTaken(at("00:02.0"))
    );
    assert_eq!(
        error("slot@01:00.0=02:00.0"),
        ChangeError::NoPort(at("02:00.0"))
    );
    assert_eq!(
        error("slot@00:01.0=00:02.0"),
        ChangeError::NoCard(at("00:01.0"))
    );
    assert!(matches!(
        error("acs@77:00.0=on"),
        ChangeError::NoFunction(_)
    ));
    assert!(matches!(
        error("bar0@01:00.0=32M"),
        ChangeError::NotResizable(..)
    ));
    assert!(matches!(
        error("vfs@01:00.0=1"),
        ChangeError::TooManyVirtualFunctions(_)
    ));
}

#[test]
fn the_override_splits_groups_without_isolating() {
    // Two ports in one slot without ACS are one group with what is below them.
    let capture = Machine::new()
        .with("00:01.0", Dev::root_port(1).byte(0x0e, 0x81).group(1))
        .with("00:01.1", Dev::root_port(2).byte(0x0e, 0x81).group(1))
        .with("01:00.0", settled(Dev::endpoint()).group(1))
        .with("02:00.0", settled(Dev::endpoint()).group(1))
        .capture;
    let set = [change("acs-override=downstream,multifunction")];
    let result = what_if(&capture, &set, &[Policy::Vfio, HYPERV]).unwrap();
    assert_eq!(result.before.groups.len(), 1);
    assert!(
        result.after.groups.contains(&vec![at("01:00.0")]),
        "{:?}",
        result.after.groups
    );
    assert!(!result.notes.is_empty(), "the risk is stated");
    assert_eq!(
        judged(&result, HYPERV, "01:00.0").verdict,
        Verdict::NotAssignable,
        "Windows knows no such option"
    );
}

#[test]
fn nothing_changes_without_a_change() {
    let capture = machine().capture;
    let result = what_if(&capture, &[], &[HYPERV, Policy::Vfio]).unwrap();
    assert_eq!(result.before, result.after);
}

#[test]
fn the_most_practical_fix_comes_first() {
    let capture = machine().capture;
    let search = fix(&capture, at("01:00.0"), Policy::Vfio).unwrap();
    assert!(search.before.is_assignable() || !search.fixes.is_empty() || search.open.is_some());
    let search = fix(&capture, at("01:00.0"), HYPERV).unwrap();
    let first = search.fixes.first().or(search.open.as_ref()).unwrap();
    assert_eq!(first.changes, [change("slot@01:00.0=00:02.0")]);
    assert_eq!(fix(&capture, at("00:01.0"), HYPERV), None, "a port");
}
