//! A port has ACS but lacks a service that isolation asks for.

use std::fmt;

use crate::addr::Sbdf;
use crate::analysis::acs::{Hop, HopRole, Obstacle};
use crate::analysis::{Fact, Facts, Missing, Tri};
use crate::bytes::Observed;
use crate::decode::config::ext::acs::AcsFlags;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::topology::FunctionKind;

rule! {
    /// ## What it checks
    ///
    /// The ACS capability of every port above the device offers source validation, request and
    /// completion redirect, and upstream forwarding.
    ///
    /// ## Why it matters
    ///
    /// A service that a port does not offer cannot be switched on. By the specification a port
    /// may leave out what it has no use for; whether Windows accepts that is not documented.
    ///
    /// ## How it is decided
    ///
    /// By the capability register of each port. Linux takes a service that is not offered as
    /// not needed, so this is a note there. Where the register was not captured the answer is
    /// "cannot tell"; where Windows reported that the hierarchy is fine the rule does not apply.
    ///
    /// ## What to do
    ///
    /// Hyper-V: try the dismount without `-Force`. If Windows refuses, look for a firmware
    /// update or use another slot.
    ///
    /// VFIO: nothing.
    ACS004 = {
        name: "acs-services-incomplete",
        summary: "A port above the device has ACS without a service that isolation asks for",
        severity: Low,
        effects: Effects::new(Effect::Condition, Effect::Note),
        lint: Device,
        cites: [
            Document::Pcie60.at("6.12.1.1 ACS Downstream Ports"),
            Document::LinuxPci.at("pci.c, pci_acs_flags_enabled"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// The lowest such port and what it lacks.
#[derive(Debug)]
struct Incomplete {
    port: Sbdf,
    kind: FunctionKind,
    lacking: AcsFlags,
}

impl fmt::Display for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} does not offer {}",
            self.kind, self.port, self.lacking
        )
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    if facts.host.function(id).windows.finds_isolated() == Some(true) {
        return Outcome::NotApplicable("Windows finds the hierarchy above it isolated");
    }
    let mut ports = facts
        .topology
        .upstream(id)
        .skip(1)
        .filter(|&hop| facts.acs.hop(hop).role == HopRole::Port);
    let mut any = false;
    let incomplete = ports.find(|&port| {
        any = true;
        !facts.acs.hop(port).lacking().is_empty()
    });
    let Some(port) = incomplete else {
        return match facts
            .acs
            .path_is_free_of(facts.topology, id, Obstacle::Port)
        {
            Tri::Unknown(missing) => Outcome::CannotTell(missing),
            Tri::No => Outcome::NotApplicable("a port has no ACS at all"),
            Tri::Yes if !any => Outcome::NotApplicable("no port above"),
            Tri::Yes => match facts
                .topology
                .upstream(id)
                .skip(1)
                .find(|&hop| is_open(facts, hop))
            {
                Some(port) => Outcome::CannotTell(Missing::of(Fact::RegisterBits, port)),
                None => Outcome::Clean,
            },
        };
    };
    let lacking = facts.acs.hop(port).lacking();
    let (locus, seen) = capability(facts, port);
    Outcome::Fired(Finding::new(
        &ACS004,
        Subject::Function(id),
        Confidence::Low,
        Incomplete {
            port: facts.host.function(port).at,
            kind: facts.topology.kind(port),
            lacking,
        },
        Evidence::new(locus, "ACS Capability", seen)
            .wanting(Value::word(AcsFlags::REQUIRED.bits())),
    ))
}

/// Whether it is not known which services a port offers.
fn is_open(facts: &Facts<'_, '_>, hop: FunctionId) -> bool {
    let &Hop {
        role, capability, ..
    } = facts.acs.hop(hop);
    match capability {
        Observed::Present(flags) => {
            role == HopRole::Port && flags.unknown().intersects(AcsFlags::REQUIRED)
        }
        _ => false,
    }
}

fn capability(facts: &Facts<'_, '_>, port: FunctionId) -> (Locus, Value) {
    match (
        facts.host.function(port).acs(),
        facts.acs.hop(port).capability,
    ) {
        (Observed::Present(acs), Observed::Present(flags)) => (
            Locus::Config(port, acs.window().span(0x04, 2)),
            Value::word(flags.set.bits()),
        ),
        _ => (Locus::Lists(port), Value::Absent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    fn below(port: Dev) -> Answer {
        let machine = Machine::new()
            .with("00:01.0", port)
            .with("01:00.0", Dev::endpoint());
        answer(&ACS004, &machine, "01:00.0")
    }

    #[test]
    fn a_port_without_redirect_fires() {
        assert_eq!(
            below(Dev::root_port(1).acs(0x11, 0)),
            fired("root port 0000:00:01.0 does not offer RR CR")
        );
    }

    #[test]
    fn the_four_services_are_enough() {
        assert_eq!(below(Dev::root_port(1).acs(0x1d, 0)), Answer::Clean);
    }

    #[test]
    fn a_port_without_acs_is_another_rule() {
        assert_eq!(below(Dev::root_port(1)), Answer::NotApplicable);
    }

    #[test]
    fn a_device_on_the_root_bus_has_no_port_above() {
        let machine = Machine::new().with("00:05.0", Dev::endpoint());
        assert_eq!(answer(&ACS004, &machine, "00:05.0"), Answer::NotApplicable);
    }

    #[test]
    fn a_register_that_was_not_captured_says_nothing() {
        assert_eq!(
            below(Dev::root_port(1).acs(0x1d, 0).cut(0x104)),
            Answer::CannotTell(Fact::RegisterBits)
        );
        assert_eq!(
            below(Dev::root_port(1).cut(0x100)),
            Answer::CannotTell(Fact::ExtendedConfig)
        );
        assert_eq!(answer_for(&ACS004, Dev::endpoint().unread()), Answer::Clean);
    }
}
