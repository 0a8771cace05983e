//! One server, as the PowerShell collector sees it under Windows, and as its registers are under
//! Linux. `windows_server/host.json` is written from Microsoft's documents about the properties,
//! `windows_server/linux.toml` from the specifications of the registers: neither was made from
//! the other.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![expect(clippy::disallowed_methods, reason = "the test runs the program")]

use std::process::Command;

use assignable::addr::Sbdf;
use assignable::analysis::Facts;
use assignable::capture::Capture;
use assignable::host::Host;
use assignable::import::{Input, import};
use assignable::policy::Policy;
use assignable::profile::{Profile, ScriptVerdict};
use assignable::rules::{self, RuleRun};
use assignable::synth::hex::lspci_text;
use assignable::synth::synthesise;
use assignable::topology::{LocationPath, Topology};
use assignable::verdict::{Decision, Verdict};

const EXPORT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/windows_server/host.json"
);
const POLICIES: [Policy; 4] = [
    Policy::HyperV2016,
    Policy::HyperV2019,
    Policy::HyperV2022,
    Policy::HyperV2025,
];

/// Each device, its path, and whether Hyper-V can assign it.
const DEVICES: [(&str, &str, Verdict); 9] = [
    (
        "0000:00:1a.0",
        "PCIROOT(0)#PCI(1A00)",
        Verdict::NotAssignable,
    ),
    (
        "0000:00:1f.2",
        "PCIROOT(0)#PCI(1F02)",
        Verdict::NotAssignable,
    ),
    (
        "0000:01:00.0",
        "PCIROOT(0)#PCI(0100)#PCI(0000)",
        Verdict::Assignable,
    ),
    (
        "0000:02:00.0",
        "PCIROOT(0)#PCI(0200)#PCI(0000)",
        Verdict::Assignable,
    ),
    (
        "0000:05:00.0",
        "PCIROOT(0)#PCI(0300)#PCI(0000)#PCI(0800)#PCI(0000)",
        Verdict::NotAssignable,
    ),
    (
        "0000:06:00.0",
        "PCIROOT(0)#PCI(0300)#PCI(0000)#PCI(1000)#PCI(0000)",
        Verdict::NotAssignable,
    ),
    (
        "0000:81:00.0",
        "PCIROOT(80)#PCI(0200)#PCI(0000)",
        Verdict::NotAssignable,
    ),
    (
        "0000:82:00.0",
        "PCIROOT(80)#PCI(0300)#PCI(0000)",
        Verdict::NotAssignable,
    ),
    (
        "0000:82:00.1",
        "PCIROOT(80)#PCI(0300)#PCI(0001)",
        Verdict::NotAssignable,
    ),
];

fn windows() -> Capture {
    let bytes = std::fs::read(EXPORT).unwrap();
    let name = "host.json".to_owned();
    let import = import(&[Input::Bytes { name, bytes }]);
    assert!(import.errors.is_empty(), "{:?}", import.errors);
    import.capture
}

fn linux() -> Capture {
    synthesise(include_str!("windows_server/linux.toml")).unwrap()
}

fn analysed<T>(capture: &Capture, look: impl FnOnce(&Facts<'_, '_>, &RuleRun) -> T) -> T {
    let host = Host::from_capture(capture);
    let topology = Topology::of(&host);
    let facts = Facts::of(&host, &topology);
    let run = rules::run(&facts);
    look(&facts, &run)
}

fn at(text: &str) -> Sbdf {
    text.parse().unwrap()
}

