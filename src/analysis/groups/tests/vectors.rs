//! Topologies whose groups follow from the rules of `pci_device_group` step by step.

use super::*;
use crate::testing::dmar;

/// A root port without isolation.
fn bare(secondary: u8) -> Dev {
    root(secondary, secondary)
}

/// A switch below a root port: two downstream ports in different slots, an endpoint below each.
fn switch(root_port: Dev, first: Dev, second: Dev) -> Machine {
    Machine::new()
        .with("00:01.0", root_port)
        .with("01:00.0", upstream(2, 4))
        .with("02:00.0", first)
        .with("02:01.0", second)
        .with("03:00.0", Dev::endpoint())
        .with("04:00.0", Dev::endpoint())
}

#[test]
fn each_topology_has_the_groups_that_the_rules_give() {
    let cases: Vec<(&str, Machine, &str)> = vec![
        (
            "1: a port with ACS",
            Machine::with_device(Dev::endpoint()),
            "{00:01.0} {01:00.0}",
        ),
        (
            "2: a port without ACS",
            Machine::new()
                .with("00:01.0", packed(bare(1)))
                .with("01:00.0", part())
                .with("01:00.1", part()),
            "{00:01.0 01:00.0 01:00.1}",
        ),
        (
            "3: two ports without ACS in one slot",
            Machine::new()
                .with("00:1c.0", packed(bare(2)))
                .with("00:1c.4", packed(bare(3)))
                .with("02:00.0", Dev::endpoint())
                .with("03:00.0", Dev::endpoint()),
            "{00:1c.0 00:1c.4 02:00.0 03:00.0}",
        ),
        (
            "4: two ports without ACS in two slots",
            Machine::new()
                .with("00:01.0", bare(2))
                .with("00:02.0", bare(3))
                .with("02:00.0", Dev::endpoint())
                .with("03:00.0", Dev::endpoint()),
            "{00:01.0 02:00.0} {00:02.0 03:00.0}",
        ),
        (
            "5: two functions without ACS",
            Machine::with_device(part()).with("01:00.1", part()),
            "{00:01.0} {01:00.0 01:00.1}",
        ),
        (
            "6: a switch without ACS",
            switch(full(root(1, 4)), downstream(3, 3), downstream(4, 4)),
            "{00:01.0} {01:00.0} {02:00.0 03:00.0} {02:01.0 04:00.0}",
        ),
        (
            "7: an upstream port with a sibling",
            switch(
                full(root(1, 4)),
                full(downstream(3, 3)),
                full(downstream(4, 4)),
            )
            .with("01:00.0", packed(upstream(2, 4)))
            .with("01:00.1", part()),
            "{00:01.0} {01:00.0 01:00.1 02:00.0 02:01.0 03:00.0 04:00.0}",
        ),
        (
            "8: a good switch below a bad port",
            switch(root(1, 4), full(downstream(3, 3)), full(downstream(4, 4))),
            "{00:01.0 01:00.0 02:00.0 02:01.0 03:00.0 04:00.0}",
        ),
        (
            "9: a switch with ACS",
            switch(
                full(root(1, 4)),
                full(downstream(3, 3)),
                full(downstream(4, 4)),
            ),
            "{00:01.0} {01:00.0} {02:00.0} {02:01.0} {03:00.0} {04:00.0}",
        ),
        (
            "10: a PCIe-to-PCI bridge",
            Machine::new()
                .with("00:01.0", full(root(5, 6)))
                .with("05:00.0", Dev::port(PortType::PCIE_TO_PCI, 6, 6))
                .with("06:00.0", Dev::conventional())
                .with("06:01.0", Dev::conventional()),
            "{00:01.0} {05:00.0 06:00.0 06:01.0}",
        ),
        (
            "11: a conventional bridge",
            Machine::new()
                .with("00:1e.0", Dev::pci_bridge(7))
                .with("07:00.0", Dev::conventional())
                .with("07:01.0", Dev::conventional()),
            "{00:1e.0 07:00.0 07:01.0}",
        ),
        (
            "12: conventional functions of one slot",
            Machine::new()
                .with("00:1f.0", Dev::conventional().multi_function())
                .with("00:1f.2", Dev::conventional())
                .with("00:1f.3", Dev::conventional()),
            "{00:1f.0 00:1f.2 00:1f.3}",
        ),
        (
            "13: integrated endpoints, one with RR and CR",
            Machine::new()
                .with(
                    "00:1f.0",
                    Dev::express(PortType::RC_ENDPOINT).multi_function(),
                )
                .with("00:1f.2", Dev::express(PortType::RC_ENDPOINT))
                .with(
                    "00:1f.6",
                    Dev::express(PortType::RC_ENDPOINT).acs(0x0c, 0x0c),
                ),
            "{00:1f.0 00:1f.2} {00:1f.6}",
        ),
        (
            "14: function 0 uses the id of function 1",
            Machine::new()
                .with("00:01.0", full(root(2, 2)))
                .with("02:00.0", part().ids(0x1b4b, 0x9230).acs(0x0c, 0x0c))
                .with("02:00.1", part().acs(0x0c, 0x0c)),
            "{00:01.0} {02:00.0 02:00.1}",
        ),
        (
            "15: virtual functions",
            Machine::with_device(part().sriov(true, 1, 0x80, 2))
                .with("01:00.1", part().sriov(true, 1, 0x80, 2))
                .with("01:10.0", Dev::virtual_function())
                .with("01:10.1", Dev::virtual_function()),
            "{00:01.0} {01:00.0 01:00.1} {01:10.0} {01:10.1}",
        ),
        (
            "16: ports without ACS beside a host bridge",
            Machine::new()
                .with(
                    "00:08.0",
                    Dev::conventional().class(0x06_00_00).multi_function(),
                )
                .with("00:08.1", bare(5))
                .with("00:08.2", bare(6))
                .with("05:00.0", part())
                .with("05:00.1", part())
                .with("06:00.0", Dev::endpoint()),
            "{00:08.0 00:08.1 00:08.2 05:00.0 05:00.1 06:00.0}",
        ),
        (
            "17: a good port beside a host bridge",
            Machine::new()
                .with(
                    "00:01.0",
                    Dev::conventional().class(0x06_00_00).multi_function(),
                )
                .with("00:01.1", full(root(1, 1)))
                .with("01:00.0", part())
                .with("01:00.1", part()),
            "{00:01.0} {00:01.1} {01:00.0 01:00.1}",
        ),
        (
            "18: a switch that is half good",
            switch(full(root(1, 4)), full(downstream(3, 3)), downstream(4, 4)),
            "{00:01.0} {01:00.0} {02:00.0} {02:01.0 04:00.0} {03:00.0}",
        ),
        (
            "19: a good switch below a bad port of a switch",
            switch(full(root(1, 7)), downstream(3, 6), downstream(7, 7))
                .with("01:00.0", upstream(2, 7))
                .with("03:00.0", upstream(4, 6))
                .with("04:00.0", full(downstream(5, 5)))
                .with("04:01.0", full(downstream(6, 6)))
                .with("05:00.0", Dev::endpoint())
                .with("06:00.0", Dev::endpoint())
                .with("07:00.0", Dev::endpoint()),
            "{00:01.0} {01:00.0} {02:00.0 03:00.0 04:00.0 04:01.0 05:00.0 06:00.0} \
             {02:01.0 07:00.0}",
        ),
        (
            "20: downstream ports in one slot",
            Machine::new()
                .with("00:01.0", full(root(1, 4)))
                .with("01:00.0", upstream(2, 4))
                .with("02:00.0", packed(downstream(3, 3)))
                .with("02:00.1", downstream(4, 4))
                .with("03:00.0", Dev::endpoint())
                .with("04:00.0", Dev::endpoint()),
            "{00:01.0} {01:00.0} {02:00.0 02:00.1 03:00.0 04:00.0}",
        ),
        (
            "23: a PCI-to-PCIe bridge below a conventional one",
            Machine::new()
                .with("00:1e.0", Dev::pci_bridge(1).byte(0x1a, 2))
                .with("01:00.0", Dev::port(PortType::PCI_TO_PCIE, 2, 2))
                .with("02:00.0", Dev::endpoint()),
            "{00:1e.0 01:00.0 02:00.0}",
        ),
    ];
    for (name, machine, expected) in cases {
        let expected = expected.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(in_all_series(&machine), expected, "{name}");
    }
}

