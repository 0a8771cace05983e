//! Holds every decoder file to its form: it cites the section it follows, and has a test from
//! bytes that were annotated by hand.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    missing_docs,
    reason = "a test fails by panicking and reads files"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// Where decoders lie.
const FOLDERS: [&str; 2] = ["src/decode/config", "src/decode/acpi"];

/// What a file that lays out or reads bytes has.
const SIGNS: [&str; 6] = [
    "Register::new(",
    "Register::plain(",
    "Field::",
    "Entry::",
    "le_u16",
    "fn decode(",
];

/// Files with such a sign that decode nothing of their own, and why.
const OTHERS: &[(&str, &str)] = &[
    (
        "src/decode/acpi/layout.rs",
        "what layouts are made of, for every table",
    ),
    ("src/decode/acpi/table.rs", "chooses the decoder of a table"),
    (
        "src/decode/acpi/dump.rs",
        "shows what the decoders found; its tests count every byte",
    ),
    (
        "src/decode/config/dump.rs",
        "shows what the decoders found; its tests count every byte",
    ),
    (
        "src/decode/config/encode.rs",
        "writes what the decoders read; its tests have the bytes",
    ),
    (
        "src/decode/config/mod.rs",
        "joins header and lists; tests/walk.rs has whole spaces",
    ),
    (
        "src/decode/config/structure.rs",
        "what every capability has to say of itself",
    ),
    (
        "src/decode/config/ext/lanes.rs",
        "repeats a register for each lane; the capabilities that use it have the bytes",
    ),
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    found.sort();
}

fn decoders() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for folder in FOLDERS {
        files(Path::new(folder), &mut found);
    }
    found
        .into_iter()
        .map(|path| {
            (
                path.display().to_string(),
                fs::read_to_string(&path).unwrap(),
            )
        })
        .filter(|(name, text)| {
            let code = text.split("#[cfg(test)]").next().unwrap();
            let tests = name.contains("/tests") || name.contains("testing");
            !tests
                && SIGNS.iter().any(|sign| code.contains(sign))
                && OTHERS.iter().all(|(other, _)| other != name)
        })
        .collect()
}

/// The file and the modules it belongs to, with their tests: `a/b/c.rs`, `a/b.rs`,
/// `a/b/mod.rs`, `a/b/tests.rs`, and so on up to the folder of decoders.
fn family(name: &str) -> Vec<PathBuf> {
    let mut stem = PathBuf::from(name.trim_end_matches(".rs"));
    let mut family = Vec::new();
    while !["config", "acpi", "cap", "ext"]
        .iter()
        .any(|top| stem.ends_with(top))
    {
        family.push(stem.with_extension("rs"));
        family.push(stem.join("mod.rs"));
        family.push(stem.join("tests.rs"));
        stem.pop();
    }
    // Header and lists are tested with whole spaces.
    if Path::new(name).parent() == Some(Path::new(FOLDERS[0])) {
        family.push(Path::new(FOLDERS[0]).join("tests/walk.rs"));
    }
    family.retain(|path| path.is_file());
    family
}

/// `7.5.3`, `Table 5.33`, `chapter 3`, `appendix H` in the text that opens a file, or a
/// citation of the structure.
fn cites(text: &str) -> bool {
    let opening = text.lines().take_while(|line| line.starts_with("//!"));
    let opening: String = opening.collect::<Vec<_>>().join(" ");
    let numbered = opening.split_whitespace().any(|word| {
        let word = word.trim_matches(['(', ')', ',', ';', ':', '.']);
        let mut parts = word.split('.');
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        parts.next().is_some_and(|first| {
            !first.is_empty()
                && first.len() <= 2
                && first.bytes().all(|b| b.is_ascii_alphanumeric())
        }) && parts.clone().next().is_some()
            && parts.all(digits)
    });
    let words = ["chapter ", "appendix ", "Table ", "section "];
    numbered || words.iter().any(|word| opening.contains(word)) || text.contains(".at(\"")
}

/// Whether tests have bytes that a comment beside or above them explains.
fn has_annotated_bytes(text: &str) -> bool {
    let Some(at) = text.find("#[test]") else {
        return false;
    };
    // Constants for the tests stand in front of the first.
    let tests = text.find("#[cfg(test)]").filter(|&tests| tests < at);
    let lines: Vec<_> = match tests {
        Some(tests) => text[tests..].lines().collect(),
        None => text.lines().collect(),
    };
    let bytes = |line: &str| {
        let (code, _) = line.split_once("//").unwrap_or((line, ""));
        code.contains("0x") || code.contains("b\"") || code.contains("b'")
    };
    let words = |line: &str| {
        line.split_once("//")
            .is_some_and(|(_, words)| words.len() > 4)
    };
    // Beside the bytes, or up to three lines above them.
    (0..lines.len())
        .any(|index| words(lines[index]) && lines[index..].iter().take(4).any(|line| bytes(line)))
}

#[test]
fn every_decoder_cites_the_section_it_follows() {
    let silent: Vec<_> = decoders()
        .into_iter()
        .filter(|(name, _)| {
            let texts = family(name)
                .into_iter()
                .filter(|path| !path.ends_with("tests.rs"));
            !texts
                .map(|path| fs::read_to_string(path).unwrap())
                .any(|text| cites(&text))
        })
        .map(|(name, _)| name)
        .collect();
    assert!(silent.is_empty(), "no section: {silent:#?}");
}

#[test]
fn every_decoder_has_a_test_from_annotated_bytes() {
    let decoders = decoders();
    println!("{} decoder files", decoders.len());
    assert!(decoders.len() >= 90, "{} files", decoders.len());
    let without: Vec<_> = decoders
        .iter()
        .filter(|(name, _)| {
            !family(name).iter().any(|path| {
                let text = fs::read_to_string(path).unwrap();
                has_annotated_bytes(&text)
            })
        })
        .map(|(name, _)| name)
        .collect();
    assert!(without.is_empty(), "no annotated bytes: {without:#?}");
}

#[test]
fn every_exemption_is_of_a_file_that_there_is() {
    for (name, _) in OTHERS {
        assert!(Path::new(name).is_file(), "{name}");
    }
}
