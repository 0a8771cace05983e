//! The tree of small machines.

use super::*;
use crate::spec::pcie::PortType;
use crate::spec::windows;
use crate::testing::{Dev, Machine, find, reported};

/// The bridge above a function.
fn parent(machine: &Machine, address: &str) -> Option<String> {
    machine.facts(|facts| {
        let parent = facts.topology.parent(find(facts, address))?;
        Some(facts.host.function(parent).at.to_string())
    })
}

fn top(machine: &Machine, address: &str) -> Node {
    machine.facts(|facts| facts.topology.top(find(facts, address)))
}

fn kind(machine: &Machine, address: &str) -> FunctionKind {
    machine.facts(|facts| facts.topology.kind(find(facts, address)))
}

fn multi_function(machine: &Machine, address: &str) -> Option<bool> {
    machine.facts(|facts| facts.topology.is_multi_function(find(facts, address)))
}

fn siblings(machine: &Machine, address: &str) -> Vec<String> {
    machine.facts(|facts| {
        let siblings = facts.topology.siblings(facts.host, find(facts, address));
        siblings
            .map(|sibling| facts.host.function(sibling).at.bdf.to_string())
            .collect()
    })
}

fn faults(machine: &Machine) -> Vec<TopologyFault> {
    machine.facts(|facts| facts.topology.faults().to_vec())
}

fn is_root(node: Node) -> bool {
    matches!(node, Node::RootBus { .. })
}

fn is_orphan(node: Node) -> bool {
    matches!(node, Node::OrphanBus { .. })
}

/// A root port, a switch with two downstream ports and a device below each.
fn with_switch() -> Machine {
    Machine::new()
        .with("00:01.0", Dev::port(PortType::ROOT_PORT, 1, 4))
        .with("01:00.0", Dev::port(PortType::UPSTREAM_PORT, 2, 4))
        .with("02:00.0", Dev::port(PortType::DOWNSTREAM_PORT, 3, 3))
        .with("02:01.0", Dev::port(PortType::DOWNSTREAM_PORT, 4, 4))
        .with("03:00.0", Dev::endpoint())
        .with("04:00.0", Dev::endpoint())
}

#[test]
fn secondary_bus_numbers_make_the_tree() {
    let machine = with_switch();
    assert_eq!(parent(&machine, "03:00.0").unwrap(), "0000:02:00.0");
    assert_eq!(parent(&machine, "04:00.0").unwrap(), "0000:02:01.0");
    assert_eq!(parent(&machine, "02:01.0").unwrap(), "0000:01:00.0");
    assert_eq!(parent(&machine, "00:01.0"), None);
    assert!(is_root(top(&machine, "04:00.0")));
    assert_eq!(faults(&machine), []);
    machine.facts(|facts| {
        let path: Vec<_> = facts.topology.upstream(find(facts, "04:00.0")).collect();
        assert_eq!(path.len(), 4);
        assert_eq!(facts.topology.depth(find(facts, "04:00.0")), 3);
        let path = LocationPath::of(facts.host, facts.topology, find(facts, "04:00.0"));
        let text = path.unwrap().to_string();
        assert_eq!(text, "PCIROOT(0)#PCI(0100)#PCI(0000)#PCI(0100)#PCI(0000)");
    });
}

#[test]
fn everything_comes_after_what_is_above_it() {
    with_switch().facts(|facts| {
        let order = facts.topology.top_down();
        assert_eq!(order.len(), facts.host.functions().len());
        let place = |id: FunctionId| order.iter().position(|&other| other == id).unwrap();
        for &below in order {
            if let Some(above) = facts.topology.parent(below) {
                assert!(place(above) < place(below));
            }
        }
    });
}

#[test]
fn segments_are_apart() {
    let machine = Machine::with_port()
        .with("01:00.0", Dev::endpoint())
        .with("10000:01:00.0", Dev::endpoint());
    assert_eq!(parent(&machine, "01:00.0").unwrap(), "0000:00:01.0");
    assert_eq!(parent(&machine, "10000:01:00.0"), None);
    assert!(is_orphan(top(&machine, "10000:01:00.0")));
}

#[test]
fn a_bus_that_holds_a_root_port_is_a_root_bus_whatever_its_number() {
    let machine = Machine::new()
        .with("80:01.0", Dev::root_port(0x81))
        .with("81:00.0", Dev::endpoint());
    assert!(is_root(top(&machine, "81:00.0")));
    assert_eq!(faults(&machine), []);
}

