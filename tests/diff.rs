//! What changed between two captures: nothing that did not change, and each change once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use assignable::analysis::Facts;
use assignable::analysis::groups::{Groups, Settings};
use assignable::bytes::ConfigImage;
use assignable::capture::Capture;
use assignable::corpus;
use assignable::diff::{Difference, Side, What};
use assignable::host::Host;
use assignable::names::Names;
use assignable::policy::Policy;
use assignable::report::{self, Comparison, Layout, Palette, Report, json};
use assignable::rules;
use assignable::topology::Topology;

const POLICIES: &[Policy] = &[Policy::HyperV2025, Policy::Vfio];

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus"))
}

fn case(name: &str) -> Capture {
    corpus::load_case(root(), name)
        .unwrap_or_else(|error| panic!("{name}: {error}"))
        .capture
}

fn analysed<T>(capture: &Capture, show: impl FnOnce(&Report<'_>, &Groups) -> T) -> T {
    let host = Host::from_capture(capture);
    let topology = Topology::of(&host);
    let facts = Facts::of(&host, &topology);
    let run = rules::run(&facts);
    let groups = Groups::predict(&host, &topology, &facts.iommu, &Settings::for_host(&host));
    let report = Report {
        facts: &facts,
        run: &run,
        names: &Names::built_in(),
        policies: POLICIES,
    };
    show(&report, &groups)
}

fn side<'a>(report: &'a Report<'a>, groups: &'a Groups) -> Side<'a> {
    Side {
        facts: report.facts,
        run: report.run,
        groups,
    }
}

