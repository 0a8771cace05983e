//! No root port of the machine has ACS.

use std::fmt;

use crate::analysis::acs::ReportedAcs;
use crate::analysis::{Facts, Missing};
use crate::policy::{Effect, Effects};
use crate::rules::acs::no_acs;
use crate::rules::{Check, Confidence, Finding, Outcome, Subject, rule};
use crate::spec::Document;
use crate::topology::FunctionKind;

rule! {
    /// ## What it checks
    ///
    /// At least one root port has Access Control Services.
    ///
    /// ## Why it matters
    ///
    /// Windows then reports that it cannot use I/O virtualization on the machine (`IovSupport`),
    /// whatever the single device looks like.
    ///
    /// ## How it is decided
    ///
    /// By the ACS capability of every captured root port, or by Windows' property AcsSupport of
    /// it. One port with the capability is enough
    /// here; the ports above a device are the business of ACS001.
    ///
    /// ## What to do
    ///
    /// Hyper-V: look for a firmware option "ACS"; use a machine whose processor ports have it.
    /// `-Force` skips the check of a single device.
    ///
    /// VFIO: see the groups; devices below such ports share one.
    DDA014 = {
        name: "no-root-port-with-acs",
        summary: "No root port has ACS, so that Windows reports no I/O virtualization",
        severity: Medium,
        effects: Effects::new(Effect::Note, Effect::None),
        cites: [
            Document::WindowsDrivers.at("reasons why SR-IOV cannot be enabled (KB 2762297)"),
            Document::DdaBlog.at("part 2, machines and devices"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// How many ports there are.
#[derive(Debug)]
struct NoAcs(usize);

impl fmt::Display for NoAcs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("the only root port has no ACS"),
            ports => write!(f, "none of {ports} root ports has ACS"),
        }
    }
}

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let mut missing = None;
    let mut without = Vec::new();
    for (id, function) in facts.host.iter() {
        if facts.topology.kind(id) != FunctionKind::RootPort {
            continue;
        }
        let hop = facts.acs.hop(id);
        match hop.has_capability() {
            Some(true) => return Outcome::Clean,
            _ if hop.reported == Some(ReportedAcs::NotNeeded) => return Outcome::Clean,
            Some(false) => without.push(id),
            None => missing = Some(Missing::extended(id, function)),
        }
    }
    if let Some(missing) = missing {
        return Outcome::CannotTell(missing);
    }
    let Some((&first, others)) = without.split_first() else {
        return Outcome::NotApplicable("no root port was captured");
    };
    let evidence = |id| no_acs(facts, id);
    let finding = Finding::new(
        &DDA014,
        Subject::Host,
        Confidence::Medium,
        NoAcs(without.len()),
        evidence(first),
    );
    Outcome::Fired(finding.with(others.iter().map(|&id| evidence(id))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::spec::windows;
    use crate::testing::{Dev, Machine};

    #[test]
    fn one_port_with_acs_is_enough() {
        let bare = || Machine::new().with("00:02.0", Dev::root_port(2));
        let none = fired("the only root port has no ACS");
        assert_eq!(answer(&DDA014, &bare(), ""), none);
        let both = bare().with("00:01.0", Dev::root_port(1).acs(0x5f, 0x1d));
        assert_eq!(answer(&DDA014, &both, ""), Answer::Clean);
        let cut = Machine::new().with("00:02.0", Dev::root_port(2).cut(0x100));
        assert!(matches!(answer(&DDA014, &cut, ""), Answer::CannotTell(_)));
        assert_eq!(answer(&DDA014, &Machine::new(), ""), Answer::NotApplicable);
    }

    #[test]
    fn what_windows_reports_of_the_ports_counts() {
        let with = |value: u32| {
            let port = Dev::root_port(1).cut(0x100);
            let port = port.windows(windows::ACS_SUPPORT, value);
            answer(&DDA014, &Machine::new().with("00:01.0", port), "")
        };
        assert_eq!(with(2), fired("the only root port has no ACS"));
        assert_eq!(with(0), Answer::Clean);
        assert_eq!(with(1), Answer::Clean);
        assert!(matches!(with(3), Answer::CannotTell(_)));
    }
}
