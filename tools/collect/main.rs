//! `assignable-collect`: what the analyzer needs to know of this host, in one file.
//!
//! It reads `/sys` and `/proc` and writes the file that it is told to; nothing else. It changes
//! no device, no driver and no register.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "\
usage: assignable-collect [--root DIR] [--wake] -o FILE.zip|FOLDER

Reads PCI configuration space, ACPI tables and device facts of this host, and writes them to
one capture. Run as root for everything; as an ordinary user it collects what it may.

  -o, --output PATH   a folder, or a file whose name ends in .zip
      --root DIR      read the tree below DIR instead of / (a mounted image, a container's /host)
      --wake          read sleeping devices too, which wakes them up
  -h, --help          this text
  -V, --version       version
";

/// What was typed.
struct Arguments {
    output: PathBuf,
    root: PathBuf,
    wake: bool,
}

enum Stop {
    Answer(String),
    Usage(String),
}

fn main() -> ExitCode {
    match parse(std::env::args_os().skip(1)) {
        Ok(arguments) => run(&arguments),
        Err(Stop::Answer(text)) => {
            let _ = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(Stop::Usage(text)) => {
            say(&format!("{text}\n\n{USAGE}"));
            ExitCode::from(2)
        }
    }
}

fn parse(mut words: impl Iterator<Item = OsString>) -> Result<Arguments, Stop> {
    let (mut output, mut root, mut wake) = (None, PathBuf::from("/"), false);
    while let Some(word) = words.next() {
        let text = word.to_string_lossy().into_owned();
        let mut value = || {
            let missing = || Stop::Usage(format!("{text} needs a value"));
            words.next().map(PathBuf::from).ok_or_else(missing)
        };
        match text.as_str() {
            "-o" | "--output" => output = Some(value()?),
            "--root" => root = value()?,
            "--wake" => wake = true,
            "-h" | "--help" => return Err(Stop::Answer(USAGE.to_owned())),
            "-V" | "--version" => {
                let version = env!("CARGO_PKG_VERSION");
                return Err(Stop::Answer(format!("assignable-collect {version}\n")));
            }
            _ => return Err(Stop::Usage(format!("unknown argument {text}"))),
        }
    }
    let output = output.ok_or_else(|| Stop::Usage("-o is missing".to_owned()))?;
    Ok(Arguments { output, root, wake })
}

#[cfg(target_os = "linux")]
fn run(arguments: &Arguments) -> ExitCode {
    use assignable::capture;
    use assignable::collect::{Request, collect};

    let request = Request {
        root: arguments.root.clone(),
        wake: arguments.wake,
    };
    let capture = collect(&request);
    if capture.is_empty() {
        say("no PCI functions and no ACPI tables found; nothing was written");
        return ExitCode::from(3);
    }
    let is_zip = arguments
        .output
        .extension()
        .is_some_and(|extension| extension == "zip");
    let written = if is_zip {
        capture::to_zip_file(&capture, &arguments.output)
    } else {
        capture::to_folder(&capture, &arguments.output)
    };
    if let Err(error) = written {
        say(&error.to_string());
        return ExitCode::from(3);
    }
    let spaces = capture
        .functions
        .values()
        .filter(|record| record.config.extent() > 64)
        .count();
    say(&format!(
        "{}: {} functions ({spaces} with more than 64 bytes), {} ACPI tables; {} things could not be read \
         (manifest.json lists them)\nIt holds device serial numbers and the kernel command line.",
        arguments.output.display(),
        capture.functions.len(),
        capture.tables.len(),
        capture.manifest.failures.len(),
    ));
    ExitCode::SUCCESS
}

#[cfg(not(target_os = "linux"))]
fn run(_: &Arguments) -> ExitCode {
    say("this build collects on Linux only");
    ExitCode::from(3)
}

/// One message to standard error. Nobody is left to tell if that fails.
fn say(message: &str) {
    let _ = writeln!(std::io::stderr(), "{message}");
}
