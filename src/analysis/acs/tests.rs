//! Isolation of small machines.

use super::*;
use crate::decode::config::ext::acs::AcsFlags;
use crate::spec::pcie::PortType;
use crate::spec::windows;
use crate::testing::{Dev, Machine, find, reported};

fn hop(machine: &Machine, address: &str) -> Hop {
    machine.facts(|facts| *facts.acs.hop(find(facts, address)))
}

fn path(machine: &Machine, address: &str) -> (Tri, Tri) {
    machine.facts(|facts| {
        let id = find(facts, address);
        (
            facts.acs.path_able(facts.topology, id),
            facts.acs.path_active(facts.topology, id),
        )
    })
}

fn decisive(machine: &Machine, address: &str) -> Option<String> {
    machine.facts(|facts| {
        let hop = facts
            .acs
            .decisive_hop(facts.topology, find(facts, address))?;
        Some(facts.host.function(hop).at.to_string())
    })
}

fn up_hierarchy(machine: &Machine, address: &str) -> Option<u32> {
    machine.facts(|facts| {
        let id = find(facts, address);
        facts.acs.up_hierarchy(facts.topology, id).value()
    })
}

fn missing(answer: Tri) -> Option<Fact> {
    match answer {
        Tri::Unknown(missing) => Some(missing.fact),
        _ => None,
    }
}

/// A root port, a switch and an endpoint, each port as given.
fn switch(root: Dev, upstream: Dev, downstream: Dev) -> Machine {
    Machine::new()
        .with("00:01.0", root)
        .with("01:00.0", upstream)
        .with("02:00.0", downstream)
        .with("03:00.0", Dev::endpoint())
}

fn root() -> Dev {
    Dev::port(PortType::ROOT_PORT, 1, 3)
}

fn upstream() -> Dev {
    Dev::port(PortType::UPSTREAM_PORT, 2, 3)
}

fn downstream() -> Dev {
    Dev::port(PortType::DOWNSTREAM_PORT, 3, 3)
}

#[test]
fn a_path_of_ports_with_acs_isolates() {
    let machine = switch(
        root().acs(0x1d, 0x1d),
        upstream(),
        downstream().acs(0x1d, 0x1d),
    );
    assert_eq!(path(&machine, "03:00.0"), (Tri::Yes, Tri::Yes));
    assert_eq!(decisive(&machine, "03:00.0"), None);
}

#[test]
fn services_that_are_off_count_for_the_capture_and_not_for_the_hardware() {
    let machine = switch(
        root().acs(0x1d, 0x1d),
        upstream(),
        downstream().acs(0x1d, 0),
    );
    assert_eq!(path(&machine, "03:00.0"), (Tri::Yes, Tri::No));
    let off = hop(&machine, "02:00.0").switched_off();
    assert_eq!(off, AcsFlags::REQUIRED);
}

#[test]
fn a_service_that_is_not_offered_need_not_be_on() {
    let machine = Machine::new().with("00:01.0", Dev::root_port(1).acs(0x01, 0x01));
    let port = hop(&machine, "00:01.0");
    assert_eq!((port.able, port.active), (Tri::Yes, Tri::Yes));
    assert_eq!(port.lacking().to_string(), "RR CR UF");
}

#[test]
fn the_lowest_port_without_acs_decides() {
    let machine = switch(root(), upstream(), downstream());
    assert_eq!(path(&machine, "03:00.0"), (Tri::No, Tri::No));
    assert_eq!(decisive(&machine, "03:00.0").unwrap(), "0000:02:00.0");
    assert_eq!(decisive(&machine, "02:00.0").unwrap(), "0000:00:01.0");
}

#[test]
fn a_no_below_an_unknown_is_a_no_and_decides() {
    let machine = switch(root().cut(0x100), upstream(), downstream());
    assert_eq!(path(&machine, "03:00.0").0, Tri::No);
    assert_eq!(decisive(&machine, "03:00.0").unwrap(), "0000:02:00.0");
    let above = switch(root(), upstream(), downstream().cut(0x100));
    assert_eq!(path(&above, "03:00.0").0, Tri::No);
    assert_eq!(decisive(&above, "03:00.0").unwrap(), "0000:00:01.0");
}

#[test]
fn what_is_missing_is_named_by_its_cause() {
    let below = |port: Dev| {
        let machine = Machine::new()
            .with("00:01.0", port)
            .with("01:00.0", Dev::endpoint());
        missing(path(&machine, "01:00.0").0)
    };
    assert_eq!(
        below(Dev::root_port(1).cut(0x100)),
        Some(Fact::ExtendedConfig)
    );
    assert_eq!(below(Dev::root_port(1).cut(0x40)), Some(Fact::Capabilities));
    let looping = Dev::root_port(1).poke(0x100, &[0x01, 0x00, 0x01, 0x10]);
    assert_eq!(below(looping), Some(Fact::DamagedList));
    let orphan = Machine::new().with("05:00.0", Dev::endpoint());
    assert_eq!(missing(path(&orphan, "05:00.0").0), Some(Fact::BridgeAbove));
}

