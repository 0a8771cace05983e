//! One device: identity, verdicts, findings and gaps.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::hex;
use crate::analysis::resources;
use crate::host::FunctionId;
use crate::report::{Report, evidence};
use crate::rules::{Evidence, Finding, Gap, Locus, Value};
use crate::topology::LocationPath;
use crate::verdict::Decision;

/// One function with its verdicts.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Device {
    /// `dddd:bb:dd.f`.
    pub address: String,
    /// Windows' location path; absent where a bridge above is not captured, and on VFs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location_path: Option<String>,
    /// Name from the id list.
    pub name: String,
    /// Vendor id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Device id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Class code, `0xBBSSPP`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// What it is within the tree.
    pub kind: String,
    /// Bytes of its configuration space that were captured.
    pub config_bytes: u16,
    /// Address of the physical function of a virtual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub physical_function: Option<String>,
    /// Driver, as reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// IOMMU group, as the kernel reported it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_iommu_group: Option<u32>,
    /// NUMA node, as reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numa_node: Option<u32>,
    /// Address space that it asks for; absent where the BARs were not captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mmio: Option<Mmio>,
    /// One verdict for each policy asked for.
    pub verdicts: Vec<VerdictItem>,
    /// What was found about it.
    pub findings: Vec<FindingItem>,
    /// What could not be checked.
    pub gaps: Vec<GapItem>,
}

/// Address space that a function asks for, in bytes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Mmio {
    /// 32-bit memory BARs.
    pub memory32: String,
    /// 64-bit memory BARs.
    pub memory64: String,
    /// The part of both that is prefetchable.
    pub prefetchable: String,
    /// I/O ports.
    pub io: String,
    /// All sizes are known; otherwise the sums are lower bounds.
    pub complete: bool,
    /// The megabytes that SurveyDDA.ps1 would print.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub survey_dda_megabytes: Option<u64>,
}

/// The verdict under one policy, with the codes behind it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct VerdictItem {
    /// `hyperv-2025`, `vfio`, …
    pub policy: String,
    /// `assignable`, `assignable-with-conditions`, `undetermined`, `not-assignable`.
    pub verdict: String,
    /// Codes of findings that block.
    pub blockers: Vec<String>,
    /// Codes of blocking rules that lacked evidence.
    pub missing: Vec<String>,
    /// Codes of findings that are conditions.
    pub conditions: Vec<String>,
    /// Codes of findings worth knowing.
    pub notes: Vec<String>,
}

/// One finding.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FindingItem {
    /// Rule code.
    pub code: String,
    /// Rule name.
    pub name: String,
    /// `info`, `low`, `medium`, `high`: how bad.
    pub severity: String,
    /// `low`, `medium`, `high`: how sure.
    pub confidence: String,
    /// The sentence.
    pub message: String,
    /// The evidence, the primary one first.
    pub evidence: Vec<EvidenceItem>,
}

/// One piece of evidence.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceItem {
    /// `config`, `capability-lists`, `reported`, `tree`, `kernel-log`, `scenario`, `capture`, or the
    /// signature of an ACPI table.
    pub place: String,
    /// The function that it was read from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Offset in configuration space or table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<String>,
    /// Length in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u32>,
    /// Name of the register, property or fact.
    pub what: String,
    /// What stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<String>,
    /// What was expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<String>,
    /// File and line of the text that it was read from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// Something that could not be checked.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GapItem {
    /// Code of the rule that lacked evidence.
    pub code: String,
    /// What is missing.
    pub missing: String,
    /// Of which function, where it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The command that would settle it on Linux.
    pub linux: String,
    /// The command that would settle it on Windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows: Option<String>,
}

