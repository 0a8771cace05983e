//! `fix` on every device of the corpus that is not assignable.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints what it counted"
)]

use std::path::Path;

use assignable::corpus;
use assignable::plan::{fix, outcome, what_if};
use assignable::policy::Policy;
use assignable::verdict::Verdict;
use rayon::prelude::*;

const POLICIES: [Policy; 2] = [Policy::HyperV2025, Policy::Vfio];

#[derive(Clone, Copy, Default, Debug)]
struct Count {
    not_assignable: usize,
    fixed: usize,
    left_open: usize,
    hopeless: usize,
    fixes: usize,
}

/// Each proposed set of changes, applied anew through `what_if`, makes the device assignable;
/// and no part of it does, because the set is the smallest.
#[test]
fn every_proposed_change_does_make_the_device_assignable() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let cases = corpus::load_all(&root).unwrap();
    let counts: Vec<Count> = cases
        .into_par_iter()
        .map(|(name, case)| {
            let case = case.unwrap();
            let mut count = Count::default();
            for (policy, judged) in outcome(&case.capture, &POLICIES).verdicts {
                for (at, judged) in judged {
                    if judged.verdict != Verdict::NotAssignable {
                        continue;
                    }
                    count.not_assignable += 1;
                    let search = fix(&case.capture, at, policy).unwrap();
                    assert!(!search.incomplete, "{name}: {at}");
                    for fix in &search.fixes {
                        count.fixes += 1;
                        let result = what_if(&case.capture, &fix.changes, &[policy]).unwrap();
                        let now = result.moved.get(&at).copied().unwrap_or(at);
                        let after = result.after.judged(policy, now).unwrap();
                        assert!(after.is_assignable(), "{name}: {at}: {:?}", fix.changes);
                        for left_out in 0..fix.changes.len() {
                            let mut fewer = fix.changes.clone();
                            fewer.remove(left_out);
                            let Ok(result) = what_if(&case.capture, &fewer, &[policy]) else {
                                continue;
                            };
                            let now = result.moved.get(&at).copied().unwrap_or(at);
                            let after = result.after.judged(policy, now).unwrap();
                            assert!(
                                !after.is_assignable(),
                                "{name}: {at}: {fewer:?} does as well"
                            );
                        }
                    }
                    match (search.fixes.is_empty(), &search.open) {
                        (false, _) => count.fixed += 1,
                        (true, Some(_)) => count.left_open += 1,
                        (true, None) => {
                            count.hopeless += 1;
                            assert!(!search.remaining.is_empty() || !search.tried.is_empty());
                        }
                    }
                }
            }
            count
        })
        .collect();
    let sum = counts.iter().fold(Count::default(), |sum, count| Count {
        not_assignable: sum.not_assignable + count.not_assignable,
        fixed: sum.fixed + count.fixed,
        left_open: sum.left_open + count.left_open,
        hopeless: sum.hopeless + count.hopeless,
        fixes: sum.fixes + count.fixes,
    });
    println!("{sum:?}");
    assert!(sum.not_assignable > 100 && sum.fixed > 20, "{sum:?}");
}
