//! Redaction changes no answer, on any case of the corpus.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints what it counted"
)]

use std::path::Path;

use assignable::analysis::Facts;
use assignable::capture::Capture;
use assignable::corpus;
use assignable::host::Host;
use assignable::names::Names;
use assignable::policy::Policy;
use assignable::redact;
use assignable::report::{self, Layout, Palette, Report};
use assignable::rules;
use assignable::topology::Topology;

/// The survey and the tree in words. No case has names in them that are replaced.
fn words(capture: &Capture) -> String {
    let host = Host::from_capture(capture);
    let topology = Topology::of(&host);
    let facts = Facts::of(&host, &topology);
    let run = rules::run(&facts);
    let names = Names::built_in();
    let report = Report {
        facts: &facts,
        run: &run,
        names: &names,
        policies: &Policy::ALL,
    };
    let layout = Layout {
        width: 120,
        palette: Palette::plain(),
        all: true,
    };
    format!(
        "{}\n{}",
        report::survey(&report, layout),
        report::topology(&report, layout)
    )
}

#[test]
fn every_case_gets_the_same_answers_after_redaction() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let (mut compared, mut changes) = (0, 0);
    for (name, case) in corpus::load_all(&root).expect("the corpus is there") {
        let case = case.unwrap_or_else(|error| panic!("{name}: {error}"));
        let redacted = redact::redact(&case.capture);
        let differences = redact::compare(&case.capture, &redacted);
        assert!(differences.is_empty(), "{name}: {differences:#?}");
        assert_eq!(words(&case.capture), words(&redacted.capture), "{name}");
        changes += redacted.changes.len();
        compared += 1;
    }
    println!("{compared} cases, {changes} changes");
    assert!(compared > 50 && changes > 50);
}
