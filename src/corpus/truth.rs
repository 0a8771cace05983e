//! What is known of a machine from elsewhere: from a kernel, from another tool, from a book.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, de};

use super::error::CaseError;
use crate::addr::Sbdf;
use crate::capture::Capture;

/// What is known of a machine from elsewhere. What is absent is not known.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Truth {
    /// Who says so: a kernel and its release, a document.
    pub source: Option<String>,
    /// IOMMU groups, each with its members. Group numbers mean nothing.
    #[serde(deserialize_with = "groups")]
    pub groups: Option<Vec<BTreeSet<Sbdf>>>,
    /// Windows location paths.
    #[serde(deserialize_with = "by_address")]
    pub location_paths: BTreeMap<Sbdf, String>,
    /// What Microsoft's SurveyDDA.ps1 said.
    #[serde(deserialize_with = "by_address")]
    pub survey: BTreeMap<Sbdf, SurveyOutcome>,
    /// What VFIO said when it was asked for the function, after everything in its group that can
    /// be bound to vfio-pci had been bound.
    #[serde(deserialize_with = "by_address")]
    pub vfio: BTreeMap<Sbdf, VfioOutcome>,
}

/// What VFIO says of a function.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VfioOutcome {
    /// It was handed out.
    Opened,
    /// Its group is not viable: another member kept a driver of the host.
    NotViable,
    /// The group or the function was refused.
    Refused,
}

impl VfioOutcome {
    /// Its name in `truth.json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::NotViable => "not-viable",
            Self::Refused => "refused",
        }
    }
}

/// What Microsoft's SurveyDDA.ps1 (revision 1) says of a device.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SurveyOutcome {
    /// Refused: the firmware ties it to memory.
    ReservedMemory,
    /// Refused: its traffic could be redirected to other devices.
    Redirectable,
    /// Refused: a legacy Express endpoint that is no display controller.
    LegacyNotDisplay,
    /// Refused: the firmware kept control of PCI Express.
    FirmwareControl,
    /// Refused: conventional PCI, a switch port and so on.
    OldStyle,
    /// Undecided: it is disabled.
    Disabled,
    /// Refused: only line-based interrupts.
    LineInterrupts,
    /// Assignable: it has no interrupts.
    NoInterrupts,
    /// Assignable: its interrupts are messages.
    MessageInterrupts,
}

impl SurveyOutcome {
    /// Its name in `truth.json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReservedMemory => "reserved-memory",
            Self::Redirectable => "redirectable",
            Self::LegacyNotDisplay => "legacy-not-display",
            Self::FirmwareControl => "firmware-control",
            Self::OldStyle => "old-style",
            Self::Disabled => "disabled",
            Self::LineInterrupts => "line-interrupts",
            Self::NoInterrupts => "no-interrupts",
            Self::MessageInterrupts => "message-interrupts",
        }
    }
}

impl Truth {
    /// Reads a `truth.json`.
    pub fn parse(case: &str, text: &str) -> Result<Self, CaseError> {
        serde_json::from_str(text).map_err(|error| CaseError::Text {
            case: case.to_owned(),
            file: "truth.json",
            line: error.line(),
            problem: error.to_string(),
        })
    }

    /// Refuses a truth about functions that are not there, or that contradicts itself.
    pub(super) fn check(&self, case: &str, capture: &Capture) -> Result<(), CaseError> {
        let mut seen = BTreeSet::new();
        for &function in self.groups.iter().flatten().flatten() {
            if !seen.insert(function) {
                return Err(CaseError::TwoGroups {
                    case: case.to_owned(),
                    function,
                });
            }
        }
        seen.extend(self.location_paths.keys());
        seen.extend(self.survey.keys().chain(self.vfio.keys()));
        match seen
            .into_iter()
            .find(|function| !capture.functions.contains_key(function))
        {
            Some(function) => Err(CaseError::NoFunction {
                case: case.to_owned(),
                function,
            }),
            None => Ok(()),
        }
    }
}

/// A `dddd:bb:dd.f`.
pub(super) fn address<'de, D: Deserializer<'de>>(from: D) -> Result<Sbdf, D::Error> {
    String::deserialize(from)?
        .parse()
        .map_err(de::Error::custom)
}

fn groups<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<BTreeSet<Sbdf>>>, D::Error> {
    let groups = Vec::<Vec<String>>::deserialize(from)?;
    let members = |group: Vec<String>| group.iter().map(|member| member.parse()).collect();
    groups
        .into_iter()
        .map(members)
        .collect::<Result<_, _>>()
        .map(Some)
        .map_err(de::Error::custom)
}

fn by_address<'de, D, T>(from: D) -> Result<BTreeMap<Sbdf, T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    BTreeMap::<String, T>::deserialize(from)?
        .into_iter()
        .map(|(address, value)| Ok((address.parse().map_err(de::Error::custom)?, value)))
        .collect()
}
