//! The kernel put the device into no IOMMU group.

use std::fmt;

use crate::analysis::{Fact, Facts, Missing};
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;

rule! {
    /// ## What it checks
    ///
    /// The device is in an IOMMU group.
    ///
    /// ## Why it matters
    ///
    /// A device without a group is behind no IOMMU that the kernel drives. VFIO cannot give it
    /// to a virtual machine.
    ///
    /// ## How it is decided
    ///
    /// By the groups that the kernel reported: other functions have one and this one has not.
    /// Where no function has one the capture may lack them altogether: "cannot tell". So it is
    /// for a function of which no more is known than its line in a listing by groups.
    ///
    /// ## What to do
    ///
    /// Hyper-V: not concerned.
    ///
    /// VFIO: look for the device's segment and bus in the DMAR or IVRS table, and for
    /// `intel_iommu=igfx_off` and the like on the kernel command line. A device behind a
    /// platform-specific controller (VMD) is in the group of that controller.
    VFI005 = {
        name: "no-iommu-group",
        summary: "The device is in no IOMMU group, although others are",
        severity: High,
        effects: Effects::new(Effect::None, Effect::Blocks),
        cites: [
            Document::LinuxVfio.at("group.c, vfio_device_set_group"),
            Document::LinuxIommu.at("intel/iommu.c, device_lookup_iommu"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// It is in none.
#[derive(Debug)]
struct NoGroup;

impl fmt::Display for NoGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the kernel put it into no IOMMU group")
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    if facts.host.function(id).reported.iommu_group.is_some() {
        return Outcome::Clean;
    }
    if !facts.groups.show_none_for(facts.host.function(id)) {
        return Outcome::CannotTell(Missing::of(Fact::IommuGroup, id));
    }
    Outcome::Fired(Finding::new(
        &VFI005,
        Subject::Function(id),
        Confidence::High,
        NoGroup,
        Evidence::new(
            Locus::Reported(id, "iommu_group"),
            "IOMMU group",
            Value::Absent,
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::{Dev, Machine};

    #[test]
    fn a_device_without_a_group_beside_others_with_one_fires() {
        let machine =
            Machine::with_device(Dev::endpoint()).with("02:00.0", Dev::endpoint().group(0));
        assert_eq!(
            answer(&VFI005, &machine, "01:00.0"),
            fired("the kernel put it into no IOMMU group")
        );
        assert_eq!(answer(&VFI005, &machine, "02:00.0"), Answer::Clean);
    }

    #[test]
    fn without_any_group_in_the_capture_nothing_can_be_said() {
        assert_eq!(
            answer(&VFI005, &Machine::with_device(Dev::endpoint()), "01:00.0"),
            Answer::CannotTell(Fact::IommuGroup)
        );
    }

    #[test]
    fn bridges_are_not_asked() {
        let machine = Machine::with_device(Dev::endpoint().group(0));
        assert_eq!(answer(&VFI005, &machine, "00:01.0"), Answer::NotApplicable);
    }
}
