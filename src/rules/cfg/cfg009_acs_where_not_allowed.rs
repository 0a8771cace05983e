//! A function has an ACS capability that its kind must not have.

use std::fmt;

use crate::analysis::{Facts, Missing};
use crate::bytes::Observed;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::topology::FunctionKind;

rule! {
    /// ## What it checks
    ///
    /// Bridges to and from conventional PCI, and root complex event collectors, have no ACS
    /// capability.
    ///
    /// ## Why it matters
    ///
    /// Nothing that such a capability promises can be relied upon: requests lose their origin
    /// behind a bridge to conventional PCI, whatever its registers say.
    ///
    /// ## How it is decided
    ///
    /// By port type and the extended capability list. Isolation is judged as if the capability
    /// were not there, as Linux does. Without the list in the capture: "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V and VFIO: nothing; tell the maker of the device.
    CFG009 = {
        name: "acs-where-not-allowed",
        summary: "A function has an ACS capability that its kind must not have",
        severity: Info,
        effects: Effects::everywhere(Effect::Note),
        lint: Device,
        cites: [
            Document::Pcie60.at("6.12.1 ACS Component Capability Requirements"),
            Document::LinuxPci.at("pci.c, pci_acs_enabled"),
        ],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// The kind that must not have it.
#[derive(Debug)]
struct NotAllowed(FunctionKind);

impl fmt::Display for NotAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {} must not have ACS", self.0)
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let kind = facts.topology.kind(id);
    let function = facts.host.function(id);
    match kind {
        FunctionKind::PcieToPci | FunctionKind::PciToPcie | FunctionKind::RcEventCollector => {}
        FunctionKind::Unknown | FunctionKind::UnknownBridge => {
            return Outcome::CannotTell(Missing::standard(id, function));
        }
        _ => return Outcome::NotApplicable("its kind may have ACS"),
    }
    match function.acs() {
        Observed::Absent => Outcome::Clean,
        Observed::Present(acs) => Outcome::Fired(Finding::new(
            &CFG009,
            Subject::Function(id),
            Confidence::High,
            NotAllowed(kind),
            Evidence::new(
                Locus::Config(id, acs.window().span(0, 4)),
                "ACS Extended Capability",
                Value::Word("present"),
            )
            .wanting(Value::Absent),
        )),
        _ => Outcome::CannotTell(Missing::extended(id, function)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Fact;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::spec::pcie::PortType;
    use crate::testing::Dev;

    #[test]
    fn a_bridge_to_conventional_pci_with_acs_fires() {
        let bridge = Dev::port(PortType::PCIE_TO_PCI, 2, 2).acs(0x1d, 0);
        assert_eq!(
            answer_for(&CFG009, bridge),
            fired("a PCIe-to-PCI bridge must not have ACS")
        );
    }

    #[test]
    fn the_same_bridge_without_it_is_clean() {
        let bridge = Dev::port(PortType::PCIE_TO_PCI, 2, 2);
        assert_eq!(answer_for(&CFG009, bridge), Answer::Clean);
    }

    #[test]
    fn endpoints_may_have_it() {
        let endpoint = Dev::endpoint().acs(0, 0);
        assert_eq!(answer_for(&CFG009, endpoint), Answer::NotApplicable);
    }

    #[test]
    fn a_bridge_whose_extended_space_was_not_captured_says_nothing() {
        let bridge = Dev::port(PortType::PCIE_TO_PCI, 2, 2).cut(0x100);
        assert_eq!(
            answer_for(&CFG009, bridge),
            Answer::CannotTell(Fact::ExtendedConfig)
        );
    }
}
