//! A boot option takes from Windows what assignment needs of PCI Express.

use crate::analysis::Facts;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Outcome, boot_options, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// No boot option switches PCI Express, extended configuration space or message interrupts
    /// off.
    ///
    /// ## Why it matters
    ///
    /// With `pciexpress forcedisable` Windows drives all devices as conventional PCI; with
    /// `configaccesspolicy disallowmmconfig` it cannot see ACS; with `msi forcedisable` devices
    /// interrupt by line. Hyper-V assigns no device of any of the three.
    ///
    /// ## How it is decided
    ///
    /// By the captured boot options (`bcdedit /enum`). Options that are not set have their
    /// defaults, which are fine.
    ///
    /// ## What to do
    ///
    /// Hyper-V: `bcdedit /deletevalue NAME` for the option that is named, and restart.
    ///
    /// VFIO: not concerned.
    DDA045 = {
        name: "boot-option-against-express",
        summary: "A boot option switches off what assignment needs of PCI Express",
        severity: High,
        effects: Effects::new(Effect::Blocks, Effect::None),
        cites: [Document::WindowsDrivers.at("BCDEdit /set, pciexpress, configaccesspolicy and msi")],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// Options with the value that switches off.
const OPTIONS: &[(&str, &str)] = &[
    ("pciexpress", "forcedisable"),
    ("configaccesspolicy", "disallowmmconfig"),
    ("msi", "forcedisable"),
];

fn check(facts: &Facts<'_, '_>) -> Outcome {
    boot_options::check(&DDA045, facts, OPTIONS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::Machine;

    fn with(boot: &serde_json::Value) -> Answer {
        let windows = serde_json::json!({ "boot": boot });
        answer(&DDA045, &Machine::with_port().with_windows(&windows), "")
    }

    #[test]
    fn each_option_fires_with_the_value_that_switches_off() {
        for (option, value) in [
            ("pciexpress", "ForceDisable"),
            ("configaccesspolicy", "DisallowMmConfig"),
            ("MSI", "forcedisable"),
        ] {
            let expected = format!("the boot option {} is {value}", option.to_ascii_lowercase());
            assert_eq!(
                with(&serde_json::json!({ option: value })),
                fired(&expected)
            );
        }
    }

    #[test]
    fn defaults_and_other_options_are_clean() {
        assert_eq!(
            with(&serde_json::json!({"pciexpress": "Default", "testsigning": "Yes"})),
            Answer::Clean
        );
    }

    #[test]
    fn without_boot_options_nothing_can_be_said() {
        assert_eq!(with(&serde_json::json!({})), Answer::NotApplicable);
        assert_eq!(
            answer(&DDA045, &Machine::with_port(), ""),
            Answer::NotApplicable
        );
    }
}
