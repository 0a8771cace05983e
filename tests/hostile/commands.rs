//! The program itself, with every command, in every format that it has.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use assignable::capture;

use super::machine::{self, PAYLOADS};
use super::{assert_inert_markdown, assert_own_markup, assert_plain};

/// A folder of a test's own.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("hostile-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What the program says, having said nothing harmful on its standard error either.
fn run(arguments: &[&str]) -> String {
    let output: Output = Command::new(env!("CARGO_BIN_EXE_assignable"))
        .args(arguments)
        .output()
        .unwrap();
    let complaints = String::from_utf8(output.stderr).unwrap();
    assert_plain(&format!("standard error of {arguments:?}"), &complaints);
    assert_ne!(output.status.code(), Some(5), "{arguments:?}: {complaints}");
    assert_ne!(output.status.code(), Some(2), "{arguments:?}: {complaints}");
    String::from_utf8(output.stdout).unwrap()
}

/// The hostile machine, and one with other texts in the same places.
fn captures(folder: &Folder) -> [String; 2] {
    let before = machine::hostile();
    let mut after = before.clone();
    for (index, record) in after.functions.values_mut().enumerate() {
        let p = &mut record.properties;
        let texts = [
            &mut p.driver,
            &mut p.power_state,
            &mut p.slot,
            &mut p.acpi_path,
        ];
        for text in texts.into_iter().flatten() {
            text.value = PAYLOADS[index % PAYLOADS.len()].to_owned();
        }
    }
    [("before.zip", before), ("after.zip", after)].map(|(name, capture)| {
        let path = folder.path(name);
        capture::to_zip_file(&capture, Path::new(&path)).unwrap();
        path
    })
}

#[test]
fn every_command_is_harmless_in_every_format() {
    let folder = Folder::new("commands");
    let [file, other] = captures(&folder);
    let page = folder.path("page.html");
    let device = "0000:01:00.0";
    let calls: &[&[&str]] = &[
        &["survey", &file, "--all", "-v"],
        &["survey", &file, "--profile", "surveydda"],
        &["survey", &file, "--profile", "lisa"],
        &["explain", &file, "--device", device],
        &["lint", &file, "--all"],
        &["topology", &file],
        &["groups", &file],
        &["groups", &file, "--p2p", "all"],
        &["mmio", &file],
        &["mmio", &file, "--device", device],
        &["simulate", &file, "--vm", "guest", "--assign", device],
        &[
            "simulate",
            &file,
            "--vm",
            "guest",
            "--assign",
            device,
            "--emit",
            "powershell",
            "--anyway",
        ],
        &[
            "simulate", &file, "--vm", "guest", "--assign", device, "--emit", "libvirt",
            "--anyway", "-p", "vfio",
        ],
        &["what-if", &file, "--set", "iommu=on"],
        &["fix", &file, "--device", device],
        &["place", &file, "--want", "0000:01:00.0=1"],
        &["decode", &file],
        &["decode", &file, "--offsets"],
        &["decode", &file, "--hex"],
        &["diff", &file, &other, "--all"],
        &["verify", &file],
        &["redact", &file, "-o", &folder.path("redacted.zip")],
        &["import", &file, "-o", &folder.path("imported.zip")],
        &["corpus", folder.0.to_str().unwrap()],
    ];
    let mut told = 0;
    for call in calls {
        let text = run(call);
        assert_plain(&format!("{call:?}"), &text);
        told += usize::from(text.contains("\\u{1b}[2J"));
        // These print what is for reading or pasting alone.
        if ["--hex", "--emit", "import"]
            .iter()
            .all(|option| !call.contains(option))
        {
            let json = run(&[call, &["--format", "json"][..]].concat());
            assert_json(&format!("{call:?}"), &json);
        }
    }
    assert!(told > 5, "only {told} commands show a payload at all");
    for call in [
        &["survey", &file][..],
        &["explain", &file, "--device", device],
        &["groups", &file],
        &["diff", &file, &other],
    ] {
        let text = run(&[call, &["--format", "markdown"]].concat());
        assert_inert_markdown(call[0], &text);
    }
    run(&["report", &file, "-o", &page]);
    assert_own_markup("the page", &std::fs::read_to_string(&page).unwrap());
    assert_own_markup("diff", &run(&["diff", &file, &other, "--format", "html"]));
    for call in [
        &["topology", &file][..],
        &["mmio", &file, "--device", device],
        &["simulate", &file, "--vm", "guest", "--assign", device],
    ] {
        let picture = run(&[call, &["--format", "svg"]].concat());
        assert_own_markup(call[0], &picture);
        assert_xml(call[0], &picture);
    }
    assert_plain("DOT", &run(&["topology", &file, "--format", "dot"]));
    assert_json(
        "SARIF",
        &run(&["lint", &file, "--all", "--format", "sarif"]),
    );
    for call in [
        &["lint", &file, "--all"][..],
        &["corpus", folder.0.to_str().unwrap()],
    ] {
        let junit = run(&[call, &["--format", "junit"]].concat());
        assert_plain("JUnit", &junit);
        assert_xml("JUnit", &junit);
    }
}

