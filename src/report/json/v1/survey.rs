//! `assignable.survey/1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::device::{Device, EvidenceItem, FindingItem, GapItem};
use crate::policy::Policy;
use crate::report::Report;
use crate::verdict::Verdict;
use crate::verdict::host::HostVerdict;

/// The survey of a machine.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Survey {
    /// Always `assignable.survey/1`.
    pub schema: String,
    /// What was analysed.
    pub capture: CaptureSummary,
    /// The policies asked for.
    pub policies: Vec<String>,
    /// How many devices got which verdict, by policy.
    pub counts: Vec<VerdictCount>,
    /// Whether the machine as a whole can assign devices, by policy.
    #[serde(default)]
    pub host_verdicts: Vec<HostVerdictItem>,
    /// Findings about the host as a whole.
    pub host_findings: Vec<FindingItem>,
    /// What could not be checked about the host as a whole.
    pub host_gaps: Vec<GapItem>,
    /// Every function, ports and bridges included, by address.
    pub devices: Vec<Device>,
}

/// Whether the machine as a whole can assign devices under one policy.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HostVerdictItem {
    /// The policy.
    pub policy: String,
    /// `assignable`, `assignable-with-conditions`, `undetermined`, `not-assignable`.
    pub verdict: String,
    /// What Windows itself reported (`IovSupport`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported: Option<bool>,
    /// Every requirement, in a fixed order.
    pub requirements: Vec<RequirementItem>,
}

/// A requirement of the host.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RequirementItem {
    /// Number among Windows' `IovSupportReasons`, 1 to 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u8>,
    /// What stands against assignment where it is not met.
    pub reason: String,
    /// `met`, `not-met`, `condition`, `open`.
    pub state: String,
    /// Codes of the rules that decided, or would.
    pub rules: Vec<String>,
    /// Where it is not met: the evidence of the host's findings, and of the first about a
    /// function. Empty where Windows or the processor alone decides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<EvidenceItem>,
}

impl HostVerdictItem {
    pub(super) fn of(report: &Report<'_>, policy: Policy) -> Self {
        let host = HostVerdict::of(report.facts, report.run, policy);
        let requirements = host.requirements.into_iter().map(|item| RequirementItem {
            number: item.number,
            reason: item.reason.to_owned(),
            state: item.state.name().to_owned(),
            evidence: item
                .findings(report.run)
                .flat_map(|(finding, _)| finding.evidence())
                .map(|evidence| EvidenceItem::of(report, evidence))
                .collect(),
            rules: item.rules.into_iter().map(str::to_owned).collect(),
        });
        Self {
            policy: policy.name().to_owned(),
            verdict: host.verdict.name().to_owned(),
            reported: host.reported,
            requirements: requirements.collect(),
        }
    }
}

/// What was analysed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CaptureSummary {
    /// Number of functions.
    pub functions: usize,
    /// Files that were imported.
    pub sources: Vec<String>,
    /// ACPI tables that were captured.
    pub tables: Vec<String>,
    /// Things that could not be read when the capture was made.
    pub failures: usize,
    /// Facts about which two sources disagree.
    pub conflicts: usize,
    /// Version of the id list that names come from.
    pub id_list: String,
}

/// How many devices got which verdict under one policy. Ports and bridges are left out.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct VerdictCount {
    /// The policy.
    pub policy: String,
    /// Devices that are assignable.
    pub assignable: usize,
    /// Devices that are assignable with conditions.
    pub assignable_with_conditions: usize,
    /// Devices for which evidence is missing.
    pub undetermined: usize,
    /// Devices that are not assignable.
    pub not_assignable: usize,
}

/// The survey as a document.
pub fn survey(report: &Report<'_>) -> Survey {
    let host = report.facts.host;
    Survey {
        schema: "assignable.survey/1".to_owned(),
        capture: CaptureSummary::of(report),
        policies: report
            .policies
            .iter()
            .map(|policy| policy.name().to_owned())
            .collect(),
        counts: counts(report),
        host_verdicts: report
            .policies
            .iter()
            .map(|&policy| HostVerdictItem::of(report, policy))
            .collect(),
        host_findings: report
            .run
            .host_findings()
            .iter()
            .map(|finding| FindingItem::of(report, finding))
            .collect(),
        host_gaps: report
            .run
            .host_gaps()
            .iter()
            .map(|gap| GapItem::of(report, gap))
            .collect(),
        devices: host.iter().map(|(id, _)| Device::of(report, id)).collect(),
    }
}

fn counts(report: &Report<'_>) -> Vec<VerdictCount> {
    report
        .policies
        .iter()
        .map(|&policy| {
            let mut count = VerdictCount {
                policy: policy.name().to_owned(),
                assignable: 0,
                assignable_with_conditions: 0,
                undetermined: 0,
                not_assignable: 0,
            };
            for id in report.candidates() {
                *match Verdict::of(report.run, policy, id) {
                    Verdict::Assignable => &mut count.assignable,
                    Verdict::AssignableWithConditions => &mut count.assignable_with_conditions,
                    Verdict::Undetermined => &mut count.undetermined,
                    Verdict::NotAssignable => &mut count.not_assignable,
                } += 1;
            }
            count
        })
        .collect()
}

impl CaptureSummary {
    pub(super) fn of(report: &Report<'_>) -> Self {
        let capture = report.facts.host.capture();
        Self {
            functions: capture.functions.len(),
            sources: capture.sources.keys().cloned().collect(),
            tables: capture.tables.keys().cloned().collect(),
            failures: capture.manifest.failures.len(),
            conflicts: capture.manifest.conflicts.len(),
            id_list: report.names.version().to_owned(),
        }
    }
}
