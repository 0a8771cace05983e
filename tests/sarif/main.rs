//! What `lint --format sarif` prints satisfies the public schema of SARIF 2.1.0.
//!
//! `sarif-2.1.0.json` beside this file is the schema as Microsoft's SARIF tools ship it
//! (package `@microsoft/sarif-multitool-linux` 5.7.0, MIT licence: see `LICENSE`), unchanged but for its line ends. It
//! refers to nothing outside of itself.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints what it counted"
)]

use std::collections::BTreeSet;
use std::path::Path;

use assignable::analysis::Facts;
use assignable::corpus;
use assignable::host::Host;
use assignable::names::Names;
use assignable::report::Report;
use assignable::report::sarif::sarif;
use assignable::rules::{self, Part};
use assignable::topology::Topology;
use jsonschema::Validator;
use serde_json::Value;

fn schema() -> Validator {
    let schema: Value = serde_json::from_str(include_str!("sarif-2.1.0.json")).unwrap();
    jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
}

#[test]
fn every_case_of_the_corpus_makes_a_log_that_the_schema_accepts() {
    let schema = schema();
    let names = Names::built_in();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let (mut logs, mut results) = (0, 0);
    let mut ids = BTreeSet::new();
    for (name, case) in corpus::load_all(&folder).unwrap() {
        let case = case.unwrap_or_else(|error| panic!("{name}: {error}"));
        let host = Host::from_capture(&case.capture);
        let topology = Topology::of(&host);
        let facts = Facts::of(&host, &topology);
        let run = rules::lint(&facts, &[Part::Firmware, Part::Device], None);
        let report = Report {
            facts: &facts,
            run: &run,
            names: &names,
            policies: &[],
        };
        let log = serde_json::to_value(sarif(&report)).unwrap();
        let errors: Vec<String> = schema
            .iter_errors(&log)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
        let found = log["runs"][0]["results"].as_array().unwrap();
        let fired = found.iter().filter(|result| result["kind"] == "fail");
        ids.extend(fired.map(|result| result["ruleId"].to_string()));
        (logs, results) = (logs + 1, results + found.len());
    }
    println!("{logs} logs, {results} results of {} rules", ids.len());
    assert!(logs >= 100 && results >= 1_000 && ids.len() >= 40);
}

/// The schema bites: without this the test above could pass for want of checks.
#[test]
fn the_schema_refuses_what_the_standard_forbids() {
    let schema = schema();
    let log = |result: &str| {
        let text = format!(
            r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {{"name": "x"}}}}, "results": [{result}]}}]}}"#
        );
        serde_json::from_str::<Value>(&text).unwrap()
    };
    assert!(schema.is_valid(&log(r#"{"message": {"text": "x"}, "level": "note"}"#)));
    for wrong in [
        r#"{"level": "note"}"#,
        r#"{"message": {"text": "x"}, "level": "high"}"#,
        r#"{"message": {"text": "x"}, "severity": "high"}"#,
        r#"{"message": {"text": "x"}, "ruleIndex": -2}"#,
        r#"{"message": {"text": "x"}, "locations": [{"physicalLocation": {"region": {"byteOffset": "0"}}}]}"#,
    ] {
        assert!(!schema.is_valid(&log(wrong)), "{wrong}");
    }
}
