//! One topology for each kind of device.

use super::*;
use crate::analysis::groups::{FuturePlace, Hole, Outside, Prediction, Why};
use crate::spec::quirks::acs::AcsQuirk;
use crate::testing::{find, reported};

const ALONE: &str = "{00:01.0} {01:00.0}";

fn integrated(vendor: u16) -> Machine {
    let function = || Dev::express(PortType::RC_ENDPOINT).ids(vendor, 0x7777);
    Machine::new()
        .with("00:14.0", function().multi_function())
        .with("00:14.2", function())
}

#[test]
fn each_kind_is_grouped_as_the_kernel_does() {
    let cases: Vec<(&str, Machine, &str)> = vec![
        (
            "single endpoint",
            Machine::with_device(Dev::endpoint()),
            ALONE,
        ),
        (
            "legacy endpoint",
            Machine::with_device(Dev::express(PortType::LEGACY_ENDPOINT)),
            ALONE,
        ),
        (
            "function 0 that says it is one of several, without any other",
            Machine::with_device(part()),
            ALONE,
        ),
        (
            "several functions, one of them isolated",
            Machine::with_device(part())
                .with("01:00.1", full(part()))
                .with("01:00.2", part()),
            "{00:01.0} {01:00.0 01:00.2} {01:00.1}",
        ),
        (
            "integrated endpoints of Intel",
            integrated(0x8086),
            "{00:14.0} {00:14.2}",
        ),
        (
            "integrated endpoints of anybody else",
            integrated(0x1022),
            "{00:14.0 00:14.2}",
        ),
        (
            "event collector beside an endpoint of its slot",
            Machine::new()
                .with(
                    "00:14.0",
                    Dev::express(PortType::RC_ENDPOINT).multi_function(),
                )
                .with("00:14.4", Dev::express(PortType::RC_EVENT_COLLECTOR)),
            "{00:14.0 00:14.4}",
        ),
        (
            "event collector alone",
            Machine::new().with("00:14.0", Dev::express(PortType::RC_EVENT_COLLECTOR)),
            "{00:14.0}",
        ),
        (
            "conventional function alone on the root bus",
            Machine::new().with("00:1e.0", Dev::conventional()),
            "{00:1e.0}",
        ),
        (
            "virtual functions below a port without ACS",
            Machine::new()
                .with("00:01.0", root(1, 1))
                .with("01:00.0", Dev::endpoint().sriov(true, 1, 0x80, 1))
                .with("01:10.0", Dev::virtual_function()),
            "{00:01.0 01:00.0 01:10.0}",
        ),
        (
            "virtual function on a bus number that no bridge makes",
            Machine::new()
                .with("00:01.0", full(root(1, 2)))
                .with("01:00.0", Dev::endpoint().sriov(true, 1, 0x100, 1))
                .with("02:00.0", Dev::virtual_function()),
            "{00:01.0} {01:00.0} {02:00.0}",
        ),
        (
            "port that says downstream right below a root port, and is taken for upstream",
            Machine::new()
                .with("00:01.0", full(root(1, 3)))
                .with("01:00.0", downstream(2, 3))
                .with("02:00.0", full(downstream(3, 3)))
                .with("03:00.0", Dev::endpoint()),
            "{00:01.0} {01:00.0} {02:00.0} {03:00.0}",
        ),
        (
            "ACS capability that can do nothing",
            Machine::new()
                .with("00:01.0", root(1, 1).acs(0, 0))
                .with("01:00.0", Dev::endpoint()),
            ALONE,
        ),
        (
            "function 1 whose id the others use is missing",
            Machine::with_device(Dev::endpoint().ids(0x1b4b, 0x9230)),
            ALONE,
        ),
        (
            "functions that use the id of function 0",
            Machine::with_device(full(part()).ids(0x1180, 0xe832))
                .with("01:00.3", full(part()).ids(0x1180, 0xe832)),
            "{00:01.0} {01:00.0 01:00.3}",
        ),
        (
            "bridge above which requests are translated already",
            Machine::new()
                .with("00:01.0", full(root(1, 2)).ids(0x14e4, 0x9084))
                .with("01:00.0", Dev::port(PortType::PCIE_TO_PCI, 2, 2))
                .with("02:00.0", Dev::conventional()),
            "{00:01.0} {01:00.0 02:00.0}",
        ),
    ];
    for (name, machine, expected) in cases {
        assert_eq!(in_all_series(&machine), expected, "{name}");
    }
}

