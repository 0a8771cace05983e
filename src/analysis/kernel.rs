//! Which Linux kernel runs the host, and what it was told on its command line.

use crate::decode::kernel_log::Said;
use crate::host::Host;
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
    /// From `/proc`, the manifest or, where both are silent, the kernel's log.
    pub fn of(host: &Host<'_>) -> Self {
        let capture = host.capture();
        let text = |name: &str| {
            let bytes = capture.host.get(name)?;
            Some(String::from_utf8_lossy(bytes).trim().to_owned())
        };
        let linux = capture.manifest.os.as_deref() == Some("linux");
        let manifest = || {
            let release = capture.manifest.os_release.clone();
            release.filter(|_| linux)
        };
        let logged = |said: Option<&Said<String>>| said.map(|said| said.value.clone());
        Self {
            release: text("version")
                .as_deref()
                .and_then(release_in)
                .or_else(manifest)
                .or_else(|| logged(host.log()?.release.as_ref())),
            command_line: text("cmdline").or_else(|| logged(host.log()?.command_line.as_ref())),
        }
    }

    /// The series of its release; `None` where the release is not known.
    pub fn series(&self) -> Option<Series> {
        self.release.as_deref()?.parse().ok()
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
    use crate::testing::Machine;

    fn kernel(files: &[(&str, &str)]) -> Kernel {
        let mut machine = Machine::new();
        for (name, text) in files {
            let bytes = text.as_bytes().to_vec();
            machine.capture.host.insert((*name).to_owned(), bytes);
        }
        machine.facts(|facts| Kernel::of(facts.host))
    }

    #[test]
    fn proc_comes_before_the_log() {
        let log = "[    0.000000] Linux version 6.1.0-9 (a@b)\n\
            [    0.000000] Command line: quiet iommu=pt\n";
        let logged = kernel(&[("log.txt", log)]);
        assert_eq!(logged.release.as_deref(), Some("6.1.0-9"));
        assert_eq!(logged.command_line.as_deref(), Some("quiet iommu=pt"));
        let both = kernel(&[
            ("log.txt", log),
            ("version", "Linux version 6.12.95+deb13-amd64 (c@d) #1\n"),
            ("cmdline", "ro\n"),
        ]);
        assert_eq!(both.series(), Some(Series::V6_12));
        assert_eq!(both.command_line.as_deref(), Some("ro"));
        assert_eq!(kernel(&[]), Kernel::default());
    }
}
