//! vfio-pci refuses a physical function whose virtual functions are on.

use crate::analysis::Facts;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Outcome, rule};
use crate::spec::Document;

use super::check_enabled_vfs;

rule! {
    /// ## What it checks
    ///
    /// The device has no virtual functions switched on.
    ///
    /// ## Why it matters
    ///
    /// Whoever owns the physical function controls the virtual ones, so vfio-pci does not bind
    /// to a function that has any.
    ///
    /// ## How it is decided
    ///
    /// By the number that Linux reported, else by VF Enable and NumVFs of the SR-IOV
    /// capability. Devices without the capability are not asked. Where extended configuration
    /// space was not captured the answer is "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V: see DDA010.
    ///
    /// VFIO: `echo 0 > /sys/bus/pci/devices/DEVICE/sriov_numvfs`, then bind it. To keep the
    /// virtual functions, assign those instead.
    VFI003 = {
        name: "pf-with-vfs-enabled",
        summary: "The device has virtual functions switched on, so that vfio-pci refuses it",
        severity: High,
        effects: Effects::new(Effect::None, Effect::Blocks),
        cites: [
            Document::LinuxVfio.at("pci/vfio_pci_core.c, vfio_pci_core_register_device"),
            Document::Pcie60.at("9.3.3.3.1 VF Enable"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    check_enabled_vfs(&VFI003, facts, id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Fact;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::{Dev, reported};

    #[test]
    fn one_enabled_virtual_function_is_enough() {
        assert_eq!(
            answer_for(&VFI003, Dev::endpoint().sriov(true, 1, 0x80, 1)),
            fired("1 virtual function is on")
        );
    }

    #[test]
    fn virtual_functions_that_are_off_are_clean() {
        assert_eq!(
            answer_for(&VFI003, Dev::endpoint().sriov(false, 8, 0x80, 1)),
            Answer::Clean
        );
    }

    #[test]
    fn without_extended_space_the_reported_number_decides() {
        let cut = || Dev::endpoint().cut(0x100);
        let with = |count| cut().report(|p| p.sriov_num_vfs = Some(reported(count)));
        assert_eq!(
            answer_for(&VFI003, with(3)),
            fired("3 virtual functions are on")
        );
        assert_eq!(answer_for(&VFI003, with(0)), Answer::Clean);
        assert_eq!(
            answer_for(&VFI003, cut()),
            Answer::CannotTell(Fact::ExtendedConfig)
        );
    }
}
