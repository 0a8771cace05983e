//! Every case of the corpus: its report, every rule's hits, and what is known from elsewhere.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints what it counted"
)]
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use assignable::analysis::Facts;
use assignable::corpus::{self, Case, SurveyOutcome};
use assignable::host::Host;
use assignable::names::Names;
use assignable::policy::Policy;
use assignable::report::{self, Layout, Palette, Report};
use assignable::rules::{self, RULES, RuleRun};
use assignable::topology::{LocationPath, Topology};
use assignable::verdict::{Decision, Verdict};

const POLICIES: &[Policy] = &[Policy::HyperV2025, Policy::Vfio];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn cases() -> BTreeMap<String, Case> {
    corpus::load_all(&root().join("corpus"))
        .expect("the corpus is there")
        .into_iter()
        .map(|(name, case)| {
            let case = case.unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, case)
        })
        .collect()
}

/// Analyses a case and hands everything on.
fn analysed<T>(case: &Case, show: impl FnOnce(&Report<'_>) -> T) -> T {
    let host = Host::from_capture(&case.capture);
    let topology = Topology::of(&host);
    let facts = Facts::of(&host, &topology);
    let run = rules::run_all(&facts);
    let names = Names::built_in();
    show(&Report {
        facts: &facts,
        run: &run,
        names: &names,
        policies: POLICIES,
    })
}

fn settings(folder: &str) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(root().join("snapshots").join(folder));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

#[test]
fn every_case_has_its_report() {
    let layout = Layout {
        width: 120,
        palette: Palette::plain(),
        all: false,
    };
    let cases = cases();
    assert!(cases.len() >= 20, "only {} cases", cases.len());
    for (name, case) in &cases {
        let text = analysed(case, |report| {
            format!(
                "{}\n{}",
                report::survey(report, layout),
                report::topology(report, layout)
            )
        });
        settings("cases").bind(|| insta::assert_snapshot!(name.as_str(), text));
    }
}

/// Rules about the steps of scenarios have their own test (`tests/scenarios.rs`).
fn is_about_steps(rule: &rules::Rule) -> bool {
    matches!(rule.check, rules::Check::Step(_))
}

#[test]
fn every_rule_lists_its_hits() {
    let mut hits: BTreeMap<&str, String> = RULES
        .iter()
        .filter(|rule| !is_about_steps(rule))
        .map(|rule| (rule.code, String::new()))
        .collect();
    for (name, case) in &cases() {
        analysed(case, |report| {
            for finding in report.run.findings() {
                let subject = match finding.subject() {
                    rules::Subject::Host => "host".to_owned(),
                    rules::Subject::Function(id) => report.facts.host.function(id).at.to_string(),
                };
                if let Some(list) = hits.get_mut(finding.rule().code) {
                    writeln!(list, "{name}: {subject}: {}", finding.message()).unwrap();
                }
            }
        });
    }
    for (code, list) in hits {
        settings("rules").bind(|| insta::assert_snapshot!(code, list));
    }
}

#[test]
fn every_rule_fires_somewhere_and_is_silent_elsewhere_although_it_applies() {
    let mut fired: BTreeSet<&str> = BTreeSet::new();
    let mut clean: BTreeSet<&str> = BTreeSet::new();
    for case in cases().values() {
        analysed(case, |report| tally(report.run, &mut fired, &mut clean));
    }
    let lacking = |seen: &BTreeSet<&str>| -> Vec<&str> {
        RULES
            .iter()
            .filter(|rule| !is_about_steps(rule))
            .map(|rule| rule.code)
            .filter(|code| !seen.contains(code))
            .collect()
    };
    assert_eq!(
        lacking(&fired),
        Vec::<&str>::new(),
        "rules that fire on no case"
    );
    assert_eq!(
        lacking(&clean),
        Vec::<&str>::new(),
        "rules that are clean on no case"
    );
}

fn tally(run: &RuleRun, fired: &mut BTreeSet<&'static str>, clean: &mut BTreeSet<&'static str>) {
    for (rule, tally) in run.tallies() {
        if tally.fired > 0 {
            fired.insert(rule.code);
        }
        if tally.clean > 0 {
            clean.insert(rule.code);
        }
    }
}

#[test]
fn location_paths_are_those_that_are_known() {
    let mut compared = 0;
    for (name, case) in &cases() {
        let host = Host::from_capture(&case.capture);
        let topology = Topology::of(&host);
        for (at, known) in &case.truth.location_paths {
            let id = host
                .find(*at)
                .expect("the truth names a function of the case");
            let path = LocationPath::of(&host, &topology, id).map(|path| path.to_string());
            assert_eq!(path.as_ref(), Some(known), "{name}: {at}");
            compared += 1;
        }
    }
    assert!(compared > 0);
}

/// What the survey script said, against the rule that must be among the reasons. Where the
/// script found a device fit, nothing that it checks may block it.
#[test]
fn the_survey_scripts_answers_follow_from_the_same_reasons() {
    let mut compared = 0;
    for (name, case) in &cases() {
        analysed(case, |report| {
            for (at, outcome) in &case.truth.survey {
                let id = report.facts.host.find(*at).expect("a function of the case");
                let decision = Decision::of(report.run, Policy::HyperV2025, id);
                let codes: Vec<&str> = decision
                    .blockers
                    .iter()
                    .map(|finding| finding.rule().code)
                    .collect();
                let expected: &[&str] = match outcome {
                    SurveyOutcome::ReservedMemory => &["RSV001"],
                    SurveyOutcome::Redirectable => &["ACS001", "ACS002", "ACS003", "ACS008"],
                    SurveyOutcome::LegacyNotDisplay => &["DDA002"],
                    SurveyOutcome::FirmwareControl => &["DDA004"],
                    SurveyOutcome::OldStyle => &["DDA001", "DDA003"],
                    SurveyOutcome::LineInterrupts => &["INT001"],
                    SurveyOutcome::Disabled => continue,
                    SurveyOutcome::NoInterrupts | SurveyOutcome::MessageInterrupts => {
                        assert_ne!(
                            decision.verdict,
                            Verdict::NotAssignable,
                            "{name}: {at} is blocked by {codes:?}"
                        );
                        compared += 1;
                        continue;
                    }
                };
                let found = codes.iter().any(|code| expected.contains(code));
                assert!(
                    found,
                    "{name}: {at} is blocked by {codes:?}, wanted one of {expected:?}"
                );
                compared += 1;
            }
        });
    }
    assert!(compared >= 4, "only {compared} answers compared");
}

/// A problem that people report with Discrete Device Assignment.
struct Problem {
    /// How they tell it.
    symptom: &'static str,
    /// The case that has it.
    case: &'static str,
    /// The device that it is about; none for the host.
    subject: Option<&'static str>,
    /// The code that names it.
    code: &'static str,
}

const fn problem(
    symptom: &'static str,
    case: &'static str,
    subject: Option<&'static str>,
    code: &'static str,
) -> Problem {
    Problem {
        symptom,
        case,
        subject,
        code,
    }
}

/// What people report, and what recognises it.
const REPORTED_PROBLEMS: &[Problem] = &[
    problem(
        "the firmware kept control of PCI Express",
        "windows-01-firmware-control",
        Some("0000:01:00.0"),
        "DDA004",
    ),
    problem(
        "the same, cured by a setup option",
        "windows-28-root-bus-without-control",
        Some("0000:01:00.0"),
        "DDA004",
    ),
    problem(
        "the device was not found on the server",
        "windows-33-never-dismounted",
        Some("0000:01:00.0"),
        "DDA042",
    ),
    problem(
        "0xC035001E when the virtual machine starts",
        "windows-02-client-edition",
        None,
        "DDA029",
    ),
    problem(
        "works only with hypervisoriommupolicy enable",
        "windows-03-iommu-policy",
        None,
        "DDA030",
    ),
    problem(
        "element not found",
        "windows-04-stale-assignment",
        None,
        "DDA038",
    ),
    problem(
        "no start after a card was moved",
        "windows-04-stale-assignment",
        None,
        "DDA038",
    ),
    problem(
        "stays under PCIP after its virtual machine was deleted",
        "windows-05-left-in-pool",
        Some("0000:03:00.0"),
        "DDA022",
    ),
    problem(
        "code 12 in the guest",
        "windows-06-gap-too-small",
        None,
        "DDA035",
    ),
    problem(
        "region above the supported physical range",
        "windows-07-gap-beyond-processor",
        None,
        "DDA034",
    ),
    problem(
        "the host restarts with its guest",
        "windows-08-no-reset",
        Some("0000:02:00.0"),
        "RST001",
    ),
    problem(
        "code 43 in the guest",
        "windows-09-maker-refuses",
        Some("0000:02:00.0"),
        "DDA041",
    ),
    problem(
        "code 31",
        "windows-10-code-31",
        Some("0000:01:00.0"),
        "DDA024",
    ),
    problem(
        "code 57",
        "windows-11-code-57",
        Some("0000:01:00.0"),
        "DDA025",
    ),
    problem(
        "traffic may be redirected",
        "windows-12-redirectable",
        Some("0000:01:00.0"),
        "ACS008",
    ),
    problem(
        "reserved memory of network cards and RAID controllers",
        "windows-13-reserved-memory",
        Some("0000:01:00.0"),
        "RSV001",
    ),
    problem(
        "the same of host bridges and dismounted devices",
        "windows-14-missing-property",
        Some("0000:02:00.0"),
        "DDA020",
    ),
    problem(
        "MSVM_VMMS_PROXY_FAILED_LOAD",
        "windows-15-proxy-failed",
        Some("0000:02:00.0"),
        "DDA040",
    ),
    problem(
        "power-on refused, two policies named",
        "windows-08-no-reset",
        Some("0000:02:00.0"),
        "DDA031",
    ),
    problem(
        "boot loop with nested virtualization",
        "windows-16-nested",
        None,
        "DDA033",
    ),
    problem(
        "a card on a switch or riser fails",
        "windows-29-switch-without-acs",
        Some("0000:03:00.0"),
        "ACS001",
    ),
    problem(
        "no DMA remapping, although the firmware describes it",
        "windows-30-described-iommu-not-used",
        None,
        "DDA044",
    ),
    problem(
        "a GPU partition beside the device",
        "windows-18-gpu-partition",
        None,
        "DDA037",
    ),
    problem(
        "large cards do not start",
        "windows-31-large-bar",
        None,
        "DDA035",
    ),
    problem("0x32 in a cluster", "windows-19-cluster", None, "DDA036"),
    problem(
        "0x800705AA with two reasons",
        "windows-17-iov-reasons",
        None,
        "DDA028",
    ),
    problem(
        "a driver damaged by the host",
        "windows-34-host-driver",
        Some("0000:02:00.0"),
        "DDA043",
    ),
    problem(
        "nothing can be assigned on an Arm client",
        "windows-32-client-without-acs",
        None,
        "DDA014",
    ),
    problem(
        "a fresh virtual machine refuses the device",
        "windows-20-saved-guest",
        None,
        "DDA032",
    ),
    problem(
        "the device cannot be disabled",
        "windows-21-not-disableable",
        Some("0000:01:00.0"),
        "DDA026",
    ),
    problem(
        "the dismount is refused for want of directives",
        "windows-22-dismount-refused",
        Some("0000:01:00.0"),
        "DDA027",
    ),
    problem(
        "nodes of devices that are gone",
        "windows-23-phantoms",
        None,
        "DDA039",
    ),
    problem(
        "no device has ACS after a boot option was set",
        "windows-35-boot-options",
        None,
        "DDA045",
    ),
];

/// Cases with a machine of their own; the others are made from windows-server by one change.
const OWN_MACHINE: [&str; 3] = [
    "windows-29-switch-without-acs",
    "windows-31-large-bar",
    "windows-32-client-without-acs",
];

/// Each is recognised from its case, is not in the machine without the problem, and its page
/// says what to do on Hyper-V.
#[test]
fn problems_that_people_report_are_recognised() {
    let cases = cases();
    let codes = |case: &str, subject: Option<&str>| -> Vec<&'static str> {
        analysed(&cases[case], |report| {
            let findings = match subject {
                None => report.run.host_findings(),
                Some(at) => {
                    let id = report.facts.host.find(at.parse().unwrap()).unwrap();
                    report.run.findings_of(id)
                }
            };
            findings.iter().map(|finding| finding.rule().code).collect()
        })
    };
    for &Problem {
        symptom,
        case,
        subject,
        code,
    } in REPORTED_PROBLEMS
    {
        let found = codes(case, subject);
        assert!(
            found.contains(&code),
            "{symptom}: {case} has {found:?}, wanted {code}"
        );
        // The card of the base has no reset either; only its policy is another.
        let known = ["DDA031", "RST001"];
        if !OWN_MACHINE.contains(&case) && !known.contains(&code) {
            let base = codes("windows-server", subject);
            assert!(!base.contains(&code), "{case}: {code} is no news");
        }
        let page = rules::find(code).unwrap().explanation;
        let advice = page.split("## What to do").nth(1).unwrap();
        assert!(advice.contains("Hyper-V"), "{code}");
    }
}
