//! `assignable.groups/1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::analysis::groups::{Groups, Join};
use crate::host::FunctionId;
use crate::report::Report;

/// Predicted IOMMU groups.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GroupsDocument {
    /// Always `assignable.groups/1`.
    pub schema: String,
    /// The groups, in the order in which a kernel would found them. Numbers mean nothing.
    pub groups: Vec<GroupItem>,
    /// Functions that get no group, because no remapping unit covers them.
    pub ungrouped: Vec<String>,
}

/// One group.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GroupItem {
    /// Its members, by address.
    pub members: Vec<GroupMember>,
}

/// One member.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GroupMember {
    /// `dddd:bb:dd.f`.
    pub address: String,
    /// `founder`, `alias`, `bridge` or `sibling`: why it is in this group.
    pub because: String,
    /// The function that draws it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// The capture settles its group.
    pub definite: bool,
    /// The number that the kernel reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported: Option<u32>,
}

/// The groups as a document.
pub fn groups(report: &Report<'_>, groups: &Groups) -> GroupsDocument {
    let host = report.facts.host;
    GroupsDocument {
        schema: "assignable.groups/1".to_owned(),
        groups: groups
            .iter()
            .map(|(_, members)| GroupItem {
                members: members
                    .iter()
                    .map(|&id| GroupMember::of(report, groups, id))
                    .collect(),
            })
            .collect(),
        ungrouped: host
            .iter()
            .filter(|&(id, _)| groups.group(id).is_none())
            .map(|(_, function)| function.at.to_string())
            .collect(),
    }
}

impl GroupMember {
    fn of(report: &Report<'_>, groups: &Groups, id: FunctionId) -> Self {
        let host = report.facts.host;
        let (because, of) = match groups.join(id) {
            Some(Join::Alias(other)) => ("alias", Some(other)),
            Some(Join::Bridge(other)) => ("bridge", Some(other)),
            Some(Join::Sibling(other)) => ("sibling", Some(other)),
            Some(Join::MissingBridge) => ("missing-bridge", None),
            Some(Join::Founder) | None => ("founder", None),
        };
        let function = host.function(id);
        Self {
            address: function.at.to_string(),
            because: because.to_owned(),
            of: of.map(|other| host.function(other).at.to_string()),
            definite: groups.is_definite(id),
            reported: function
                .reported
                .iommu_group
                .as_ref()
                .map(|group| group.value),
        }
    }
}
