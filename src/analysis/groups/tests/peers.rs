//! Which way requests between two functions take.

use super::*;
use crate::analysis::peer::{Peers, Route, Turn};
use crate::testing::find;

fn route(machine: &Machine, from: &str, to: &str) -> (Route, String) {
    machine.facts(|facts| {
        let settings = settings(Series::V6_12);
        let peers = Peers::new(facts.host, facts.topology, &settings);
        let path = peers.path(find(facts, from), find(facts, to));
        let (route, turn) = path.requests;
        (
            route,
            turn.map_or(String::new(), |turn| name(facts.host, turn)),
        )
    })
}

fn name(host: &Host<'_>, turn: Turn) -> String {
    let at = |id| host.function(id).at.bdf;
    match turn {
        Turn::ConventionalBus => "bus".to_owned(),
        Turn::RootComplex => "root complex".to_owned(),
        Turn::NoAcs(id) => format!("no ACS {}", at(id)),
        Turn::RedirectOff(id) => format!("RR off {}", at(id)),
        Turn::RedirectOn(id) => format!("RR on {}", at(id)),
        Turn::EgressOpen(id) => format!("EC open {}", at(id)),
        Turn::EgressClosed(id) => format!("EC closed {}", at(id)),
        Turn::DirectTranslated(id) => format!("DT {}", at(id)),
        Turn::TranslationBlocked(id) => format!("TB {}", at(id)),
        Turn::NoUpstreamForwarding(id) => format!("no UF {}", at(id)),
    }
}

/// A switch with these two downstream ports, below a root port.
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
fn inside_a_switch_the_port_that_requests_come_in_by_decides() {
    let machine = switch(full(root(1, 4)), downstream(3, 3), full(downstream(4, 4)));
    let there = route(&machine, "03:00.0", "04:00.0");
    assert_eq!(there, (Route::Direct, "no ACS 02:00.0".to_owned()));
    let back = route(&machine, "04:00.0", "03:00.0");
    assert_eq!(
        back,
        (Route::ThroughRootComplex, "RR on 02:01.0".to_owned())
    );
    let off = switch(
        full(root(1, 4)),
        downstream(3, 3).acs(0x1d, 0),
        downstream(4, 4),
    );
    let there = route(&off, "03:00.0", "04:00.0");
    assert_eq!(there, (Route::Direct, "RR off 02:00.0".to_owned()));
}

#[test]
fn what_is_redirected_must_be_forwarded_further_up() {
    let machine = switch(root(1, 4), full(downstream(3, 3)), full(downstream(4, 4)));
    let there = route(&machine, "03:00.0", "04:00.0");
    assert_eq!(there, (Route::Blocked, "no UF 00:01.0".to_owned()));
}

#[test]
fn egress_control_lets_through_blocks_or_redirects() {
    // Port Number of 02:01.0 is 0 (Link Capabilities read as 0): bit 0 of the vector.
    let port = |control: u8, vector: u8| {
        downstream(3, 3).extended(0x0d, &[0x3d, 8, control, 0, vector, 0, 0, 0])
    };
    let there = |port| {
        let machine = switch(full(root(1, 4)), port, downstream(4, 4));
        route(&machine, "03:00.0", "04:00.0")
    };
    let at = |text: &str| format!("{text} 02:00.0");
    assert_eq!(there(port(0x20, 0)), (Route::Direct, at("EC open")));
    assert_eq!(there(port(0x24, 0)), (Route::Direct, at("EC open")));
    assert_eq!(there(port(0x20, 1)), (Route::Blocked, at("EC closed")));
    assert_eq!(
        there(port(0x24, 1)),
        (Route::ThroughRootComplex, at("RR on"))
    );
}

#[test]
fn below_different_root_ports_everything_goes_through_the_root_complex() {
    let machine = Machine::new()
        .with("00:01.0", root(1, 1))
        .with("00:02.0", root(2, 2))
        .with("01:00.0", Dev::endpoint())
        .with("02:00.0", Dev::endpoint());
    let there = route(&machine, "01:00.0", "02:00.0");
    assert_eq!(
        there,
        (Route::ThroughRootComplex, "root complex".to_owned())
    );
}

#[test]
fn a_conventional_bus_and_a_device_of_several_functions_are_direct() {
    let bus = Machine::new()
        .with("00:1e.0", Dev::pci_bridge(1))
        .with("01:00.0", Dev::conventional())
        .with("01:01.0", Dev::conventional());
    assert_eq!(
        route(&bus, "01:00.0", "01:01.0"),
        (Route::Direct, "bus".to_owned())
    );
    let device = Machine::with_device(part()).with("01:00.1", full(part()));
    let there = route(&device, "01:00.0", "01:00.1");
    assert_eq!(there, (Route::Direct, "no ACS 01:00.0".to_owned()));
    let back = route(&device, "01:00.1", "01:00.0");
    assert_eq!(
        back,
        (Route::ThroughRootComplex, "RR on 01:00.1".to_owned())
    );
}

#[test]
fn what_is_not_captured_is_unknown_and_a_bridge_above_is_no_peer() {
    let machine = switch(
        full(root(1, 4)),
        downstream(3, 3).cut(0x100),
        downstream(4, 4),
    );
    let (there, _) = route(&machine, "03:00.0", "04:00.0");
    assert!(
        matches!(there, Route::Unknown(missing) if missing.fact == crate::analysis::Fact::ExtendedConfig)
    );
    assert_eq!(route(&machine, "03:00.0", "01:00.0").0, Route::NotPeers);
}

#[test]
fn translated_requests_follow_tb_and_dt() {
    // ATS with Enable (bit 15 of the control word).
    let device = || Dev::endpoint().extended(0x0f, &[0, 0, 0, 0x80]);
    let translated = |control: u16| {
        let machine = switch(
            full(root(1, 4)),
            downstream(3, 3).acs(0x5f, control),
            downstream(4, 4),
        )
        .with("03:00.0", device());
        machine.facts(|facts| {
            let settings = settings(Series::V6_12);
            let peers = Peers::new(facts.host, facts.topology, &settings);
            let path = peers.path(find(facts, "03:00.0"), find(facts, "04:00.0"));
            path.translated.unwrap().0
        })
    };
    assert_eq!(translated(0x1d), Route::ThroughRootComplex);
    assert_eq!(translated(0x5d), Route::Direct);
    assert_eq!(translated(0x1f), Route::Blocked);
}
