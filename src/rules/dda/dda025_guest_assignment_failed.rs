//! An assignment of the device failed.

use std::fmt;

use crate::analysis::Facts;
use crate::host::DeviceState;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::windows;
use crate::spec::windows::ProblemCode;

rule! {
    /// ## What it checks
    ///
    /// That no assignment of the device to a guest has failed.
    ///
    /// ## Why it matters
    ///
    /// The device was taken from the host and could not be given to a guest; it is of use to
    /// neither.
    ///
    /// ## How it is decided
    ///
    /// By the problem code 57.
    ///
    /// ## What to do
    ///
    /// Hyper-V: read the other findings about the device and the host first: they name what the
    /// assignment needs. Then restart the host, or disable and enable the device, and try again.
    ///
    /// VFIO: not concerned.
    DDA025 = {
        name: "guest-assignment-failed",
        summary: "Windows could not assign the device to a guest (problem code 57)",
        severity: High,
        effects: Effects::new(Effect::Condition, Effect::None),
        cites: [Document::WindowsDrivers.at("Code 57, CM_PROB_GUEST_ASSIGNMENT_FAILED"), Document::DdaPlan.at("system requirements")],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// Problem code 57.
#[derive(Debug)]
struct Failed;

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Windows reports the problem code 57: its assignment to a guest failed")
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let Some(state) = facts.host.device_state(id) else {
        return Outcome::NotApplicable("Windows reported no state");
    };
    if state != DeviceState::Problem(ProblemCode::GUEST_ASSIGNMENT_FAILED) {
        return Outcome::Clean;
    }
    let violation = Failed;
    Outcome::Fired(Finding::new(
        &DDA025,
        Subject::Function(id),
        Confidence::High,
        violation,
        Evidence::new(
            Locus::Reported(id, windows::PROBLEM_CODE.key),
            windows::PROBLEM_CODE.name,
            Value::Number(57),
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    #[test]
    fn code_57_fires_and_others_do_not() {
        let with = |code: u32| {
            let device = Dev::endpoint().windows(windows::PROBLEM_CODE, code);
            answer(&DDA025, &Machine::with_device(device), "01:00.0")
        };
        assert_eq!(
            with(57),
            fired("Windows reports the problem code 57: its assignment to a guest failed")
        );
        assert_eq!(with(0), Answer::Clean);
        assert_eq!(answer_for(&DDA025, Dev::endpoint()), Answer::NotApplicable);
    }
}
