//! The kernel command line switches remapping off.

use std::fmt;

use crate::analysis::{Fact, Facts, Missing};
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// No parameter on the kernel command line switches DMA remapping off.
    ///
    /// ## Why it matters
    ///
    /// The hardware could do it and the kernel does not: without DMA remapping there are no
    /// IOMMU groups, and nothing that VFIO could give away.
    ///
    /// ## How it is decided
    ///
    /// By the words `iommu=off`, `intel_iommu=off` and `amd_iommu=off`; of several settings of
    /// one parameter the last one counts. A Linux capture without the command line leaves the
    /// answer open. On other systems the rule does not apply. IOM040 looks at the words about
    /// interrupt remapping.
    ///
    /// ## What to do
    ///
    /// Hyper-V: not concerned.
    ///
    /// VFIO: take the parameter out of the boot loader's configuration and start again.
    IOM004 = {
        name: "remapping-switched-off",
        summary: "The kernel command line switches DMA remapping off",
        severity: Medium,
        effects: Effects::new(Effect::None, Effect::Condition),
        cites: [
            Document::LinuxIommu.at("intel/iommu.c, intel_iommu_setup"),
        ],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// The parameter.
#[derive(Debug)]
struct SwitchedOff(String);

impl fmt::Display for SwitchedOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the kernel was started with {}", self.0)
    }
}

/// Parameters with a value, of which the last setting counts.
const WITH_VALUE: [&str; 3] = ["iommu", "intel_iommu", "amd_iommu"];

fn check(facts: &Facts<'_, '_>) -> Outcome {
    let capture = facts.host.capture();
    let Some(bytes) = capture.host.get("cmdline") else {
        return match capture.manifest.os.as_deref() {
            Some("linux") => Outcome::CannotTell(Missing::host(Fact::Remapping)),
            _ => Outcome::NotApplicable("no kernel command line"),
        };
    };
    let text = String::from_utf8_lossy(bytes);
    let Some(word) = switched_off(&text) else {
        return Outcome::Clean;
    };
    Outcome::Fired(Finding::new(
        &IOM004,
        Subject::Host,
        Confidence::High,
        SwitchedOff(word.to_owned()),
        Evidence::new(Locus::Capture, "kernel command line", Value::AsReported),
    ))
}

/// The first word that switches something off, and that no later word takes back.
fn switched_off(cmdline: &str) -> Option<&str> {
    let names = |word: &str, name: &str| word.split_once('=').is_some_and(|(key, _)| key == name);
    let last = |name: &str| cmdline.split_whitespace().rfind(|word| names(word, name));
    cmdline.split_whitespace().find(|&word| {
        word.split_once('=').is_some_and(|(key, value)| {
            let off = value.split(',').any(|part| part == "off");
            off && WITH_VALUE.contains(&key) && last(key) == Some(word)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;

    fn with(cmdline: &str) -> Answer {
        let mut machine = Machine::with_port();
        let bytes = cmdline.as_bytes().to_vec();
        machine.capture.host.insert("cmdline".to_owned(), bytes);
        answer(&IOM004, &machine, "")
    }

    #[test]
    fn each_way_to_switch_it_off_fires() {
        for word in [
            "iommu=off",
            "intel_iommu=off",
            "amd_iommu=off",
            "intel_iommu=sm_on,off",
        ] {
            assert_eq!(
                with(&format!("quiet {word} ro\n")),
                fired(&format!("the kernel was started with {word}"))
            );
        }
    }

    #[test]
    fn the_last_setting_of_a_parameter_counts() {
        assert_eq!(with("intel_iommu=off intel_iommu=on"), Answer::Clean);
        assert_eq!(
            with("intel_iommu=on intel_iommu=off"),
            fired("the kernel was started with intel_iommu=off")
        );
    }

    #[test]
    fn other_words_and_values_are_clean() {
        assert_eq!(
            with("iommu=pt intel_iommu=igfx_off,on video=efifb:off intremap=off"),
            Answer::Clean
        );
    }

    #[test]
    fn without_the_command_line_of_a_linux_host_it_is_open() {
        let mut machine = Machine::with_port();
        assert_eq!(answer(&IOM004, &machine, ""), Answer::NotApplicable);
        machine.capture.manifest.os = Some("linux".to_owned());
        assert_eq!(
            answer(&IOM004, &machine, ""),
            Answer::CannotTell(Fact::Remapping)
        );
    }
}
