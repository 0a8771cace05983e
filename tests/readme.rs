//! The sessions in README.md are what the program prints.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, reads the page and runs the binary"
)]

use std::process::Command;

/// A command of the page with the lines shown below it. A line `...` stands for any number of
/// lines.
struct Session {
    arguments: Vec<String>,
    shown: Vec<String>,
}

fn sessions(page: &str) -> Vec<Session> {
    let mut sessions: Vec<Session> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let Some(command) = line.strip_prefix("$ cargo run -q -- ").filter(|_| inside) {
            let arguments = command.split_whitespace().map(str::to_owned).collect();
            sessions.push(Session {
                arguments,
                shown: Vec::new(),
            });
        } else if line.starts_with("$ ") {
            inside = false;
        } else if let Some(session) = sessions.last_mut().filter(|_| inside) {
            session.shown.push(line.to_owned());
        }
    }
    sessions
}

#[test]
fn every_session_is_what_the_program_prints() {
    let page = include_str!("../README.md");
    let sessions = sessions(page);
    assert!(sessions.len() >= 3, "only {} sessions", sessions.len());
    for session in sessions {
        let output = Command::new(env!("CARGO_BIN_EXE_assignable"))
            .args(&session.arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("the binary runs");
        assert!(output.status.success(), "{:?}", session.arguments);
        let text = String::from_utf8(output.stdout).unwrap();
        let printed: Vec<&str> = text.lines().collect();
        assert!(
            session.shown.len() >= 5,
            "{:?} shows nothing",
            session.arguments
        );
        assert!(
            matches(&session.shown, &printed),
            "README.md shows for {:?}\n{}\nbut the program prints\n{text}",
            session.arguments,
            session.shown.join("\n")
        );
    }
}

fn matches(shown: &[String], printed: &[&str]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((line, rest)) if line == "..." => {
            (0..=printed.len()).any(|skip| matches(rest, &printed[skip..]))
        }
        Some((line, rest)) => printed
            .split_first()
            .is_some_and(|(first, others)| first.trim_end() == line && matches(rest, others)),
    }
}

#[test]
fn a_page_that_shows_something_else_is_noticed() {
    let shown = |lines: &[&str]| {
        lines
            .iter()
            .map(|line| (*line).to_owned())
            .collect::<Vec<_>>()
    };
    assert!(matches(&shown(&["a", "...", "d"]), &["a", "b", "c", "d"]));
    assert!(!matches(&shown(&["a", "...", "e"]), &["a", "b", "c", "d"]));
    assert!(!matches(&shown(&["a"]), &["a", "b"]));
}
