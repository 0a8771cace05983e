//! The device has its virtual functions switched on.

use crate::analysis::Facts;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::vfi::check_enabled_vfs;
use crate::rules::{Check, Outcome, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The device has no virtual functions switched on.
    ///
    /// ## Why it matters
    ///
    /// Whoever owns the physical function controls the virtual ones. A guest that gets it can
    /// disturb every other guest that uses one of them.
    ///
    /// ## How it is decided
    ///
    /// By the number that Linux reported, else by VF Enable and NumVFs of the SR-IOV
    /// capability. Devices without the capability are not asked. Where extended configuration
    /// space was not captured the answer is "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V: take the adapter off the virtual switch and switch its SR-IOV off
    /// (`Disable-NetAdapterSriov`) before the dismount.
    ///
    /// VFIO: vfio-pci refuses such a device (VFI003).
    DDA010 = {
        name: "virtual-functions-enabled",
        summary: "The device has virtual functions switched on, which go with it",
        severity: Medium,
        effects: Effects::new(Effect::Condition, Effect::None),
        cites: [
            Document::Pcie60.at("9.3.3.3.1 VF Enable"),
            Document::HyperVCmdlets.at("Add-VMAssignableDevice"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    check_enabled_vfs(&DDA010, facts, id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Fact;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    #[test]
    fn enabled_virtual_functions_fire() {
        assert_eq!(
            answer_for(&DDA010, Dev::endpoint().sriov(true, 4, 0x80, 1)),
            fired("4 virtual functions are on")
        );
    }

    #[test]
    fn virtual_functions_that_are_off_are_clean() {
        assert_eq!(
            answer_for(&DDA010, Dev::endpoint().sriov(false, 4, 0x80, 1)),
            Answer::Clean
        );
    }

    #[test]
    fn devices_without_the_capability_are_not_asked() {
        assert_eq!(answer_for(&DDA010, Dev::endpoint()), Answer::NotApplicable);
    }

    #[test]
    fn extended_space_that_was_not_captured_says_nothing() {
        assert_eq!(
            answer_for(&DDA010, Dev::endpoint().cut(0x100)),
            Answer::CannotTell(Fact::ExtendedConfig)
        );
    }
}
