//! `assignable.diff/1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CaptureSummary;
use crate::diff::{Change, What};
use crate::report::changes::Comparison;
use crate::topology::LocationPath;

/// What changed between two captures.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DiffDocument {
    /// Always `assignable.diff/1`.
    pub schema: String,
    /// The first capture.
    pub before: CaptureSummary,
    /// The second capture.
    pub after: CaptureSummary,
    /// The policies asked for.
    pub policies: Vec<String>,
    /// Functions that are on both sides.
    pub paired: usize,
    /// Facts that only one capture holds, so that they were not compared.
    pub not_compared: usize,
    /// The changes, what matters most first.
    pub changes: Vec<DiffItem>,
}

/// One change.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DiffItem {
    /// `verdict`, `removed`, `added`, `replaced`, `moved`, `group`, `acs`, `reserved-memory`,
    /// `remapping-unit`, `bar`, `window`, `findings`, `fact`, `table`, `platform`, `renumbered`.
    pub kind: String,
    /// `verdict`, `devices`, `isolation`, `memory`, `platform` or `cosmetic`.
    pub consequence: String,
    /// Address in the first capture; absent for the machine as a whole, and for new devices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_before: Option<String>,
    /// Address in the second capture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_after: Option<String>,
    /// Windows' location path, in the second capture where the device is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location_path: Option<String>,
    /// Name from the id list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The change in words; several lines for a table.
    pub text: Vec<String>,
    /// A changed verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<VerdictChange>,
}

/// A verdict that is another one than before.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct VerdictChange {
    /// The policy.
    pub policy: String,
    /// What it was.
    pub before: String,
    /// What it is.
    pub after: String,
    /// Codes that decide now and did not before.
    pub gained: Vec<String>,
    /// Codes that decided before and do not now.
    pub lost: Vec<String>,
}

/// The differences as a document.
pub fn diff(comparison: &Comparison<'_>) -> DiffDocument {
    let difference = comparison.difference;
    DiffDocument {
        schema: "assignable.diff/1".to_owned(),
        before: CaptureSummary::of(comparison.before),
        after: CaptureSummary::of(comparison.after),
        policies: comparison
            .after
            .policies
            .iter()
            .map(|policy| policy.name().to_owned())
            .collect(),
        paired: difference.pairs.len(),
        not_compared: difference.not_compared,
        changes: difference
            .changes
            .iter()
            .map(|change| DiffItem::of(comparison, change))
            .collect(),
    }
}

impl DiffItem {
    fn of(comparison: &Comparison<'_>, change: &Change) -> Self {
        let (before, after) = change.subject.sides();
        let side = after
            .map(|id| (comparison.after, id))
            .or_else(|| before.map(|id| (comparison.before, id)));
        let address =
            |report: &crate::report::Report<'_>, id| report.facts.host.function(id).at.to_string();
        Self {
            kind: change.what.name().to_owned(),
            consequence: change.what.consequence().name().to_owned(),
            address_before: before.map(|id| address(comparison.before, id)),
            address_after: after.map(|id| address(comparison.after, id)),
            location_path: side.and_then(|(report, id)| {
                let path = LocationPath::of(report.facts.host, report.facts.topology, id)?;
                Some(path.to_string())
            }),
            name: side.map(|(report, id)| report.names.call(report.facts.host.function(id))),
            text: comparison.lines(change),
            verdict: VerdictChange::of(&change.what),
        }
    }
}

impl VerdictChange {
    fn of(what: &What) -> Option<Self> {
        let What::Verdict {
            policy,
            before,
            after,
            gained,
            lost,
        } = what
        else {
            return None;
        };
        let codes = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect();
        Some(Self {
            policy: policy.name().to_owned(),
            before: before.name().to_owned(),
            after: after.name().to_owned(),
            gained: codes(gained),
            lost: codes(lost),
        })
    }
}
