//! The PCI proxy driver does not run on a dismounted device.

use std::fmt;

use crate::analysis::Facts;
use crate::host::Enumerator;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::windows::{self, ProblemCode};

rule! {
    /// ## What it checks
    ///
    /// That the proxy driver (pcip.sys) runs on a dismounted device.
    ///
    /// ## Why it matters
    ///
    /// The dismount itself worked, and then the driver that must hold the device did not start in
    /// time. Hyper-V reports MSVM_VMMS_PROXY_FAILED_LOAD, and the device cannot be assigned.
    ///
    /// ## How it is decided
    ///
    /// By a problem code of a node under `PCIP` that is there.
    ///
    /// ## What to do
    ///
    /// Hyper-V: disable and enable the device, or mount it back and dismount it again; restart the
    /// host if that fails.
    ///
    /// VFIO: not concerned.
    DDA040 = {
        name: "proxy-driver-failed",
        summary: "The PCI proxy driver failed on the dismounted device",
        severity: High,
        effects: Effects::new(Effect::Condition, Effect::None),
        cites: [Document::HyperVCmdlets.at("Dismount-VMHostAssignableDevice"), Document::WindowsDrivers.at("Device Manager error messages")],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// The problem of the proxy's node.
#[derive(Debug)]
struct ProxyFailed(ProblemCode);

impl fmt::Display for ProxyFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy driver's node has the problem code {}", self.0)
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let windows = &facts.host.function(id).windows;
    if windows.enumerator != Some(Enumerator::Pcip) || windows.present == Some(false) {
        return Outcome::NotApplicable("not dismounted");
    }
    let Some(problem) = windows.problem() else {
        return Outcome::Clean;
    };
    Outcome::Fired(Finding::new(
        &DDA040,
        Subject::Function(id),
        Confidence::High,
        ProxyFailed(problem),
        Evidence::new(
            Locus::Reported(id, windows::PROBLEM_CODE.key),
            windows::PROBLEM_CODE.name,
            Value::Number(problem.0.into()),
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    fn with(code: u32) -> Answer {
        let device = Dev::endpoint()
            .windows(windows::INSTANCE_ID, r"PCIP\VEN_1\3&0&0&00")
            .windows(windows::PROBLEM_CODE, code);
        answer(&DDA040, &Machine::with_device(device), "01:00.0")
    }

    #[test]
    fn a_problem_of_the_proxys_node_fires() {
        assert_eq!(
            with(10),
            fired("the proxy driver's node has the problem code 10 (CM_PROB_FAILED_START)")
        );
        assert_eq!(with(0), Answer::Clean);
        assert_eq!(answer_for(&DDA040, Dev::endpoint()), Answer::NotApplicable);
    }
}
