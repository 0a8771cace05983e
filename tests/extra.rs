//! The whole way from a real dump to verdicts.
//!
//! The dumps may not be redistributed; `ASSIGNABLE_EXTRA_CORPUS` says where they are. Without it
//! every test here is reported as ignored.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a test fails by panicking, reads its environment, and runs the binary"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use assignable::import::{self, Input};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

/// Folders of dumps that must be surveyed, and how many there are at least.
const KINDS: &[(&str, &str, usize)] = &[
    ("lspci-hex", "lspci.txt", 16),
    ("lspci-pciutils", "", 27),
    ("machines", "lspci", 20),
    ("sysfs-hwloc", ".bz2", 3),
    ("sysfs-ghw", ".gz", 3),
    ("sysfs-sos", "lspci_-nnvv", 2),
    ("lspci-groups", "lspci", 12),
    ("qemu", ".tar.xz", 70),
];

/// A picture of a tree, not a dump.
const NO_DUMP: &[&str] = &["lspci-tree.txt"];

fn main() {
    let arguments = Arguments::from_args();
    let root = std::env::var_os("ASSIGNABLE_EXTRA_CORPUS").map(PathBuf::from);
    let required = std::env::var("ASSIGNABLE_REQUIRE").unwrap_or_default();
    if root.is_none() && required.split(',').any(|name| name == "extra") {
        panic!("ASSIGNABLE_REQUIRE names extra, but ASSIGNABLE_EXTRA_CORPUS is not set");
    }
    let mut trials = Vec::new();
    for &(kind, pattern, least) in KINDS {
        let Some(root) = &root else {
            trials
                .push(Trial::test(format!("survey of {kind}"), || Ok(())).with_ignored_flag(true));
            continue;
        };
        let files = files(&root.join(kind), pattern);
        let count = files.len();
        trials.push(Trial::test(format!("{kind} is complete"), move || {
            if count < least {
                Err(format!("{count} files, {least} expected").into())
            } else {
                Ok(())
            }
        }));
        for file in files {
            let name = file.strip_prefix(root).unwrap().display().to_string();
            trials.push(Trial::test(format!("survey of {name}"), move || {
                survey(&file)
            }));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// Files below a folder whose name contains the pattern.
fn files(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            found.extend(files(&path, pattern));
        } else if name.contains(pattern) && !NO_DUMP.contains(&name.as_str()) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn survey(file: &Path) -> Result<(), Failed> {
    let run = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_assignable"))
            .args(arguments)
            .arg(file)
            .output()
            .expect("the binary runs")
    };
    let text = run(&["survey"]);
    if !text.status.success() || text.stdout.is_empty() {
        return Err(String::from_utf8_lossy(&text.stderr).into_owned().into());
    }
    let json = run(&["survey", "--format", "json"]);
    let survey: Value = serde_json::from_slice(&json.stdout).map_err(|error| error.to_string())?;
    let import = import::import(&[Input::Path(file.to_owned())]);
    let devices = survey["devices"].as_array().map_or(0, Vec::len);
    if devices != import.capture.functions.len() || devices == 0 {
        return Err(format!("{devices} devices in the survey").into());
    }
    Ok(())
}
