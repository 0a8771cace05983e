//! Windows finds no ACS on the way up.

use std::fmt;

use crate::analysis::Facts;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::{Document, windows};

rule! {
    /// ## What it checks
    ///
    /// Windows finds the hierarchy above the device isolated, and the device itself.
    ///
    /// ## Why it matters
    ///
    /// This is the value that decides on Hyper-V: where it is 0 the dismount of the device is
    /// refused, because its traffic could be redirected to other devices.
    ///
    /// ## How it is decided
    ///
    /// By the reported property AcsCompatibleUpHierarchy: 0 is a refusal, 1 to 4 are not. Where
    /// Windows reported nothing, or a value that this version does not know, the rules about
    /// configuration space decide (ACS001 to ACS003). Where they have the registers they also
    /// say which hop is to blame.
    ///
    /// ## What to do
    ///
    /// Hyper-V: look in the firmware setup for ACS and SR-IOV options; move the card to a slot
    /// at the processor; assign all functions of a card together. `-Force` skips the check.
    ///
    /// VFIO: not concerned; Linux decides from the registers.
    ACS008 = {
        name: "windows-reports-no-acs",
        summary: "Windows reports that ACS is missing on the way up",
        severity: High,
        effects: Effects::new(Effect::Blocks, Effect::None),
        cites: [
            Document::PciProp.at("DEVPKEY_PciDevice_AcsCompatibleUpHierarchy"),
            Document::SurveyDda.at("check of property 31"),
            Document::DdaBlog.at("part 2, machines and devices"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// The value 0.
#[derive(Debug)]
struct NoAcsUpHierarchy;

impl fmt::Display for NoAcsUpHierarchy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Windows reports that traffic of the device can be redirected to others")
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    match facts.host.function(id).windows.finds_isolated() {
        None => Outcome::NotApplicable("Windows reported nothing"),
        Some(true) => Outcome::Clean,
        Some(false) => Outcome::Fired(Finding::new(
            &ACS008,
            Subject::Function(id),
            Confidence::High,
            NoAcsUpHierarchy,
            Evidence::new(
                Locus::Reported(id, windows::ACS_UP_HIERARCHY.key),
                windows::ACS_UP_HIERARCHY.name,
                Value::Number(0),
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    fn with(value: u32) -> Answer {
        let device = Dev::endpoint().unread();
        answer_for(&ACS008, device.windows(windows::ACS_UP_HIERARCHY, value))
    }

    #[test]
    fn a_reported_0_fires() {
        assert_eq!(
            with(0),
            fired("Windows reports that traffic of the device can be redirected to others")
        );
    }

    #[test]
    fn every_other_known_value_is_clean() {
        for value in 1..=4 {
            assert_eq!(with(value), Answer::Clean);
        }
    }

    #[test]
    fn without_a_known_value_configuration_space_decides() {
        assert_eq!(with(5), Answer::NotApplicable);
        assert_eq!(answer_for(&ACS008, Dev::endpoint()), Answer::NotApplicable);
    }
}
