//! Windows shows the device as disabled.

use std::fmt;

use crate::analysis::Facts;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::{Document, windows};

rule! {
    /// ## What it checks
    ///
    /// The device was enabled in Windows when the capture was made.
    ///
    /// ## Why it matters
    ///
    /// Windows reports no resources of a disabled device. Its interrupts and address space must
    /// then come from configuration space. A device must be disabled before the dismount, so
    /// this is no fault.
    ///
    /// ## How it is decided
    ///
    /// By the problem code 22 (CM_PROB_DISABLED). Where Windows reported no problem code there
    /// is nothing to say.
    ///
    /// ## What to do
    ///
    /// Hyper-V: where sizes are missing, `Enable-PnpDevice`, capture again, and disable it
    /// before the dismount.
    ///
    /// VFIO: not concerned.
    DDA012 = {
        name: "disabled-device",
        summary: "Windows shows the device as disabled, so that its resources are not reported",
        severity: Info,
        effects: Effects::new(Effect::Note, Effect::None),
        cites: [
            Document::SurveyDda.at("check of ConfigManagerErrorCode"),
            Document::WindowsDrivers.at("Device Manager error code 22"),
        ],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// Problem code 22.
#[derive(Debug)]
struct Disabled;

impl fmt::Display for Disabled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Windows reports the problem code 22 (disabled)")
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    match facts.host.function(id).windows.problem_code {
        None => Outcome::NotApplicable("Windows reported no problem code"),
        Some(windows::PROBLEM_DISABLED) => Outcome::Fired(Finding::new(
            &DDA012,
            Subject::Function(id),
            Confidence::High,
            Disabled,
            Evidence::new(
                Locus::Reported(id, windows::PROBLEM_CODE.key),
                windows::PROBLEM_CODE.name,
                Value::Number(windows::PROBLEM_DISABLED.into()),
            ),
        )),
        Some(_) => Outcome::Clean,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    fn with(code: u32) -> Answer {
        answer_for(
            &DDA012,
            Dev::endpoint().windows(windows::PROBLEM_CODE, code),
        )
    }

    #[test]
    fn problem_code_22_fires() {
        assert_eq!(
            with(22),
            fired("Windows reports the problem code 22 (disabled)")
        );
    }

    #[test]
    fn other_codes_are_clean() {
        assert_eq!(with(0), Answer::Clean);
        assert_eq!(with(10), Answer::Clean);
    }

    #[test]
    fn without_a_code_there_is_nothing_to_say() {
        assert_eq!(answer_for(&DDA012, Dev::endpoint()), Answer::NotApplicable);
    }
}
