//! Groups of small machines, worked out by hand from the kernel's rules.

mod kinds;
mod open;
mod parameters;
mod peers;
mod properties;
mod rework;
mod vectors;

use super::{Groups, Settings};
use crate::analysis::groups::{AcsControl, Model, Parameters};
use crate::host::{FunctionId, Host};
use crate::spec::linux::Series;
use crate::spec::pcie::PortType;
use crate::testing::{Dev, Machine};

/// SV TB RR CR UF DT possible; SV RR CR UF on.
pub(super) fn full(device: Dev) -> Dev {
    device.acs(0x5f, 0x1d)
}

pub(super) fn root(secondary: u8, subordinate: u8) -> Dev {
    Dev::port(PortType::ROOT_PORT, secondary, subordinate)
}

pub(super) fn upstream(secondary: u8, subordinate: u8) -> Dev {
    Dev::port(PortType::UPSTREAM_PORT, secondary, subordinate)
}

pub(super) fn downstream(secondary: u8, subordinate: u8) -> Dev {
    Dev::port(PortType::DOWNSTREAM_PORT, secondary, subordinate)
}

/// One of several functions.
pub(super) fn part() -> Dev {
    Dev::endpoint().multi_function()
}

/// A port that says that it is one of several.
pub(super) fn packed(port: Dev) -> Dev {
    port.byte(0x0e, 0x81)
}

/// ACS as captured, on the rules of a series.
pub(super) fn settings(kernel: Series) -> Settings {
    Settings {
        kernel,
        control: AcsControl::AsCaptured,
        parameters: Parameters::default(),
        model: Model::Mainline,
        quirks: true,
    }
}

/// ACS as the kernel sets it with a command line.
pub(super) fn booted(kernel: Series, command_line: &str) -> Settings {
    Settings {
        control: AcsControl::AsEnabled,
        parameters: Parameters::parse(command_line),
        ..settings(kernel)
    }
}

pub(super) fn predict<R>(
    machine: &Machine,
    settings: &Settings,
    ask: impl FnOnce(&Groups, &Host<'_>) -> R,
) -> R {
    machine.facts(|facts| {
        let groups = Groups::predict(facts.host, facts.topology, &facts.iommu, settings);
        ask(&groups, facts.host)
    })
}

/// `{00:01.0} {01:00.0 01:00.1}`: groups by their first member.
pub(super) fn partition(machine: &Machine, settings: &Settings) -> String {
    predict(machine, settings, |groups, host| {
        let at = |&id: &FunctionId| host.function(id).at.bdf.to_string();
        let mut texts: Vec<String> = groups
            .iter()
            .map(|(_, members)| {
                let members: Vec<_> = members.iter().map(at).collect();
                format!("{{{}}}", members.join(" "))
            })
            .collect();
        texts.sort_unstable();
        texts.join(" ")
    })
}

/// The partition under every series, which must be the same.
pub(super) fn in_all_series(machine: &Machine) -> String {
    let [first, rest @ ..] = Series::ALL.map(|series| partition(machine, &settings(series)));
    for other in rest {
        assert_eq!(other, first);
    }
    first
}
