//! What is expected of single functions: verdicts and findings, as somebody accepted them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::CaseError;
use crate::addr::Sbdf;

/// Expectations by function. What is absent is not expected to be anything.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Expectations(
    /// By address.
    #[serde(with = "by_address")]
    pub BTreeMap<Sbdf, Expected>,
);

/// What is expected of one function.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expected {
    /// Verdict by policy, both by their names in JSON.
    pub verdicts: BTreeMap<String, String>,
    /// Codes of the rules that fire on it: exactly these. Absent where not stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings: Option<BTreeSet<String>>,
}

impl Expectations {
    /// Reads an `expect.json`; `None` where there is no such file.
    pub(crate) fn load(case: &str, path: &Path) -> Result<Option<Self>, CaseError> {
        if !path.is_file() {
            return Ok(None);
        }
        let text = super::read_text(path)?;
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|error| CaseError::Text {
                case: case.to_owned(),
                file: "expect.json",
                line: error.line(),
                problem: error.to_string(),
            })
    }
}

mod by_address {
    use std::collections::BTreeMap;

    use serde::ser::SerializeMap;
    use serde::{Deserialize, Deserializer, Serializer, de};

    use super::Expected;
    use crate::addr::Sbdf;

    pub(super) fn serialize<S: Serializer>(
        map: &BTreeMap<Sbdf, Expected>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let mut object = to.serialize_map(Some(map.len()))?;
        for (at, expected) in map {
            object.serialize_entry(&at.to_string(), expected)?;
        }
        object.end()
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<BTreeMap<Sbdf, Expected>, D::Error> {
        BTreeMap::<String, Expected>::deserialize(from)?
            .into_iter()
            .map(|(at, expected)| Ok((at.parse().map_err(de::Error::custom)?, expected)))
            .collect()
    }
}