#[test]
fn conventional_functions_alone_may_sit_on_a_root_bus_of_any_number() {
    let machine = Machine::new().with("ff:0b.0", Dev::conventional());
    assert!(is_root(top(&machine, "ff:0b.0")));
    let below = Machine::new()
        .with("00:01.0", Dev::port(PortType::ROOT_PORT, 1, 9))
        .with("05:00.0", Dev::conventional());
    assert!(is_orphan(top(&below, "05:00.0")));
}

#[test]
fn an_endpoint_on_a_bus_that_nothing_makes_is_an_orphan() {
    let machine = Machine::new()
        .with("05:00.0", Dev::endpoint())
        .with("05:00.1", Dev::endpoint());
    assert!(is_orphan(top(&machine, "05:00.1")));
    let function = FunctionId::new(0);
    assert_eq!(
        faults(&machine),
        [TopologyFault::MissingBridge { function }]
    );
}

#[test]
fn device_0_alone_on_a_bus_may_lie_below_a_bridge_that_is_not_captured() {
    let machine = Machine::new()
        .with("00:01.0", Dev::root_port(9))
        .with("01:00.0", Dev::endpoint().unread());
    assert!(is_orphan(top(&machine, "01:00.0")));
    machine.facts(|facts| {
        let path = LocationPath::of(facts.host, facts.topology, find(facts, "01:00.0"));
        assert_eq!(path, None);
    });
    // Devices of several numbers do not share a link.
    let uncore = Machine::new()
        .with("ff:00.0", Dev::conventional().unread())
        .with("ff:0b.0", Dev::conventional().unread());
    assert!(is_root(top(&uncore, "ff:00.0")));
    // Without an Express capability it needs no link.
    let conventional = Machine::new().with("ff:00.0", Dev::conventional());
    assert!(is_root(top(&conventional, "ff:00.0")));
}

#[test]
fn windows_counts_the_functions_of_a_device() {
    let with = |value: u32| {
        let device = Dev::endpoint()
            .unread()
            .windows(windows::ACS_UP_HIERARCHY, value);
        multi_function(&Machine::with_device(device), "01:00.0")
    };
    assert_eq!(with(1), Some(false));
    assert_eq!(with(2), Some(true));
    for open in [0, 3, 4] {
        assert_eq!(with(open), None);
    }
}

#[test]
fn a_bridge_that_contains_itself_leads_nowhere() {
    for (secondary, subordinate) in [(2, 2), (1, 5)] {
        let machine = Machine::new()
            .with(
                "02:00.0",
                Dev::port(PortType::UPSTREAM_PORT, secondary, subordinate),
            )
            .with("05:00.0", Dev::endpoint());
        assert!(is_orphan(top(&machine, "02:00.0")));
        assert!(is_orphan(top(&machine, "05:00.0")));
        let bridge = FunctionId::new(0);
        assert!(faults(&machine).contains(&TopologyFault::ContainsItself { bridge }));
    }
}

#[test]
fn of_two_bridges_with_one_secondary_bus_the_first_is_believed() {
    let machine = Machine::new()
        .with("00:01.0", Dev::root_port(1))
        .with("00:02.0", Dev::root_port(1))
        .with("01:00.0", Dev::endpoint());
    assert_eq!(parent(&machine, "01:00.0").unwrap(), "0000:00:01.0");
    let (other, bridge) = (FunctionId::new(0), FunctionId::new(1));
    assert_eq!(
        faults(&machine),
        [TopologyFault::DuplicateSecondary { bridge, other }]
    );
}

#[test]
fn bridges_in_a_circle_are_cut_and_everything_is_still_placed() {
    let machine = Machine::new()
        .with("05:00.0", Dev::port(PortType::UPSTREAM_PORT, 6, 6))
        .with("06:00.0", Dev::port(PortType::UPSTREAM_PORT, 7, 7))
        .with("07:00.0", Dev::port(PortType::UPSTREAM_PORT, 5, 5))
        .with("07:01.0", Dev::endpoint());
    let function = FunctionId::new(0);
    assert!(faults(&machine).contains(&TopologyFault::Loop { function }));
    assert!(is_orphan(top(&machine, "07:01.0")));
    machine.facts(|facts| assert_eq!(facts.topology.top_down().len(), 4));
}

#[test]
fn a_function_that_is_reported_as_its_own_parent_is_cut_off() {
    let device = Dev::endpoint().report(|p| p.parent = Some(reported("0000:01:00.0".to_owned())));
    let machine = Machine::with_device(device);
    assert!(is_orphan(top(&machine, "01:00.0")));
}

