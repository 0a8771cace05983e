//! The device is a legacy endpoint.

use std::fmt;

use crate::analysis::device_type::DeviceType;
use crate::analysis::{Fact, Facts, Missing};
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Finding, Outcome, Subject, rule};
use crate::spec::Document;
use crate::spec::pci::ClassCode;
use crate::topology::FunctionKind;

use super::type_evidence;

rule! {
    /// ## What it checks
    ///
    /// The device is no legacy PCI Express endpoint, unless it is a display controller.
    ///
    /// ## Why it matters
    ///
    /// A legacy endpoint may use I/O ports and locked requests, which a guest cannot have.
    /// Hyper-V accepts the type for graphics alone.
    ///
    /// ## How it is decided
    ///
    /// By Windows' property DeviceType (3), else by the port type of the PCI Express
    /// capability, and by the class code. Microsoft's survey accepts every display controller;
    /// the list within the product may be shorter. Where type or class was not captured the
    /// answer is "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V: use another device; there is no override.
    ///
    /// VFIO: not concerned.
    DDA002 = {
        name: "legacy-endpoint",
        summary: "The device is a legacy PCI Express endpoint and no display controller",
        severity: High,
        effects: Effects::new(Effect::Blocks, Effect::None),
        cites: [
            Document::SurveyDda.at("check of property 1"),
            Document::Pcie60.at("1.3.2.1 Legacy Endpoint Rules"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// The class that is not accepted.
#[derive(Debug)]
struct LegacyEndpoint(ClassCode);

impl fmt::Display for LegacyEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "is a legacy Express endpoint of class {}", self.0)
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let kind = facts.topology.kind(id);
    let function = facts.host.function(id);
    match (DeviceType::known(function, kind), function.identity.class) {
        (Some(DeviceType::LEGACY_ENDPOINT), Some(class)) if class.is_display() => Outcome::Clean,
        (Some(DeviceType::LEGACY_ENDPOINT), Some(class)) => Outcome::Fired(Finding::new(
            &DDA002,
            Subject::Function(id),
            Confidence::High,
            LegacyEndpoint(class),
            type_evidence(id, function),
        )),
        (Some(DeviceType::LEGACY_ENDPOINT), None) => {
            Outcome::CannotTell(Missing::of(Fact::ConfigSpace, id))
        }
        (Some(_), _) => Outcome::Clean,
        (None, _) if matches!(kind, FunctionKind::Reserved(_)) => {
            Outcome::NotApplicable("a reserved port type")
        }
        // Either type of endpoint would do.
        (None, Some(class)) if class.is_display() => Outcome::Clean,
        (None, _) => Outcome::CannotTell(Missing::standard(id, function)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::spec::pcie::PortType;
    use crate::spec::windows;
    use crate::testing::Dev;

    fn legacy() -> Dev {
        Dev::express(PortType::LEGACY_ENDPOINT)
    }

    #[test]
    fn a_legacy_storage_controller_fires() {
        assert_eq!(
            answer_for(&DDA002, legacy()),
            fired("is a legacy Express endpoint of class 010802")
        );
    }

    #[test]
    fn a_legacy_graphics_card_is_clean() {
        assert_eq!(
            answer_for(&DDA002, legacy().class(0x03_02_00)),
            Answer::Clean
        );
        assert_eq!(answer_for(&DDA002, Dev::endpoint()), Answer::Clean);
    }

    #[test]
    fn what_windows_reports_decides() {
        let device = Dev::endpoint().windows(windows::DEVICE_TYPE, 3);
        assert_eq!(
            answer_for(&DDA002, device),
            fired("is a legacy Express endpoint of class 010802")
        );
    }

    #[test]
    fn a_type_that_was_not_captured_matters_unless_the_class_is_display() {
        assert_eq!(
            answer_for(&DDA002, Dev::endpoint().cut(64)),
            Answer::CannotTell(Fact::Capabilities)
        );
        assert_eq!(
            answer_for(&DDA002, Dev::endpoint().class(0x03_00_00).cut(64)),
            Answer::Clean
        );
    }
}
