//! Every scenario of the corpus, played: what is refused, by which rule, and what is left.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![expect(clippy::disallowed_methods, reason = "scenarios are files")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use assignable::analysis::Facts;
use assignable::corpus::{self, Case};
use assignable::host::Host;
use assignable::names::Names;
use assignable::report::{self, Layout, Palette, Report, SimulationReport};
use assignable::rules::{self, Check, RULES, StepFinding};
use assignable::sim::assign::{self, DeviceState, Scenario, Simulation, instance};
use assignable::topology::{LocationPath, Topology};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// Every scenario file, by case and name.
fn files() -> Vec<(String, PathBuf)> {
    let mut files = Vec::new();
    for case in std::fs::read_dir(root()).unwrap() {
        let case = case.unwrap();
        let Ok(entries) = std::fs::read_dir(case.path().join("scenarios")) else {
            continue;
        };
        for entry in entries {
            let name = case.file_name().into_string().unwrap();
            files.push((name, entry.unwrap().path()));
        }
    }
    files.sort();
    files
}

fn case(name: &str) -> Case {
    corpus::load_case(&root(), name).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Plays a scenario on a case and hands everything on.
fn played<T>(
    case: &Case,
    scenario: &Scenario,
    show: impl FnOnce(&Report<'_>, &Simulation, &[StepFinding]) -> T,
) -> T {
    let host = Host::from_capture(&case.capture);
    let topology = Topology::of(&host);
    let facts = Facts::of(&host, &topology);
    let run = rules::run(&facts);
    let names = Names::built_in();
    let policies = [scenario.platform.policy()];
    let report = Report {
        facts: &facts,
        run: &run,
        names: &names,
        policies: &policies,
    };
    let gates = rules::gates(&facts, &run, scenario.platform.policy());
    let simulation = assign::play(&facts, scenario, &gates).unwrap();
    let findings = rules::judge(&simulation);
    show(&report, &simulation, &findings)
}

fn scenario(case_name: &str, name: &str) -> (Case, Scenario) {
    let path = root().join(case_name).join("scenarios").join(name);
    let text = std::fs::read_to_string(path.with_extension("toml")).unwrap();
    (case(case_name), Scenario::parse(&text).unwrap())
}

#[test]
fn every_scenario_is_refused_by_the_rules_that_it_names_and_no_others() {
    let files = files();
    assert!(files.len() >= 50, "only {} scenarios", files.len());
    let layout = Layout {
        width: 120,
        palette: Palette::plain(),
        all: false,
    };
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(root().join("../snapshots/scenarios"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut fired: BTreeSet<&str> = BTreeSet::new();
    let mut loaded: Option<Case> = None;
    for (case_name, path) in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let scenario = Scenario::parse(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let case = match loaded.take().filter(|case| case.name == case_name) {
            Some(case) => case,
            None => case(&case_name),
        };
        played(&case, &scenario, |report, simulation, findings| {
            let refusals: BTreeSet<&str> = findings
                .iter()
                .filter(|found| found.refuses)
                .map(|found| found.finding.rule().code)
                .collect();
            let expected = scenario
                .expect_refusals
                .as_ref()
                .expect("says what it expects");
            let expected: BTreeSet<&str> = expected.iter().map(String::as_str).collect();
            assert_eq!(refusals, expected, "{}", path.display());
            assert_eq!(simulation.succeeds(), refusals.is_empty());
            fired.extend(findings.iter().map(|found| found.finding.rule().code));
            let remarks: usize = simulation.steps.iter().map(|step| step.remarks.len()).sum();
            assert_eq!(findings.len(), remarks, "a remark without a rule");
            let shown = SimulationReport {
                title: scenario.title.as_deref(),
                simulation,
                findings,
            };
            let text = report::simulate(report, layout, &shown);
            let name = path.file_stem().unwrap().to_str().unwrap();
            settings.bind(|| insta::assert_snapshot!(format!("{case_name}-{name}"), text));
        });
        loaded = Some(case);
    }
    let silent: Vec<&str> = RULES
        .iter()
        .filter(|rule| matches!(rule.check, Check::Step(_)))
        .map(|rule| rule.code)
        .filter(|code| !fired.contains(code))
        .collect();
    assert_eq!(
        silent,
        Vec::<&str>::new(),
        "rules that no scenario triggers"
    );
}

/// Kinds of remarks that never refuse a step.
const WARNINGS: [&str; 12] = [
    "LeftDismounted",
    "Forced",
    "Unsettled",
    "StopActionOpen",
    "Nested",
    "CacheTypes",
    "SizesUnknown",
    "GapsOpen",
    "HotRemove",
    "NoReset",
    "AcsOverride",
    "LeftBound",
];

/// What the state machine can say, by its source.
fn kinds() -> BTreeSet<String> {
    let path = root().join("../src/sim/assign/remark.rs");
    let text = std::fs::read_to_string(path).unwrap();
    let (_, list) = text.split_once("pub enum Kind {\n").unwrap();
    let (list, _) = list.split_once("\n}\n").unwrap();
    list.lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(|ch: char| ch.is_ascii_uppercase()))
        .map(word)
        .collect()
}

/// The first word of a variant as it is declared, or printed by `Debug`.
fn word(text: &str) -> String {
    text.chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect()
}

/// Kinds of remarks that refuse on one platform and warn on another.
const EITHER: [&str; 2] = ["Clustered", "NoFunctionReset"];

/// Whatever can refuse a step does so in some scenario of the corpus, with the code of one rule;
/// whatever can warn does that.
#[test]
fn each_refusal_and_each_warning_has_a_scenario_and_a_code() {
    let mut codes: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    let mut warnings: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    for (case_name, path) in files() {
        let (case, scenario) = scenario(&case_name, path.file_stem().unwrap().to_str().unwrap());
        played(&case, &scenario, |_, simulation, findings| {
            for (index, step) in simulation.steps.iter().enumerate() {
                let about = findings.iter().filter(|found| found.played == index);
                for (remark, found) in step.remarks.iter().zip(about) {
                    assert_eq!(remark.refuses, found.refuses);
                    let kind = word(&format!("{:?}", remark.kind));
                    let own = if remark.refuses {
                        &mut codes
                    } else {
                        &mut warnings
                    };
                    let code = found.finding.rule().code;
                    own.entry(kind).or_default().insert(code);
                }
            }
        });
    }
    let kinds = kinds();
    assert!(kinds.len() >= 40, "{kinds:?}");
    let refusing: BTreeSet<String> = kinds
        .into_iter()
        .filter(|kind| !WARNINGS.contains(&kind.as_str()))
        .collect();
    let seen = |codes: &BTreeMap<String, BTreeSet<&str>>| -> BTreeSet<String> {
        codes.keys().cloned().collect()
    };
    assert_eq!(seen(&codes), refusing);
    let warning = WARNINGS.iter().chain(&EITHER);
    let warning: BTreeSet<String> = warning.map(|&kind| kind.to_owned()).collect();
    assert_eq!(seen(&warnings), warning, "what warns, in some scenario");
    for (kind, codes) in codes.into_iter().chain(warnings) {
        assert_eq!(codes.len(), 1, "{kind}: {codes:?}");
    }
}

/// What a refused step leaves behind is what was there before.
#[test]
fn a_refused_step_changes_nothing() {
    for (case_name, path) in files() {
        let (case, scenario) = scenario(&case_name, path.file_stem().unwrap().to_str().unwrap());
        played(&case, &scenario, |_, simulation, _| {
            for step in simulation.steps.iter().filter(|step| step.is_refused()) {
                assert_eq!(step.before, step.after, "{}", path.display());
            }
        });
    }
}

/// Microsoft's post on NVMe (19 November 2015): what `Get-VMHostAssignableDevice` lists.
#[test]
fn the_nvme_example_shows_the_documented_pool() {
    let (case, scenario) = scenario("dda-nvme", "pool");
    played(&case, &scenario, |report, simulation, _| {
        let host = report.facts.host;
        let pool: Vec<(String, String)> = simulation
            .pool()
            .map(|track| {
                let path = LocationPath::of(host, report.facts.topology, track.id).unwrap();
                let id = instance::instance_id(host, track.id).unwrap();
                (path.to_string(), instance::dismounted_id(&id))
            })
            .collect();
        assert_eq!(pool.len(), 2, "both drives are found by their class");
        assert_eq!(
            pool[0],
            (
                "PCIROOT(40)#PCI(0200)#PCI(0000)".to_owned(),
                r"PCIP\VEN_144D&DEV_A820&SUBSYS_1F951028&REV_03\4&368722DD&0&0010".to_owned()
            )
        );
    });
}

#[test]
fn the_nvme_example_gives_the_same_drive_by_path_by_id_and_from_the_pool() {
    for name in ["by-location-path", "by-instance-id", "any-of-the-pool"] {
        let (case, mut scenario) = scenario("dda-nvme", name);
        scenario.step.truncate(4);
        played(&case, &scenario, |report, simulation, _| {
            let vm = &simulation.vms[0];
            assert_eq!(vm.name, "StorageServer");
            assert!(vm.running);
            let at: Vec<String> = vm
                .devices
                .iter()
                .map(|&id| report.facts.host.function(id).at.to_string())
                .collect();
            assert_eq!(at, ["0000:41:00.0"], "{name}");
        });
    }
    let (case, scenario) = scenario("dda-nvme", "by-location-path");
    played(&case, &scenario, |_, simulation, _| {
        let state = |index: usize| simulation.devices[index].state;
        assert_eq!(state(0), DeviceState::Enabled, "back where it was");
        assert_eq!(state(1), DeviceState::Dismounted, "the other one stays");
    });
}

/// Microsoft's pages on graphics devices: 176 + 512 MB, 528 + 512 MB.
#[test]
fn the_k520_example_gives_the_documented_sizes() {
    for (name, megabytes) in [("one-gpu", 176 + 512), ("three-gpus", 528 + 512)] {
        let (case, scenario) = scenario("k520-three", name);
        played(&case, &scenario, |_, simulation, _| {
            let (_, study) = &simulation.layouts[0];
            assert_eq!(study.sizes.documented_high, megabytes << 20, "{name}");
            assert_eq!(study.options.gaps.high, megabytes << 20);
            assert_eq!(study.hyperv.high_shortfall, None);
        });
    }
    let (case, scenario) = scenario("k520-three", "documented-sizes");
    played(&case, &scenario, |_, simulation, _| {
        let gaps = simulation.vms[0].gaps();
        assert_eq!((gaps.low, gaps.high), (3 << 30, 33280 << 20));
    });
}
