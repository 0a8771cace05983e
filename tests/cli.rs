//! The command line as a user meets it: exit codes, streams, formats.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints what it counted"
)]
#![expect(clippy::disallowed_methods, reason = "tests of files need files")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use assignable::report::json::v1;
use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A machine with one good drive, one behind a port without ACS, and one that is assignable in
/// no case.
const MACHINE: &str = r#"
[[root]]
device = [
  { kind = "root-port", device = [{ class = "nvme", flr = true }] },
  { kind = "root-port", acs = "none", device = [{ class = "nvme" }] },
  { kind = "pci", at = "1d.0", class = "ehci" },
]
"#;

fn assignable(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_assignable"))
        .args(arguments)
        .current_dir(ROOT)
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("the output is UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("the messages are UTF-8")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("no signal")
}

/// A folder of this test's own, removed when it ends well.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("assignable-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    /// The test machine as a zipped capture.
    fn machine(&self) -> String {
        let description = self.path("machine.toml");
        fs::write(&description, MACHINE).unwrap();
        let capture = self.path("machine.zip");
        let output = assignable(&["synth", &description, "-o", &capture]);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        capture
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

#[test]
fn an_answer_is_success_whatever_it_says() {
    let folder = Folder::new("answer");
    let machine = folder.machine();
    for command in [
        vec!["survey", &machine],
        vec!["survey", &machine, "--all", "--policy", "hyperv-2016"],
        vec!["explain", &machine, "-d", "nvme"],
        vec!["topology", &machine],
        vec!["topology", &machine, "--dot"],
        vec!["topology", &machine, "--format", "svg"],
        vec!["survey", &machine, "--format", "markdown"],
        vec!["explain", &machine, "-d", "nvme", "--format", "markdown"],
        vec!["groups", &machine, "--format", "markdown"],
        vec!["report", &machine],
        vec!["diff", &machine, &machine],
        vec!["diff", &machine, &machine, "--format", "html"],
        vec!["diff", &machine, &machine, "--format", "markdown"],
        vec!["completions", "bash"],
        vec!["completions", "powershell"],
        vec!["man"],
        vec!["decode", &machine],
        vec!["decode", &machine, "-d", "01:00.0", "--offsets"],
        vec!["lint", &machine],
        vec!["lint", &machine, "--part", "devices", "-d", "nvme", "--all"],
        vec!["lint", &machine, "--format", "sarif"],
        vec!["lint", &machine, "--format", "junit"],
        vec!["verify", &machine],
        vec!["rules"],
        vec!["rules", "ACS001"],
        vec!["schema"],
        vec!["schema", "survey"],
    ] {
        let output = assignable(&command);
        assert_eq!(code(&output), 0, "{command:?}: {}", stderr(&output));
        assert!(!output.stdout.is_empty(), "{command:?} says nothing");
        assert!(output.stderr.is_empty(), "{command:?}: {}", stderr(&output));
    }
}

#[test]
fn fail_on_turns_verdicts_into_exit_codes() {
    let folder = Folder::new("fail-on");
    let machine = folder.machine();
    let survey = |level: &str| code(&assignable(&["survey", &machine, "--fail-on", level]));
    assert_eq!(survey("not-assignable"), 1);
    assert_eq!(survey("high"), 1);
    assert_eq!(survey("undetermined"), 4);
    let good = [
        "explain",
        &machine,
        "-d",
        "01:00.0",
        "--fail-on",
        "not-assignable",
    ];
    assert_eq!(code(&assignable(&good)), 0);
}

#[test]
fn a_lint_run_fails_from_the_severity_on_that_it_is_told() {
    let folder = Folder::new("lint-fail-on");
    let machine = folder.machine();
    let lint = |arguments: &[&str]| code(&assignable(&[&["lint", &machine], arguments].concat()));
    // The port without ACS is a fault of high severity.
    assert_eq!(lint(&["--part", "devices", "--fail-on", "high"]), 1);
    // The drive behind the good port has none.
    let drive = ["--part", "devices", "-d", "01:00.0", "--fail-on", "medium"];
    assert_eq!(lint(&drive), 0);
    // There is no table that could be checked.
    assert_eq!(
        lint(&["--part", "firmware", "--fail-on", "undetermined"]),
        4
    );
}

#[test]
fn sarif_has_what_the_standard_demands_and_every_result_names_its_rule() {
    let folder = Folder::new("sarif");
    let machine = folder.machine();
    let output = assignable(&["lint", &machine, "--format", "sarif"]);
    let log: Value = serde_json::from_slice(&output.stdout).unwrap();
    // SARIF 2.1.0: 3.13.2 version, 3.14.6 tool, 3.19.2 name, 3.49.3 id, 3.27 result.
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(run["tool"]["driver"]["name"], "assignable");
    let results = run["results"].as_array().unwrap();
    assert!(!results.is_empty());
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let level = result["level"].as_str().unwrap();
        // 3.27.10: any kind but "fail" goes with the level "none".
        match result["kind"].as_str().unwrap() {
            "fail" => assert!(["error", "warning", "note"].contains(&level), "{level}"),
            "open" => assert_eq!(level, "none"),
            kind => panic!("{kind}"),
        }
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        assert!(!result["locations"].as_array().unwrap().is_empty());
    }
    assert!(results.iter().any(|result| result["kind"] == "fail"));
}

#[test]
fn a_parser_reads_the_junit_report() {
    let folder = Folder::new("junit");
    let machine = folder.machine();
    let junit = |least: &str| {
        let output = assignable(&["lint", &machine, "--format", "junit", "--fail-on", least]);
        let text = stdout(&output);
        let report = quick_junit::Report::deserialize_from_str(&text).unwrap();
        (report.tests, report.failures)
    };
    let (tests, failures) = junit("info");
    assert!(tests > 20 && failures > 0, "{tests} {failures}");
    let (same, fewer) = junit("high");
    assert_eq!(same, tests);
    assert!(fewer > 0 && fewer < failures, "{fewer} of {failures}");
}

#[test]
fn wrong_usage_is_2_and_says_what_is_right() {
    let folder = Folder::new("usage");
    let machine = folder.machine();
    for command in [
        vec![],
        vec!["surwey", &machine],
        vec!["survey"],
        vec!["survey", &machine, "--policy", "esx"],
        vec!["explain", &machine],
        vec!["explain", &machine, "-d", "gpus"],
        vec!["explain", &machine, "-d", "0000:77:00.0"],
        vec!["rules", "ABC123"],
        vec!["schema", "nothing"],
        vec!["survey", &machine, "--width", "10"],
        vec!["survey", &machine, "--format", "sarif"],
        vec!["rules", "--format", "junit"],
        vec!["lint", &machine, "--fail-on", "not-assignable"],
        vec!["lint", &machine, "-d", "0000:77:00.0"],
    ] {
        let output = assignable(&command);
        assert_eq!(code(&output), 2, "{command:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty(), "{command:?}");
        assert!(!output.stderr.is_empty(), "{command:?}");
    }
    let unknown = assignable(&["survey", &machine, "--policy", "esx"]);
    assert!(
        stderr(&unknown).contains("hyperv-2025"),
        "{}",
        stderr(&unknown)
    );
}

#[test]
fn nothing_readable_is_3_and_names_the_file() {
    let folder = Folder::new("unreadable");
    let cases: [(&str, &[u8]); 4] = [
        ("empty.txt", b""),
        (
            "picture.jpg",
            b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00",
        ),
        (
            "noise.bin",
            &[
                0x9e, 0x37, 0x79, 0xb9, 0x7f, 0x4a, 0x7c, 0x15, 0x00, 0x01, 0xfe, 0x80,
            ],
        ),
        ("prose.txt", b"Dear support,\nour server does not start.\n"),
    ];
    for (name, bytes) in cases {
        let path = folder.path(name);
        fs::write(&path, bytes).unwrap();
        let output = assignable(&["survey", &path]);
        assert_eq!(code(&output), 3, "{name}: {}", stderr(&output));
        assert!(
            stderr(&output).contains(name),
            "{name}: {}",
            stderr(&output)
        );
        assert!(output.stdout.is_empty(), "{name}");
    }
    let missing = folder.path("missing.txt");
    let output = assignable(&["survey", &missing]);
    assert_eq!(code(&output), 3);
    assert!(
        stderr(&output).contains("missing.txt"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_panic_is_caught_and_ends_in_5_with_a_message() {
    let output = assignable(&["rules", "--inject-panic"]);
    assert_eq!(code(&output), 5);
    assert!(output.stdout.is_empty());
    let message = stderr(&output);
    assert!(
        message.contains("internal error") && message.contains("report"),
        "{message}"
    );
}

#[test]
fn colours_are_for_terminals_unless_asked_for() {
    let folder = Folder::new("colour");
    let machine = folder.machine();
    let plain = stdout(&assignable(&["survey", &machine]));
    assert!(!plain.contains('\u{1b}'));
    let coloured = stdout(&assignable(&["survey", &machine, "--color", "always"]));
    assert!(coloured.contains('\u{1b}'));
    let output = Command::new(env!("CARGO_BIN_EXE_assignable"))
        .args(["survey", &machine])
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    assert_eq!(stdout(&output), plain);
}

#[test]
fn lines_keep_to_the_width_asked_for() {
    let folder = Folder::new("width");
    let machine = folder.machine();
    for width in [100, 120, 200] {
        let text = stdout(&assignable(&[
            "survey",
            &machine,
            "--width",
            &width.to_string(),
        ]));
        let commands =
            |line: &&str| !line.starts_with("  Linux:") && !line.starts_with("  Windows:");
        for line in text.lines().filter(commands) {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}

#[test]
fn a_changed_verdict_fails_where_it_shall() {
    let case = |name: &str| format!("{ROOT}/corpus/{name}");
    let folder = Folder::new("diff");
    let machine = |name: &str| -> String {
        let to = folder.path(&format!("{name}.zip"));
        let description = format!("{}/machine.toml", case(name));
        assert_eq!(code(&assignable(&["synth", &description, "-o", &to])), 0);
        to
    };
    let before = machine("update-before");
    let worse = machine("update-without-acs");
    let renumbered = machine("update-renumbered");
    let diff =
        |a: &str, b: &str, level: &str| code(&assignable(&["diff", a, b, "--fail-on", level]));
    assert_eq!(diff(&before, &worse, "verdict"), 1);
    assert_eq!(diff(&before, &worse, "worse"), 1);
    assert_eq!(diff(&worse, &before, "verdict"), 1);
    assert_eq!(diff(&worse, &before, "worse"), 0);
    assert_eq!(diff(&before, &renumbered, "change"), 0);
    assert_eq!(diff(&before, &worse, "change"), 1);
    assert_eq!(code(&assignable(&["diff", &before, &worse])), 0);
    let text = stdout(&assignable(&["diff", &before, &renumbered]));
    assert!(text.starts_with("Only bus numbers differ.\n"), "{text}");
}

#[test]
fn a_log_is_explained_from_a_file_and_from_standard_input() {
    let folder = Folder::new("log");
    let file = folder.path("ticket.txt");
    let line = "qemu: vfio 0000:01:00.0: group 1 is not viable\n";
    fs::write(&file, line).unwrap();
    let text = stdout(&assignable(&["explain-log", &file]));
    assert!(
        text.contains("VFI002") && text.contains("0000:01:00.0"),
        "{text}"
    );
    let utf16: Vec<u8> = [0xff_u8, 0xfe]
        .into_iter()
        .chain(line.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    fs::write(&file, utf16).unwrap();
    assert_eq!(stdout(&assignable(&["explain-log", &file])), text);
    assert_eq!(code(&assignable(&["explain-log", "/nonexistent"])), 3);
}

#[test]
fn every_command_has_its_manual_page() {
    let folder = Folder::new("man");
    let pages = folder.path("pages");
    assert_eq!(code(&assignable(&["man", "-o", &pages])), 0);
    let names: Vec<String> = fs::read_dir(&pages)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for command in ["", "-survey", "-report", "-diff", "-explain-log"] {
        assert!(
            names.contains(&format!("assignable{command}.1")),
            "{names:?}"
        );
    }
}

#[test]
fn a_format_that_a_command_lacks_is_wrong_usage() {
    let folder = Folder::new("formats");
    let machine = folder.machine();
    let dot = assignable(&["topology", &machine, "--format", "dot"]);
    assert_eq!(
        dot.stdout,
        assignable(&["topology", &machine, "--dot"]).stdout
    );
    let refused = assignable(&["rules", "--format", "svg"]);
    assert_eq!(code(&refused), 2);
    assert!(stderr(&refused).contains("it knows text, json"));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let folder = Folder::new("same");
    let machine = folder.machine();
    for command in [
        vec!["survey", &machine, "--format", "json"],
        vec!["survey", &machine],
        vec!["topology", &machine, "--dot"],
        vec!["topology", &machine, "--format", "svg"],
        vec!["decode", &machine, "--format", "json"],
    ] {
        let first = assignable(&command).stdout;
        assert_eq!(first, assignable(&command).stdout, "{command:?}");
    }
    let again = folder.path("again.zip");
    let description = folder.path("machine.toml");
    assert_eq!(code(&assignable(&["synth", &description, "-o", &again])), 0);
    assert_eq!(fs::read(&machine).unwrap(), fs::read(&again).unwrap());
}

#[test]
fn documents_name_their_schema_and_read_back_as_themselves() {
    let folder = Folder::new("documents");
    let machine = folder.machine();
    let document = |arguments: &[&str]| -> Value {
        let mut all = arguments.to_vec();
        all.extend(["--format", "json"]);
        serde_json::from_str(&stdout(&assignable(&all))).expect("the output is JSON")
    };
    fn same<T: serde::de::DeserializeOwned + serde::Serialize>(document: &Value, schema: &str) {
        assert_eq!(document["schema"], schema);
        let typed: T = serde_json::from_value(document.clone()).expect(schema);
        assert_eq!(serde_json::to_value(typed).unwrap(), *document, "{schema}");
    }
    same::<v1::Survey>(&document(&["survey", &machine]), "assignable.survey/1");
    same::<v1::Explain>(
        &document(&["explain", &machine, "-d", "nvme"]),
        "assignable.explain/1",
    );
    same::<v1::TopologyDocument>(&document(&["topology", &machine]), "assignable.topology/1");
    same::<v1::Decode>(&document(&["decode", &machine]), "assignable.decode/1");
    same::<v1::RuleIndex>(&document(&["rules"]), "assignable.rules/1");
    same::<v1::DiffDocument>(
        &document(&["diff", &machine, &machine]),
        "assignable.diff/1",
    );
    let log = folder.path("log.txt");
    fs::write(&log, "vfio 0000:01:00.0: group 1 is not viable\n").unwrap();
    same::<v1::MessagesDocument>(
        &document(&["explain-log", &log]),
        "assignable.explain-log/1",
    );
    same::<v1::LintDocument>(&document(&["lint", &machine]), "assignable.lint/1");
    let summary = document(&["lint", "--summary", &machine, &machine, &log]);
    same::<v1::LintSummaryDocument>(&summary, "assignable.lint-summary/1");
}

#[test]
fn a_lint_summary_counts_machines_by_what_each_rule_says_of_them() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/");
    let path = |name: &str| format!("{corpus}{name}");
    let (sound, odd, none) = (
        path("amd-units"),
        path("amd-units-odd"),
        path("conventional"),
    );
    let inputs = ["lint", "--summary", &sound, &odd, &none, "no-such-machine"];
    let text = stdout(&assignable(&inputs));
    assert!(
        text.starts_with("3 machines, 1 more that cannot be read\n"),
        "{text}"
    );
    let json = stdout(&assignable(&[&inputs[..], &["--format", "json"]].concat()));
    let document: Value = serde_json::from_str(&json).unwrap();
    let rules = document["rules"].as_array().unwrap();
    let of = |code: &str| rules.iter().find(|rule| rule["code"] == code).unwrap();
    let features = of("IOM029");
    let counts = ["fired", "clean", "not_applicable", "cannot_tell"];
    assert_eq!(
        counts.map(|key| features[key].as_u64().unwrap()),
        [1, 1, 1, 0]
    );
    assert_eq!(features["machines"][0]["machine"], odd.as_str());
    // Each machine is counted once, by the worst of its answers.
    for rule in rules {
        let sum: u64 = counts.iter().map(|key| rule[key].as_u64().unwrap()).sum();
        assert_eq!(sum, 3, "{}", rule["code"]);
    }
}

#[test]
fn every_schema_that_is_listed_can_be_printed() {
    let names = stdout(&assignable(&["schema"]));
    assert!(names.lines().count() >= 6);
    for name in names.lines() {
        let schema: Value = serde_json::from_str(&stdout(&assignable(&["schema", name]))).unwrap();
        assert!(schema["properties"].is_object(), "{name}");
    }
}

#[test]
fn every_rule_that_is_listed_has_its_page() {
    let index = stdout(&assignable(&["rules"]));
    for line in index.lines() {
        let code = line.split_whitespace().next().unwrap();
        let page = stdout(&assignable(&["rules", code]));
        assert!(page.starts_with(&format!("# {code} ")), "{code}");
        assert!(page.contains("## References"), "{code}");
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = Folder::new("pipe");
    let machine = folder.machine();
    let mut child = Command::new(env!("CARGO_BIN_EXE_assignable"))
        .args(["decode", &machine, "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(output.stderr.is_empty(), "{}", stderr(&output));
}

#[test]
fn importing_stores_what_verify_then_finds_intact() {
    let folder = Folder::new("import");
    let machine = folder.machine();
    for name in ["copy.zip", "copy"] {
        let copy = folder.path(name);
        let output = assignable(&["import", &machine, "-o", &copy]);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let output = assignable(&["verify", &copy]);
        assert_eq!(code(&output), 0, "{}{}", stdout(&output), stderr(&output));
        let survey = |path: &str| assignable(&["survey", path, "--format", "json"]).stdout;
        assert_eq!(survey(&copy), survey(&machine), "{name}");
    }
    let config = Path::new(&folder.path("copy")).join("pci/0000-01-00.0/config");
    let mut bytes = fs::read(&config).unwrap();
    bytes[0] ^= 1;
    fs::write(&config, bytes).unwrap();
    let output = assignable(&["verify", &folder.path("copy")]);
    assert_eq!(code(&output), 1);
    assert!(
        stdout(&output).contains("pci/0000-01-00.0/config"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn verify_says_for_programs_what_was_expected_and_what_was_found() {
    let folder = Folder::new("verify-json");
    let machine = folder.machine();
    let copy = folder.path("copy");
    let output = assignable(&["import", &machine, "-o", &copy]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let member = |name: &str| Path::new(&copy).join(name);
    let config = "pci/0000-01-00.0/config";
    let length = fs::read(member(config)).unwrap().len();
    let mut changed = fs::read(member(config)).unwrap();
    changed[0] ^= 1;
    fs::write(member(config), &changed).unwrap();
    let gone = "pci/0000-01-00.0/properties.json";
    fs::remove_file(member(gone)).unwrap();
    let manifest = fs::read(member("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    let output = assignable(&["verify", &copy, "--format", "json"]);
    assert_eq!(code(&output), 1);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let schema = assignable(&["schema", "verify"]).stdout;
    let schema = serde_json::from_slice(&schema).unwrap();
    jsonschema::validate(&schema, &document).unwrap();
    assert_eq!(document["intact"], false);
    let of = |kind: &str| {
        let differences = document["differences"].as_array().unwrap();
        let mut of_kind = differences.iter().filter(|one| one["kind"] == kind);
        let one = of_kind.next().unwrap().clone();
        assert!(of_kind.next().is_none());
        one
    };
    assert_eq!(of("missing")["member"], gone);
    assert_eq!(of("missing")["expected"], manifest["files"][gone]);
    let hash = of("hash");
    assert_eq!(hash["member"], config);
    assert_eq!(
        hash["expected"]["sha256"],
        manifest["files"][config]["sha256"]
    );
    assert_ne!(hash["found"]["sha256"], hash["expected"]["sha256"]);
    fs::write(member(config), &changed[1..]).unwrap();
    let output = assignable(&["verify", &copy, "--format", "json"]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let differences = document["differences"].as_array().unwrap();
    let cut = differences.iter().find(|one| one["kind"] == "length");
    let cut = cut.unwrap();
    assert_eq!(cut["expected"]["length"], length);
    assert_eq!(cut["found"]["length"], length - 1);
}

#[test]
fn a_listing_of_names_is_shown_in_its_words_and_selected_by_class() {
    let folder = Folder::new("names");
    let listing = folder.path("lspci.txt");
    let text = "00:01.0 PCI bridge: Some Vendor Bridge\n\
                01:00.0 Non-Volatile memory controller: Some Vendor Drive\n\
                02:00.0 Ethernet controller: Some Vendor Card\n";
    fs::write(&listing, text).unwrap();
    let survey = assignable(&["survey", &listing]);
    assert_eq!(code(&survey), 0, "{}", stderr(&survey));
    let survey = stdout(&survey);
    assert!(survey.contains("Some Vendor Drive"), "{survey}");
    assert!(!survey.contains("Some Vendor Bridge"), "{survey}");
    let explain = assignable(&["explain", &listing, "-d", "nvme"]);
    assert_eq!(code(&explain), 0, "{}", stderr(&explain));
    let explain = stdout(&explain);
    assert!(
        explain.starts_with("0000:01:00.0  Non-Volatile memory controller: Some Vendor Drive"),
        "{explain}"
    );
    let none = assignable(&["explain", &listing, "-d", "gpu"]);
    assert_eq!(code(&none), 2);
    assert!(
        stderr(&none).contains("no device of the capture matches class:03"),
        "{}",
        stderr(&none)
    );
}