#[test]
fn what_is_behind_a_vmd_is_in_its_group() {
    let machine = Machine::new()
        .with(
            "00:0e.0",
            Dev::express(PortType::RC_ENDPOINT).ids(0x8086, 0x467f),
        )
        .with(
            "00:14.0",
            Dev::express(PortType::RC_ENDPOINT).ids(0x8086, 0x1),
        )
        .with("10000:e0:06.0", root(0xe1, 0xe1))
        .with("10000:e1:00.0", Dev::endpoint());
    let expected = "{00:0e.0 e0:06.0 e1:00.0} {00:14.0}";
    assert_eq!(in_all_series(&machine), expected);
}

#[test]
fn without_knowing_the_controller_a_domain_is_open() {
    let vmd = || Dev::express(PortType::RC_ENDPOINT).ids(0x8086, 0x28c0);
    let machine = Machine::new()
        .with("00:0e.0", vmd())
        .with("40:05.5", vmd())
        .with("10000:00:01.0", root(1, 1))
        .with("10000:01:00.0", Dev::endpoint());
    machine.facts(|facts| {
        let drive = find(facts, "10000:01:00.0");
        assert!(!facts.predicted.is_definite(drive));
        // Either controller may have it in its group.
        assert!(!facts.predicted.is_definite(find(facts, "40:05.5")));
    });
    let told = machine.with(
        "10000:00:01.0",
        root(1, 1).report(|facts| facts.root_bus_parent = Some(reported("0000:40:05.5".into()))),
    );
    assert_eq!(in_all_series(&told), "{00:0e.0} {40:05.5 00:01.0 01:00.0}");
}

#[test]
fn exceptions_of_the_kernel_come_first_and_are_named() {
    // 8086:10c9 (82576) does not route between its functions; 8086:3b42 is a listed port.
    let machine = Machine::new()
        .with("00:1c.0", root(1, 1).ids(0x8086, 0x3b42))
        .with("01:00.0", part().ids(0x8086, 0x10c9))
        .with("01:00.1", part().ids(0x8086, 0x10c9));
    machine.facts(|facts| {
        let settings = settings(Series::V6_12);
        let prediction = Prediction::of(
            facts.host,
            facts.topology,
            &facts.iommu,
            &facts.groups,
            settings,
        );
        let used: Vec<_> = prediction
            .quirks
            .iter()
            .map(|used| (facts.host.function(used.at).at.bdf.to_string(), used.quirk))
            .collect();
        let network = AcsQuirk::MultiFunctionEndpoint;
        assert_eq!(
            used,
            [
                ("00:1c.0".to_owned(), AcsQuirk::IntelPch),
                ("01:00.0".to_owned(), network),
                ("01:00.1".to_owned(), network)
            ]
        );
        assert_eq!(prediction.quirks[0].without.why, Why::NoCapability);
    });
    assert_eq!(in_all_series(&machine), "{00:1c.0} {01:00.0} {01:00.1}");
}

#[test]
fn an_exception_that_changes_nothing_is_not_named() {
    let machine = Machine::with_device(Dev::endpoint().ids(0x8086, 0x10c9));
    machine.facts(|facts| {
        let settings = settings(Series::V6_12);
        let prediction = Prediction::of(
            facts.host,
            facts.topology,
            &facts.iommu,
            &facts.groups,
            settings,
        );
        assert_eq!(prediction.quirks, []);
    });
}

