//! Microsoft's survey script answers otherwise than it seems to.

use std::fmt;

use crate::analysis::Facts;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::profile::{Profile, Quirk};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::windows;

rule! {
    /// ## What it checks
    ///
    /// Whether what SurveyDDA.ps1 says of the device rests on one of its known quirks.
    ///
    /// ## Why it matters
    ///
    /// People compare this report with the script. Where both differ, the reason is named here: the
    /// script takes a missing property for yes (S3) or lets it pass (S4, S5), counts resources of
    /// another device (S6), or lets devices through that Hyper-V may refuse (S11).
    ///
    /// ## How it is decided
    ///
    /// The script is replayed on what Windows reported of the device. Only captures of Windows are
    /// concerned. A quirk that changes words or numbers alone is not reported here; `survey
    /// --profile surveydda` lists all of them.
    ///
    /// ## What to do
    ///
    /// Hyper-V: believe the finding that names the fact, not the script. Where a property is
    /// missing, capture again as administrator on a newer Windows.
    ///
    /// VFIO: not concerned.
    DDA020 = {
        name: "survey-script-quirk",
        summary: "A known quirk of Microsoft's survey script decides its answer about the device",
        severity: Info,
        effects: Effects::new(Effect::Note, Effect::None),
        cites: [Document::SurveyDda.at("comparisons of the properties 34, 31 and 1")],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// The quirk.
#[derive(Debug)]
struct DecidedBy(Quirk);

impl fmt::Display for DecidedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SurveyDDA.ps1 {} (quirk {})", self.0.describe(), self.0)
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    if facts.host.function(id).windows.enumerator.is_none() {
        return Outcome::NotApplicable("not captured on Windows");
    }
    let Some(answer) = Profile::SurveyDda.answer(facts, id) else {
        return Outcome::NotApplicable("the script does not list it");
    };
    let Some(&quirk) = answer.quirks.iter().find(|quirk| quirk.decides()) else {
        return Outcome::Clean;
    };
    let (property, seen) = match quirk {
        Quirk::S3 => (windows::RESERVED_MEMORY, Value::Absent),
        Quirk::S4 => (windows::ACS_UP_HIERARCHY, Value::Absent),
        Quirk::S5 => (windows::ACS_UP_HIERARCHY, Value::Number(4)),
        Quirk::S11 => (windows::DEVICE_TYPE, Value::Number(3)),
        _ => (windows::INSTANCE_ID, Value::AsReported),
    };
    let evidence = Evidence::new(Locus::Reported(id, property.key), property.name, seen);
    Outcome::Fired(Finding::new(
        &DDA020,
        Subject::Function(id),
        Confidence::High,
        DecidedBy(quirk),
        evidence,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    fn with(acs: u32) -> Answer {
        let device = Dev::endpoint()
            .windows(windows::INSTANCE_ID, r"PCI\VEN_1B36&DEV_0010\3&0&0&00")
            .windows(windows::RESERVED_MEMORY, false)
            .windows(windows::DEVICE_TYPE, 2)
            .windows(windows::ACS_UP_HIERARCHY, acs);
        answer_for(&DDA020, device)
    }

    #[test]
    fn a_quirk_that_decides_is_named() {
        assert_eq!(
            with(4),
            fired("SurveyDDA.ps1 lets an unknown AcsCompatibleUpHierarchy value pass (quirk S5)")
        );
    }

    #[test]
    fn a_plain_answer_is_clean() {
        assert_eq!(with(1), Answer::Clean);
        assert_eq!(with(0), Answer::Clean);
        assert_eq!(
            answer(&DDA020, &Machine::with_device(Dev::endpoint()), "01:00.0"),
            Answer::NotApplicable
        );
    }
}
