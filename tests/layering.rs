//! Data flows one way: a room of the library uses only the rooms before it.
//!
//! The sources are read as tokens, so that every path counts: in `use` with nested groups, in
//! re-exports, in expressions, in macro bodies, and through `super`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints what it counted"
)]
#![expect(clippy::disallowed_methods, reason = "the sources are files")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The rooms of the library, each after all those that it may use.
const ROOMS: &[&str] = &[
    "range", "addr", "parallel", "spec", "bytes", "capture", "decode", "import", "synth", "corpus",
    "host", "names", "topology", "select", "iommu", "analysis", "policy", "profile", "sim",
    "rules", "verdict", "diff", "messages", "redact", "batch", "plan", "report", "collect",
];

/// An arrow from a room to another one, with the file that draws it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Arrow {
    file: String,
    from: String,
    to: String,
}

#[test]
fn no_arrow_runs_back() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&root, &mut files);
    assert!(files.len() > 50, "only {} sources found", files.len());
    let mut bad = String::new();
    let mut arrows = 0;
    for file in files {
        let relative = file.strip_prefix(&root).unwrap();
        let Some(room) = room_of(relative) else {
            continue;
        };
        let source = fs::read_to_string(&file).unwrap();
        for arrow in arrows_of(&source, relative, &room) {
            arrows += 1;
            if runs_back(&arrow) {
                writeln!(bad, "{}: {} uses {}", arrow.file, arrow.from, arrow.to).unwrap();
            }
        }
    }
    assert!(arrows > 100, "only {arrows} arrows found");
    assert!(bad.is_empty(), "arrows that run back:\n{bad}");
}

#[test]
fn every_room_is_listed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(root).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let name = name.trim_end_matches(".rs");
        let rim = ["lib", "main", "cli", "testing"].contains(&name);
        assert!(
            rim || ROOMS.contains(&name),
            "room {name} is not in the order"
        );
    }
}

#[test]
fn a_seeded_violation_is_found_however_it_is_written() {
    let seeds = [
        "use crate::report::Report;",
        "use crate::{addr::Sbdf, report::{self, Layout}};",
        "pub use crate::report as words;",
        "fn f() { crate::report::survey(); }",
        "use super::super::report::Report;",
        "use super::{super::report, Host};",
        "macro_rules! m { () => { $crate::report::survey() } }",
    ];
    for seed in seeds {
        let file = Path::new("host/function.rs");
        let found: Vec<_> = arrows_of(seed, file, "host")
            .into_iter()
            .filter(runs_back)
            .map(|arrow| arrow.to)
            .collect();
        assert_eq!(found, ["report"], "{seed}");
    }
    let fine = "use crate::bytes::Fault; use super::Function; use std::fmt; fn report() {}";
    let arrows = arrows_of(fine, Path::new("host/function.rs"), "host");
    assert!(!arrows.iter().any(runs_back), "{arrows:?}");
}

fn runs_back(arrow: &Arrow) -> bool {
    let place = |room: &str| ROOMS.iter().position(|known| *known == room);
    match (place(&arrow.from), place(&arrow.to)) {
        (Some(from), Some(to)) => to > from,
        // Macros and items at the crate root belong to no room.
        _ => false,
    }
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The first component of the path below `src`; `None` for the rims.
fn room_of(relative: &Path) -> Option<String> {
    let first = relative.iter().next()?.to_str()?.trim_end_matches(".rs");
    // Unit tests are no part of the library: they may look at what comes later.
    let test = relative
        .iter()
        .any(|part| part == "tests" || part == "tests.rs");
    (!test && !["lib", "main", "cli", "testing"].contains(&first)).then(|| first.to_owned())
}

fn arrows_of(source: &str, relative: &Path, room: &str) -> BTreeSet<Arrow> {
    let tokens = TokenStream::from_str(source).expect("the source is Rust");
    let mut targets = BTreeSet::new();
    collect(tokens, &module_path(relative), &mut targets);
    targets
        .into_iter()
        .filter(|target| target != room)
        .map(|to| Arrow {
            file: relative.display().to_string(),
            from: room.to_owned(),
            to,
        })
        .collect()
}

/// The module that a file defines, from the crate root.
fn module_path(relative: &Path) -> Vec<String> {
    let mut path: Vec<String> = relative
        .iter()
        .map(|part| part.to_str().unwrap().trim_end_matches(".rs").to_owned())
        .collect();
    if path.last().is_some_and(|last| last == "mod") {
        path.pop();
    }
    path
}

/// Finds every `crate::…` and `super::…` path, wherever it stands.
fn collect(tokens: TokenStream, module: &[String], targets: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token {
            TokenTree::Ident(ident) if ident == "crate" => {
                at = follow(&tokens, at + 1, &[], targets);
            }
            TokenTree::Ident(ident) if ident == "super" => {
                let above = module.split_last().map_or(&[][..], |(_, above)| above);
                at = follow(&tokens, at + 1, above, targets);
            }
            TokenTree::Group(group) => {
                collect(group.stream(), module, targets);
                at += 1;
            }
            _ => at += 1,
        }
    }
}

/// Reads `::segment…` after a prefix that stands for `base`, and notes the room it leads to.
fn follow(
    tokens: &[TokenTree],
    mut at: usize,
    base: &[String],
    targets: &mut BTreeSet<String>,
) -> usize {
    let colon = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    let mut base = base.to_vec();
    while colon(tokens.get(at)) && colon(tokens.get(at + 1)) {
        at += 2;
        match tokens.get(at) {
            Some(TokenTree::Ident(ident)) if ident == "super" => {
                base.pop();
                at += 1;
            }
            Some(TokenTree::Ident(ident)) => {
                base.push(ident.to_string());
                targets.extend(base.first().cloned());
                return at + 1;
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                branch(group.stream(), &base, targets);
                return at + 1;
            }
            _ => return at,
        }
    }
    at
}

/// Reads the branches of a nested `use` group.
fn branch(tokens: TokenStream, base: &[String], targets: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_comma =
        |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
    for part in tokens.split(is_comma) {
        let mut path = base.to_vec();
        for token in part {
            match token {
                TokenTree::Ident(ident) if ident == "super" => {
                    path.pop();
                }
                TokenTree::Ident(ident) if ident == "self" => {}
                TokenTree::Ident(ident) => {
                    path.push(ident.to_string());
                    break;
                }
                TokenTree::Group(group) => {
                    branch(group.stream(), &path, targets);
                    break;
                }
                _ => {}
            }
        }
        targets.extend(path.first().cloned());
    }
}