#[test]
fn wide_registers_of_intel_ports_are_read_where_they_are() {
    // Control at +8: SV RR CR UF. The word at +6 is the upper half of the capability.
    let port = |control: u8| {
        let body = [0x1d, 0, 0, 0, control, 0, 0, 0];
        root(1, 1).ids(0x8086, 0xa110).extended(0x0d, &body)
    };
    let machine = |control| {
        Machine::new()
            .with("00:01.0", port(control))
            .with("01:00.0", Dev::endpoint())
    };
    assert_eq!(in_all_series(&machine(0x1d)), ALONE);
    assert_eq!(in_all_series(&machine(0x01)), "{00:01.0 01:00.0}");
}

#[test]
fn lists_of_ids_may_say_no_to_a_port_with_acs() {
    let machine = |device| {
        Machine::new()
            .with("00:01.0", full(root(1, 1)).ids(0x1d17, device))
            .with("01:00.0", Dev::endpoint())
    };
    assert_eq!(in_all_series(&machine(0x0710)), ALONE);
    assert_eq!(in_all_series(&machine(0x0720)), "{00:01.0 01:00.0}");
}

#[test]
fn source_validation_of_idt_switches_counts_up_to_7_1() {
    // SV RR CR UF possible, RR CR UF on.
    let machine = Machine::new()
        .with("00:01.0", full(root(1, 3)))
        .with("01:00.0", upstream(2, 3))
        .with(
            "02:00.0",
            downstream(3, 3).ids(0x111d, 0x80b5).acs(0x1d, 0x1c),
        )
        .with("03:00.0", Dev::endpoint());
    let old = partition(&machine, &settings(Series::V6_12));
    assert_eq!(old, "{00:01.0} {01:00.0} {02:00.0 03:00.0}");
    let new = partition(&machine, &settings(Series::V7_2));
    assert_eq!(new, "{00:01.0} {01:00.0} {02:00.0} {03:00.0}");
}

#[test]
fn functions_without_group_are_told_why() {
    let why = |machine: &Machine, settings: &Settings, at: &str| {
        machine.facts(|facts| {
            let groups = Groups::predict(facts.host, facts.topology, &facts.iommu, settings);
            groups.outside(find(facts, at))
        })
    };
    let now = settings(Series::V6_12);
    let machine = Machine::with_device(Dev::endpoint());
    assert_eq!(why(&machine, &now, "01:00.0"), None);
    let off = booted(Series::V6_12, "intel_iommu=off");
    assert_eq!(why(&machine, &off, "01:00.0"), Some(Outside::RemappingOff));
    let tables = Machine::with_device(Dev::endpoint()).with_table("FACP");
    assert_eq!(why(&tables, &now, "01:00.0"), Some(Outside::NoTable));
    let grouped = Machine::with_device(Dev::endpoint())
        .with("00:00.2", Dev::conventional().class(0x08_06_00))
        .with("02:00.0", Dev::endpoint().group(1));
    assert_eq!(why(&grouped, &now, "01:00.0"), Some(Outside::NotGrouped));
    assert_eq!(why(&grouped, &now, "00:00.2"), Some(Outside::UnitItself));
    assert_eq!(why(&grouped, &now, "02:00.0"), None);
}

#[test]
fn virtual_functions_to_come_are_alone_or_with_the_port() {
    let place = |port: Dev| {
        let device = Dev::endpoint()
            .sriov(false, 0, 0x80, 1)
            .poke(0x10e, &[8, 0]);
        let machine = Machine::new().with("00:01.0", port).with("01:00.0", device);
        machine.facts(|facts| {
            let settings = settings(Series::V6_12);
            let prediction = Prediction::of(
                facts.host,
                facts.topology,
                &facts.iommu,
                &facts.groups,
                settings,
            );
            let [future] = prediction.future.as_slice() else {
                panic!("{:?}", prediction.future);
            };
            assert_eq!(future.total, 8);
            future.place
        })
    };
    assert_eq!(place(full(root(1, 1))), FuturePlace::Alone);
    assert!(matches!(place(root(1, 1)), FuturePlace::With(..)));
    assert!(matches!(place(root(1, 1).cut(0x100)), FuturePlace::Open(_)));
}

