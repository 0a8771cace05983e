//! `assignable.profile/1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::capture::ScriptSentence;
use crate::profile::{Answer, Profile, ScriptVerdict};
use crate::report::Report;
use crate::verdict::Decision;

/// Another tool's decision, replayed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProfileDocument {
    /// Always `assignable.profile/1`.
    pub schema: String,
    /// `surveydda` or `lisa`.
    pub profile: String,
    /// The tool in full.
    pub tool: String,
    /// Every device that the tool lists, in its order.
    pub devices: Vec<ProfiledDevice>,
    /// Whether Hyper-V supports assignment on the host; absent where not captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iov_support: Option<bool>,
}

/// What the tool says of one device, beside our own verdicts.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProfiledDevice {
    /// `dddd:bb:dd.f`.
    pub address: String,
    /// The name that Windows gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `assignable`, `maybe-assignable`, `not-assignable` or `unknown`.
    pub verdict: String,
    /// The tool's sentences in order, by their sense.
    pub says: Vec<ScriptSentence>,
    /// Megabytes of MMIO space as the tool prints them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub megabytes: Option<u64>,
    /// The location path as the tool prints it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location_path: Option<String>,
    /// Quirks of the tool that took part.
    pub quirks: Vec<ScriptQuirkItem>,
    /// Something was computed that Windows did not report.
    pub computed: bool,
    /// What the capture lacks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// The verdict that the tool itself printed, where its text was captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub printed: Option<String>,
    /// Our own verdicts.
    pub verdicts: Vec<OwnVerdict>,
}

/// A quirk of the tool.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ScriptQuirkItem {
    /// `S1`, `S2`, …
    pub id: String,
    /// What the tool does.
    pub text: String,
}

/// Our own verdict under one policy.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OwnVerdict {
    /// The policy.
    pub policy: String,
    /// The verdict.
    pub verdict: String,
    /// Codes of the findings that block, else of those that are conditions.
    pub codes: Vec<String>,
}

/// The replay as a document.
pub fn profile(report: &Report<'_>, profile: Profile) -> ProfileDocument {
    let hyperv = report.facts.host.nodes().hyperv();
    ProfileDocument {
        schema: "assignable.profile/1".to_owned(),
        profile: profile.name().to_owned(),
        tool: profile.tool().to_owned(),
        devices: profile
            .replay(report.facts)
            .iter()
            .map(|answer| ProfiledDevice::of(report, answer))
            .collect(),
        iov_support: hyperv.and_then(|hyperv| hyperv.iov_support),
    }
}

impl ProfiledDevice {
    fn of(report: &Report<'_>, answer: &Answer) -> Self {
        let function = report.facts.host.function(answer.id);
        let node = report.facts.host.nodes().of_function(function);
        let printed = node.and_then(|node| node.survey.as_ref());
        let quirks = answer.quirks.iter().map(|quirk| ScriptQuirkItem {
            id: quirk.name().to_owned(),
            text: quirk.describe().to_owned(),
        });
        let verdicts = report.policies.iter().map(|&policy| {
            let decision = Decision::of(report.run, policy, answer.id);
            let findings = if decision.blockers.is_empty() {
                decision.conditions
            } else {
                decision.blockers
            };
            OwnVerdict {
                policy: policy.name().to_owned(),
                verdict: decision.verdict.name().to_owned(),
                codes: findings
                    .iter()
                    .map(|finding| finding.rule().code.to_owned())
                    .collect(),
            }
        });
        Self {
            address: function.at.to_string(),
            name: answer.name.clone(),
            verdict: answer.verdict.name().to_owned(),
            says: answer.says.clone(),
            megabytes: answer.megabytes,
            location_path: answer.location_path.clone(),
            quirks: quirks.collect(),
            computed: answer.computed,
            missing: answer.missing.map(str::to_owned),
            printed: printed.map(|fact| ScriptVerdict::of(&fact.value.says).name().to_owned()),
            verdicts: verdicts.collect(),
        }
    }
}
