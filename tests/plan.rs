//! `fix` on every device of the corpus that is not assignable.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints what it counted"
)]

use std::collections::BTreeMap;
use std::path::Path;

use assignable::addr::Sbdf;
use assignable::capture::Capture;
use assignable::corpus;
use assignable::plan::{Change, Search, fix, outcome, what_if};
use assignable::policy::Policy;
use assignable::verdict::Verdict;
use rayon::prelude::*;

const POLICIES: [Policy; 2] = [Policy::HyperV2025, Policy::Vfio];

#[derive(Clone, Default, Debug)]
struct Count {
    not_assignable: usize,
    fixed: usize,
    left_open: usize,
    none: usize,
    fixes: usize,
    /// Among those without a fix that a dismount by force passes.
    forcible: usize,
    /// Those without a fix by what remains and why.
    reasons: BTreeMap<String, usize>,
}

impl Count {
    fn add(&mut self, name: &str, at: Sbdf, search: &Search) {
        self.not_assignable += 1;
        self.fixes += search.fixes.len();
        match (search.fixes.is_empty(), &search.open) {
            (false, _) => self.fixed += 1,
            (true, Some(open)) => {
                self.left_open += 1;
                assert!(!open.judged.codes.is_empty(), "{name}: {at}: what is open?");
            }
            (true, None) => {
                self.none += 1;
                self.forcible += usize::from(!search.forcible.is_empty());
                assert!(
                    !search.remaining.is_empty(),
                    "{name}: {at}: why is there none?"
                );
                let reasons: Vec<String> = search
                    .remaining
                    .iter()
                    .map(|(code, why)| format!("{code} {}", why.name()))
                    .collect();
                *self.reasons.entry(reasons.join(", ")).or_default() += 1;
            }
        }
    }

    fn with(mut self, other: Self) -> Self {
        self.not_assignable += other.not_assignable;
        self.fixed += other.fixed;
        self.left_open += other.left_open;
        self.none += other.none;
        self.fixes += other.fixes;
        self.forcible += other.forcible;
        for (reason, count) in other.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
        self
    }
}

/// Whether changes, applied anew through `what_if`, make a device assignable; `None` where they
/// cannot be made.
fn helps(capture: &Capture, changes: &[Change], at: Sbdf, policy: Policy) -> Option<bool> {
    let result = what_if(capture, changes, &[policy]).ok()?;
    let now = result.moved.get(&at).copied().unwrap_or(at);
    Some(result.after.judged(policy, now)?.is_assignable())
}

/// Each proposed set of changes makes the device assignable, and no part of it does, because the
/// set is the smallest. Where there is none, each finding that remains has its reason.
#[test]
fn every_proposed_change_does_make_the_device_assignable() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let cases = corpus::load_all(&root).unwrap();
    let pairs: Vec<(String, Capture, Policy, Sbdf)> = cases
        .into_par_iter()
        .flat_map_iter(|(name, case)| {
            let case = case.unwrap();
            let refused: Vec<_> = outcome(&case.capture, &POLICIES)
                .verdicts
                .into_iter()
                .flat_map(|(policy, judged)| {
                    judged
                        .into_iter()
                        .filter(|(_, judged)| judged.verdict == Verdict::NotAssignable)
                        .map(move |(at, _)| (policy, at))
                })
                .collect();
            refused
                .into_iter()
                .map(move |(policy, at)| (name.clone(), case.capture.clone(), policy, at))
        })
        .collect();
    let counts: BTreeMap<String, Count> = pairs
        .into_par_iter()
        .map(|(name, capture, policy, at)| {
            let search = fix(&capture, at, policy).unwrap();
            assert!(!search.incomplete, "{name}: {at}");
            for fix in &search.fixes {
                assert_eq!(
                    helps(&capture, &fix.changes, at, policy),
                    Some(true),
                    "{name}: {at}: {:?}",
                    fix.changes
                );
                for left_out in 0..fix.changes.len() {
                    let mut fewer = fix.changes.clone();
                    fewer.remove(left_out);
                    assert_ne!(
                        helps(&capture, &fewer, at, policy),
                        Some(true),
                        "{name}: {at}: {fewer:?} does as well"
                    );
                }
            }
            let mut count = Count::default();
            count.add(&name, at, &search);
            (policy.name().to_owned(), count)
        })
        .fold(
            BTreeMap::new,
            |mut all: BTreeMap<String, Count>, (policy, count)| {
                let entry = all.entry(policy).or_default();
                *entry = std::mem::take(entry).with(count);
                all
            },
        )
        .reduce(BTreeMap::new, |mut all, other| {
            for (policy, count) in other {
                let entry = all.entry(policy).or_default();
                *entry = std::mem::take(entry).with(count);
            }
            all
        });
    let mut sum = Count::default();
    for (policy, count) in counts {
        println!(
            "{policy}: {} refused, {} fixed by {} proposals, {} open for want of evidence, {} none \
             ({} of them pass by force)",
            count.not_assignable,
            count.fixed,
            count.fixes,
            count.left_open,
            count.none,
            count.forcible
        );
        for (reason, number) in &count.reasons {
            println!("  {number:4}  {reason}");
        }
        sum = sum.with(count);
    }
    assert_eq!(
        sum.not_assignable,
        sum.fixed + sum.left_open + sum.none,
        "each is one of the three"
    );
    // Floors: what was reached must not be lost.
    assert!(sum.not_assignable >= 740 && sum.fixed >= 340, "{sum:?}");
    assert!(sum.none * 10 <= sum.not_assignable * 4, "{sum:?}");
}
