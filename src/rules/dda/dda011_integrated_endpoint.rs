//! The device is part of the root complex.

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
    /// The device is not integrated into the root complex.
    ///
    /// ## Why it matters
    ///
    /// No port with ACS lies between such a device and its neighbours; what isolates them is
    /// inside the chip. It can be assigned, and Microsoft calls it less secure.
    ///
    /// ## How it is decided
    ///
    /// By Windows' property DeviceType (4), else by the port type. Where neither was captured
    /// the answer is "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V: nothing; prefer a device in a slot for guests that are not trusted.
    ///
    /// VFIO: nothing; Linux trusts Intel's integrated endpoints, and groups others by ACS.
    DDA011 = {
        name: "integrated-endpoint",
        summary: "The device is integrated into the root complex, which isolates it less visibly",
        severity: Info,
        effects: Effects::everywhere(Effect::Note),
        cites: [
            Document::SurveyDda.at("check of property 1"),
            Document::Pcie60.at("1.3.2.3 Root Complex Integrated Endpoint Rules"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// It is one.
#[derive(Debug)]
struct Integrated;

impl fmt::Display for Integrated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is a root complex integrated endpoint")
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let kind = facts.topology.kind(id);
    let function = facts.host.function(id);
    match DeviceType::known(function, kind) {
        Some(DeviceType::RC_ENDPOINT) => Outcome::Fired(Finding::new(
            &DDA011,
            Subject::Function(id),
            Confidence::High,
            Integrated,
            type_evidence(id, function),
        )),
        Some(_) => Outcome::Clean,
        None if matches!(kind, FunctionKind::Reserved(_)) => {
            Outcome::NotApplicable("a reserved port type")
        }
        None => Outcome::CannotTell(Missing::standard(id, function)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Fact;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::spec::pcie::PortType;
    use crate::spec::windows;
    use crate::testing::Dev;

    const FIRED: &str = "is a root complex integrated endpoint";

    #[test]
    fn an_integrated_endpoint_fires() {
        assert_eq!(
            answer_for(&DDA011, Dev::express(PortType::RC_ENDPOINT)),
            fired(FIRED)
        );
        let reported = Dev::endpoint().unread().windows(windows::DEVICE_TYPE, 4);
        assert_eq!(answer_for(&DDA011, reported), fired(FIRED));
    }

    #[test]
    fn a_device_in_a_slot_is_clean() {
        assert_eq!(answer_for(&DDA011, Dev::endpoint()), Answer::Clean);
    }

    #[test]
    fn a_type_that_was_not_captured_says_nothing() {
        assert_eq!(
            answer_for(&DDA011, Dev::endpoint().cut(64)),
            Answer::CannotTell(Fact::Capabilities)
        );
    }
}
