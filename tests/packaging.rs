//! What the package drags in: licences, sources, and how little the collector needs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints what it counted"
)]
#![expect(clippy::disallowed_methods, reason = "cargo itself is asked")]

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

/// The platform that the tests run on: cargo has fetched the crates for no other.
fn host() -> String {
    let output = Command::new("rustc")
        .arg("-vV")
        .output()
        .expect("rustc runs");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .expect("a host")
        .to_owned()
}

/// Licences that a dependency may have (one alternative of its expression suffices); the same
/// list as in `deny.toml`.
const LICENCES: &[&str] = &[
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "bzip2-1.0.6",
    "Unicode-3.0",
    "Zlib",
];

/// Crates that the collector may resolve to on Linux, itself left out. It runs as root on other
/// people's machines: each one more is one more to read.
const COLLECTOR_CRATES: usize = 27;

fn metadata(arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON")
}

#[test]
fn every_dependency_is_permissively_licensed() {
    let metadata = metadata(&["--filter-platform", &host()]);
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 50);
    let bad: Vec<String> = packages
        .iter()
        .filter(|package| !allowed(package["license"].as_str().unwrap_or("")))
        .map(|package| format!("{}: {}", package["name"], package["license"]))
        .collect();
    assert!(bad.is_empty(), "{bad:#?}");
    assert!(!allowed("GPL-2.0-only") && !allowed("MIT AND GPL-3.0-only") && !allowed(""));
    assert!(allowed("MIT OR GPL-3.0-only") && allowed("(MIT OR Apache-2.0) AND Unicode-3.0"));
}

/// Whether an SPDX expression can be met with [`LICENCES`]. Old crates write `/` for OR.
fn allowed(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ").replace(['(', ')'], " ");
    // AND binds all its parts. Each of its parts may be a list of alternatives.
    expression.split(" AND ").all(|part| {
        part.split(" OR ")
            .any(|licence| LICENCES.contains(&licence.trim()))
    })
}

#[test]
fn every_dependency_comes_from_the_registry() {
    let metadata = metadata(&["--filter-platform", &host()]);
    for package in metadata["packages"].as_array().unwrap() {
        let source = package["source"].as_str();
        let own = package["name"] == "assignable";
        assert!(
            own || source.is_some_and(|source| source.starts_with("registry+")),
            "{} comes from {source:?}",
            package["name"]
        );
    }
}

#[test]
fn the_collector_needs_few_crates_and_none_of_the_analyzers() {
    let crates = collector_crates();
    for analyzer_only in [
        "clap", "nom", "petgraph", "schemars", "tar", "rayon", "pci-ids",
    ] {
        assert!(
            !crates.contains(analyzer_only),
            "the collector drags in {analyzer_only}"
        );
    }
    println!("collector crates: {} {crates:?}", crates.len());
    assert!(
        crates.len() <= COLLECTOR_CRATES,
        "{}: {crates:?}",
        crates.len()
    );
}

/// Names of everything that the collector links at run time on Linux. From `cargo tree`, because
/// `cargo metadata` mixes in what development dependencies switch on.
fn collector_crates() -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked"])
        .args(["--no-default-features", "--features", "collector"])
        .args(["--target", "x86_64-unknown-linux-gnu"])
        .args(["--edges", "normal,no-proc-macro", "--prefix", "none"])
        .args(["--format", "{p}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|name| !name.is_empty() && *name != "assignable")
        .map(str::to_owned)
        .collect()
}
