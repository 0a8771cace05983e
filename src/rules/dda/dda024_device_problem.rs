//! Windows reports a problem of the device.

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
    /// That Windows runs the device without a problem, apart from one that is disabled (DDA012),
    /// gone (DDA039) or failed to be assigned (DDA025).
    ///
    /// ## Why it matters
    ///
    /// On a host, a device with a problem may have no resources to give away, and the guest will
    /// meet the same fault. Within a guest, code 12 mostly means that the gap for MMIO is too
    /// small, code 43 that the device's driver refuses virtual machines, code 31 that its driver
    /// cannot be loaded.
    ///
    /// ## How it is decided
    ///
    /// By the problem code, as a number or by its name.
    ///
    /// ## What to do
    ///
    /// Hyper-V: look the code up in Device Manager. Code 12: enlarge `-HighMemoryMappedIoSpace` or
    /// `-LowMemoryMappedIoSpace` of the virtual machine; on a host, let the firmware decode above 4
    /// GB. Code 43 in a guest: see whether the maker supports the device in virtual machines. Code
    /// 14: restart. Codes 28, 31, 37, 39, 52: the driver.
    ///
    /// VFIO: not concerned.
    DDA024 = {
        name: "device-problem",
        summary: "Windows reports a problem code other than disabled",
        severity: Medium,
        effects: Effects::new(Effect::Condition, Effect::None),
        cites: [Document::WindowsDrivers.at("Device Manager error messages")],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// The code.
#[derive(Clone, Copy, Debug)]
struct Problem(ProblemCode);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Windows reports the problem code {}", self.0)?;
        match self.0.meaning() {
            Some(meaning) => write!(f, ": {meaning}"),
            None => Ok(()),
        }
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let Some(state) = facts.host.device_state(id) else {
        return Outcome::NotApplicable("Windows reported no state");
    };
    let violation = match state {
        DeviceState::Problem(ProblemCode::GUEST_ASSIGNMENT_FAILED) => {
            return Outcome::NotApplicable("its assignment failed");
        }
        DeviceState::Problem(code) => Problem(code),
        _ => return Outcome::Clean,
    };
    Outcome::Fired(Finding::new(
        &DDA024,
        Subject::Function(id),
        Confidence::High,
        violation,
        Evidence::new(
            Locus::Reported(id, windows::PROBLEM_CODE.key),
            windows::PROBLEM_CODE.name,
            Value::Number(violation.0.0.into()),
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    fn with(code: u32) -> Answer {
        let device = Dev::endpoint().windows(windows::PROBLEM_CODE, code);
        answer(&DDA024, &Machine::with_device(device), "01:00.0")
    }

    #[test]
    fn a_problem_is_named_with_its_meaning() {
        assert_eq!(
            with(12),
            fired(
                "Windows reports the problem code 12 (CM_PROB_NORMAL_CONFLICT): it cannot find enough free resources"
            )
        );
        assert_eq!(
            with(43),
            fired(
                "Windows reports the problem code 43 (CM_PROB_FAILED_POST_START): its driver reported a failure"
            )
        );
        assert_eq!(with(99), fired("Windows reports the problem code 99"));
    }

    #[test]
    fn no_problem_and_a_disabled_device_are_clean() {
        assert_eq!(with(0), Answer::Clean);
        assert_eq!(with(22), Answer::Clean);
        assert_eq!(with(57), Answer::NotApplicable);
        assert_eq!(answer_for(&DDA024, Dev::endpoint()), Answer::NotApplicable);
    }
}
