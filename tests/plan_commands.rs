//! `mmio`, `simulate`, `what-if`, `fix` and `place` as they are typed: what they print is what
//! their schemas say, and the text has the answer.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a test fails by panicking, and runs the program"
)]

use std::process::{Command, Output};

use assignable::report::json::v1;
use serde_json::Value;

fn assignable(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_assignable"))
        .args(arguments)
        .output()
        .unwrap()
}

fn text(arguments: &[&str]) -> String {
    let output = assignable(arguments);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {message}");
    String::from_utf8(output.stdout).unwrap()
}

/// The document of a command: as its schema has it, and with nothing that its type lacks.
fn document<T: serde::de::DeserializeOwned + serde::Serialize>(
    schema: &str,
    arguments: &[&str],
) -> Value {
    let document = text(&[arguments, &["--format", "json"]].concat());
    let document: Value = serde_json::from_str(&document).unwrap();
    let schema: Value = serde_json::from_str(&text(&["schema", schema])).unwrap();
    jsonschema::validate(&schema, &document)
        .unwrap_or_else(|error| panic!("{arguments:?}: {error}"));
    let typed: T = serde_json::from_value(document.clone()).unwrap();
    assert_eq!(
        serde_json::to_value(typed).unwrap(),
        document,
        "{arguments:?}"
    );
    document
}

