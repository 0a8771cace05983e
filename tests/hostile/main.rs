//! Texts from a dump cannot do anything to whoever reads a report about it, whatever its format.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod commands;
mod machine;

use assignable::analysis::Facts;
use assignable::analysis::groups::{Groups, Prediction, Settings};
use assignable::host::{FunctionId, Host};
use assignable::names::Names;
use assignable::policy::Policy;
use assignable::report::{self, Layout, Palette, Report};
use assignable::rules;
use assignable::topology::Topology;

/// An id list as hostile as the dump: the user may have it from anywhere.
const IDS: &str = "# Version: 2026.01.01\n8086  <script>window.stolen=1</script>\"|`=1+1\n\t1572  <img src=x onerror=1>\u{202e}\u{1b}[2J|\nC 02  <b>net</b>|\n\t00  \"eth\" & |*_`[x](javascript:1)\n";

fn with_report(names: &Names, show: impl FnOnce(&Report<'_>, &Prediction)) {
    let capture = machine::hostile();
    let host = Host::from_capture(&capture);
    let topology = Topology::of(&host);
    let facts = Facts::of(&host, &topology);
    let run = rules::run(&facts);
    let settings = Settings::for_host(&host);
    let prediction = Prediction::of(&host, &topology, &facts.iommu, &facts.groups, settings);
    let report = Report {
        facts: &facts,
        run: &run,
        names,
        policies: &[Policy::HyperV2025, Policy::Vfio],
    };
    show(&report, &prediction);
}

fn lists() -> [Names; 2] {
    [Names::built_in(), Names::parse(IDS).unwrap()]
}

fn devices(report: &Report<'_>) -> Vec<FunctionId> {
    report.facts.host.iter().map(|(id, _)| id).collect()
}

/// Nothing that moves a cursor, rings a bell, or shows something else than what stands there.
fn assert_plain(what: &str, text: &str) {
    for ch in text.chars() {
        let harmless = ch == '\n' || !ch.is_control();
        let honest = !matches!(ch, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{ffff}');
        assert!(harmless && honest, "{what} holds {ch:?}");
    }
}

#[test]
fn the_terminal_shows_the_payloads_and_obeys_none() {
    for names in lists() {
        with_report(&names, |report, prediction| {
            let layout = Layout {
                width: 120,
                palette: Palette::plain(),
                all: true,
            };
            let mut texts = vec![
                ("survey", report::survey(report, layout)),
                ("topology", report::topology(report, layout)),
                ("groups", report::groups(report, layout, prediction)),
            ];
            texts.extend(
                devices(report)
                    .iter()
                    .map(|&id| ("explain", report::explain(report, layout, id))),
            );
            for (what, text) in &texts {
                assert_plain(what, text);
                assert!(text.len() < 200_000, "{what}: {} bytes", text.len());
            }
            assert!(
                texts.iter().any(|(_, text)| text.contains("\\u{1b}[2J")),
                "the payloads are not there"
            );
        });
    }
}

/// Tags that the page and the picture are made of.
const OWN_TAGS: &[&str] = &[
    "!DOCTYPE", "html", "head", "meta", "title", "link", "style", "body", "a", "nav", "ul", "li",
    "main", "header", "section", "article", "h1", "h2", "h3", "p", "div", "span", "b", "ol", "dl",
    "dt", "dd", "code", "pre", "mark", "abbr", "details", "summary", "form", "label", "input",
    "select", "option", "output", "footer", "table", "caption", "thead", "tbody", "tr", "th", "td",
    "script", "svg", "desc", "rect", "g", "text", "path", "?xml",
];

/// Every `<` of a page begins a tag of its own.
fn assert_own_markup(what: &str, text: &str) {
    assert_plain(what, text);
    let mut scripts = 0;
    // Style and script are ours, and no text of the dump is among them.
    for (index, rest) in text.split('<').enumerate().skip(1) {
        let name: String = rest
            .trim_start_matches('/')
            .chars()
            .take_while(|ch| ch.is_ascii_alphanumeric() || "!?".contains(*ch))
            .collect();
        let in_script = rest.starts_with(' ') || rest.starts_with('=');
        assert!(
            in_script || OWN_TAGS.contains(&name.as_str()),
            "{what}, tag {index}: <{}",
            rest.chars().take(60).collect::<String>()
        );
        scripts += usize::from(name == "script" && !rest.starts_with('/'));
    }
    assert!(scripts <= 1, "{what} has {scripts} scripts");
}

#[test]
fn the_page_holds_no_markup_but_its_own() {
    for names in lists() {
        with_report(&names, |report, _| {
            let page = report::html(report);
            assert_own_markup("the page", &page);
            assert!(
                page.contains("&lt;script&gt;"),
                "the payloads are not there"
            );
            assert!(page.len() < 400_000, "{} bytes", page.len());
        });
    }
}

#[test]
fn the_picture_is_well_formed_and_holds_no_markup_but_its_own() {
    for names in lists() {
        with_report(&names, |report, _| {
            let picture = report::svg(report);
            assert_own_markup("the picture", &picture);
            let mut reader = quick_xml::Reader::from_str(&picture);
            let mut elements = 0;
            loop {
                match reader.read_event().expect("well-formed XML") {
                    quick_xml::events::Event::Eof => break,
                    quick_xml::events::Event::Start(_) => elements += 1,
                    _ => {}
                }
            }
            assert!(elements > 20);
        });
    }
}

#[test]
fn the_graph_keeps_every_label_within_its_quotes() {
    for names in lists() {
        with_report(&names, |report, _| {
            let graph = report::dot(report);
            assert_plain("the graph", &graph);
            for line in graph.lines().filter(|line| line.contains("label")) {
                // Outside quoted strings there are only attribute names and words.
                let mut outside = String::new();
                let (mut quoted, mut escaped) = (false, false);
                for ch in line.chars() {
                    match ch {
                        _ if escaped => escaped = false,
                        '\\' if quoted => escaped = true,
                        '"' => quoted = !quoted,
                        _ if !quoted => outside.push(ch),
                        _ => {}
                    }
                }
                assert!(!quoted, "{line}");
                let words = |ch: char| ch.is_ascii_alphanumeric() || " =[],_->".contains(ch);
                assert!(outside.chars().all(words), "{outside}");
                assert!(
                    !outside.contains("evil") && !outside.contains("URL"),
                    "{outside}"
                );
            }
        });
    }
}

/// What a reader of the Markdown sees beside plain text: nothing from the dump may make any of
/// it. Autolinks, mentions and raw markup would all show up here.
fn assert_inert_markdown(what: &str, text: &str) {
    use pulldown_cmark::{Event, Options, Parser, Tag};
    assert_plain(what, text);
    let mut rows = std::collections::BTreeSet::new();
    let mut cells = 0;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) => panic!("{what} has a link"),
            Event::Html(markup) | Event::InlineHtml(markup) => {
                assert!(["<sub>", "</sub>"].contains(&&*markup), "{what}: {markup}");
            }
            Event::Text(text) => {
                for bad in ["window.stolen", "http://", "calc", "@SUM", "onerror"] {
                    // Inside code it is shown; here it would be read.
                    assert!(
                        !text.contains(bad) || in_code_block(what),
                        "{what} says {text}"
                    );
                }
            }
            Event::Start(Tag::TableRow) => cells = 0,
            Event::Start(Tag::TableCell) => cells += 1,
            Event::End(pulldown_cmark::TagEnd::TableRow) => {
                rows.insert(cells);
            }
            _ => {}
        }
    }
    assert!(rows.len() <= 1, "{what}: rows of {rows:?} cells");
}

