//! Predicted IOMMU groups against what kernels reported, and against groups worked out by hand.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints what it counted"
)]
use std::collections::BTreeSet;
use std::path::Path;

use assignable::addr::Sbdf;
use assignable::analysis::groups::{Groups, Options};
use assignable::corpus::{self, Case};
use assignable::host::Host;
use assignable::iommu::Iommu;
use assignable::topology::Topology;

type Partition = BTreeSet<BTreeSet<Sbdf>>;

/// Cases that hold too little to settle every group: what they do settle must be right.
const UNSETTLED: &[&str] = &["lab-flat-intel-k612-user"];

/// The predicted groups, and the functions whose group the capture settles.
fn predicted(case: &Case) -> (Partition, BTreeSet<Sbdf>) {
    let host = Host::from_capture(&case.capture);
    let topology = Topology::of(&host);
    let iommu = Iommu::of(&host, &topology);
    let groups = Groups::predict(&host, &topology, &iommu, Options::for_host(&host));
    let partition = groups
        .iter()
        .map(|(_, members)| members.iter().map(|&id| host.function(id).at).collect())
        .collect();
    let definite = host.iter().filter(|&(id, _)| groups.is_definite(id));
    (
        partition,
        definite.map(|(_, function)| function.at).collect(),
    )
}

#[test]
fn every_case_with_groups_is_predicted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut compared = 0;
    let mut wrong = Vec::new();
    for (name, case) in corpus::load_all(&root).expect("the corpus is there") {
        let case = case.unwrap_or_else(|error| panic!("{name}: {error}"));
        let Some(truth) = &case.truth.groups else {
            continue;
        };
        compared += 1;
        let mut truth: Partition = truth.iter().cloned().collect();
        let (mut predicted, definite) = predicted(&case);
        if UNSETTLED.contains(&name.as_str()) {
            assert!(
                definite.len() < case.capture.functions.len(),
                "{name} is settled"
            );
            let settled = |members: &BTreeSet<Sbdf>| members.is_subset(&definite);
            truth.retain(settled);
            predicted.retain(settled);
            assert!(!truth.is_empty(), "{name} settles nothing");
        }
        if predicted != truth {
            let missing: Vec<_> = truth.difference(&predicted).collect();
            let surplus: Vec<_> = predicted.difference(&truth).collect();
            wrong.push(format!(
                "{name}: truth has {missing:?}, predicted {surplus:?}"
            ));
        }
    }
    println!("{compared} partitions compared");
    assert!(compared >= 20, "only {compared} cases carry groups");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
