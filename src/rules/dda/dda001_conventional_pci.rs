//! The device is conventional PCI.

use std::fmt;

use crate::analysis::device_type::DeviceType;
use crate::analysis::{Facts, Missing};
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Finding, Outcome, Subject, rule};
use crate::spec::Document;
use crate::topology::FunctionKind;

use super::type_evidence;

rule! {
    /// ## What it checks
    ///
    /// The device is a PCI Express device.
    ///
    /// ## Why it matters
    ///
    /// Conventional PCI devices do not put their own address on their requests, so the IOMMU
    /// cannot tell them from their neighbours. Hyper-V assigns none of them. Chipset functions
    /// without a PCI Express capability count as conventional.
    ///
    /// ## How it is decided
    ///
    /// By Windows' property DeviceType (0 conventional, 1 PCI-X), else by the absence of a PCI
    /// Express capability. Where neither was captured the answer is "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V: use a PCI Express device; there is no override.
    ///
    /// VFIO: not concerned; what counts is the IOMMU group.
    DDA001 = {
        name: "conventional-pci",
        summary: "The device is conventional PCI, which Hyper-V does not assign",
        severity: High,
        effects: Effects::new(Effect::Blocks, Effect::None),
        cites: [
            Document::SurveyDda.at("check of property 1"),
            Document::DdaBlog.at("part 2, machines and devices"),
            Document::PciProp.at("DEVPKEY_PciDevice_DeviceType"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// Conventional or PCI-X.
#[derive(Debug)]
struct Conventional(DeviceType);

impl fmt::Display for Conventional {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "is a {} device", self.0)
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let kind = facts.topology.kind(id);
    let function = facts.host.function(id);
    match (kind, DeviceType::known(function, kind)) {
        (_, Some(known @ (DeviceType::CONVENTIONAL | DeviceType::PCI_X))) => {
            Outcome::Fired(Finding::new(
                &DDA001,
                Subject::Function(id),
                Confidence::High,
                Conventional(known),
                type_evidence(id, function),
            ))
        }
        (_, Some(_)) => Outcome::Clean,
        (FunctionKind::Reserved(_), None) => Outcome::NotApplicable("a reserved port type"),
        (_, None) => Outcome::CannotTell(Missing::standard(id, function)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Fact;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::spec::windows;
    use crate::testing::{Dev, Machine};

    #[test]
    fn a_device_without_an_express_capability_fires() {
        let machine = Machine::new().with("00:1f.3", Dev::conventional());
        assert_eq!(
            answer(&DDA001, &machine, "00:1f.3"),
            fired("is a conventional PCI device")
        );
    }

    #[test]
    fn an_express_device_is_clean() {
        assert_eq!(answer_for(&DDA001, Dev::endpoint()), Answer::Clean);
    }

    #[test]
    fn what_windows_reports_decides() {
        let with = |number: u32| {
            let device = Dev::endpoint().unread();
            answer_for(&DDA001, device.windows(windows::DEVICE_TYPE, number))
        };
        assert_eq!(with(0), fired("is a conventional PCI device"));
        assert_eq!(with(1), fired("is a PCI-X device"));
        assert_eq!(with(2), Answer::Clean);
    }

    #[test]
    fn a_header_alone_does_not_show_an_express_capability() {
        assert_eq!(
            answer_for(&DDA001, Dev::endpoint().cut(64)),
            Answer::CannotTell(Fact::Capabilities)
        );
    }

    #[test]
    fn bridges_are_another_rule() {
        let machine = Machine::new().with("00:1e.0", Dev::pci_bridge(1));
        assert_eq!(answer(&DDA001, &machine, "00:1e.0"), Answer::NotApplicable);
    }
}
