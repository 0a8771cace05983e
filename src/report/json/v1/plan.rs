//! `assignable.what-if/1`, `assignable.fix/1`, `assignable.place/1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::hex;
use crate::addr::Sbdf;
use crate::plan::{
    Change, Fix, Judged, Obstacle, Outcome, Placement, Refused, Search, Shape, WhatIf,
};
use crate::policy::Policy;

/// Verdicts and groups before and after some changes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WhatIfDocument {
    /// Always `assignable.what-if/1`.
    pub schema: String,
    /// The changes, as `--set` takes them.
    pub changes: Vec<String>,
    /// What they take for granted.
    pub notes: Vec<String>,
    /// Every device under every policy.
    pub verdicts: Vec<VerdictChangeItem>,
    /// IOMMU groups before.
    pub groups_before: Vec<Vec<String>>,
    /// IOMMU groups after.
    pub groups_after: Vec<Vec<String>>,
}

/// A device's verdict before and after.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct VerdictChangeItem {
    /// The policy.
    pub policy: String,
    /// Address before; absent where the device is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Address after; absent where the device is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_after: Option<String>,
    /// Verdict before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<JudgedItem>,
    /// Verdict after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<JudgedItem>,
}

/// A verdict with the codes behind it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct JudgedItem {
    /// As in `assignable.survey/1`.
    pub verdict: String,
    /// Codes that block, or, where none does, that lack evidence.
    pub codes: Vec<String>,
}

/// What makes a device assignable.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FixDocument {
    /// Always `assignable.fix/1`.
    pub schema: String,
    /// One entry for each device and policy.
    pub devices: Vec<FixedDevice>,
}

/// What makes one device assignable under one policy.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FixedDevice {
    /// The device.
    pub address: String,
    /// The policy.
    pub policy: String,
    /// The verdict as captured.
    pub before: JudgedItem,
    /// Sets of the smallest size that helps, most practical first.
    pub fixes: Vec<FixItem>,
    /// The best where nothing makes it assignable: nothing stands against it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<FixItem>,
    /// Codes that are left whatever is tried.
    pub remaining: Vec<String>,
    /// Why nothing helps against each of them.
    #[serde(default)]
    pub reasons: Vec<ReasonItem>,
    /// Hyper-V: codes that `-Force` skips, where nothing else stands against the device.
    #[serde(default)]
    pub forcible: Vec<String>,
    /// Changes that were tried, alone and together.
    pub tried: Vec<String>,
    /// The search was cut short.
    pub incomplete: bool,
}

/// Why nothing helps against a finding.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReasonItem {
    /// The code.
    pub code: String,
    /// `device`, `part-of-host`, `machine`, `capture`, `not-tried`, `not-enough` or `nothing-to-try`.
    pub why: String,
}

/// A set of changes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FixItem {
    /// The changes, as `what-if --set` takes them.
    pub changes: Vec<String>,
    /// Where the device is then.
    pub address: String,
    /// The verdict with them.
    pub after: JudgedItem,
    /// What they take for granted, and what they risk.
    pub notes: Vec<String>,
}

/// How devices spread over guests.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PlaceDocument {
    /// Always `assignable.place/1`.
    pub schema: String,
    /// The policy.
    pub policy: String,
    /// The guests.
    pub guests: Vec<GuestPlacement>,
    /// Guests that were asked for; absent for as many as possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<usize>,
    /// No more are possible by the number of devices alone.
    pub upper_bound: usize,
    /// More than were found are ruled out.
    pub proven: bool,
    /// For each kind of device asked for, how many there are.
    #[serde(default)]
    pub supply: Vec<SupplyItem>,
    /// What each limit does.
    #[serde(default)]
    pub limits: Vec<LimitItem>,
    /// Names of the limits without which more guests would be served.
    #[serde(default)]
    pub binding: Vec<String>,
    /// A guest for which there is no room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<RefusedItem>,
    /// Physical address width of the host; absent where nothing says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_address_bits: Option<u8>,
}