#[test]
fn holes_between_groups_are_found() {
    let holes = |machine: Machine| {
        machine.facts(|facts| {
            let settings = settings(Series::V6_12);
            let groups = Groups::predict(facts.host, facts.topology, &facts.iommu, &settings);
            let found = super::super::exposures(facts.host, facts.topology, &settings, &groups);
            let at = |id| facts.host.function(id).at.bdf.to_string();
            found
                .into_iter()
                .map(|hole| {
                    let reaches: Vec<_> = hole.reaches.into_iter().map(at).collect();
                    (hole.hole, at(hole.at), reaches.join(" "))
                })
                .collect::<Vec<_>>()
        })
    };
    let hole = |hole, at: &str, reaches: &str| (hole, at.to_owned(), reaches.to_owned());
    let switch = |first, second| {
        Machine::new()
            .with("00:01.0", full(root(1, 4)))
            .with("01:00.0", upstream(2, 4))
            .with("02:00.0", first)
            .with("02:01.0", second)
            .with("03:00.0", Dev::endpoint())
            .with("04:00.0", Dev::endpoint())
    };
    assert_eq!(
        holes(switch(full(downstream(3, 3)), downstream(4, 4))),
        [hole(Hole::Switch, "02:01.0", "02:00.0")]
    );
    assert_eq!(
        holes(switch(full(downstream(3, 3)), full(downstream(4, 4)))),
        []
    );
    assert_eq!(
        holes(Machine::with_device(part()).with("01:00.1", full(part()))),
        [hole(Hole::Device, "01:00.0", "01:00.1")]
    );
    let ports = Machine::new()
        .with("00:01.0", root(1, 1))
        .with("00:02.0", full(root(2, 2)))
        .with("01:00.0", Dev::endpoint())
        .with("02:00.0", Dev::endpoint());
    assert_eq!(holes(ports), [hole(Hole::RootPorts, "00:01.0", "00:02.0")]);
    // Egress control on beside redirect, nothing blocked: a vector of 8 bits, all clear.
    let leaky = downstream(3, 3).extended(0x0d, &[0x3d, 8, 0x3d, 0, 0, 0, 0, 0]);
    assert_eq!(
        holes(switch(leaky, full(downstream(4, 4)))),
        [hole(Hole::EgressControl, "02:00.0", "02:01.0")]
    );
    // Registers in a BAR of the second port, and only the first with enhanced services: its
    // bits 8 and 10 block requests for memory of downstream and upstream ports.
    let blocking = downstream(3, 3).extended(0x0d, &[0x9d, 0, 0x1d, 0x05]);
    let with_memory = full(downstream(4, 4)).bar(0, 0xfe00_0000);
    assert_eq!(
        holes(switch(blocking, with_memory)),
        [hole(Hole::PortMemory, "02:01.0", "02:01.0")]
    );
    let ats = |control: u8| Dev::endpoint().extended(0x0f, &[0, 0, 0, control]);
    let below = |port: Dev, control| {
        Machine::new()
            .with("00:01.0", port)
            .with("01:00.0", ats(control))
    };
    assert_eq!(
        holes(below(full(root(1, 1)), 0x80)),
        [hole(Hole::Translated, "01:00.0", "00:01.0")]
    );
    assert_eq!(holes(below(full(root(1, 1)), 0)), []);
    let blocks = root(1, 1).extended(0x0d, &[0x1f, 0, 0x1f, 0]);
    assert_eq!(holes(below(blocks, 0x80)), []);
}