impl Device {
    pub(super) fn of(report: &Report<'_>, id: FunctionId) -> Self {
        let (host, topology) = (report.facts.host, report.facts.topology);
        let function = host.function(id);
        let identity = &function.identity;
        let reported = function.reported;
        Self {
            address: function.at.to_string(),
            location_path: LocationPath::of(host, topology, id).map(|path| path.to_string()),
            name: report.names.call(function),
            vendor: identity.vendor.map(|vendor| hex(vendor, 4)),
            device: identity.device.map(|device| hex(device, 4)),
            class: identity.class.map(|class| hex(class.0, 6)),
            kind: topology.kind(id).name().to_owned(),
            config_bytes: function.config.extent(),
            physical_function: function.physical.map(|pf| host.function(pf).at.to_string()),
            driver: reported.driver.as_ref().map(|driver| driver.value.clone()),
            reported_iommu_group: reported.iommu_group.as_ref().map(|group| group.value),
            numa_node: reported.numa_node.as_ref().map(|node| node.value),
            mmio: Mmio::of(report, id),
            verdicts: report
                .policies
                .iter()
                .map(|&policy| {
                    let decision = Decision::of(report.run, policy, id);
                    VerdictItem {
                        policy: policy.name().to_owned(),
                        verdict: decision.verdict.name().to_owned(),
                        blockers: codes(&decision.blockers),
                        missing: decision
                            .gaps
                            .iter()
                            .map(|gap| gap.rule.code.to_owned())
                            .collect(),
                        conditions: codes(&decision.conditions),
                        notes: codes(&decision.notes),
                    }
                })
                .collect(),
            findings: report
                .run
                .findings_of(id)
                .iter()
                .map(|finding| FindingItem::of(report, finding))
                .collect(),
            gaps: report
                .run
                .gaps_of(id)
                .iter()
                .map(|gap| GapItem::of(report, gap))
                .collect(),
        }
    }
}

fn codes(findings: &[&Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| finding.rule().code.to_owned())
        .collect()
}

impl Mmio {
    fn of(report: &Report<'_>, id: FunctionId) -> Option<Self> {
        let function = report.facts.host.function(id);
        let demand = report.facts.profile(id).demand?;
        Some(Self {
            memory32: hex(demand.memory32.least, 1),
            memory64: hex(demand.memory64.least, 1),
            prefetchable: hex(demand.prefetchable.least, 1),
            io: hex(demand.io.least, 1),
            complete: !demand.is_incomplete(),
            survey_dda_megabytes: resources::survey_dda_megabytes(function),
        })
    }
}

impl FindingItem {
    pub(super) fn of(report: &Report<'_>, finding: &Finding) -> Self {
        Self {
            code: finding.rule().code.to_owned(),
            name: finding.rule().name.to_owned(),
            severity: finding.severity().name().to_owned(),
            confidence: finding.confidence().name().to_owned(),
            message: finding.message(),
            evidence: finding
                .evidence()
                .map(|evidence| EvidenceItem::of(report, evidence))
                .collect(),
        }
    }
}

impl EvidenceItem {
    pub(super) fn of(report: &Report<'_>, item: &Evidence) -> Self {
        let host = report.facts.host;
        let (place, span) = match item.locus {
            Locus::Config(_, span) => ("config", Some(span)),
            Locus::Lists(_) => ("capability-lists", None),
            Locus::Reported(..) | Locus::Resource(..) => ("reported", None),
            Locus::Tree(_) => ("tree", None),
            Locus::Table(table, span) => (table.signature(), Some(span)),
            Locus::Log(_) => ("kernel-log", None),
            Locus::Step(_) => ("scenario", None),
            Locus::Capture => ("capture", None),
        };
        let seen = match item.seen {
            Value::AsReported => None,
            seen => Some(seen.to_string()),
        };
        Self {
            place: place.to_owned(),
            address: evidence::function_of(item.locus).map(|id| host.function(id).at.to_string()),
            offset: span.map(|span| hex(span.offset, 3)),
            length: span.map(|span| span.len),
            what: item.what.to_owned(),
            seen,
            wanted: item.wanted.map(|wanted| wanted.to_string()),
            source: evidence::place(host, item.locus),
        }
    }
}

impl GapItem {
    pub(super) fn of(report: &Report<'_>, gap: &Gap) -> Self {
        let fact = gap.missing.fact;
        let of = gap
            .missing
            .of
            .map(|id| report.facts.host.function(id).at.to_string());
        Self {
            code: gap.rule.code.to_owned(),
            missing: fact.describe().to_owned(),
            address: of,
            linux: fact.linux_command().to_owned(),
            windows: fact.windows_command().map(str::to_owned),
        }
    }
}