/// The facts about a device stand in a code block, whose lines the parser calls text.
fn in_code_block(what: &str) -> bool {
    what == "explain"
}

#[test]
fn markdown_shows_every_text_as_code_and_obeys_none() {
    for names in lists() {
        with_report(&names, |report, groups| {
            use assignable::report::markdown;
            let survey = markdown::survey(report);
            let explain = markdown::explain(report, &devices(report));
            assert_inert_markdown("survey", &survey);
            assert_inert_markdown("explain", &explain);
            assert_inert_markdown("groups", &markdown::groups(report, &groups.groups));
            assert!(
                survey.contains("window.stolen"),
                "the payloads are not there"
            );
        });
    }
}

#[test]
fn lint_for_other_programs_is_well_formed_and_holds_no_control_characters() {
    for names in lists() {
        let capture = machine::hostile();
        let host = Host::from_capture(&capture);
        let topology = Topology::of(&host);
        let facts = Facts::of(&host, &topology);
        let run = rules::lint(&facts, &[rules::Part::Firmware, rules::Part::Device], None);
        let report = Report {
            facts: &facts,
            run: &run,
            names: &names,
            policies: &[],
        };
        let sarif = serde_json::to_string(&report::sarif::sarif(&report)).unwrap();
        let sarif = report::json_without_surprises(&sarif);
        assert_plain("SARIF", &sarif);
        let suites = report::lint::suites(&report, rules::Severity::Info);
        let junit = report::junit::junit("assignable lint", &suites);
        assert_plain("JUnit", &junit);
        let mut reader = quick_xml::Reader::from_str(&junit);
        while reader.read_event().expect("well-formed XML") != quick_xml::events::Event::Eof {}
    }
}