fn program(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_assignable"))
        .args(arguments)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn both_systems_lead_to_the_same_verdicts_and_paths() {
    for (system, capture) in [("windows", windows()), ("linux", linux())] {
        analysed(&capture, |facts, run| {
            for (address, path, verdict) in DEVICES {
                let id = facts.host.find(at(address)).unwrap();
                let found = LocationPath::of(facts.host, facts.topology, id).unwrap();
                assert_eq!(found.to_string(), path, "{system} {address}");
                for policy in POLICIES {
                    let decision = Decision::of(run, policy, id);
                    let conditions: Vec<&str> = decision
                        .conditions
                        .iter()
                        .map(|finding| finding.rule().code)
                        .collect();
                    // The card is disabled: Windows gives it no memory, so that only the
                    // registers tell of its BAR of 16 GiB, which needs a larger gap.
                    let expected = match (system, address) {
                        ("linux", "0000:02:00.0") => {
                            assert_eq!(conditions, ["BAR005"]);
                            Verdict::AssignableWithConditions
                        }
                        _ => verdict,
                    };
                    assert_eq!(decision.verdict, expected, "{system} {address} {policy}");
                }
            }
        });
    }
}

/// What stands against each device. Windows says in one value (ACS008) what the registers show
/// hop by hop (ACS001, ACS002); with both from Windows, both are said.
#[test]
fn both_systems_name_the_same_reasons() {
    let expected = [
        ("0000:00:1a.0", &["DDA001", "INT001", "RSV001"][..]),
        ("0000:00:1f.2", &["ACS002", "DDA001"]),
        ("0000:01:00.0", &[]),
        ("0000:02:00.0", &[]),
        ("0000:05:00.0", &["ACS001"]),
        ("0000:06:00.0", &["ACS001"]),
        ("0000:81:00.0", &["RSV001"]),
        ("0000:82:00.0", &["ACS002"]),
        ("0000:82:00.1", &["ACS002"]),
    ];
    for (system, capture) in [("windows", windows()), ("linux", linux())] {
        analysed(&capture, |facts, run| {
            for (address, codes) in expected {
                let id = facts.host.find(at(address)).unwrap();
                let decision = Decision::of(run, Policy::HyperV2022, id);
                let mut found: Vec<&str> = decision
                    .blockers
                    .iter()
                    .map(|finding| finding.rule().code)
                    .collect();
                let summary = found.contains(&"ACS008");
                found.retain(|&code| code != "ACS008");
                found.sort_unstable();
                assert_eq!(found, codes, "{system} {address}");
                // Zero up the hierarchy is reported of these, and of conventional functions.
                let isolation = codes
                    .iter()
                    .any(|code| code.starts_with("ACS") || *code == "DDA001");
                assert_eq!(summary, isolation && system == "windows", "{address}");
            }
        });
    }
}

/// Microsoft's script, followed by hand: its checks in order (SurveyDDA.ps1, revision 1).
#[test]
fn the_survey_script_would_say_the_same_of_both() {
    let expected = [
        ("0000:00:1a.0", ScriptVerdict::NotAssignable),
        ("0000:00:1f.2", ScriptVerdict::NotAssignable),
        ("0000:01:00.0", ScriptVerdict::Assignable),
        ("0000:05:00.0", ScriptVerdict::NotAssignable),
        ("0000:06:00.0", ScriptVerdict::NotAssignable),
        ("0000:81:00.0", ScriptVerdict::NotAssignable),
        ("0000:82:00.0", ScriptVerdict::NotAssignable),
        ("0000:82:00.1", ScriptVerdict::NotAssignable),
    ];
    for (system, capture) in [("windows", windows()), ("linux", linux())] {
        analysed(&capture, |facts, _| {
            let answers = Profile::SurveyDda.replay(facts);
            for (address, verdict) in expected {
                let id = facts.host.find(at(address)).unwrap();
                let answer = answers.iter().find(|answer| answer.id == id).unwrap();
                assert_eq!(answer.verdict, verdict, "{system} {address}");
            }
        });
    }
    // The card is disabled, which Linux does not know of.
    analysed(&windows(), |facts, _| {
        let id = facts.host.find(at("0000:02:00.0")).unwrap();
        let answers = Profile::SurveyDda.replay(facts);
        let answer = answers.iter().find(|answer| answer.id == id).unwrap();
        assert_eq!(answer.verdict, ScriptVerdict::Maybe);
    });
}

#[test]
fn the_two_captures_join_into_one_machine() {
    let registers = lspci_text(&linux()).unwrap().into_bytes();
    let joined = import(&[
        Input::Path(EXPORT.into()),
        Input::Bytes {
            name: "lspci.txt".to_owned(),
            bytes: registers,
        },
    ]);
    assert!(joined.errors.is_empty(), "{:?}", joined.errors);
    // The host bridge is a function to Linux alone.
    assert_eq!(joined.capture.functions.len(), linux().functions.len());
    analysed(&joined.capture, |facts, run| {
        for (address, path, verdict) in DEVICES {
            let id = facts.host.find(at(address)).unwrap();
            let found = LocationPath::of(facts.host, facts.topology, id).unwrap();
            assert_eq!(found.to_string(), path);
            let found = Decision::of(run, Policy::HyperV2022, id).verdict;
            assert_eq!(found, verdict, "{address}");
        }
    });
}

#[test]
fn the_survey_prints_verdict_path_and_memory_of_each_device() {
    let text = program(&["survey", EXPORT, "--policy", "hyperv-2022"]);
    for (address, path, verdict) in DEVICES {
        let line = text.lines().find(|line| line.starts_with(address)).unwrap();
        let word = match verdict {
            Verdict::Assignable => " yes",
            _ => " no ",
        };
        assert!(line.contains(word), "{line}");
        assert!(text.contains(path));
    }
    assert!(text.contains("hyperv-2022: can assign devices, as Windows reports"));
    assert!(text.contains("16 KiB  yes"), "{text}");
}

#[test]
fn an_explanation_shows_every_hop_as_windows_reports_it() {
    let text = program(&["explain", EXPORT, "--device", "0000:05:00.0"]);
    for line in [
        "0000:00:03.0 root port: ACS SV TB RR CR UF DT, as Windows reports",
        "0000:03:00.0 upstream port: no ACS, and needs none, as Windows reports",
        "0000:04:08.0 downstream port: no ACS, as Windows reports",
        "AcsSupport: 2 (missing)",
        "AcsCompatibleUpHierarchy: 0 (not supported)",
        "ACS001 downstream port 0000:04:08.0 has no ACS",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let good = program(&["explain", EXPORT, "--device", "0000:01:00.0"]);
    assert!(good.contains("able to isolate  yes"), "{good}");
}
