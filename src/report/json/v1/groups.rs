//! `assignable.groups/1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::analysis::groups::{
    AcsControl, Cause, Exposure, FuturePlace, Hole, Join, Model, Prediction,
};
use crate::analysis::viability::Viability;
use crate::host::FunctionId;
use crate::report::{Report, isolation};

/// Predicted IOMMU groups.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GroupsDocument {
    /// Always `assignable.groups/1`.
    pub schema: String,
    /// Series of kernels whose rules and quirks count: `5.10`, `6.1`, `6.12` or `7.2`.
    #[serde(default)]
    pub kernel: String,
    /// `captured` or `enabled`: which ACS control register counts.
    #[serde(default)]
    pub acs: String,
    /// `mainline` or `rework-2025`.
    #[serde(default)]
    pub model: String,
    /// The groups, in the order in which a kernel would found them. Numbers mean nothing.
    pub groups: Vec<GroupItem>,
    /// Functions that get no group.
    pub ungrouped: Vec<String>,
    /// The same with the reason.
    #[serde(default)]
    pub outside: Vec<OutsideItem>,
    /// Entries of the kernel's table of exceptions that changed a group.
    #[serde(default)]
    pub quirks: Vec<QuirkItem>,
    /// Functions in different groups that the hardware does not keep apart.
    #[serde(default)]
    pub formally_isolated: Vec<ExposureItem>,
    /// Physical functions that could enable virtual functions, and where those would go.
    #[serde(default)]
    pub virtual_functions: Vec<FutureItem>,
    /// How it compares with the reported groups; absent where none were reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<ComparisonItem>,
}

/// One group.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GroupItem {
    /// Its members, by address.
    pub members: Vec<GroupMember>,
    /// How VFIO sees it.
    #[serde(default)]
    pub vfio: VfioItem,
}

/// How VFIO sees a group.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct VfioItem {
    /// No member is held by a driver of the host; absent where no drivers were captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub viable: Option<bool>,
    /// Members to detach from their drivers.
    #[serde(default)]
    pub detach: Vec<String>,
    /// Bridges and ports that may stay.
    #[serde(default)]
    pub may_stay: Vec<String>,
    /// Why VFIO refuses it even when viable: `reserved-memory`, `interrupt-remapping`.
    #[serde(default)]
    pub refused: Vec<String>,
}

/// One member.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GroupMember {
    /// `dddd:bb:dd.f`.
    pub address: String,
    /// `founder`, `alias`, `bridge`, `sibling` or `missing-bridge`: why it is in this group.
    pub because: String,
    /// The function that draws it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// The hop that forces it, and what that hop lacks, as a clause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forced_by: Option<String>,
    /// The capture settles its group.
    pub definite: bool,
    /// What its group depends on and the capture lacks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<MissingItem>,
    /// The number that the kernel reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported: Option<u32>,
}

/// A fact that the capture lacks.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MissingItem {
    /// Which.
    pub what: String,
    /// Of which function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
}

/// A function without a group.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OutsideItem {
    /// `dddd:bb:dd.f`.
    pub address: String,
    /// Why.
    pub reason: String,
}

/// An entry of the kernel's table of exceptions that changed a group.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct QuirkItem {
    /// The function that is in the table.
    pub address: String,
    /// What the table says of it.
    pub says: String,
    /// Where the kernel has it.
    pub source: String,
}

/// Functions in different groups that the hardware does not keep apart.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ExposureItem {
    /// `switch`, `device`, `wide-device`, `root-ports`, `egress-control` or `override`.
    pub hole: String,
    /// The port or function that does not hold traffic back.
    pub at: String,
    /// Whom its traffic may reach; ports stand for what is below them. Cut after 16.
    pub reaches: Vec<String>,
}

/// Virtual functions that are not enabled yet.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FutureItem {
    /// The physical function.
    pub physical: String,
    /// How many it could have.
    pub total: u16,
    /// `alone`, `with` a bridge, or `open`.
    pub place: String,
    /// The bridge whose group they would join.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
}

/// Predicted against reported groups.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ComparisonItem {
    /// Functions in the groups that the kernel reported.
    pub agreeing: usize,
    /// Functions of which the capture leaves the group open.
    pub open: usize,
    /// Functions that the capture settles otherwise.
    pub differences: Vec<GroupDifferenceItem>,
}

/// Functions for which the kernel reported another group.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GroupDifferenceItem {
    /// The functions.
    pub of: Vec<String>,
    /// The predicted group.
    pub predicted: Vec<String>,
    /// The reported group.
    pub reported: Vec<String>,
    /// What would explain it: `kernel-6.1`, `acs-enabled`, `acs-captured`, `quirk-missing`,
    /// `acs-override`, `rework-2025`, `coverage`, `no-driver-yet`, `hot-plug`; absent where nothing known does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

/// The groups as a document.
pub fn groups(report: &Report<'_>, prediction: &Prediction) -> GroupsDocument {
    let maker = Maker { report, prediction };
    let facts = report.facts;
    let outside = maker.outside();
    GroupsDocument {
        schema: "assignable.groups/1".to_owned(),
        kernel: prediction.settings.kernel.to_string(),
        acs: match prediction.settings.control {
            AcsControl::AsCaptured => "captured",
            AcsControl::AsEnabled => "enabled",
        }
        .to_owned(),
        model: match prediction.settings.model {
            Model::Mainline => "mainline",
            Model::Rework2025 => "rework-2025",
        }
        .to_owned(),
        groups: prediction
            .groups
            .iter()
            .map(|(_, members)| GroupItem {
                members: members.iter().map(|&id| maker.member(id)).collect(),
                vfio: maker.vfio(members),
            })
            .collect(),
        ungrouped: outside.iter().map(|item| item.address.clone()).collect(),
        outside,
        quirks: prediction
            .quirks
            .iter()
            .map(|used| QuirkItem {
                address: maker.at(used.at),
                says: used.quirk.describe().to_owned(),
                source: used.quirk.source().to_string(),
            })
            .collect(),
        formally_isolated: prediction
            .exposures
            .iter()
            .map(|exposure| maker.exposure(exposure))
            .collect(),
        virtual_functions: maker.future(),
        comparison: (!facts.groups.is_empty()).then(|| maker.comparison()),
    }
}

