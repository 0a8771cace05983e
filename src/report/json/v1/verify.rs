//! `assignable.verify/1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::capture::{Difference, FileEntry};

/// How a capture differs from its manifest.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct VerifyDocument {
    /// Always `assignable.verify/1`.
    pub schema: String,
    /// Whether there is no difference.
    pub intact: bool,
    /// Each difference.
    pub differences: Vec<MemberDifference>,
}

/// One way in which one member differs.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MemberDifference {
    /// Its name within the capture.
    pub member: String,
    /// `missing`, `extra`, `length`, `hash`, `unsafe_name`, `link`, `not_a_file`, `duplicate`,
    /// `case_clash`, `too_long`, `unreadable` or `manifest`.
    pub kind: String,
    /// What is wrong, in words.
    pub problem: String,
    /// What the manifest says of it, where it lists it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<MemberState>,
    /// What is there instead, as far as it was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<MemberState>,
    /// Bytes that such a member may have (`too_long`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Members of this name (`duplicate`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
    /// The member whose name differs only in case (`case_clash`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
}

/// What is said, or was found, of a member's content.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct MemberState {
    /// Length in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    /// SHA-256, as hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// A verification as a document.
pub fn verify(differences: &[Difference]) -> VerifyDocument {
    VerifyDocument {
        schema: "assignable.verify/1".to_owned(),
        intact: differences.is_empty(),
        differences: differences.iter().map(item).collect(),
    }
}

fn item(difference: &Difference) -> MemberDifference {
    let mut item = MemberDifference {
        member: difference.member().to_owned(),
        kind: String::new(),
        problem: difference.problem(),
        expected: None,
        found: None,
        limit: None,
        count: None,
        other: None,
    };
    let kind = match difference {
        Difference::Missing {
            expected: FileEntry { length, sha256 },
            ..
        } => {
            item.expected = Some(MemberState {
                length: Some(*length),
                sha256: Some(sha256.clone()),
            });
            "missing"
        }
        Difference::Extra { .. } => "extra",
        Difference::Length {
            expected, found, ..
        } => {
            item.expected = Some(of_length(*expected));
            item.found = Some(of_length(*found));
            "length"
        }
        Difference::Hash {
            expected, found, ..
        } => {
            item.expected = Some(of_hash(expected));
            item.found = Some(of_hash(found));
            "hash"
        }
        Difference::UnsafeName { .. } => "unsafe_name",
        Difference::Link { .. } => "link",
        Difference::NotAFile { .. } => "not_a_file",
        Difference::Duplicate { count, .. } => {
            item.count = Some(*count);
            "duplicate"
        }
        Difference::CaseClash { other, .. } => {
            item.other = Some(other.clone());
            "case_clash"
        }
        Difference::TooLong { limit, .. } => {
            item.limit = Some(*limit);
            "too_long"
        }
        Difference::Unreadable { .. } => "unreadable",
        Difference::Manifest { .. } => "manifest",
    };
    item.kind = kind.to_owned();
    item
}

fn of_length(length: u64) -> MemberState {
    MemberState {
        length: Some(length),
        sha256: None,
    }
}

fn of_hash(sha256: &str) -> MemberState {
    MemberState {
        length: None,
        sha256: Some(sha256.to_owned()),
    }
}
