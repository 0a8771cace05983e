//! `assignable.redact/1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::redact::{Difference, Redacted};

/// What a redaction changed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RedactDocument {
    /// Always `assignable.redact/1`.
    pub schema: String,
    /// Each change, in the order of the members.
    pub changes: Vec<ChangeItem>,
    /// Answers that the redacted capture no longer gives, or gives anew; empty where all are
    /// the same.
    pub differences: Vec<DifferenceItem>,
}

/// One change.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ChangeItem {
    /// The member of the capture.
    pub member: String,
    /// What about it.
    pub what: String,
}

/// One answer that only one of both captures gives.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DifferenceItem {
    /// `lost` or `gained`.
    pub kind: String,
    /// The answer in words.
    pub answer: String,
}

/// A redaction as a document.
pub fn redact(redacted: &Redacted, differences: &[Difference]) -> RedactDocument {
    let changes = redacted.changes.iter().map(|change| ChangeItem {
        member: change.member.clone(),
        what: change.what.clone(),
    });
    let differences = differences.iter().map(|difference| DifferenceItem {
        kind: if difference.lost { "lost" } else { "gained" }.to_owned(),
        answer: difference.answer.clone(),
    });
    RedactDocument {
        schema: "assignable.redact/1".to_owned(),
        changes: changes.collect(),
        differences: differences.collect(),
    }
}
