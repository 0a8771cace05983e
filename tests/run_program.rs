//! How the collector for Windows runs a program: within limits, whatever the program does. The
//! module is compiled here for any platform, so that it is tested with a shell of the platform.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a test fails by panicking, and takes the time"
)]

#[path = "../tools/collect/windows/run.rs"]
mod run;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use run::{Limits, run};

const LIMITS: Limits = Limits {
    time: Duration::from_secs(60),
    bytes: 1000,
};

/// The shell of the platform, and how it takes a command.
fn shell() -> (PathBuf, &'static str) {
    if cfg!(windows) {
        (r"C:\windows\system32\cmd.exe".into(), "/c")
    } else {
        ("/bin/sh".into(), "-c")
    }
}

/// Runs the command of this platform.
fn within(limits: Limits, unix: &str, windows: &str) -> Result<String, String> {
    let (program, option) = shell();
    let words: Vec<&str> = match cfg!(windows) {
        true => std::iter::once(option).chain(windows.split(' ')).collect(),
        false => vec![option, unix],
    };
    let variables = [("ASSIGNABLE_MARK", OsStr::new("seen"))];
    let printed = run(&program, &words, &std::env::temp_dir(), &variables, limits);
    printed.map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn what_a_program_prints_is_given_back() {
    let said = within(LIMITS, "echo $ASSIGNABLE_MARK", "echo %ASSIGNABLE_MARK%");
    assert_eq!(said.unwrap().trim(), "seen");
    assert_eq!(within(LIMITS, "exit 0", "exit 0"), Ok(String::new()));
}

#[test]
fn a_program_that_fails_is_named_with_its_complaint() {
    let why = within(
        LIMITS,
        "echo partly; echo >&2; echo trouble >&2; exit 3",
        "echo trouble>&2&exit 3",
    );
    let why = why.unwrap_err();
    assert!(why.starts_with("it failed with exit"), "{why}");
    assert!(why.contains(": 3") && why.ends_with(": trouble"), "{why}");
}

#[test]
fn a_program_that_does_not_end_is_ended() {
    let start = Instant::now();
    let limits = Limits {
        time: Duration::from_millis(500),
        ..LIMITS
    };
    let forever = "for /L %i in (1,0,2) do @rem";
    for unix in ["sleep 30", "exec >&-; sleep 30", "sleep 5 & echo early"] {
        let why = within(limits, unix, forever);
        assert_eq!(why, Err("it took longer than 0.5 seconds".to_owned()));
    }
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_program_that_prints_without_end_is_ended() {
    let start = Instant::now();
    let forever = "for /L %i in (1,0,2) do @echo abcdefghijklmnopqrstuvwxyz";
    let unix = "while :; do echo abcdefghijklmnopqrstuvwxyz; done";
    let why = within(LIMITS, unix, forever);
    assert_eq!(why, Err("it printed more than 1000 bytes".to_owned()));
    assert!(start.elapsed() < Duration::from_secs(20));
}

/// As much as the limit, and no more, is an answer.
#[cfg(unix)]
#[test]
fn the_limit_itself_is_allowed() {
    let exactly = |bytes: u32| within(LIMITS, &format!("head -c {bytes} /dev/zero"), "");
    assert_eq!(exactly(1000).map(|said| said.len()), Ok(1000));
    assert!(exactly(1001).is_err());
}

/// Complaints beyond what a pipe holds do not stop a program.
#[cfg(unix)]
#[test]
fn complaints_do_not_block() {
    let said = within(LIMITS, "head -c 1000000 /dev/zero >&2; echo fine", "");
    assert_eq!(said.as_deref(), Ok("fine\n"));
}

#[test]
fn a_program_that_is_not_there_is_an_error() {
    let missing = std::env::temp_dir().join("no such program");
    let why = run(&missing, &[], Path::new("."), &[], LIMITS).unwrap_err();
    assert!(why.contains("no such program"), "{why}");
}

/// It gets no input, so that it cannot wait for any.
#[test]
fn a_program_that_reads_finds_nothing() {
    let said = within(LIMITS, "cat; echo end", "more&echo end");
    assert_eq!(said.unwrap().trim(), "end");
}
