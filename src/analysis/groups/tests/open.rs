//! What the capture lacks, taken both ways.

use super::*;
use crate::analysis::Fact;
use crate::testing::find;

/// What the group of a function depends on: facts with the function they are missing of.
fn missing(machine: &Machine, at: &str) -> Vec<(Fact, String)> {
    machine.facts(|facts| {
        let missing = facts.predicted.missing(find(facts, at)).iter();
        missing
            .map(|missing| {
                let of = missing.of.unwrap();
                (missing.fact, facts.host.function(of).at.bdf.to_string())
            })
            .collect()
    })
}

#[test]
fn access_denied_is_missing_evidence_and_no_absence() {
    // 64 bytes of a port: neither its type nor its ACS is known.
    let machine = Machine::new()
        .with("00:01.0", root(1, 1).cut(0x40))
        .with("01:00.0", Dev::endpoint());
    let port = [(Fact::Capabilities, "00:01.0".to_owned())];
    assert_eq!(missing(&machine, "01:00.0"), port);
    assert_eq!(missing(&machine, "00:01.0"), port);
}

#[test]
fn what_cannot_change_the_answer_leaves_it_settled() {
    // The endpoint's own capabilities decide nothing where it is alone in its slot.
    let machine = Machine::with_device(Dev::endpoint().cut(0x40));
    assert_eq!(missing(&machine, "01:00.0"), []);
    // Below a bad port the switch's ports decide nothing.
    let below = Machine::new()
        .with("00:01.0", root(1, 3))
        .with("01:00.0", upstream(2, 3))
        .with("02:00.0", downstream(3, 3).cut(0x100))
        .with("03:00.0", Dev::endpoint());
    assert_eq!(missing(&below, "03:00.0"), []);
    assert_eq!(in_all_series(&below), "{00:01.0 01:00.0 02:00.0 03:00.0}");
}

#[test]
fn a_conventional_bridge_or_a_port_is_all_the_same_below_a_bad_port() {
    let machine = Machine::new()
        .with("00:01.0", root(1, 2))
        .with("01:00.0", upstream(2, 2).cut(0x40))
        .with("02:00.0", Dev::endpoint());
    assert_eq!(missing(&machine, "02:00.0"), []);
}

#[test]
fn one_of_two_functions_that_may_have_acs_is_named() {
    let machine = Machine::with_device(part()).with("01:00.1", part().cut(0x100));
    assert_eq!(
        missing(&machine, "01:00.0"),
        [(Fact::ExtendedConfig, "01:00.1".to_owned())]
    );
    // Whatever the other function is, one with ACS on is alone.
    let good = Machine::with_device(full(part())).with("01:00.1", part().cut(0x100));
    assert_eq!(missing(&good, "01:00.0"), []);
}

#[test]
fn a_function_that_was_not_read_leaves_its_siblings_open() {
    let machine = Machine::new()
        .with(
            "00:14.0",
            Dev::express(PortType::RC_ENDPOINT).multi_function(),
        )
        .with("00:14.2", Dev::express(PortType::RC_ENDPOINT).cut(0));
    let open = [(Fact::ConfigSpace, "00:14.2".to_owned())];
    assert_eq!(missing(&machine, "00:14.0"), open);
}

#[test]
fn functions_below_a_missing_bridge_are_open() {
    let machine = Machine::with_port()
        .with("05:00.0", Dev::endpoint())
        .with("05:01.0", Dev::endpoint());
    let above = [
        (Fact::BridgeAbove, "05:00.0".to_owned()),
        (Fact::BridgeAbove, "05:01.0".to_owned()),
    ];
    assert_eq!(missing(&machine, "05:00.0"), above);
    assert_eq!(missing(&machine, "00:01.0"), []);
}

#[test]
fn a_switchtec_bridge_may_use_any_id_of_its_bus() {
    let machine = Machine::with_device(full(part()).ids(0x11f8, 0x4028).class(0x06_80_00))
        .with("01:00.1", full(part()));
    let open = [(Fact::AliasIds, "01:00.0".to_owned())];
    assert_eq!(missing(&machine, "01:00.1"), open);
    let management = Machine::with_device(full(part()).ids(0x11f8, 0x4028).class(0x05_80_00))
        .with("01:00.1", full(part()));
    assert_eq!(missing(&management, "01:00.1"), []);
}

#[test]
fn ids_alone_may_tell_that_a_bridge_is_a_port() {
    // 8086:8d10: a listed root port of which only 64 bytes were read.
    let machine = Machine::new()
        .with("00:1c.0", root(1, 1).ids(0x8086, 0x8d10).cut(0x40))
        .with("01:00.0", Dev::endpoint());
    assert_eq!(missing(&machine, "01:00.0"), []);
    assert_eq!(in_all_series(&machine), "{00:1c.0} {01:00.0}");
}