/// Devices of one kind.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SupplyItem {
    /// As asked for.
    pub device: String,
    /// How many each guest gets.
    pub count: usize,
    /// Assignable ones.
    pub assignable: usize,
    /// Those that are not, or undetermined.
    pub unusable: usize,
    /// Codes that stand against the latter, or that lack evidence.
    pub codes: Vec<String>,
}

/// What one limit does.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LimitItem {
    /// `isolation`, `address-space` or `numa`.
    pub limit: String,
    /// Guests were it the only one besides the number of devices.
    pub alone: usize,
    /// Guests without it.
    pub without: usize,
}

/// Devices for which a guest has no room.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RefusedItem {
    /// The devices of the guest.
    pub devices: Vec<String>,
    /// `low-gap`, `high-gap`, `address-width`, `qemu-width` or `firmware`.
    pub obstacle: String,
    /// Bytes, or first address past what is needed; absent where no size does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needed: Option<String>,
    /// Bytes, or first address past what there is.
    pub available: String,
    /// Hyper-V: a lower base of the high gap with which it would fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower_base: Option<String>,
}

/// The devices of one guest.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GuestPlacement {
    /// Devices that were asked for.
    pub devices: Vec<String>,
    /// Devices that come along because they share an IOMMU group.
    pub along: Vec<String>,
    /// NUMA nodes.
    pub numa_nodes: Vec<u32>,
    /// The node of every device is reported.
    #[serde(default)]
    pub numa_known: bool,
    /// Hyper-V: smallest low gap, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_mmio: Option<String>,
    /// Hyper-V: smallest high gap, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high_mmio: Option<String>,
    /// OVMF has room under the options given.
    pub fits_ovmf: bool,
    /// The size of every BAR is known.
    #[serde(default)]
    pub complete: bool,
}

/// A what-if as a document.
pub fn what_if(changes: &[Change], result: &WhatIf) -> WhatIfDocument {
    let mut verdicts = Vec::new();
    for (policy, before) in &result.before.verdicts {
        for (&at, was) in before {
            let now = result.moved.get(&at).copied().unwrap_or(at);
            let after = result.after.judged(*policy, now);
            verdicts.push(VerdictChangeItem {
                policy: policy.name().to_owned(),
                address: Some(at.to_string()),
                address_after: after.map(|_| now.to_string()),
                before: Some(JudgedItem::of(was)),
                after: after.map(JudgedItem::of),
            });
        }
        let after = result
            .after
            .verdicts
            .iter()
            .filter(|(other, _)| other == policy);
        for (at, now) in after.flat_map(|(_, after)| after) {
            if !before.contains_key(at) && !result.moved.values().any(|to| to == at) {
                verdicts.push(VerdictChangeItem {
                    policy: policy.name().to_owned(),
                    address: None,
                    address_after: Some(at.to_string()),
                    before: None,
                    after: Some(JudgedItem::of(now)),
                });
            }
        }
    }
    let groups = |outcome: &Outcome| {
        let group = |group: &Vec<Sbdf>| group.iter().map(ToString::to_string).collect();
        outcome.groups.iter().map(group).collect()
    };
    WhatIfDocument {
        schema: "assignable.what-if/1".to_owned(),
        changes: texts(changes),
        notes: result.notes.iter().map(ToString::to_string).collect(),
        verdicts,
        groups_before: groups(&result.before),
        groups_after: groups(&result.after),
    }
}

/// Searches as a document.
pub fn fix(searches: &[(Sbdf, Policy, Search)]) -> FixDocument {
    FixDocument {
        schema: "assignable.fix/1".to_owned(),
        devices: searches
            .iter()
            .map(|(at, policy, search)| FixedDevice {
                address: at.to_string(),
                policy: policy.name().to_owned(),
                before: JudgedItem::of(&search.before),
                fixes: search.fixes.iter().map(FixItem::of).collect(),
                open: search.open.as_ref().map(FixItem::of),
                remaining: search
                    .remaining
                    .iter()
                    .map(|(code, _)| (*code).to_owned())
                    .collect(),
                reasons: search
                    .remaining
                    .iter()
                    .map(|(code, why)| ReasonItem {
                        code: (*code).to_owned(),
                        why: why.name().to_owned(),
                    })
                    .collect(),
                forcible: search.forcible.iter().map(ToString::to_string).collect(),
                tried: texts(&search.tried),
                incomplete: search.incomplete,
            })
            .collect(),
    }
}

