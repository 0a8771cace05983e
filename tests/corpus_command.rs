//! `assignable corpus` on folders that a vendor might keep.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, writes files and runs the binary"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use assignable::capture;
use assignable::corpus;
use assignable::report::json::v1::{CorpusCase, CorpusDocument};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A folder with two captures of the lab, a dump as text, a file that is none, and files that
/// nobody takes for dumps.
fn folder(test: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("corpus")
        .join(test);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(path.join("customer")).unwrap();
    let corpus = Path::new(ROOT).join("corpus");
    let flat = corpus::load_case(&corpus, "lab-flat-intel")
        .unwrap()
        .capture;
    capture::to_zip_file(&flat, &path.join("flat.zip")).unwrap();
    let switch = corpus::load_case(&corpus, "lab-switch2-intel")
        .unwrap()
        .capture;
    capture::to_folder(&switch, &path.join("customer/switch")).unwrap();
    fs::write(path.join("README.md"), "ours").unwrap();
    fs::write(path.join(".hidden"), "ours").unwrap();
    path
}

/// Exit code and standard output.
fn run(folder: &Path, more: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_assignable"))
        .arg("corpus")
        .arg(folder)
        .args(more)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), text)
}

#[test]
fn machines_whose_kernel_agrees_are_as_known() {
    let folder = folder("agree");
    let (code, text) = run(&folder, &[]);
    assert_eq!(code, 0, "{text}");
    // The partitions of both kernels: 12 and 6 groups (corpus/lab-*/truth.json).
    assert!(
        text.contains("2 machines") && text.contains("18 groups"),
        "{text}"
    );
}

#[test]
fn a_kernel_that_disagrees_is_a_difference() {
    let folder = folder("disagree");
    let file = folder.join("flat.zip");
    let mut flat = capture::load(&file).unwrap();
    let at = "0000:01:00.0".parse().unwrap();
    let group = flat.function(at).properties.iommu_group.as_mut().unwrap();
    group.value = 99;
    let other = "0000:02:00.0".parse().unwrap();
    let group = flat
        .function(other)
        .properties
        .iommu_group
        .as_mut()
        .unwrap();
    group.value = 99;
    capture::to_zip_file(&flat, &file).unwrap();
    let (code, text) = run(&folder, &[]);
    assert_eq!(code, 1);
    let told = "flat.zip: 0000:01:00.0: groups: expected 0000:01:00.0 0000:02:00.0, \
                found 0000:01:00.0";
    assert!(text.contains(told), "{text}");
    let (code, xml) = run(&folder, &["--format", "junit"]);
    assert_eq!(code, 1);
    assert!(
        xml.contains("failures=\"1\"") && xml.contains("classname=\"flat.zip\""),
        "{xml}"
    );
}

#[test]
fn what_was_accepted_is_expected_from_then_on() {
    let folder = folder("accept");
    assert_eq!(run(&folder, &["--accept"]).0, 0);
    let file = folder.join("flat.zip.expect.json");
    let accepted = fs::read_to_string(&file).unwrap();
    assert!(folder.join("customer/switch.expect.json").is_file());
    let (code, text) = run(&folder, &[]);
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("verdict") && !text.contains("nothing to compare"),
        "{text}"
    );
    // Somebody expected something else of one device.
    let changed = accepted.replacen("\"assignable-with-conditions\"", "\"assignable\"", 1);
    assert_ne!(changed, accepted);
    fs::write(&file, changed).unwrap();
    let (code, text) = run(&folder, &[]);
    assert_eq!(code, 1);
    assert!(text.contains("expected vfio: assignable, found"), "{text}");
}

#[test]
fn a_file_that_is_no_dump_fails_and_the_others_are_analysed() {
    let folder = folder("unreadable");
    fs::write(folder.join("notes.txt"), "the server in rack 7").unwrap();
    let (code, text) = run(&folder, &["--format", "json"]);
    assert_eq!(code, 1);
    let document: CorpusDocument = serde_json::from_str(&text).unwrap();
    assert_eq!(document.schema, "assignable.corpus/1");
    let cases: Vec<_> = document
        .cases
        .iter()
        .map(|case| (&*case.case, &*case.status))
        .collect();
    let expected = [
        ("customer/switch", "passed"),
        ("flat.zip", "passed"),
        ("notes.txt", "unreadable"),
    ];
    assert_eq!(cases, expected);
    assert_eq!(document.summary.unreadable, 1);
    fs::remove_dir_all(folder.join("customer")).unwrap();
    fs::remove_file(folder.join("flat.zip")).unwrap();
    assert_eq!(run(&folder, &[]).0, 3, "nothing could be read");
    fs::remove_file(folder.join("notes.txt")).unwrap();
    assert_eq!(run(&folder, &[]).0, 3, "there is nothing");
}

#[test]
fn lines_and_rows_hold_the_same_devices() {
    let folder = folder("rows");
    let (_, lines) = run(&folder, &["--format", "jsonl"]);
    let cases: Vec<CorpusCase> = lines
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let (_, text) = run(&folder, &["--format", "csv"]);
    let mut rows = text.lines();
    let header = "case,status,address,vendor,device,class,policy,verdict,findings";
    assert_eq!(rows.next(), Some(header));
    let mut expected = Vec::new();
    for case in &cases {
        for device in &case.devices {
            for (policy, verdict) in &device.verdicts {
                let field = |value: &Option<String>| value.clone().unwrap();
                expected.push(format!(
                    "{},{},{},{},{},{},{policy},{verdict},{}",
                    case.case,
                    case.status,
                    device.address,
                    field(&device.vendor),
                    field(&device.device),
                    field(&device.class),
                    device.findings.join(" ")
                ));
            }
        }
    }
    assert!(expected.len() > 20);
    assert_eq!(rows.collect::<Vec<_>>(), expected);
    assert_eq!(
        run(&folder, &["--format", "csv"]).1,
        text,
        "the same bytes each time"
    );
}

#[test]
fn the_projects_own_corpus_is_as_known() {
    let (code, text) = run(&Path::new(ROOT).join("corpus"), &[]);
    assert_eq!(code, 0, "{text}");
    // Kernels of the lab: groups and what VFIO handed out.
    assert!(text.contains(" vfio"), "{text}");
}
