//! `assignable-collect`: what the analyzer needs to know of this host, in one file.
//!
//! On Linux it reads `/sys`, `/proc` and the kernel's log, on Windows the properties of device
//! nodes, and writes the file that it is told to; nothing else. It changes no device, no driver and no register.

#![deny(unsafe_code)]

#[cfg(windows)]
mod windows;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "\
usage: assignable-collect [--root DIR] [--wake] [--vpd] [--no-hyperv] -o FILE.zip|FOLDER

Reads PCI configuration space (Windows: the PCI driver's properties), ACPI tables and device
facts of this host, and writes them to one capture. It only reads: no register is written, no BAR is sized, no driver is changed.
Run as root for everything; as an ordinary user it collects what it may.

  -o, --output PATH       a folder, or a file whose name ends in .zip
      --root DIR          read the tree below DIR instead of / (a mounted image, a container's
                          /host)
      --wake              read sleeping devices too, which wakes them up
      --vpd               read Vital Product Data (part and serial numbers), which some devices
                          answer slowly or never
      --no-hyperv         Windows: do not ask the Hyper-V role, for which PowerShell is run
      --timeout SECONDS   give up a read without an answer after so long (default 5)
  -q, --quiet             say nothing unless it fails
  -h, --help              this text
  -V, --version           version
";

/// What was typed.
#[cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "some options are for Linux alone")
)]
#[cfg_attr(
    not(windows),
    allow(dead_code, reason = "an option is for Windows alone")
)]
struct Arguments {
    output: PathBuf,
    root: PathBuf,
    wake: bool,
    vpd: bool,
    hyperv: bool,
    timeout: Duration,
    quiet: bool,
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
    let (mut output, mut root) = (None, PathBuf::from("/"));
    let (mut wake, mut vpd, mut hyperv, mut quiet) = (false, false, true, false);
    let mut timeout = Duration::from_secs(5);
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
            "--vpd" => vpd = true,
            "--no-hyperv" => hyperv = false,
            "--timeout" => timeout = seconds(&value()?)?,
            "-q" | "--quiet" => quiet = true,
            "-h" | "--help" => return Err(Stop::Answer(USAGE.to_owned())),
            "-V" | "--version" => {
                let version = env!("CARGO_PKG_VERSION");
                return Err(Stop::Answer(format!("assignable-collect {version}\n")));
            }
            _ => return Err(Stop::Usage(format!("unknown argument {text}"))),
        }
    }
    let output = output.ok_or_else(|| Stop::Usage("-o is missing".to_owned()))?;
    Ok(Arguments {
        output,
        root,
        wake,
        vpd,
        hyperv,
        timeout,
        quiet,
    })
}

/// A number of seconds from a tenth to an hour.
fn seconds(word: &std::path::Path) -> Result<Duration, Stop> {
    let number = word.to_str().and_then(|text| text.parse::<f64>().ok());
    number
        .filter(|seconds| (0.1..=3600.0).contains(seconds))
        .map(Duration::from_secs_f64)
        .ok_or_else(|| Stop::Usage("--timeout takes seconds, 0.1 to 3600".to_owned()))
}

#[cfg(target_os = "linux")]
fn run(arguments: &Arguments) -> ExitCode {
    use assignable::collect::{Request, collect, summary};

    let request = Request {
        root: arguments.root.clone(),
        wake: arguments.wake,
        vpd: arguments.vpd,
        timeout: arguments.timeout,
    };
    let mut progress = Progress::new(arguments.quiet);
    let capture = collect(&request, &mut |functions| progress.show(functions));
    progress.clear();
    if capture.is_empty() {
        say("no PCI functions and no ACPI tables found; nothing was written");
        return ExitCode::from(3);
    }
    if let Err(code) = store(&capture, arguments) {
        return code;
    }
    if !arguments.quiet {
        let output = arguments.output.display();
        say(&format!(
            "{}\nwritten: {output}, and nothing else; no register, driver or setting was changed",
            summary(&capture)
        ));
    }
    ExitCode::SUCCESS
}

#[cfg(windows)]
fn run(arguments: &Arguments) -> ExitCode {
    let capture = assignable::collect::windows::collect(&mut windows::Host::new(arguments.hyperv));
    if capture.is_empty() {
        say("no PCI device nodes and no ACPI tables found; nothing was written");
        return ExitCode::from(3);
    }
    if let Err(code) = store(&capture, arguments) {
        return code;
    }
    if !arguments.quiet {
        let missing = capture.manifest.failures.iter();
        let missing: String = missing
            .map(|failure| format!("\nnot collected: {} ({})", failure.what, failure.why))
            .collect();
        say(&format!(
            "device nodes and {} ACPI tables{missing}\nwritten: {}, and nothing else; no register, \
             driver or setting was changed",
            capture.tables.len(),
            arguments.output.display()
        ));
    }
    ExitCode::SUCCESS
}

#[cfg(not(any(target_os = "linux", windows)))]
fn run(_: &Arguments) -> ExitCode {
    say("this build collects on Linux and Windows only");
    ExitCode::from(3)
}

/// Writes the capture where it was asked for.
#[cfg(any(target_os = "linux", windows))]
fn store(capture: &assignable::capture::Capture, arguments: &Arguments) -> Result<(), ExitCode> {
    use assignable::capture;

    let is_zip = arguments
        .output
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("zip"));
    let written = if is_zip {
        capture::to_zip_file(capture, &arguments.output)
    } else {
        capture::to_folder(capture, &arguments.output)
    };
    written.map_err(|error| {
        say(&error.to_string());
        ExitCode::from(3)
    })
}

/// A counter on a terminal.
#[cfg(target_os = "linux")]
struct Progress {
    shown: bool,
    on: bool,
}

#[cfg(target_os = "linux")]
impl Progress {
    fn new(quiet: bool) -> Self {
        use std::io::IsTerminal;
        Self {
            shown: false,
            on: !quiet && std::io::stderr().is_terminal(),
        }
    }

    fn show(&mut self, functions: usize) {
        if self.on {
            self.shown = true;
            let _ = write!(std::io::stderr(), "\rreading: {functions} PCI functions");
        }
    }

    fn clear(&self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

/// One message to standard error. Nobody is left to tell if that fails.
fn say(message: &str) {
    let _ = writeln!(std::io::stderr(), "{message}");
}