/// A distribution as a document.
pub fn place(policy: Policy, shape: &Shape, placement: &Placement) -> PlaceDocument {
    let addresses = |devices: &[Sbdf]| devices.iter().map(ToString::to_string).collect();
    PlaceDocument {
        schema: "assignable.place/1".to_owned(),
        policy: policy.name().to_owned(),
        guests: placement
            .guests
            .iter()
            .map(|guest| GuestPlacement {
                devices: addresses(&guest.devices),
                along: addresses(&guest.along),
                numa_nodes: guest.nodes.clone(),
                numa_known: guest.nodes_known,
                low_mmio: guest.gaps.map(|(low, _)| hex(low, 1)),
                high_mmio: guest.gaps.map(|(_, high)| hex(high, 1)),
                fits_ovmf: guest.fits_ovmf,
                complete: guest.complete,
            })
            .collect(),
        asked: placement.asked,
        upper_bound: placement.upper_bound,
        proven: placement.proven,
        supply: shape
            .wants
            .iter()
            .zip(&placement.supply)
            .map(|(want, supply)| SupplyItem {
                device: want.device.to_string(),
                count: want.count,
                assignable: supply.assignable,
                unusable: supply.unusable,
                codes: supply.codes.iter().map(ToString::to_string).collect(),
            })
            .collect(),
        limits: placement
            .limits
            .iter()
            .map(|one| LimitItem {
                limit: one.limit.name().to_owned(),
                alone: one.alone,
                without: one.without,
            })
            .collect(),
        binding: placement
            .binding()
            .map(|limit| limit.name().to_owned())
            .collect(),
        refused: placement.refused.as_ref().map(RefusedItem::of),
        host_address_bits: placement.host_bits,
    }
}

impl RefusedItem {
    fn of(refused: &Refused) -> Self {
        let end = |bits: u8| 1_u64.checked_shl(bits.into()).unwrap_or(u64::MAX);
        let (obstacle, needed, available, lower_base) = match refused.obstacle {
            Obstacle::LowGap { needed, available } => ("low-gap", needed, available, None),
            Obstacle::HighGap { needed, available } => ("high-gap", needed, available, None),
            Obstacle::AddressWidth {
                end: needed,
                bits,
                lower_base,
            } => ("address-width", Some(needed), end(bits), lower_base),
            Obstacle::QemuWidth { last, bits } => {
                ("qemu-width", Some(last.saturating_add(1)), end(bits), None)
            }
            Obstacle::Firmware { size, available } => ("firmware", Some(size), available, None),
        };
        Self {
            devices: refused.devices.iter().map(ToString::to_string).collect(),
            obstacle: obstacle.to_owned(),
            needed: needed.map(|needed| hex(needed, 1)),
            available: hex(available, 1),
            lower_base: lower_base.map(|base| hex(base, 1)),
        }
    }
}

fn texts(changes: &[Change]) -> Vec<String> {
    changes.iter().map(ToString::to_string).collect()
}

impl JudgedItem {
    fn of(judged: &Judged) -> Self {
        Self {
            verdict: judged.verdict.name().to_owned(),
            codes: judged.codes.iter().map(ToString::to_string).collect(),
        }
    }
}

impl FixItem {
    fn of(fix: &Fix) -> Self {
        Self {
            changes: texts(&fix.changes),
            address: fix.at.to_string(),
            after: JudgedItem::of(&fix.judged),
            notes: fix.notes.iter().map(ToString::to_string).collect(),
        }
    }
}
