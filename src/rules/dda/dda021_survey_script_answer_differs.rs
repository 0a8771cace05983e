//! The script's printed answer is not the one that the export gives.

use std::fmt;

use crate::analysis::Facts;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::profile::{Profile, ScriptVerdict};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::windows;

rule! {
    /// ## What it checks
    ///
    /// Where both the console text of SurveyDDA.ps1 and the device properties are there, that the
    /// one follows from the other.
    ///
    /// ## Why it matters
    ///
    /// A difference means that both were made in different states of the machine (a setup option
    /// was changed, the device was disabled), or by another revision of the script.
    ///
    /// ## How it is decided
    ///
    /// The script is replayed on the properties, and the verdicts are compared. Without a printed
    /// answer, or without the properties that the script reads, there is nothing to compare.
    ///
    /// ## What to do
    ///
    /// Hyper-V: run the script and the export again, one after the other.
    ///
    /// VFIO: not concerned.
    DDA021 = {
        name: "survey-script-answer-differs",
        summary: "The survey script's printed answer differs from what the same properties give",
        severity: Low,
        effects: Effects::new(Effect::Note, Effect::None),
        cites: [Document::SurveyDda.at("whole script")],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// Both verdicts.
#[derive(Debug)]
struct Differs {
    printed: ScriptVerdict,
    replayed: ScriptVerdict,
}

impl fmt::Display for Differs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the script printed \"{}\", the properties give \"{}\"",
            self.printed.name(),
            self.replayed.name()
        )
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    let node = facts.host.nodes().of_function(function);
    let printed = node
        .filter(|node| node.instance_id.is_some())
        .and_then(|node| node.survey.as_ref());
    let Some(printed) = printed else {
        return Outcome::NotApplicable("no printed answer beside the properties");
    };
    let printed = ScriptVerdict::of(&printed.value.says);
    let replayed = Profile::SurveyDda
        .answer(facts, id)
        .map_or(ScriptVerdict::Unknown, |answer| answer.verdict);
    match replayed {
        ScriptVerdict::Unknown => Outcome::NotApplicable("the properties are not all captured"),
        replayed if replayed == printed => Outcome::Clean,
        replayed => Outcome::Fired(Finding::new(
            &DDA021,
            Subject::Function(id),
            Confidence::High,
            Differs { printed, replayed },
            Evidence::new(
                Locus::Reported(id, windows::INSTANCE_ID.key),
                "SurveyDDA.ps1",
                Value::AsReported,
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    /// A machine whose drive is treated as PCI or not, with the script's answer beside it.
    fn with(device_type: u32) -> Answer {
        let id = r"PCI\VEN_1B36&DEV_0010\3&0&0&00";
        let device = Dev::endpoint()
            .windows(windows::INSTANCE_ID, id)
            .windows(windows::RESERVED_MEMORY, false)
            .windows(windows::ACS_UP_HIERARCHY, 1)
            .windows(windows::DEVICE_TYPE, device_type);
        let nodes = serde_json::json!({"nodes": [{
            "instance_id": id,
            "function": "0000:01:00.0",
            "survey": {
                "value": {"name": "drive", "says": ["express-endpoint", "message-interrupts"]},
                "origin": {"method": "windows-property"},
            },
        }]});
        answer(
            &DDA021,
            &Machine::with_device(device).with_nodes(&nodes),
            "01:00.0",
        )
    }

    #[test]
    fn another_verdict_fires() {
        assert_eq!(
            with(5),
            fired("the script printed \"assignable\", the properties give \"not-assignable\"")
        );
    }

    #[test]
    fn the_same_verdict_is_clean_and_one_alone_is_no_comparison() {
        assert_eq!(with(2), Answer::Clean);
        assert_eq!(answer_for(&DDA021, Dev::endpoint()), Answer::NotApplicable);
    }
}