#[test]
fn vector_21_functions_of_one_device_are_compared_in_blocks_of_eight() {
    let mut port = full(root(1, 1));
    port.ari_forwarding = true;
    let mut machine = Machine::new().with("00:01.0", port);
    for function in 0..10 {
        let address = format!("01:{:02x}.{}", function / 8, function % 8);
        // ARI, next function in bits 15:8
        let next = if function < 9 { function + 1 } else { 0 };
        machine = machine.with(&address, part().extended(0x0e, &[0, next, 0, 0]));
    }
    assert_eq!(
        in_all_series(&machine),
        "{00:01.0} {01:00.0 01:00.1 01:00.2 01:00.3 01:00.4 01:00.5 01:00.6 01:00.7} \
         {01:01.0 01:01.1}"
    );
}

/// A DRHD with scopes of endpoints in segment 0: bus, device, function.
fn unit(include_all: bool, base: u8, endpoints: &[(u8, u8, u8)]) -> Vec<u8> {
    let length = 16 + 8 * endpoints.len();
    let mut bytes = vec![
        0,
        0,
        u8::try_from(length).unwrap(),
        0,
        u8::from(include_all),
        0,
        0,
        0,
    ];
    bytes.extend([0, 0, base, 0xfe, 0, 0, 0, 0]);
    for &(bus, device, function) in endpoints {
        bytes.extend([1, 8, 0, 0, 0, bus, device, function]);
    }
    bytes
}

#[test]
fn vector_22_below_a_port_without_group_functions_do_not_find_each_other() {
    // The only unit names the two functions and not the port above them.
    let machine = Machine::new()
        .with("00:01.0", root(1, 1))
        .with("01:00.0", part())
        .with("01:00.1", part())
        .with_table_bytes("DMAR", dmar(1, &unit(false, 0x10, &[(1, 0, 0), (1, 0, 1)])));
    assert_eq!(in_all_series(&machine), "{01:00.0} {01:00.1}");
    // Where the port isolates, they do.
    let good = machine.with("00:01.0", full(root(1, 1)));
    assert_eq!(in_all_series(&good), "{01:00.0 01:00.1}");
}

#[test]
fn vector_24_since_6_1_each_unit_probes_its_own_functions() {
    let units = [unit(false, 0x10, &[(1, 0, 0)]), unit(true, 0x20, &[])].concat();
    let machine = Machine::new()
        .with("00:01.0", root(1, 1))
        .with("01:00.0", Dev::endpoint())
        .with_table_bytes("DMAR", dmar(1, &units));
    let groups = |series| partition(&machine, &settings(series));
    assert_eq!(groups(Series::V5_10), "{00:01.0 01:00.0}");
    for series in [Series::V6_1, Series::V6_12, Series::V7_2] {
        assert_eq!(groups(series), "{00:01.0} {01:00.0}");
    }
}
