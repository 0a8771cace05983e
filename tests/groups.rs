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
use assignable::analysis::groups::{Groups, Settings};
use assignable::capture::Capture;
use assignable::corpus;
use assignable::host::Host;
use assignable::import::{Input, import};
use assignable::iommu::Iommu;
use assignable::synth::hex::lspci_text;
use assignable::topology::Topology;

type Partition = BTreeSet<BTreeSet<Sbdf>>;

/// Cases that hold too little to settle every group: what they do settle must be right.
const UNSETTLED: &[&str] = &["lab-flat-intel-k612-user"];

/// The predicted groups, and the functions whose group the capture settles.
fn partition_of(capture: &Capture) -> (Partition, BTreeSet<Sbdf>) {
    let host = Host::from_capture(capture);
    let topology = Topology::of(&host);
    let iommu = Iommu::of(&host, &topology);
    let groups = Groups::predict(&host, &topology, &iommu, &Settings::for_host(&host));
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
        let (mut predicted, definite) = partition_of(&case.capture);
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

/// Functions come in the order of the text, and the answer does not.
#[test]
fn the_order_of_a_text_changes_nothing() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut compared = 0;
    for (name, case) in corpus::load_all(&root).expect("the corpus is there") {
        let case = case.unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut capture = case.capture;
        capture
            .functions
            .retain(|_, record| record.config.known_mask().is_none());
        let text = lspci_text(&capture).expect("all bits are known");
        let functions: Vec<&str> = text.split_inclusive("\n\n").collect();
        if functions.len() < 3 {
            continue;
        }
        let partition = |order: &[&str]| {
            let bytes = order.concat().into_bytes();
            let name = "dump.txt".to_owned();
            let import = import(&[Input::Bytes { name, bytes }]);
            assert_eq!(import.capture.functions.len(), functions.len());
            partition_of(&import.capture)
        };
        let expected = partition(&functions);
        let reversed: Vec<&str> = functions.iter().rev().copied().collect();
        // Every third one, then the rest: bridges come before and after what is below them.
        let (mut mixed, mut rest) = (Vec::new(), Vec::new());
        for (index, function) in functions.iter().enumerate() {
            let part = if index % 3 == 1 {
                &mut mixed
            } else {
                &mut rest
            };
            part.push(*function);
        }
        mixed.append(&mut rest);
        assert_eq!(partition(&reversed), expected, "{name}, reversed");
        assert_eq!(partition(&mixed), expected, "{name}, mixed");
        compared += 1;
    }
    println!("{compared} machines in three orders");
    assert!(compared >= 100, "only {compared} machines");
}