#[test]
fn a_virtual_function_is_never_a_bridge() {
    let pf = || Some(reported("0000:01:00.0".to_owned()));
    // A hostile bridge that claims to be virtual, below itself.
    let bridge = Dev::root_port(1).report(|p| p.physical_function = pf());
    let machine = Machine::new()
        .with("01:00.0", Dev::endpoint())
        .with("05:00.0", bridge);
    assert_eq!(parent(&machine, "05:00.0"), None);
    // The same by what was reported.
    let vf = Dev::virtual_function().report(|p| p.physical_function = pf());
    let device = Dev::endpoint().report(|p| p.parent = Some(reported("0000:03:00.0".to_owned())));
    let machine = Machine::new().with("01:00.0", device).with("03:00.0", vf);
    assert_eq!(parent(&machine, "01:00.0"), None);
    assert_eq!(parent(&machine, "03:00.0"), None);
}

#[test]
fn what_the_operating_system_reports_beats_bus_numbers() {
    let device = |above: &str| {
        let above = above.to_owned();
        Dev::endpoint().report(|p| p.parent = Some(reported(above)))
    };
    let machine = with_switch().with("09:00.0", device("0000:02:01.0"));
    assert_eq!(parent(&machine, "09:00.0").unwrap(), "0000:02:01.0");
    let on_root = Machine::new().with("09:00.0", device(""));
    assert!(is_root(top(&on_root, "09:00.0")));
    // The root bus of a VMD domain hangs below a device of another segment.
    let vmd = Machine::new().with("10000:e1:00.0", device("0000:00:0e.0"));
    assert!(is_root(top(&vmd, "10000:e1:00.0")));
}

#[test]
fn virtual_functions_hang_where_their_physical_function_does() {
    let machine = Machine::with_device(Dev::endpoint().sriov(true, 2, 0x200, 1))
        .with("03:00.0", Dev::virtual_function())
        .with("03:00.1", Dev::virtual_function());
    assert_eq!(parent(&machine, "03:00.1").unwrap(), "0000:00:01.0");
    assert_eq!(faults(&machine), []);
    assert_eq!(multi_function(&machine, "03:00.1"), Some(false));
    machine.facts(|facts| {
        let path = LocationPath::of(facts.host, facts.topology, find(facts, "03:00.1"));
        assert_eq!(path, None);
    });
}

#[test]
fn the_stride_of_virtual_functions_leaves_gaps() {
    // First VF at 01:10.1, then every second routing id.
    let machine = Machine::with_device(Dev::endpoint().sriov(true, 2, 0x81, 2))
        .with("01:10.1", Dev::virtual_function())
        .with("01:10.2", Dev::virtual_function())
        .with("01:10.3", Dev::virtual_function());
    machine.facts(|facts| {
        let physical = |address| {
            let id = find(facts, address);
            facts.host.function(id).physical
        };
        let pf = Some(find(facts, "01:00.0"));
        assert_eq!(physical("01:10.1"), pf);
        assert_eq!(physical("01:10.2"), None);
        assert_eq!(physical("01:10.3"), pf);
    });
}

#[test]
fn every_port_type_and_header_has_its_kind() {
    let alone = |device| kind(&Machine::new().with("00:05.0", device), "00:05.0");
    for (port_type, expected) in [
        (PortType::ENDPOINT, FunctionKind::Endpoint),
        (PortType::LEGACY_ENDPOINT, FunctionKind::LegacyEndpoint),
        (PortType::ROOT_PORT, FunctionKind::RootPort),
        (PortType::UPSTREAM_PORT, FunctionKind::UpstreamPort),
        (PortType::DOWNSTREAM_PORT, FunctionKind::DownstreamPort),
        (PortType::PCIE_TO_PCI, FunctionKind::PcieToPci),
        (PortType::PCI_TO_PCIE, FunctionKind::PciToPcie),
        (PortType::RC_ENDPOINT, FunctionKind::RcEndpoint),
        (PortType::RC_EVENT_COLLECTOR, FunctionKind::RcEventCollector),
        (PortType(2), FunctionKind::Reserved(PortType(2))),
    ] {
        assert_eq!(alone(Dev::express(port_type)), expected);
    }
    assert_eq!(alone(Dev::conventional()), FunctionKind::Conventional);
    assert_eq!(alone(Dev::pci_bridge(1)), FunctionKind::PciBridge);
    assert_eq!(
        alone(Dev::conventional().byte(0x0e, 2)),
        FunctionKind::CardBusBridge
    );
    assert_eq!(
        alone(Dev::conventional().class(0x06_00_00)),
        FunctionKind::HostBridge
    );
}

