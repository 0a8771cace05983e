//! Which Linux kernel runs the host, and what it was told on its command line.

use crate::capture::Capture;
use crate::spec::linux::Series;

/// What a capture says of the kernel that ran the host.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Kernel {
    /// Its release, e.g. `6.12.95+deb13-amd64`.
    pub release: Option<String>,
    /// Its command line.
    pub command_line: Option<String>,
}

impl Kernel {
    /// From `/proc`, the manifest or, where both are silent, the last boot in the kernel's log.
    pub fn of(capture: &Capture) -> Self {
        let text = |name: &str| {
            let bytes = capture.host.get(name)?;
            Some(String::from_utf8_lossy(bytes).trim().to_owned())
        };
        let log = capture.host.get("log.txt").map(|log| Self::from_log(log));
        let log = log.unwrap_or_default();
        let linux = capture.manifest.os.as_deref() == Some("linux");
        let manifest = || {
            let release = capture.manifest.os_release.clone();
            release.filter(|_| linux)
        };
        Self {
            release: text("version")
                .as_deref()
                .and_then(release_in)
                .or_else(manifest)
                .or(log.release),
            command_line: text("cmdline").or(log.command_line),
        }
    }

    /// The series of its release; `None` where the release is not known.
    pub fn series(&self) -> Option<Series> {
        self.release.as_deref()?.parse().ok()
    }

    fn from_log(log: &[u8]) -> Self {
        const COMMAND_LINE: &str = "ommand line: ";
        let mut kernel = Self::default();
        for line in log.split(|&byte| byte == b'\n') {
            let line = String::from_utf8_lossy(line);
            if let Some(release) = release_in(&line) {
                kernel = Self {
                    release: Some(release),
                    command_line: None,
                };
            } else if kernel.command_line.is_none()
                && let Some((before, words)) = line.split_once(COMMAND_LINE)
                && before.ends_with(['C', 'c'])
            {
                kernel.command_line = Some(words.trim().to_owned());
            }
        }
        kernel
    }
}

/// The release in `Linux version 6.12.95+deb13-amd64 (…)`.
fn release_in(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("Linux version ")?;
    rest.split_whitespace().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture(files: &[(&str, &str)]) -> Capture {
        let mut capture = Capture::default();
        for (name, text) in files {
            let bytes = text.as_bytes().to_vec();
            capture.host.insert((*name).to_owned(), bytes);
        }
        capture
    }

    #[test]
    fn proc_comes_before_the_log_and_the_last_boot_of_a_log_counts() {
        let log = "[    0.000000] Linux version 5.10.0 (a@b)\n\
            [    0.000000] Command line: quiet intel_iommu=off\n\
            [    0.000000] Linux version 6.1.0-9 (a@b)\n\
            [    0.000000] Command line: quiet iommu=pt\n\
            [    0.100000] Kernel command line: quiet iommu=pt other\n";
        let kernel = Kernel::of(&capture(&[("log.txt", log)]));
        assert_eq!(kernel.release.as_deref(), Some("6.1.0-9"));
        assert_eq!(kernel.command_line.as_deref(), Some("quiet iommu=pt"));
        let both = Kernel::of(&capture(&[
            ("log.txt", log),
            ("version", "Linux version 6.12.95+deb13-amd64 (c@d) #1\n"),
            ("cmdline", "ro\n"),
        ]));
        assert_eq!(both.series(), Some(Series::V6_12));
        assert_eq!(both.command_line.as_deref(), Some("ro"));
        assert_eq!(Kernel::of(&capture(&[])), Kernel::default());
    }
}
