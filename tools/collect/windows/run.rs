//! Runs a program of the box: for so long, with so much output, without a window.

use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// What a program may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// From its start to the end of its output.
    pub(crate) time: Duration,
    /// Bytes on its standard output.
    pub(crate) bytes: usize,
}

/// Bytes of standard error that are kept to say why a program failed.
const ERROR_BYTES: u64 = 4096;
/// How often a program that closed its output is asked whether it has ended.
const PAUSE: Duration = Duration::from_millis(20);

/// What a program printed to its standard output. It gets no input; `variables` are added to its
/// environment.
///
/// # Errors
/// Why there is no output that counts, in words: it cannot be started, takes too long, prints too
/// much, or ends with another code than 0. A program that is still running is ended.
pub(crate) fn run(
    program: &Path,
    arguments: &[&str],
    folder: &Path,
    variables: &[(&str, &OsStr)],
    limits: Limits,
) -> Result<Vec<u8>, String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one program that the collector for Windows runs"
    )]
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(folder)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    without_window(&mut command);
    let mut child = command
        .spawn()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    let ended = watch(&mut child, limits);
    // A program that has ended already cannot be ended: nothing is lost by that error.
    let _ = child.kill();
    let _ = child.wait();
    ended
}

#[cfg(windows)]
fn without_window(command: &mut Command) {
    use std::os::windows::process::CommandExt;
    /// `CREATE_NO_WINDOW` (winbase.h).
    const NO_WINDOW: u32 = 0x0800_0000;
    command.creation_flags(NO_WINDOW);
}

#[cfg(not(windows))]
fn without_window(_: &mut Command) {}

/// The output of a program, once it has ended as it should.
fn watch(child: &mut Child, limits: Limits) -> Result<Vec<u8>, String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a limit of time, not a part of the result"
    )]
    let start = Instant::now();
    let left = || limits.time.saturating_sub(start.elapsed());
    let too_long = || format!("it took longer than {} seconds", limits.time.as_secs_f64());
    let (said, output) = channel();
    let (complained, complaints) = channel();
    let room = u64::try_from(limits.bytes).unwrap_or(u64::MAX);
    // One byte more tells that there is more.
    drain(child.stdout.take(), room.saturating_add(1), said);
    drain(child.stderr.take(), ERROR_BYTES, complained);
    let printed = match output.recv_timeout(left()) {
        Ok(printed) => printed,
        Err(RecvTimeoutError::Timeout) => return Err(too_long()),
        Err(RecvTimeoutError::Disconnected) => return Err("its output broke off".to_owned()),
    };
    if printed.len() > limits.bytes {
        return Err(format!("it printed more than {} bytes", limits.bytes));
    }
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if left().is_zero() => return Err(too_long()),
            Ok(None) => thread::sleep(PAUSE.min(left())),
            Err(error) => return Err(error.to_string()),
        }
    };
    if status.success() {
        return Ok(printed);
    }
    // What it started may hold its standard error open for longer.
    let complaint = complaints.recv_timeout(left()).unwrap_or_default();
    Err(failed(status, &complaint))
}

/// Reads a stream to its end or to a limit, in the background.
fn drain(stream: Option<impl Read + Send + 'static>, room: u64, into: Sender<Vec<u8>>) {
    let Some(stream) = stream else { return };
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let mut limited = stream.take(room);
        if limited.read_to_end(&mut bytes).is_ok() {
            let _ = into.send(bytes);
        }
        // A program that cannot go on printing would never end.
        let _ = std::io::copy(limited.get_mut(), &mut std::io::sink());
    });
}

/// The exit code and the first line of the complaint.
fn failed(status: ExitStatus, complaint: &[u8]) -> String {
    let text = String::from_utf8_lossy(complaint);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    let line: String = line.unwrap_or_default().chars().take(200).collect();
    let plain: String = line.chars().filter(|c| !c.is_control()).collect();
    match plain.is_empty() {
        true => format!("it failed with {status}"),
        false => format!("it failed with {status}: {plain}"),
    }
}