#[test]
fn each_kind_of_obstacle_is_found_apart() {
    let free = |machine: &Machine, address: &str| {
        machine.facts(|facts| {
            [
                Obstacle::Port,
                Obstacle::MultiFunction,
                Obstacle::ConventionalBridge,
            ]
            .map(|what| facts.acs.is_free_of(find(facts, address), what))
        })
    };
    let port = switch(root(), upstream(), downstream().acs(0x1d, 0));
    assert_eq!(free(&port, "03:00.0"), [Tri::No, Tri::Yes, Tri::Yes]);
    let several = switch(
        root().acs(0x1d, 0),
        upstream().byte(0x0e, 0x81),
        downstream().acs(0x1d, 0),
    );
    assert_eq!(free(&several, "03:00.0"), [Tri::Yes, Tri::No, Tri::Yes]);
    let bridge = Machine::new()
        .with("00:1e.0", Dev::pci_bridge(1))
        .with("01:00.0", Dev::conventional());
    assert_eq!(free(&bridge, "01:00.0"), [Tri::Yes, Tri::Yes, Tri::No]);
}

#[test]
fn a_header_shows_a_single_function_before_its_capabilities_do() {
    let machine = Machine::with_device(Dev::endpoint().cut(64));
    assert_eq!(hop(&machine, "01:00.0").role, HopRole::SingleFunction);
    let several = Machine::with_device(Dev::endpoint().multi_function().cut(64));
    assert_eq!(hop(&several, "01:00.0").role, HopRole::MultiFunction);
    assert_eq!(
        missing(hop(&several, "01:00.0").able),
        Some(Fact::Capabilities)
    );
    let unread = Machine::with_device(Dev::endpoint().unread());
    assert_eq!(hop(&unread, "01:00.0").role, HopRole::Unknown);
}

#[test]
fn up_hierarchy_is_0_where_anything_on_the_way_lacks_acs() {
    let port = Machine::new()
        .with("00:01.0", Dev::root_port(1))
        .with("01:00.0", Dev::endpoint());
    assert_eq!(up_hierarchy(&port, "01:00.0"), Some(0));
    let several = Machine::with_device(Dev::endpoint().multi_function());
    assert_eq!(up_hierarchy(&several, "01:00.0"), Some(0));
    let bridge = Machine::new()
        .with("00:1e.0", Dev::pci_bridge(1))
        .with("01:00.0", Dev::conventional());
    assert_eq!(up_hierarchy(&bridge, "01:00.0"), Some(0));
}

#[test]
fn up_hierarchy_is_1_for_single_functions_and_3_for_several_with_acs() {
    let single = Machine::with_device(Dev::endpoint());
    assert_eq!(up_hierarchy(&single, "01:00.0"), Some(1));
    let several = Machine::with_device(Dev::endpoint().multi_function().acs(0x0c, 0));
    assert_eq!(up_hierarchy(&several, "01:00.0"), Some(3));
}

#[test]
fn up_hierarchy_is_unknown_where_a_register_is_missing() {
    let machine = Machine::new()
        .with("00:01.0", Dev::root_port(1).cut(0x100))
        .with("01:00.0", Dev::endpoint());
    assert_eq!(up_hierarchy(&machine, "01:00.0"), None);
}

#[test]
fn virtual_functions_stand_on_the_path_of_their_physical_function() {
    let vf = Dev::virtual_function()
        .report(|p| p.physical_function = Some(reported("0000:01:00.0".to_owned())));
    let machine = Machine::with_device(Dev::endpoint().multi_function()).with("02:00.0", vf);
    assert_eq!(up_hierarchy(&machine, "01:00.0"), Some(0));
    assert_eq!(up_hierarchy(&machine, "02:00.0"), Some(1));
}

/// A port, and a device below it, of which Windows alone says something.
fn as_windows_says(support: u32, register: u32) -> Machine {
    let port = Dev::root_port(1)
        .cut(0x100)
        .windows(windows::ACS_SUPPORT, support)
        .windows(windows::ACS_CAPABILITY_REGISTER, register);
    Machine::new()
        .with("00:01.0", port)
        .with("01:00.0", Dev::endpoint())
}

#[test]
fn what_windows_reports_of_a_port_stands_in_for_its_registers() {
    let able = |support, register| path(&as_windows_says(support, register), "01:00.0").0;
    assert_eq!(able(0, 0x5f), Tri::Yes);
    assert_eq!(able(1, 0), Tri::Yes);
    assert_eq!(able(2, 0), Tri::No);
    assert_eq!(missing(able(3, 0)), Some(Fact::ExtendedConfig));
    let services = |register| hop(&as_windows_says(0, register), "00:01.0").reported;
    let five = AcsFlags::REQUIRED | AcsFlags::DIRECT_TRANSLATED;
    assert_eq!(services(0x5d), Some(ReportedAcs::Present(Some(five))));
    assert_eq!(services(0), Some(ReportedAcs::Present(None)));
}

#[test]
fn whether_services_are_on_is_not_reported() {
    let active = |support| path(&as_windows_says(support, 0), "01:00.0").1;
    assert_eq!(missing(active(0)), Some(Fact::ExtendedConfig));
    assert_eq!(active(1), Tri::Yes);
    assert_eq!(active(2), Tri::No);
}

#[test]
fn captured_registers_count_more_than_a_report() {
    let port = Dev::root_port(1).windows(windows::ACS_SUPPORT, 0_u32);
    let machine = Machine::new()
        .with("00:01.0", port)
        .with("01:00.0", Dev::endpoint());
    assert_eq!(path(&machine, "01:00.0").0, Tri::No);
    assert_eq!(hop(&machine, "00:01.0").reported, None);
}

#[test]
fn a_report_of_a_hop_foretells_nothing_about_other_reports() {
    assert_eq!(up_hierarchy(&as_windows_says(2, 0), "01:00.0"), None);
}
