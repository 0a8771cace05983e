//! The host itself uses the device.

use std::fmt;

use crate::analysis::{Fact, Facts, Missing};
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::{Document, windows};

rule! {
    /// ## What it checks
    ///
    /// The host has no disk or network interface on the device.
    ///
    /// ## Why it matters
    ///
    /// Taking away the disk that the host runs from, or the interface that it is managed by,
    /// ends the host. Nothing stops it: neither Microsoft's survey nor vfio-pci looks.
    ///
    /// ## How it is decided
    ///
    /// By the block and network devices that the operating system reported on the function. A
    /// storage or network controller without such a report leaves the answer open, unless no
    /// driver of the host is on it: it is disabled in Windows, or bound to vfio-pci or
    /// pci-stub. Other classes are not asked.
    ///
    /// ## What to do
    ///
    /// Hyper-V: check `Get-Disk` and `Get-NetAdapter`; move what the host needs elsewhere, then
    /// disable the device.
    ///
    /// VFIO: check `lsblk` and `ip link`; unmount and take down what is on it, then bind it to
    /// vfio-pci.
    DDA008 = {
        name: "host-uses-device",
        summary: "The host has a disk or network interface on the device",
        severity: Medium,
        effects: Effects::everywhere(Effect::Condition),
        cites: [
            Document::Lisa.at("get_assignable_devices.py"),
            Document::DdaPlan.at("the host must not use the device"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// The devices of the host on it.
#[derive(Debug)]
struct HostUses(Vec<String>);

impl fmt::Display for HostUses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the host has {} on it", self.0.join(", "))
    }
}

/// Drivers that hold a device for a guest.
const GUEST_DRIVERS: [&str; 2] = ["vfio-pci", "pci-stub"];

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    let used_by = &function.reported.used_by;
    if !used_by.is_empty() {
        let names = used_by.iter().map(|name| name.value.clone()).collect();
        return Outcome::Fired(Finding::new(
            &DDA008,
            Subject::Function(id),
            Confidence::High,
            HostUses(names),
            Evidence::new(
                Locus::Reported(id, "used_by"),
                "block and network devices",
                Value::AsReported,
            ),
        ));
    }
    match function.identity.class.map(|class| class.base()) {
        Some(0x01 | 0x02) | None => {}
        Some(_) => return Outcome::NotApplicable("neither storage nor network"),
    }
    let driver = function.reported.driver.as_ref();
    let held = driver.is_some_and(|driver| GUEST_DRIVERS.contains(&driver.value.as_str()));
    let disabled = function.windows.problem_code == Some(windows::PROBLEM_DISABLED);
    match held || disabled {
        true => Outcome::Clean,
        false => Outcome::CannotTell(Missing::of(Fact::HostUse, id)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::{Dev, reported};

    fn driver(name: &str) -> Dev {
        Dev::endpoint().report(|p| p.driver = Some(reported(name.to_owned())))
    }

    #[test]
    fn what_the_host_has_on_the_device_is_listed() {
        let device = driver("nvme").report(|p| {
            p.used_by = vec![
                reported("nvme0n1".to_owned()),
                reported("nvme0n2".to_owned()),
            ];
        });
        assert_eq!(
            answer_for(&DDA008, device),
            fired("the host has nvme0n1, nvme0n2 on it")
        );
    }

    #[test]
    fn a_device_held_for_a_guest_is_clean() {
        assert_eq!(answer_for(&DDA008, driver("vfio-pci")), Answer::Clean);
        let disabled = Dev::endpoint().windows(windows::PROBLEM_CODE, 22);
        assert_eq!(answer_for(&DDA008, disabled), Answer::Clean);
    }

    #[test]
    fn storage_with_a_driver_of_the_host_leaves_it_open() {
        assert_eq!(
            answer_for(&DDA008, driver("nvme")),
            Answer::CannotTell(Fact::HostUse)
        );
        assert_eq!(
            answer_for(&DDA008, Dev::endpoint()),
            Answer::CannotTell(Fact::HostUse)
        );
    }

    #[test]
    fn other_classes_are_not_asked() {
        assert_eq!(
            answer_for(&DDA008, Dev::endpoint().class(0x03_00_00)),
            Answer::NotApplicable
        );
    }
}
