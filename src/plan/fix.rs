//! The smallest set of changes that makes a device assignable.

use std::collections::BTreeSet;

use super::{Change, Judged, apply, outcome};
use crate::addr::Sbdf;
use crate::capture::Capture;
use crate::host::Host;
use crate::policy::Policy;
use crate::select::Selector;
use crate::topology::{FunctionKind, Topology};

/// Changes that were tried together at most.
const MOST_CHANGES: usize = 3;
/// Runs of the pipeline at most.
const MOST_RUNS: usize = 400;

/// A set of changes that helps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fix {
    /// The changes.
    pub changes: Vec<Change>,
    /// The verdict with them.
    pub judged: Judged,
    /// Where the device is then.
    pub at: Sbdf,
    /// What the changes take for granted, and what they risk.
    pub notes: Vec<&'static str>,
}

/// What the search found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Search {
    /// The verdict as captured.
    pub before: Judged,
    /// Sets of the smallest size that helps, most practical first.
    pub fixes: Vec<Fix>,
    /// The best that can be done where nothing makes it assignable: nothing stands against
    /// the device any more, but the capture leaves something open.
    pub open: Option<Fix>,
    /// Changes that were tried, alone and together.
    pub tried: Vec<Change>,
    /// Codes that no set of changes takes away.
    pub remaining: Vec<&'static str>,
    /// The search was cut short.
    pub incomplete: bool,
}

/// Searches the smallest set of changes that makes a device assignable under a policy. `None`
/// where the device is not in the capture, or is a port or bridge.
pub fn fix(capture: &Capture, at: Sbdf, policy: Policy) -> Option<Search> {
    let before = outcome(capture, &[policy]).judged(policy, at)?.clone();
    let candidates = candidates(capture, at, policy, &before);
    let mut search = Search {
        remaining: before.codes.clone(),
        before,
        fixes: Vec::new(),
        open: None,
        tried: candidates.clone(),
        incomplete: false,
    };
    if search.before.is_assignable() {
        search.remaining.clear();
        return Some(search);
    }
    let mut least: BTreeSet<&'static str> = search.before.codes.iter().copied().collect();
    let mut runs = 0;
    for size in 1..=MOST_CHANGES {
        for set in subsets(candidates.len(), size) {
            if runs == MOST_RUNS {
                search.incomplete = true;
                break;
            }
            runs += 1;
            let changes: Vec<Change> = set
                .iter()
                .filter_map(|&index| candidates.get(index).cloned())
                .collect();
            let Ok(changed) = apply(capture, &changes) else {
                continue;
            };
            let now = changed.moved.get(&at).copied().unwrap_or(at);
            let after = outcome(&changed.capture, &[policy]);
            let Some(judged) = after.judged(policy, now) else {
                continue;
            };
            let fix = Fix {
                changes,
                judged: judged.clone(),
                at: now,
                notes: changed.notes,
            };
            if judged.is_assignable() {
                search.fixes.push(fix);
            } else if judged.verdict == crate::verdict::Verdict::Undetermined {
                search.open.get_or_insert(fix);
            } else {
                least.retain(|code| judged.codes.contains(code));
            }
        }
        if !search.fixes.is_empty() || search.incomplete {
            break;
        }
    }
    if search.fixes.is_empty() && search.open.is_none() {
        search.remaining = least.into_iter().collect();
    } else {
        search.remaining.clear();
    }
    Some(search)
}

/// Changes that may help, most practical first: switching virtual functions off, another
/// slot, firmware settings, and last the override with its risk.
fn candidates(capture: &Capture, at: Sbdf, policy: Policy, before: &Judged) -> Vec<Change> {
    let host = Host::from_capture(capture);
    let topology = Topology::of(&host);
    let Some(id) = host.find(at) else {
        return Vec::new();
    };
    let function = host.function(id);
    let mut changes = Vec::new();
    let has = |codes: &[&str]| before.codes.iter().any(|code| codes.contains(code));
    let isolation = before.codes.iter().any(|code| code.starts_with("ACS")) || has(&["VFI002"]);
    let reserved = has(&["RSV001", "RSV002"]);
    if has(&["VFI003", "DDA010"]) {
        changes.push(Change::VirtualFunctions {
            device: Selector::Address(at),
            count: 0,
        });
    }
    if (isolation || reserved) && !function.is_virtual() {
        let ports = host.iter().filter(|&(port, other)| {
            topology.kind(port).is_downstream_port()
                && topology.children(port).is_empty()
                && other.at != at
        });
        changes.extend(ports.take(16).map(|(_, port)| Change::Move {
            device: Selector::Address(at),
            port: Selector::Address(port.at),
        }));
    }
    if has(&["IOM001", "IOM002", "IOM003", "IOM004", "VFI005"]) {
        changes.push(Change::Iommu);
    }
    if has(&["DDA004"]) {
        changes.push(Change::NativePcie);
    }
    if reserved {
        changes.push(Change::DropReserved(Selector::Address(at)));
    }
    if isolation {
        // Some firmware shows or hides the capability by a setting; which hop, varies.
        let hops = topology.upstream(id).filter(|&hop| {
            let kind = topology.kind(hop);
            kind.is_downstream_port() || hop == id && kind != FunctionKind::Conventional
        });
        changes.extend(hops.map(|hop| Change::Acs {
            hop: Selector::Address(host.function(hop).at),
            on: true,
        }));
        if policy == Policy::Vfio {
            changes.push(Change::AcsOverride {
                downstream: true,
                multifunction: false,
            });
            changes.push(Change::AcsOverride {
                downstream: true,
                multifunction: true,
            });
        }
    }
    changes
}

/// Every set of `size` numbers below `count`, in order.
fn subsets(count: usize, size: usize) -> impl Iterator<Item = Vec<usize>> {
    let mut next = (size <= count).then(|| (0..size).collect::<Vec<usize>>());
    std::iter::from_fn(move || {
        let current = next.take()?;
        let movable = (0..size).rev().find(|&place| {
            let value = current.get(place).copied().unwrap_or(usize::MAX);
            value < count - (size - place)
        });
        if let Some(place) = movable {
            let mut following = current.clone();
            let start = current.get(place).copied().unwrap_or_default() + 1;
            for (offset, value) in following.iter_mut().skip(place).enumerate() {
                *value = start + offset;
            }
            next = Some(following);
        }
        Some(current)
    })
}
