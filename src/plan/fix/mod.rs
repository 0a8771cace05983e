//! The smallest set of changes that makes a device assignable.

mod candidates;
mod subsets;
mod why;

pub use why::Why;

use std::collections::BTreeSet;

use super::{Change, Judged, apply, outcome};
use crate::addr::Sbdf;
use crate::analysis::Facts;
use crate::capture::Capture;
use crate::host::Host;
use crate::policy::Policy;
use crate::rules;
use crate::topology::Topology;
use crate::verdict::Verdict;

use candidates::candidates;
use subsets::subsets;

/// Changes that are tried together at most.
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
    /// Codes that no set of changes takes away, or that each set that takes them away puts
    /// others in the place of; and why.
    pub remaining: Vec<(&'static str, Why)>,
    /// Hyper-V: codes that `Dismount-VMHostAssignableDevice -Force` skips, where nothing else
    /// stands against the device. The guest then reaches its neighbours.
    pub forcible: Vec<&'static str>,
    /// The search was cut short.
    pub incomplete: bool,
}

/// Searches the smallest set of changes that makes a device assignable under a policy. `None`
/// where the device is not in the capture, or is a port or bridge.
pub fn fix(capture: &Capture, at: Sbdf, policy: Policy) -> Option<Search> {
    let before = outcome(capture, &[policy]).judged(policy, at)?.clone();
    let mut search = Search {
        before,
        fixes: Vec::new(),
        open: None,
        tried: Vec::new(),
        remaining: Vec::new(),
        forcible: Vec::new(),
        incomplete: false,
    };
    if search.before.is_assignable() {
        return Some(search);
    }
    search.forcible = forcible(capture, at, policy);
    // A change may bring out what stood behind: its remedies are tried as well.
    let mut codes: BTreeSet<&'static str> = search.before.codes.iter().copied().collect();
    let mut least = codes.clone();
    let mut last = search.before.codes.clone();
    let mut runs = 0;
    for size in 1..=MOST_CHANGES {
        search.tried = candidates(capture, at, policy, &codes);
        for set in subsets(search.tried.len(), size) {
            let changes: Vec<Change> = set
                .iter()
                .filter_map(|&index| search.tried.get(index).cloned())
                .collect();
            if exclude_each_other(&changes) {
                continue;
            }
            if runs == MOST_RUNS {
                search.incomplete = true;
                break;
            }
            runs += 1;
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
            } else if judged.verdict == Verdict::Undetermined {
                search.open.get_or_insert(fix);
            } else {
                codes.extend(&judged.codes);
                least.retain(|code| judged.codes.contains(code));
                if judged.codes.len() < last.len() {
                    last.clone_from(&judged.codes);
                }
            }
        }
        if !search.fixes.is_empty() || search.incomplete {
            break;
        }
    }
    if search.fixes.is_empty() && search.open.is_none() {
        // Where every code goes away with some set, the fewest that are left together.
        let left = match least.is_empty() {
            true => last,
            false => least.into_iter().collect(),
        };
        let otherwise = match search.tried.as_slice() {
            _ if candidates::is_hopeless(&codes) => Why::NotTried,
            [] => Why::NothingToTry,
            _ => Why::NotEnough,
        };
        search.remaining = left
            .into_iter()
            .map(|code| (code, Why::of(code, otherwise)))
            .collect();
    }
    Some(search)
}

/// Whether two of the changes cannot be made together: a card goes to one slot, and the
/// override has one form.
fn exclude_each_other(changes: &[Change]) -> bool {
    let count = |which: fn(&Change) -> bool| changes.iter().filter(|&change| which(change)).count();
    count(|change| matches!(change, Change::Move { .. })) > 1
        || count(|change| matches!(change, Change::AcsOverride { .. })) > 1
}

/// What force skips, where Hyper-V refuses for nothing else and nothing is open.
fn forcible(capture: &Capture, at: Sbdf, policy: Policy) -> Vec<&'static str> {
    if !policy.is_hyperv() {
        return Vec::new();
    }
    let host = Host::from_capture(capture);
    let topology = Topology::of(&host);
    let facts = Facts::of(&host, &topology);
    let run = rules::run(&facts);
    let gate = host
        .find(at)
        .and_then(|id| rules::gates(&facts, &run, policy).0.remove(&id));
    match gate {
        Some(gate) if gate.blockers.is_empty() => gate.forcible,
        _ => Vec::new(),
    }
}