fn capture(name: &str) -> String {
    format!("{}/corpus/{name}/capture", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn mmio_answers_what_would_fit() {
    let machine = capture("lab-sriov-intel");
    let questions = [
        "mmio",
        &machine,
        "--vfs",
        "02:00.0=7",
        "--vfs",
        "02:00.0=8",
        "--add-card",
        "00:02.0=mem32:16M,mem64p:32G",
        "-d",
        "02:00.0",
    ];
    let answer = document::<v1::MmioDocument>("mmio", &questions);
    let rooms = answer["virtual_functions"].as_array().unwrap();
    assert_eq!(rooms[0]["fits"], true);
    // The kernel's log: VF BAR 0 [mem 0xfe800000-0xfe81ffff 64bit pref]: assigned.
    assert_eq!(rooms[0]["placed"][0]["first"], "0xfe800000");
    assert_eq!(rooms[0]["buses"]["last"], 2);
    assert_eq!(
        (&rooms[1]["fits"], &rooms[1]["most"]),
        (&false.into(), &7.into())
    );
    // 16 MiB do not fit in the port's 2 MiB, whose other user stays.
    assert_eq!(answer["wishes"][0]["fits"], false);
    assert_eq!(answer["wishes"][0]["shortfall"]["needed"], "0x1000000");
    let words = text(&questions);
    assert!(
        words.contains("0000:02:00.0 with 7 virtual functions: fit\n"),
        "{words}"
    );
    assert!(words.contains("0000:02:00.0 with 8 virtual functions: do not fit\n"));
    assert!(words.contains("at most      7, as the driver has it; the hardware has 8\n"));
    assert!(words.contains("7 x 16 KiB = 112 KiB, 64-bit prefetchable memory\n"));
    // A controller without the capability, and what is no number.
    for (wrong, part) in [
        ("00:1f.2=1", "no SR-IOV capability"),
        ("02:00.0", "DEVICE=COUNT"),
        ("02:00.0=many", "DEVICE=COUNT"),
    ] {
        let output = assignable(&["mmio", &machine, "--vfs", wrong]);
        assert_eq!(output.status.code(), Some(2), "{wrong}");
        assert!(
            String::from_utf8_lossy(&output.stderr).contains(part),
            "{wrong}"
        );
    }
}

#[test]
fn what_cannot_be_told_names_what_would_settle_it() {
    // Only the listing: sizes of VF BARs are in no register.
    let machine = capture("lab-sriov-intel");
    let folder = std::env::temp_dir().join(format!("assignable-{}-vfs", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let hex = folder.join("lspci.txt");
    std::fs::write(&hex, text(&["decode", &machine, "--hex"])).unwrap();
    let hex = hex.to_str().unwrap();
    let words = text(&["mmio", hex, "--vfs", "02:00.0=7"]);
    assert!(
        words.contains("0000:02:00.0 with 7 virtual functions: cannot tell\n"),
        "{words}"
    );
    assert!(
        words.contains("the size of VF BAR 0 and 3 is needed"),
        "{words}"
    );
    let answer = document::<v1::MmioDocument>("mmio", &["mmio", hex, "--vfs", "02:00.0=7"]);
    let room = &answer["virtual_functions"][0];
    assert!(room.get("fits").is_none());
    assert_eq!(room["unsized_bars"], serde_json::json!([0, 3]));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn plans_are_printed_as_their_schemas_have_them() {
    let machine = capture("lab-noacs-intel");
    let answer = document::<v1::WhatIfDocument>(
        "what-if",
        &["what-if", &machine, "--set", "acs@00:02.0=on"],
    );
    assert_ne!(answer["groups_before"], answer["groups_after"]);
    let answer = document::<v1::FixDocument>("fix", &["fix", &machine, "-d", "01:00.0"]);
    assert!(answer["devices"][0]["fixes"].is_array(), "{answer}");
    document::<v1::PlaceDocument>(
        "place",
        &["place", &machine, "--want", "nvme=1", "-p", "vfio"],
    );
    document::<v1::SimulationDocument>(
        "simulation",
        &[
            "simulate",
            &machine,
            "--vm",
            "it's <a> \"guest\"",
            "--assign",
            "01:00.0",
            "-p",
            "vfio",
        ],
    );
}

/// A drive behind a switch whose downstream port has ACS, below a root port that has none; another
/// root port is empty and has it.
const SWITCH: &str = "[[root]]\n[[root.device]]\nkind = 'root-port'\nat = '01.0'\nacs = 'none'\n\
                      [[root.device.device]]\nkind = 'upstream-port'\n\
                      [[root.device.device.device]]\nkind = 'downstream-port'\n\
                      [[root.device.device.device.device]]\nclass = 'nvme'\nflr = true\n\
                      [[root.device]]\nkind = 'root-port'\nat = '02.0'\n";

#[test]
fn a_card_with_a_switch_moves_and_fix_proposes_it() {
    let folder = std::env::temp_dir().join(format!("assignable-{}-switch", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (description, machine) = (folder.join("machine.toml"), folder.join("machine.zip"));
    std::fs::write(&description, SWITCH).unwrap();
    let (description, machine) = (description.to_str().unwrap(), machine.to_str().unwrap());
    assert!(
        assignable(&["synth", description, "-o", machine])
            .status
            .success()
    );
    let change = ["what-if", machine, "--set", "slot@01:00.0=00:02.0"];
    let answer = document::<v1::WhatIfDocument>("what-if", &change);
    let changed = answer["verdicts"].as_array().unwrap().iter();
    let mut drive =
        changed.filter(|one| one["policy"] == "hyperv-2025" && one["address"] == "0000:03:00.0");
    let drive = drive.next().unwrap();
    // Buses 04 05 06: below the second port, one after the other.
    assert_eq!(drive["address_after"], "0000:06:00.0");
    let has = |when: &str| {
        let codes = drive[when]["codes"].as_array().unwrap();
        codes.iter().any(|code| code == "ACS001")
    };
    assert!(has("before") && !has("after"), "{drive}");
    let words = text(&change);
    assert!(words.contains("numbered anew"), "{words}");
    let fix = text(&["fix", machine, "-d", "nvme"]);
    assert!(fix.contains("slot@0000:01:00.0=0000:00:02.0"), "{fix}");
    // Where a card sits already, none is put.
    let refused = assignable(&["what-if", machine, "--set", "slot@03:00.0=00:01.0"]);
    assert_eq!(refused.status.code(), Some(2));
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        message.contains("something sits below 0000:00:01.0 already"),
        "{message}"
    );
    std::fs::remove_dir_all(&folder).unwrap();
}
