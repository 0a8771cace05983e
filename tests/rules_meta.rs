//! Holds every rule to its form: code, name, file, documentation, sources.

#[path = "rules_meta/checks.rs"]
mod checks;

use std::collections::BTreeSet;
use std::path::Path;

use assignable::policy::{Effect, Policy};
use assignable::rules::{RULES, Rule, find};

const FAMILIES: [&str; 14] = [
    "CAP", "CFG", "TOP", "ACS", "GRP", "IMP", "IOM", "RSV", "INT", "RST", "BAR", "DDA", "VFI",
    "VMC",
];

/// The headings of a documentation page. References follow from the citations.
const HEADINGS: [&str; 4] = [
    "What it checks",
    "Why it matters",
    "How it is decided",
    "What to do",
];

fn source(rule: &Rule) -> String {
    rule.file.replace('\\', "/")
}

/// The text below a heading of a rule's page.
fn section<'r>(rule: &'r Rule, heading: &str) -> &'r str {
    let page = rule.explanation;
    let start = page.find(&format!(" ## {heading}\n")).unwrap_or(page.len());
    let body = page[start..].split_once('\n').map_or("", |parts| parts.1);
    body.split("\n ## ").next().unwrap_or(body)
}

#[test]
fn codes_are_in_order_and_none_occurs_twice() {
    let codes: Vec<&str> = RULES.iter().map(|rule| rule.code).collect();
    assert!(codes.windows(2).all(|pair| pair[0] < pair[1]), "{codes:?}");
    let names: BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(names.len(), codes.len(), "a name occurs twice");
}

#[test]
fn codes_are_a_known_family_and_three_digits() {
    for rule in RULES {
        let (family, number) = rule.code.split_at(3);
        assert!(FAMILIES.contains(&family), "{}", rule.code);
        assert!(
            number.len() == 3 && number.bytes().all(|digit| digit.is_ascii_digit()),
            "{}",
            rule.code
        );
    }
}

#[test]
fn a_file_is_named_after_its_rule() {
    for rule in RULES {
        let (code, name) = (rule.code.to_lowercase(), rule.name.replace('-', "_"));
        let family = &code[..3];
        assert_eq!(source(rule), format!("src/rules/{family}/{code}_{name}.rs"));
    }
}

#[test]
fn every_rule_file_is_registered() {
    let registered: BTreeSet<String> = RULES.iter().map(|rule| source(rule)).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = BTreeSet::new();
    for family in FAMILIES.map(str::to_lowercase) {
        let folder = format!("src/rules/{family}");
        let Ok(entries) = root.join(&folder).read_dir() else {
            continue;
        };
        for entry in entries {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name != "mod.rs" {
                files.insert(format!("{folder}/{name}"));
            }
        }
    }
    assert_eq!(files, registered);
}

#[test]
fn names_are_kebab_case() {
    for rule in RULES {
        let plain = |word: &str| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        assert!(
            rule.name.split('-').all(plain),
            "{}: {}",
            rule.code,
            rule.name
        );
    }
}

#[test]
fn a_summary_is_one_sentence_without_full_stop() {
    for rule in RULES {
        let summary = rule.summary;
        assert!(
            !summary.ends_with('.') && !summary.contains(". "),
            "{summary}"
        );
        assert!(!summary.contains('\n') && summary.len() <= 90, "{summary}");
        let first = summary.chars().next();
        let own_word = summary.starts_with("vfio-pci");
        assert!(
            first.is_some_and(char::is_uppercase) || own_word,
            "{summary}"
        );
    }
}

#[test]
fn every_page_has_its_headings_in_order_and_says_something_below_each() {
    for rule in RULES {
        let headings: Vec<&str> = rule
            .explanation
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix("## "))
            .collect();
        assert_eq!(headings, HEADINGS, "{}", rule.code);
        for heading in HEADINGS {
            let body = section(rule, heading).trim();
            assert!(
                body.len() > 20 && body.ends_with('.'),
                "{} {heading}",
                rule.code
            );
        }
    }
}

#[test]
fn every_page_says_what_to_do_on_both_platforms() {
    for rule in RULES {
        let advice = section(rule, "What to do");
        assert!(
            advice.contains("Hyper-V") && advice.contains("VFIO"),
            "{}",
            rule.code
        );
    }
}

#[test]
fn every_rule_cites_a_place_in_a_document() {
    for rule in RULES {
        assert!(!rule.cites.is_empty(), "{}", rule.code);
        for cite in rule.cites {
            assert!(cite.section.len() > 3, "{}: {cite}", rule.code);
        }
    }
}

#[test]
fn every_rule_concerns_some_platform_or_a_lint_report() {
    for rule in RULES {
        let concerns = |policy| rule.effects.on(policy) != Effect::None;
        let assignment = Policy::ALL.into_iter().any(concerns);
        assert_eq!(rule.concerns_assignment(), assignment, "{}", rule.code);
        assert!(assignment || rule.lint.is_some(), "{}", rule.code);
    }
}

#[test]
fn a_rule_is_found_by_its_code_in_either_case_and_by_its_name() {
    for rule in RULES {
        for key in [rule.code, &rule.code.to_lowercase(), rule.name] {
            assert_eq!(find(key).map(|found| found.code), Some(rule.code));
        }
    }
    assert!(find("ACS000").is_none());
}

/// Codes are for ever: this snapshot may grow, and a retired code stays in it.
#[test]
fn codes_keep_their_meaning() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        let codes: String = RULES
            .iter()
            .map(|rule| format!("{} {}\n", rule.code, rule.name))
            .collect();
        insta::assert_snapshot!("rule-codes", codes);
    });
}
