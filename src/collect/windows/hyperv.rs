//! The Hyper-V role, asked by PowerShell: the command, and what it prints.
//!
//! The role answers through cmdlets of its own. The command is the part of
//! `Collect-Assignable.ps1` that asks them, and prints the same JSON.

use std::fmt::Write as _;

use serde_json::Value;

use crate::capture::{Failure, HyperV};

/// The command: it calls cmdlets that read, and prints one JSON document in ASCII.
pub const COMMAND: &str = include_str!("../../../tools/collect/Hyper-V.ps1");

/// The program below the system directory.
pub const PROGRAM: &str = r"WindowsPowerShell\v1.0\powershell.exe";

/// Modules of the box, below the system directory: no others are loaded.
pub const MODULES: &str = r"WindowsPowerShell\v1.0\Modules";

/// The arguments of the program: no profile, no questions, and the command.
pub const ARGUMENTS: [&str; 5] = [
    "-NoLogo",
    "-NoProfile",
    "-NonInteractive",
    "-Command",
    COMMAND,
];

/// Bytes that the command may print, at most: some 10,000 virtual machines.
pub const MAX_BYTES: usize = 16 << 20;

/// Reads what the command printed: the facts, and what could not be asked.
///
/// # Errors
/// Why it is no answer, in words.
pub(super) fn read(printed: &[u8]) -> Result<(HyperV, Vec<Failure>), String> {
    // Windows PowerShell may begin its output with a byte order mark.
    let text = printed.strip_prefix(b"\xef\xbb\xbf").unwrap_or(printed);
    if text.trim_ascii().is_empty() {
        return Err("PowerShell printed nothing".to_owned());
    }
    let Ok(Value::Object(mut document)) = serde_json::from_slice::<Value>(text) else {
        return Err(format!("PowerShell printed no JSON: {}", beginning(text)));
    };
    let failures = document.remove("failures").unwrap_or_default();
    let failures = failures.as_array().into_iter().flatten();
    let part = |failure: &Value, name: &str| {
        let text = failure.get(name).and_then(Value::as_str);
        text.unwrap_or("unknown").to_owned()
    };
    let failures = failures.map(|failure| Failure {
        what: part(failure, "what"),
        why: part(failure, "why"),
    });
    let Some(hyperv) = document.remove("hyperv").filter(Value::is_object) else {
        return Err("the PowerShell module Hyper-V is not installed".to_owned());
    };
    let hyperv = serde_json::from_value(hyperv).map_err(|error| error.to_string())?;
    Ok((hyperv, failures.collect()))
}

/// The first characters of an output, in one line without control characters.
fn beginning(text: &[u8]) -> String {
    let mut line = String::new();
    for character in String::from_utf8_lossy(text).chars().take(60) {
        match character {
            ' '..='~' => line.push(character),
            _ => _ = write!(line, "{}", character.escape_default()),
        }
    }
    line
}