#[test]
fn messages_of_a_hostile_log_are_quoted_harmlessly() {
    let log: String = machine::PAYLOADS
        .iter()
        .map(|payload| {
            format!(
                "vfio 0000:01:00.0: {} group 1 is not viable\n",
                payload.replace('\n', " ")
            )
        })
        .collect();
    let hits = assignable::messages::explain(&log);
    assert!(!hits.is_empty());
    let layout = Layout {
        width: 100,
        palette: Palette::plain(),
        all: true,
    };
    assert_plain("explain-log", &report::messages(&hits, None, layout));
    with_report(&Names::parse(IDS).unwrap(), |report, _| {
        let text = report::messages(&hits, Some(report), layout);
        assert_plain("explain-log", &text);
        assert!(text.contains("0000:01:00.0 [1af4"), "{text}");
    });
}

#[test]
fn a_diff_of_hostile_machines_is_harmless_in_every_format() {
    use assignable::diff::{Difference, Side};
    let before = machine::hostile();
    let mut after = before.clone();
    // Every text moves on by one payload.
    for (index, record) in after.functions.values_mut().enumerate() {
        let p = &mut record.properties;
        for text in [&mut p.driver, &mut p.power_state].into_iter().flatten() {
            text.value = machine::PAYLOADS[index % machine::PAYLOADS.len()].to_owned();
        }
    }
    for (index, value) in after.manifest.platform.values_mut().enumerate() {
        *value = machine::PAYLOADS[(index + 3) % machine::PAYLOADS.len()].to_owned();
    }
    let names = Names::parse(IDS).unwrap();
    let hosts = (Host::from_capture(&before), Host::from_capture(&after));
    let trees = (Topology::of(&hosts.0), Topology::of(&hosts.1));
    let facts = (Facts::of(&hosts.0, &trees.0), Facts::of(&hosts.1, &trees.1));
    let runs = (rules::run(&facts.0), rules::run(&facts.1));
    let groups = Groups::predict(
        &hosts.0,
        &trees.0,
        &facts.0.iommu,
        &Settings::for_host(&hosts.0),
    );
    let side = |facts, run| Side {
        facts,
        run,
        groups: &groups,
    };
    let policies = &[Policy::HyperV2025, Policy::Vfio];
    let difference =
        Difference::between(side(&facts.0, &runs.0), side(&facts.1, &runs.1), policies);
    assert!(difference.changes.len() > 5);
    let report = |facts, run| Report {
        facts,
        run,
        names: &names,
        policies,
    };
    let (old, new) = (report(&facts.0, &runs.0), report(&facts.1, &runs.1));
    let comparison = report::Comparison {
        before: &old,
        after: &new,
        difference: &difference,
    };
    let layout = Layout {
        width: 100,
        palette: Palette::plain(),
        all: true,
    };
    assert_plain("diff", &report::diff(&comparison, layout));
    assert_own_markup("diff", &report::diff_html(&comparison));
    assert_inert_markdown("diff", &report::markdown::diff(&comparison));
}
