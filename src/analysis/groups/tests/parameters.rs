//! What the kernel command line does to groups.

use super::*;

/// Two ports with ACS off, a device below each; as the firmware leaves it.
fn machine() -> Machine {
    Machine::new()
        .with("00:01.0", root(1, 1).acs(0x1d, 0))
        .with("00:02.0", root(2, 2).acs(0x1d, 0))
        .with("01:00.0", Dev::endpoint())
        .with("02:00.0", Dev::endpoint())
}

const APART: &str = "{00:01.0} {00:02.0} {01:00.0} {02:00.0}";
const FIRST_TOGETHER: &str = "{00:01.0 01:00.0} {00:02.0} {02:00.0}";

#[test]
fn the_kernel_switches_on_what_a_port_supports() {
    for series in Series::ALL {
        assert_eq!(partition(&machine(), &booted(series, "")), APART);
        let captured = partition(&machine(), &settings(series));
        assert_eq!(captured, "{00:01.0 01:00.0} {00:02.0 02:00.0}");
    }
}

#[test]
fn redirect_can_be_disabled_for_single_ports() {
    for series in Series::ALL {
        let settings = booted(series, "pci=disable_acs_redir=00:01.0");
        assert_eq!(partition(&machine(), &settings), FIRST_TOGETHER);
    }
}

#[test]
fn a_port_without_redirect_loses_source_validation_too_since_6_12() {
    // SV and UF possible alone: before 6.12 the kernel's own bits stay.
    let machine = Machine::new()
        .with("00:01.0", root(1, 1).acs(0x11, 0))
        .with("01:00.0", Dev::endpoint());
    let words = "pci=disable_acs_redir=00:01.0";
    for series in [Series::V5_10, Series::V6_1] {
        let groups = partition(&machine, &booted(series, words));
        assert_eq!(groups, "{00:01.0} {01:00.0}");
    }
    for series in [Series::V6_12, Series::V7_2] {
        let groups = partition(&machine, &booted(series, words));
        assert_eq!(groups, "{00:01.0 01:00.0}");
    }
}

#[test]
fn acs_can_be_set_bit_by_bit_since_6_12() {
    let off = "pci=config_acs=0@00:01.0";
    assert_eq!(partition(&machine(), &booted(Series::V6_1, off)), APART);
    for series in [Series::V6_12, Series::V7_2] {
        assert_eq!(partition(&machine(), &booted(series, off)), FIRST_TOGETHER);
        // Everything on by hand; x keeps the firmware's 0.
        let on = "pci=config_acs=111x1@00:01.0;pci:0:0";
        assert_eq!(partition(&machine(), &booted(series, on)), APART);
        let partly = "pci=config_acs=xx111@00:01.0";
        assert_eq!(
            partition(&machine(), &booted(series, partly)),
            FIRST_TOGETHER
        );
    }
}

#[test]
fn what_the_firmware_had_left_is_open_once_a_kernel_has_touched_it() {
    let touched = Machine::new()
        .with("00:01.0", root(1, 1).acs(0x1d, 0x1d).group(0))
        .with("01:00.0", Dev::endpoint().group(1));
    let settings = booted(Series::V6_12, "pci=config_acs=xxxx1@00:01.0");
    predict(&touched, &settings, |groups, host| {
        for (id, _) in host.iter() {
            let missing: Vec<_> = groups.missing(id).iter().map(|m| m.fact).collect();
            assert_eq!(missing, [crate::analysis::Fact::FirmwareAcs]);
        }
    });
}

#[test]
fn the_override_applies_only_without_a_capability_and_to_its_kind() {
    let machine = Machine::new()
        .with("00:01.0", root(1, 1))
        .with("01:00.0", part())
        .with("01:00.1", part())
        .with("00:02.0", root(2, 2).acs(0x1d, 0).ids(0x8086, 1))
        .with("02:00.0", Dev::endpoint());
    let groups = |words: &str| {
        let settings = Settings {
            control: AcsControl::AsCaptured,
            ..booted(Series::V6_12, words)
        };
        partition(&machine, &settings)
    };
    let second = "{00:02.0 02:00.0}";
    assert_eq!(groups(""), format!("{{00:01.0 01:00.0 01:00.1}} {second}"));
    assert_eq!(
        groups("pcie_acs_override=downstream"),
        format!("{{00:01.0}} {second} {{01:00.0 01:00.1}}")
    );
    assert_eq!(
        groups("pcie_acs_override=downstream,multifunction"),
        format!("{{00:01.0}} {second} {{01:00.0}} {{01:00.1}}")
    );
    assert_eq!(
        groups("pcie_acs_override=id:1b36:0010"),
        format!("{{00:01.0}} {second} {{01:00.0}} {{01:00.1}}")
    );
    let conventional = Machine::new()
        .with("00:1f.0", Dev::conventional().multi_function())
        .with("00:1f.2", Dev::conventional());
    let settings = booted(Series::V6_12, "pcie_acs_override=downstream,multifunction");
    assert_eq!(partition(&conventional, &settings), "{00:1f.0 00:1f.2}");
}
