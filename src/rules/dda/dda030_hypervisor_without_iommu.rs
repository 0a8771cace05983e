//! The system is told not to use the IOMMU.

use crate::analysis::Facts;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Outcome, boot_options, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// That no boot option keeps the hypervisor from starting or from using the IOMMU.
    ///
    /// ## Why it matters
    ///
    /// Without the hypervisor there are no virtual machines; with `hypervisoriommupolicy disable`
    /// it leaves the IOMMU alone, and no device can be assigned.
    ///
    /// ## How it is decided
    ///
    /// By the captured boot options hypervisorlaunchtype and hypervisoriommupolicy. Options that
    /// are not set have their defaults, which are fine.
    ///
    /// ## What to do
    ///
    /// Hyper-V: `bcdedit /set hypervisoriommupolicy default` (or `enable`), `bcdedit /set
    /// hypervisorlaunchtype auto`, and restart.
    ///
    /// VFIO: not concerned.
    DDA030 = {
        name: "hypervisor-without-iommu",
        summary: "A boot option keeps the hypervisor, or its use of the IOMMU, off",
        severity: High,
        effects: Effects::new(Effect::Blocks, Effect::None),
        cites: [Document::WindowsDrivers.at("BCDEdit /set, hypervisoriommupolicy")],
        since: "0.1.0",
        check: Check::Host(check),
    }
}

/// Options with the value that switches off.
const OPTIONS: &[(&str, &str)] = &[
    ("hypervisoriommupolicy", "disable"),
    ("hypervisorlaunchtype", "off"),
];

fn check(facts: &Facts<'_, '_>) -> Outcome {
    boot_options::check(&DDA030, facts, OPTIONS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    fn with(boot: &serde_json::Value) -> Answer {
        let windows = serde_json::json!({ "boot": boot });
        answer(
            &DDA030,
            &Machine::with_device(Dev::endpoint()).with_windows(&windows),
            "",
        )
    }

    #[test]
    fn an_option_that_switches_off_fires() {
        assert_eq!(
            with(&serde_json::json!({"hypervisoriommupolicy": "Disable"})),
            fired("the boot option hypervisoriommupolicy is Disable")
        );
        assert_eq!(
            with(&serde_json::json!({"hypervisorlaunchtype": "Off"})),
            fired("the boot option hypervisorlaunchtype is Off")
        );
    }

    #[test]
    fn other_options_are_clean() {
        assert_eq!(
            with(&serde_json::json!({"hypervisorlaunchtype": "Auto"})),
            Answer::Clean
        );
        assert_eq!(with(&serde_json::json!({})), Answer::NotApplicable);
        let _ = answer_for(&DDA030, Dev::endpoint());
    }
}
