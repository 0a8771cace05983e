//! vfio-pci refuses the device by its id.

use std::fmt;

use crate::analysis::{Fact, Facts, Missing};
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::{Document, quirks};

rule! {
    /// ## What it checks
    ///
    /// The device is not on the deny list of vfio-pci.
    ///
    /// ## Why it matters
    ///
    /// Some accelerators can be made to leave their isolation by a guest that controls their
    /// registers. The kernel refuses them unless told otherwise.
    ///
    /// ## How it is decided
    ///
    /// By vendor and device id: Intel QuickAssist, Data Streaming and In-Memory Analytics
    /// accelerators. The data streaming and analytics accelerators are on the list since Linux
    /// 6.1. Without ids the answer is "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V: not concerned, although the danger is the same.
    ///
    /// VFIO: load vfio-pci with `disable_denylist=1`, and give the device to trusted guests
    /// alone; or assign a virtual function or a shared work queue instead.
    VFI004 = {
        name: "deny-listed",
        summary: "vfio-pci refuses the device unless told otherwise",
        severity: Medium,
        effects: Effects::new(Effect::None, Effect::Condition),
        cites: [Document::LinuxVfio.at("pci/vfio_pci.c, vfio_pci_dev_in_denylist")],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// Its ids.
#[derive(Debug)]
struct DenyListed {
    vendor: u16,
    device: u16,
}

impl fmt::Display for DenyListed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { vendor, device } = *self;
        write!(
            f,
            "{vendor:04x}:{device:04x} is on the deny list of vfio-pci"
        )
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let identity = facts.host.function(id).identity;
    let (Some(vendor), Some(device)) = (identity.vendor, identity.device) else {
        return Outcome::CannotTell(Missing::of(Fact::ConfigSpace, id));
    };
    if !quirks::is_denied_by_vfio(vendor, device) {
        return Outcome::Clean;
    }
    Outcome::Fired(Finding::new(
        &VFI004,
        Subject::Function(id),
        Confidence::High,
        DenyListed { vendor, device },
        Evidence::new(
            Locus::Lists(id),
            "vendor and device id",
            Value::dword(u32::from(vendor) << 16 | u32::from(device)),
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::Dev;

    #[test]
    fn a_listed_accelerator_fires() {
        assert_eq!(
            answer_for(&VFI004, Dev::endpoint().ids(0x8086, 0x0b25)),
            fired("8086:0b25 is on the deny list of vfio-pci")
        );
    }

    #[test]
    fn the_same_device_id_of_another_maker_is_clean() {
        assert_eq!(
            answer_for(&VFI004, Dev::endpoint().ids(0x8087, 0x0b25)),
            Answer::Clean
        );
    }

    #[test]
    fn without_ids_nothing_can_be_said() {
        assert_eq!(
            answer_for(&VFI004, Dev::endpoint().unread()),
            Answer::CannotTell(Fact::ConfigSpace)
        );
    }
}
