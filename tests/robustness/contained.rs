//! Runs a test in a process of its own to see how much memory it took.

use std::process::Command;

/// Memory that an import may take at most, whatever its input.
const LIMIT_KIB: u64 = 300 * 1024;
const VARIABLE: &str = "ASSIGNABLE_ROBUSTNESS_CHILD";

/// Runs `body` in a child process and fails where it fails or takes too much memory.
///
/// `test` is the path of the calling test. Where the platform does not tell a process its peak,
/// the body simply runs.
pub(crate) fn contained(test: &str, body: impl FnOnce()) {
    if !cfg!(target_os = "linux") {
        return body();
    }
    if std::env::var_os(VARIABLE).is_some_and(|name| name == test) {
        body();
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let peak = status
            .lines()
            .find(|line| line.starts_with("VmHWM:"))
            .unwrap();
        #[expect(clippy::print_stdout, reason = "tells the parent process")]
        {
            println!("{peak}");
        }
        return;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(VARIABLE, test)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{errors}");
    let peak = text.lines().find_map(|line| {
        line.split_once("VmHWM:")?
            .1
            .trim()
            .strip_suffix(" kB")?
            .parse::<u64>()
            .ok()
    });
    assert!(peak.is_some(), "the child tells no peak: {text}");
    let peak = peak.unwrap();
    assert!(peak < LIMIT_KIB, "{test} took {peak} KiB");
}