fn compared<T>(old: &Capture, new: &Capture, show: impl FnOnce(&Comparison<'_>) -> T) -> T {
    analysed(old, |before, old_groups| {
        analysed(new, |after, new_groups| {
            let difference =
                Difference::between(side(before, old_groups), side(after, new_groups), POLICIES);
            show(&Comparison {
                before,
                after,
                difference: &difference,
            })
        })
    })
}

/// Each change as its kind and the address after, or before where there is none after. New
/// addresses of BARs and windows are left out: the synthesiser hands out all of them anew.
fn changes(comparison: &Comparison<'_>) -> Vec<String> {
    let at = |report: &Report<'_>, id| report.facts.host.function(id).at.to_string();
    let listed = comparison
        .difference
        .changes
        .iter()
        .filter(|change| match &change.what {
            What::Bar { address_only, .. } => !address_only,
            What::Window {
                before: Some(before),
                after: Some(after),
                ..
            } => before.len() != after.len(),
            _ => true,
        });
    listed
        .map(|change| {
            let of = match change.subject.sides() {
                (_, Some(id)) => at(comparison.after, id),
                (Some(id), None) => at(comparison.before, id),
                (None, None) => "host".to_owned(),
            };
            format!("{} {of}", change.what.name())
        })
        .collect()
}

/// What each derived machine must differ in from `update-before`, and in nothing else. The
/// reasons follow from what was changed (`special` of each case).
const PAIRS: &[(&str, &[&str])] = &[
    ("update-renumbered", &["renumbered host"]),
    // The windows of the port open for the new device.
    (
        "update-added",
        &[
            "added 0000:03:00.0",
            "window 0000:00:03.0",
            "window 0000:00:03.0",
        ],
    ),
    (
        "update-removed",
        &["removed 0000:01:00.0", "window 0000:00:01.0"],
    ),
    (
        "update-moved",
        &[
            "moved 0000:03:00.0",
            "window 0000:00:01.0",
            "window 0000:00:03.0",
        ],
    ),
    (
        "update-replaced",
        &["replaced 0000:02:00.0", "replaced 0000:02:00.1"],
    ),
    (
        "update-without-acs",
        &[
            "verdict 0000:06:00.0",
            "verdict 0000:07:00.0",
            "acs 0000:05:00.0",
            "group 0000:05:00.0",
            "acs 0000:05:01.0",
            "group 0000:05:01.0",
            "group 0000:06:00.0",
            "findings 0000:06:00.0",
            "group 0000:07:00.0",
            "findings 0000:07:00.0",
        ],
    ),
    (
        "update-reserved",
        &[
            // A virtual function is translated as its physical one, which in turn cannot be
            // assigned anyway: its virtual functions are on.
            "verdict 0000:02:10.0",
            "verdict 0000:02:10.0",
            "verdict 0000:02:10.2",
            "verdict 0000:02:10.2",
            "reserved-memory 0000:02:00.0",
            "findings 0000:02:00.0",
            // Its other function is in the same group, which VFIO refuses whole.
            "findings 0000:02:00.1",
            "reserved-memory 0000:02:10.0",
            "reserved-memory 0000:02:10.2",
            "table host",
        ],
    ),
    (
        "update-two-units",
        &[
            "remapping-unit 0000:00:02.0",
            "remapping-unit 0000:02:00.0",
            "remapping-unit 0000:02:00.1",
            "remapping-unit 0000:02:10.0",
            "remapping-unit 0000:02:10.1",
            "remapping-unit 0000:02:10.2",
            "remapping-unit 0000:02:10.3",
            "table host",
        ],
    ),
    ("update-opt-out", &["table host"]),
    ("update-bar", &["bar 0000:01:00.0"]),
    ("update-window", &["window 0000:00:03.0"]),
    ("update-firmware", &["platform host"]),
    ("update-driver", &["fact 0000:01:00.0"]),
    (
        "update-rom",
        &["findings 0000:06:00.0", "findings 0000:07:00.0"],
    ),
];

#[test]
fn each_kind_of_change_is_found_where_it_was_made_and_nowhere_else() {
    let before = case("update-before");
    let mut kinds = std::collections::BTreeSet::new();
    let mut wrong = Vec::new();
    for (name, expected) in PAIRS {
        let found = compared(&before, &case(name), changes);
        kinds.extend(
            expected
                .iter()
                .filter_map(|change| change.split(' ').next()),
        );
        if found != *expected {
            wrong.push(format!("{name}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(kinds.len(), 16, "{kinds:?}");
}

/// Every bus number but 0 in a text: after `0000:`, and in `[bus 01-02]`.
fn shifted(text: &str, by: u8) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = ["0000:", "[bus "]
        .iter()
        .filter_map(|mark| Some(rest.find(mark)? + mark.len()))
        .min()
    {
        let (head, tail) = rest.split_at(at);
        out.push_str(head);
        rest = tail;
        loop {
            let number = rest
                .get(..2)
                .and_then(|digits| u8::from_str_radix(digits, 16).ok());
            let Some(number) = number else { break };
            // The root bus keeps its number, and what it covers.
            let whole = number == 0 || number == 0xff;
            let number = if whole { number } else { number + by };
            out.push_str(&format!("{number:02x}"));
            rest = &rest[2..];
            match rest.strip_prefix('-') {
                Some(more) if head.ends_with("[bus ") => {
                    out.push('-');
                    rest = more;
                }
                _ => break,
            }
        }
    }
    out.push_str(rest);
    out
}

/// The capture of a machine whose firmware counts the buses below the root from elsewhere on.
fn renumbered(capture: &Capture, by: u8) -> Capture {
    let mut new = capture.clone();
    new.functions.clear();
    for (at, record) in &capture.functions {
        let mut record = record.clone();
        let text = serde_json::to_string(&record.properties).unwrap();
        record.properties = serde_json::from_str(&shifted(&text, by)).unwrap();
        // Primary, secondary and subordinate bus of a bridge (PCI-to-PCI Bridge 1.2, 3.2.5).
        if record.config.u8(0x0e).is_some_and(|kind| kind & 0x7f == 1) {
            let mut bytes = record.config.bytes().to_vec();
            let mask = record.config.known_mask().map(<[u8]>::to_vec);
            for bus in bytes[0x18..=0x1a].iter_mut().filter(|bus| **bus != 0) {
                *bus += by;
            }
            record.config = match mask {
                Some(mask) => ConfigImage::from_masked(bytes, mask),
                None => ConfigImage::from_bytes(bytes),
            };
        }
        let at = shifted(&at.to_string(), by).parse().unwrap();
        new.functions.insert(at, record);
    }
    // What somebody wrote on the command line stays as it is.
    for (_, bytes) in new.host.iter_mut().filter(|(name, _)| *name != "cmdline") {
        if let Ok(text) = std::str::from_utf8(bytes) {
            *bytes = shifted(text, by).into_bytes();
        }
    }
    new
}

/// Captures of a real kernel, with all that names a bus renumbered. DMAR scopes name devices by
/// paths from bus 0, so that the tables stay.
#[test]
fn a_renumbered_copy_of_a_captured_machine_differs_in_nothing_else() {
    for name in [
        "lab-flat-intel",
        "lab-flat-intel-k61",
        "lab-flat-none",
        "lab-switch2-intel",
        "lab-sriov-intel",
        "lab-mfep-intel",
        "lab-mfports-intel",
        "lab-noacs-intel",
        "lab-conv-intel",
    ] {
        let before = case(name);
        let after = renumbered(&before, 0x20);
        compared(&before, &after, |comparison| {
            assert_eq!(changes(comparison), ["renumbered host"], "{name}");
            assert_eq!(comparison.difference.not_compared, 0, "{name}");
        });
    }
}

#[test]
fn every_case_equals_itself() {
    let cases = corpus::load_all(root()).unwrap();
    assert!(cases.len() >= 60);
    for (name, case) in cases {
        let capture = case.unwrap().capture;
        compared(&capture, &capture, |comparison| {
            assert!(
                comparison.difference.is_empty(),
                "{name}: {:?}",
                changes(comparison)
            );
            let functions = capture.functions.len();
            assert!(comparison.difference.pairs.len() <= functions);
        });
    }
}

#[test]
fn a_change_backwards_is_the_change_undone() {
    let (before, after) = (case("update-before"), case("update-without-acs"));
    let verdicts = |comparison: &Comparison<'_>| -> Vec<_> {
        let changes = comparison.difference.changes.iter();
        changes
            .filter_map(|change| match change.what {
                What::Verdict { before, after, .. } => Some((before, after)),
                _ => None,
            })
            .collect()
    };
    let there = compared(&before, &after, verdicts);
    let back: Vec<_> = compared(&after, &before, verdicts)
        .into_iter()
        .map(|(before, after)| (after, before))
        .collect();
    assert!(!there.is_empty());
    assert_eq!(there, back);
}

/// A capture without administrator rights holds less; that nothing changed is all that can be
/// said, and verdicts that lack evidence now.
#[test]
fn what_was_not_captured_is_no_change() {
    let full = case("lab-flat-intel");
    let mut cut = full.clone();
    for record in cut.functions.values_mut() {
        let bytes = record.config.bytes();
        let header = bytes[..bytes.len().min(64)].to_vec();
        record.config = ConfigImage::from_bytes(header);
    }
    for (old, new) in [(&full, &cut), (&cut, &full)] {
        compared(old, new, |comparison| {
            for change in changes(comparison) {
                let kind = change.split(' ').next().unwrap();
                assert!(
                    ["verdict", "findings", "group"].contains(&kind),
                    "{change} is no change"
                );
            }
            assert!(comparison.difference.not_compared > 10);
        });
    }
}

const ROOTS: &str = r#"
[[root]]
device = [{ kind = "host-bridge" }, { kind = "root-port", device = [{ class = "nvme" }] }]
[[root]]
bus = BUS
device = [
  { kind = "root-port", at = "02.0", device = [{ class = "ethernet" }] },
  { kind = "root-port", at = "03.0", device = [{ class = "nvme", id = "144d:a80a" }] },
]
"#;

#[test]
fn a_root_bus_with_another_number_is_the_same_root_bus() {
    let machine = |bus: &str| assignable::synth::synthesise(&ROOTS.replace("BUS", bus)).unwrap();
    compared(&machine("0x80"), &machine("0xc0"), |comparison| {
        assert_eq!(changes(comparison), ["renumbered host"]);
    });
}

#[test]
fn cards_that_share_their_ids_and_changed_slots_are_paired_in_order_and_said_to_be() {
    let machine = |first: &str, second: &str| {
        let card = "{ class = \"nvme\", id = \"144d:a80a\" }";
        let slot = |at: &str, full: bool| {
            let device = if full { card } else { "" };
            format!("{{ kind = \"root-port\", at = \"{at}\", device = [{device}] }},")
        };
        let slots: String = ["01.0", "02.0", "03.0", "04.0"]
            .iter()
            .map(|at| slot(at, *at == first || *at == second))
            .collect();
        assignable::synth::synthesise(&format!("[[root]]\ndevice = [{slots}]")).unwrap()
    };
    compared(
        &machine("01.0", "02.0"),
        &machine("03.0", "04.0"),
        |comparison| {
            let moved: Vec<&What> = comparison
                .difference
                .changes
                .iter()
                .map(|change| &change.what)
                .filter(|what| matches!(what, What::Moved { .. }))
                .collect();
            assert_eq!(moved.len(), 2);
            let by_order = |what: &&What| {
                matches!(
                    what,
                    What::Moved {
                        how: assignable::diff::How::Order,
                        along: 0
                    }
                )
            };
            assert!(moved.iter().all(by_order));
        },
    );
}

#[test]
fn a_card_with_a_bridge_of_its_own_moves_as_one() {
    let card = r#"{ kind = "upstream-port", id = "10b5:8747", device = [
        { kind = "downstream-port", id = "10b5:8747", device = [{ class = "3d", id = "10de:118a" }] },
        { kind = "downstream-port", id = "10b5:8747", device = [{ class = "3d", id = "10de:118a" }] },
    ] }"#;
    let machine = |first: &str, second: &str| {
        let text = format!(
            "[[root]]\ndevice = [{{ kind = \"root-port\", device = [{first}] }}, {{ kind = \"root-port\", device = [{second}] }}]"
        );
        assignable::synth::synthesise(&text).unwrap()
    };
    compared(&machine(card, ""), &machine("", card), |comparison| {
        let moved: Vec<String> = changes(comparison)
            .into_iter()
            .filter(|change| !change.starts_with("window"))
            .collect();
        assert_eq!(moved, ["moved 0000:02:00.0"]);
    });
}

#[test]
fn every_format_tells_the_same_changes() {
    let (before, after) = (case("update-before"), case("update-without-acs"));
    compared(&before, &after, |comparison| {
        let layout = Layout {
            width: 100,
            palette: Palette::plain(),
            all: true,
        };
        let text = report::diff(comparison, layout);
        let page = report::diff_html(comparison);
        let document = json::v1::diff(comparison);
        assert_eq!(document.changes.len(), comparison.difference.changes.len());
        for change in &document.changes {
            for line in &change.text {
                assert!(
                    page.contains(&line.replace('&', "&amp;")),
                    "the page lacks {line}"
                );
            }
        }
        let unwrapped = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(unwrapped.contains("ACS services: SV TB RR CR UF DT → no ACS"));
        let back: json::v1::DiffDocument =
            serde_json::from_value(serde_json::to_value(&document).unwrap()).unwrap();
        assert_eq!(back, document);
    });
}