#[test]
fn without_capabilities_only_header_and_class_tell_the_kind() {
    let alone = |device| kind(&Machine::new().with("00:05.0", device), "00:05.0");
    assert_eq!(alone(Dev::endpoint().cut(64)), FunctionKind::Unknown);
    assert_eq!(
        alone(Dev::root_port(1).cut(64)),
        FunctionKind::UnknownBridge
    );
    assert_eq!(
        alone(Dev::endpoint().class(0x06_00_00).cut(64)),
        FunctionKind::HostBridge
    );
    let reported_bridge = Dev::endpoint()
        .unread()
        .report(|p| p.class = Some(reported(0x06_04_00)));
    assert_eq!(alone(reported_bridge), FunctionKind::UnknownBridge);
}

#[test]
fn a_switch_with_swapped_port_types_is_put_right() {
    let machine = Machine::new()
        .with("00:01.0", Dev::port(PortType::ROOT_PORT, 1, 3))
        .with("01:00.0", Dev::port(PortType::DOWNSTREAM_PORT, 2, 3))
        .with("02:00.0", Dev::port(PortType::UPSTREAM_PORT, 3, 3));
    assert_eq!(kind(&machine, "01:00.0"), FunctionKind::UpstreamPort);
    assert_eq!(kind(&machine, "02:00.0"), FunctionKind::DownstreamPort);
    let proper = with_switch();
    assert_eq!(kind(&proper, "01:00.0"), FunctionKind::UpstreamPort);
    assert_eq!(kind(&proper, "02:00.0"), FunctionKind::DownstreamPort);
}

#[test]
fn the_header_of_function_0_says_whether_there_are_others() {
    let single = Machine::with_device(Dev::endpoint());
    assert_eq!(multi_function(&single, "01:00.0"), Some(false));
    let several = Machine::with_device(Dev::endpoint().multi_function());
    assert_eq!(multi_function(&several, "01:00.0"), Some(true));
}

#[test]
fn a_function_other_than_0_is_one_of_several_whatever_its_header_says() {
    let machine = Machine::with_port().with("01:00.3", Dev::endpoint());
    assert_eq!(multi_function(&machine, "01:00.3"), Some(true));
}

#[test]
fn without_the_header_a_captured_sibling_settles_it_and_its_absence_does_not() {
    let unread = || Dev::endpoint().unread();
    let alone = Machine::with_device(unread());
    assert_eq!(multi_function(&alone, "01:00.0"), None);
    let beside = Machine::with_device(unread()).with("01:00.1", unread());
    assert_eq!(multi_function(&beside, "01:00.0"), Some(true));
}

#[test]
fn with_ari_a_device_is_a_whole_bus() {
    let ari = || Dev::endpoint().extended(0x0e, &[0; 4]);
    let below = |forwarding| {
        let mut port = Dev::root_port(1);
        port.ari_forwarding = forwarding;
        Machine::new()
            .with("00:01.0", port)
            .with("01:00.0", ari().multi_function())
            .with("01:00.1", ari())
            .with("01:01.0", ari())
    };
    assert_eq!(siblings(&below(true), "01:00.1"), ["01:00.0", "01:01.0"]);
    assert_eq!(siblings(&below(true), "01:01.0"), ["01:00.0", "01:00.1"]);
    assert_eq!(multi_function(&below(true), "01:01.0"), Some(true));
    assert_eq!(siblings(&below(false), "01:00.1"), ["01:00.0"]);
    assert_eq!(siblings(&below(false), "01:01.0"), [""; 0]);
    assert_eq!(multi_function(&below(false), "01:01.0"), Some(false));
}

#[test]
fn any_other_function_on_the_bus_ends_being_alone() {
    let alone = |machine: &Machine, address: &str| {
        machine.facts(|facts| {
            facts
                .topology
                .is_alone_on_bus(facts.host, find(facts, address))
        })
    };
    let machine = with_switch();
    assert!(alone(&machine, "00:01.0"));
    assert!(alone(&machine, "04:00.0"));
    assert!(!alone(&machine, "02:00.0"));
    assert!(!alone(&machine, "02:01.0"));
    let beside = machine.with("04:1f.7", Dev::virtual_function());
    assert!(!alone(&beside, "04:00.0"));
}

#[test]
fn faults_are_found_by_the_function_that_they_are_about() {
    let machine = Machine::new()
        .with(
            "00:01.0",
            Dev::port(PortType::ROOT_PORT, 9, 1).byte(0x18, 7),
        )
        .with("00:02.0", Dev::root_port(2))
        .with("05:00.0", Dev::endpoint());
    machine.facts(|facts| {
        let count = |address| facts.topology.faults_of(find(facts, address)).len();
        assert_eq!(count("00:01.0"), 2);
        assert_eq!(count("00:02.0"), 0);
        assert_eq!(count("05:00.0"), 1);
    });
}