struct Maker<'a> {
    report: &'a Report<'a>,
    prediction: &'a Prediction,
}

impl Maker<'_> {
    fn at(&self, id: FunctionId) -> String {
        self.report.facts.host.function(id).at.to_string()
    }

    fn all(&self, ids: &[FunctionId]) -> Vec<String> {
        ids.iter().map(|&id| self.at(id)).collect()
    }

    fn member(&self, id: FunctionId) -> GroupMember {
        let groups = &self.prediction.groups;
        let (because, of) = match groups.join(id) {
            Some(Join::Alias(other)) => ("alias", Some(other)),
            Some(Join::Bridge(other)) => ("bridge", Some(other)),
            Some(Join::Sibling(other)) => ("sibling", Some(other)),
            Some(Join::MissingBridge) => ("missing-bridge", None),
            Some(Join::Founder) | None => ("founder", None),
        };
        let hop = match groups.join(id) {
            Some(Join::Bridge(bridge)) => groups.obstacle(self.report.facts.topology, bridge),
            Some(Join::Sibling(_)) => Some(id),
            _ => None,
        };
        let function = self.report.facts.host.function(id);
        GroupMember {
            address: function.at.to_string(),
            because: because.to_owned(),
            of: of.map(|other| self.at(other)),
            forced_by: hop.map(|hop| isolation::words(&self.at(hop), groups.standing(hop).why)),
            definite: groups.is_definite(id),
            missing: groups
                .missing(id)
                .iter()
                .map(|missing| MissingItem {
                    what: missing.fact.describe().to_owned(),
                    of: missing.of.map(|of| self.at(of)),
                })
                .collect(),
            reported: function
                .reported
                .iommu_group
                .as_ref()
                .map(|group| group.value),
        }
    }

    fn vfio(&self, members: &[FunctionId]) -> VfioItem {
        let facts = self.report.facts;
        let ids = members.iter().copied();
        let viability = Viability::of(facts.host, facts.topology, &facts.iommu, ids);
        let mut refused = Vec::new();
        if !viability.reserved.is_empty() {
            refused.push("reserved-memory".to_owned());
        }
        if facts.interrupt_remapping.vfio_refuses() == Some(true) {
            refused.push("interrupt-remapping".to_owned());
        }
        VfioItem {
            viable: viability.is_viable(),
            detach: self.all(&viability.held),
            may_stay: self.all(&viability.may_stay),
            refused,
        }
    }

    fn outside(&self) -> Vec<OutsideItem> {
        let host = self.report.facts.host;
        host.iter()
            .filter(|&(id, _)| self.prediction.groups.group(id).is_none())
            .map(|(id, function)| OutsideItem {
                address: function.at.to_string(),
                reason: self
                    .prediction
                    .groups
                    .outside(id)
                    .map_or_else(String::new, |reason| reason.describe().to_owned()),
            })
            .collect()
    }

    fn exposure(&self, exposure: &Exposure) -> ExposureItem {
        let hole = match exposure.hole {
            Hole::Switch => "switch",
            Hole::Device => "device",
            Hole::WideDevice => "wide-device",
            Hole::RootPorts => "root-ports",
            Hole::EgressControl => "egress-control",
            Hole::Override => "override",
            Hole::PortMemory => "port-memory",
            Hole::Translated => "translated",
        };
        ExposureItem {
            hole: hole.to_owned(),
            at: self.at(exposure.at),
            reaches: self.all(&exposure.reaches),
        }
    }

    fn future(&self) -> Vec<FutureItem> {
        let items = self.prediction.future.iter();
        items
            .map(|future| {
                let (place, with) = match future.place {
                    FuturePlace::Alone => ("alone", None),
                    FuturePlace::With(_, bridge) => ("with", Some(self.at(bridge))),
                    FuturePlace::Open(_) => ("open", None),
                };
                FutureItem {
                    physical: self.at(future.physical),
                    total: future.total,
                    place: place.to_owned(),
                    with,
                }
            })
            .collect()
    }

    fn comparison(&self) -> ComparisonItem {
        let comparison = &self.prediction.comparison;
        ComparisonItem {
            agreeing: comparison.agreeing,
            open: comparison.open,
            differences: comparison
                .differences
                .iter()
                .map(|difference| GroupDifferenceItem {
                    of: self.all(&difference.of),
                    predicted: self.all(&difference.predicted),
                    reported: self.all(&difference.reported),
                    cause: difference.cause.map(cause_word),
                })
                .collect(),
        }
    }
}

fn cause_word(cause: Cause) -> String {
    match cause {
        Cause::Series(series) => return format!("kernel-{series}"),
        Cause::Control(AcsControl::AsEnabled) => "acs-enabled",
        Cause::Control(AcsControl::AsCaptured) => "acs-captured",
        Cause::QuirkMissing(..) => "quirk-missing",
        Cause::Override { .. } => "acs-override",
        Cause::Rework2025 => "rework-2025",
        Cause::Coverage => "coverage",
        Cause::NoDriverYet => "no-driver-yet",
        Cause::HotPlug(_) => "hot-plug",
    }
    .to_owned()
}