/// Well-formed, and no control character stands in it raw.
fn assert_json(what: &str, text: &str) {
    let raw = text.chars().find(|ch| ch.is_control() && *ch != '\n');
    assert_eq!(raw, None, "{what}");
    if !text.is_empty() {
        let value: Result<serde_json::Value, _> = serde_json::from_str(text);
        assert!(value.is_ok(), "{what}: {:?}", value.err());
    }
}

fn assert_xml(what: &str, text: &str) {
    let mut reader = quick_xml::Reader::from_str(text);
    loop {
        match reader.read_event() {
            Ok(quick_xml::events::Event::Eof) => break,
            Ok(_) => {}
            Err(error) => panic!("{what} is not well-formed: {error}"),
        }
    }
}

/// Names of files that a spreadsheet, a terminal or a browser would obey. Unix takes them all.
#[cfg(unix)]
#[test]
fn names_of_files_are_harmless_in_every_list() {
    const NAMES: &[&str] = &[
        "=cmd|' C calc'!A0",
        "+1+1",
        "-1+1",
        "@SUM(1,1)",
        "\t=1+1",
        "\r=1+1",
        " =1+1",
        "＝1+1",
        "<script>window.stolen=1",
        "\"><img src=x onerror=1>",
        "\u{1b}[2J\u{7}",
        "\u{202e}desrever",
        "a,b\"c\nd",
    ];
    let folder = Folder::new("names");
    let small = assignable::synth::synthesise("[[root]]\ndevice = [{ class = \"nvme\" }]").unwrap();
    let whole = folder.0.join("machines");
    std::fs::create_dir_all(&whole).unwrap();
    for (index, name) in NAMES.iter().enumerate() {
        let path = whole.join(format!("{name}.zip"));
        if index % 2 == 0 {
            capture::to_zip_file(&small, &path).unwrap();
        } else {
            std::fs::write(&path, "no dump at all").unwrap();
        }
    }
    let whole = whole.to_str().unwrap();
    for format in ["text", "csv", "junit"] {
        assert_plain(format, &run(&["corpus", whole, "--format", format]));
    }
    for format in ["json", "jsonl"] {
        for line in run(&["corpus", whole, "--format", format]).lines() {
            let raw = line.chars().find(|ch| ch.is_control());
            assert_eq!(raw, None, "{format}");
        }
    }
    let table = run(&["corpus", whole, "--format", "csv"]);
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let mut names = std::collections::BTreeSet::new();
    for row in reader.records() {
        let row = row.unwrap();
        assert_eq!(row.len(), 9);
        names.insert(row[0].to_owned());
        for cell in &row {
            let first = cell.trim_start().chars().next();
            let formula = first.is_some_and(|first| "=+-@\t\r＝＋－＠".contains(first));
            assert!(!formula, "a spreadsheet would calculate {cell:?}");
        }
    }
    assert_eq!(names.len(), NAMES.len(), "every machine has its rows");
}
