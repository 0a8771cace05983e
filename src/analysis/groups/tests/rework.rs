//! The unmerged rules of 2025.

use super::*;

fn reworked(machine: &Machine) -> String {
    let settings = Settings {
        model: Model::Rework2025,
        ..settings(Series::V7_2)
    };
    partition(machine, &settings)
}

#[test]
fn a_switch_with_one_bad_port_is_one_group_without_its_upstream_port() {
    let switch = |second: Dev| {
        Machine::new()
            .with("00:01.0", full(root(1, 4)))
            .with("01:00.0", upstream(2, 4))
            .with("02:00.0", full(downstream(3, 3)))
            .with("02:01.0", second)
            .with("03:00.0", Dev::endpoint())
            .with("04:00.0", Dev::endpoint())
    };
    assert_eq!(
        reworked(&switch(downstream(4, 4))),
        "{00:01.0} {01:00.0} {02:00.0 02:01.0 03:00.0 04:00.0}"
    );
    assert_eq!(
        reworked(&switch(full(downstream(4, 4)))),
        "{00:01.0} {01:00.0} {02:00.0} {02:01.0} {03:00.0} {04:00.0}"
    );
    // An endpoint inside the switch draws the upstream port in.
    assert_eq!(
        reworked(&switch(Dev::endpoint())),
        "{00:01.0} {01:00.0 02:00.0 02:01.0 03:00.0} {04:00.0}"
    );
}

#[test]
fn ports_and_functions_without_acs_are_apart() {
    let machine = Machine::new()
        .with("00:1c.0", packed(root(1, 1)))
        .with("00:1c.1", root(2, 2))
        .with("01:00.0", part())
        .with("01:00.1", part())
        .with("02:00.0", part())
        .with("02:00.1", part().acs(0x1d, 0));
    assert_eq!(
        reworked(&machine),
        "{00:1c.0} {00:1c.1} {01:00.0} {01:00.1} {02:00.0 02:00.1}"
    );
}

#[test]
fn a_root_port_with_acs_off_takes_all_below_in() {
    let machine = Machine::new()
        .with("00:01.0", root(1, 3).acs(0x1d, 0))
        .with("01:00.0", upstream(2, 3))
        .with("02:00.0", full(downstream(3, 3)))
        .with("03:00.0", Dev::endpoint());
    assert_eq!(reworked(&machine), "{00:01.0 01:00.0 02:00.0 03:00.0}");
}

#[test]
fn a_bridge_to_pci_is_in_the_group_only_with_memory_of_its_own() {
    let machine = |bridge: Dev| {
        Machine::new()
            .with("00:01.0", full(root(1, 2)))
            .with("01:00.0", bridge)
            .with("02:00.0", Dev::conventional())
            .with("02:01.0", Dev::conventional())
    };
    let bridge = || Dev::port(PortType::PCIE_TO_PCI, 2, 2);
    assert_eq!(
        reworked(&machine(bridge())),
        "{00:01.0} {01:00.0} {02:00.0 02:01.0}"
    );
    assert_eq!(
        reworked(&machine(bridge().bar(0, 0xfe00_0000))),
        "{00:01.0} {01:00.0 02:00.0 02:01.0}"
    );
    let conventional = Machine::new()
        .with("00:1e.0", Dev::pci_bridge(2))
        .with("02:00.0", Dev::conventional());
    assert_eq!(reworked(&conventional), "{00:1e.0 02:00.0}");
}
