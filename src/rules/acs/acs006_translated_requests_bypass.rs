//! Requests that claim to be translated get past the IOMMU.

use std::fmt;

use crate::addr::Sbdf;
use crate::analysis::acs::HopRole;
use crate::analysis::{Facts, Missing, Tri};
use crate::bytes::Observed;
use crate::decode::config::ext::acs::AcsFlags;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::pcie::ExtCapId;
use crate::topology::FunctionKind;

rule! {
    /// ## What it checks
    ///
    /// A device that translates addresses itself (ATS) sits below ports that can block such
    /// requests and do not route them directly to other devices.
    ///
    /// ## Why it matters
    ///
    /// A request marked as translated passes the IOMMU unchecked. Where a port sends it
    /// straight to another device (direct translated peer-to-peer), or cannot block it, the
    /// isolation of the device is as good as its own firmware.
    ///
    /// ## How it is decided
    ///
    /// By the ATS capability of the device and the ACS registers of the ports above: direct
    /// translated peer-to-peer switched on, or no translation blocking. Ports without ACS are
    /// another rule (ACS001). What was not captured gives "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V: nothing is needed for DDA; trust the firmware of the device, or use one
    /// without ATS.
    ///
    /// VFIO: `pci=noats` on the kernel command line switches ATS off for all devices.
    ACS006 = {
        name: "translated-requests-bypass",
        summary: "Requests that the device translated itself can get past the isolation",
        severity: Low,
        effects: Effects::everywhere(Effect::Note),
        cites: [
            Document::Pcie60.at("6.12.3 ACS Peer-to-Peer Control Interactions"),
            Document::Pcie60.at("10.1 ATS Architectural Overview"),
            Document::LinuxPci.at("pci.c, pci_std_enable_acs"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// The lowest port concerned.
#[derive(Debug)]
struct Bypass {
    port: Sbdf,
    kind: FunctionKind,
    direct: bool,
}

impl fmt::Display for Bypass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { port, kind, direct } = self;
        let how = match direct {
            true => "routes translated requests directly to other devices",
            false => "cannot block translated requests",
        };
        write!(f, "has ATS, and {kind} {port} {how}")
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    match function.space.extended(function.config, ExtCapId::ATS) {
        Observed::Present(_) => {}
        Observed::Absent => return Outcome::NotApplicable("no ATS"),
        _ => return Outcome::CannotTell(Missing::extended(id, function)),
    }
    let mut open = None;
    for port in facts.topology.upstream(id).skip(1) {
        let hop = facts.acs.hop(port);
        if hop.role != HopRole::Port {
            continue;
        }
        let clear = match hop.capability {
            Observed::Present(flags) => flags.clear(),
            _ => AcsFlags::empty(),
        };
        let on = match hop.control {
            Observed::Present(flags) => flags.set,
            _ => AcsFlags::empty(),
        };
        let direct = on.contains(AcsFlags::DIRECT_TRANSLATED);
        if direct || clear.contains(AcsFlags::TRANSLATION_BLOCKING) {
            let kind = facts.topology.kind(port);
            let at = facts.host.function(port).at;
            return fire(
                facts,
                id,
                port,
                Bypass {
                    port: at,
                    kind,
                    direct,
                },
            );
        }
        if !hop.control.is_definite() || !hop.capability.is_definite() {
            open = Some(Missing::extended(port, facts.host.function(port)));
        }
    }
    match facts.acs.path_able(facts.topology, id) {
        _ if let Some(missing) = open => Outcome::CannotTell(missing),
        Tri::Unknown(missing) => Outcome::CannotTell(missing),
        Tri::Yes | Tri::No => Outcome::Clean,
    }
}

fn fire(facts: &Facts<'_, '_>, id: FunctionId, port: FunctionId, bypass: Bypass) -> Outcome {
    let function = facts.host.function(port);
    let (offset, what) = match bypass.direct {
        true => (0x06, "ACS Control"),
        false => (0x04, "ACS Capability"),
    };
    let (locus, seen) = match function.acs() {
        Observed::Present(acs) => {
            let seen = acs.window().u16(offset).map_or(Value::Absent, Value::word);
            (Locus::Config(port, acs.window().span(offset, 2)), seen)
        }
        _ => (Locus::Lists(port), Value::Absent),
    };
    Outcome::Fired(
        Finding::new(
            &ACS006,
            Subject::Function(id),
            Confidence::High,
            bypass,
            Evidence::new(locus, what, seen),
        )
        .with([Evidence::new(
            Locus::Lists(id),
            "ATS Extended Capability",
            Value::Word("present"),
        )]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Fact;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    fn ats() -> Dev {
        Dev::endpoint().extended(0x0f, &[0; 4])
    }

    fn below(port: Dev) -> Answer {
        let machine = Machine::new().with("00:01.0", port).with("01:00.0", ats());
        answer(&ACS006, &machine, "01:00.0")
    }

    #[test]
    fn direct_translated_peer_to_peer_fires() {
        assert_eq!(
            below(Dev::root_port(1).acs(0x5f, 0x5d)),
            fired(
                "has ATS, and root port 0000:00:01.0 routes translated requests directly to other devices"
            )
        );
    }

    #[test]
    fn a_port_that_cannot_block_fires() {
        assert_eq!(
            below(Dev::root_port(1).acs(0x1d, 0x1d)),
            fired("has ATS, and root port 0000:00:01.0 cannot block translated requests")
        );
    }

    #[test]
    fn a_port_that_could_block_is_clean() {
        assert_eq!(below(Dev::root_port(1).acs(0x5f, 0x1d)), Answer::Clean);
    }

    #[test]
    fn without_ats_there_are_no_translated_requests() {
        assert_eq!(answer_for(&ACS006, Dev::endpoint()), Answer::NotApplicable);
    }

    #[test]
    fn what_was_not_captured_says_nothing() {
        assert_eq!(
            answer_for(&ACS006, Dev::endpoint().cut(0x100)),
            Answer::CannotTell(Fact::ExtendedConfig)
        );
        assert_eq!(
            below(Dev::root_port(1).cut(0x100)),
            Answer::CannotTell(Fact::ExtendedConfig)
        );
    }
}
