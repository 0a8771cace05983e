//! Windows sees the ACS hierarchy differently.

use std::fmt;

use crate::analysis::Facts;
use crate::analysis::acs::{AcsAnalysis, UpHierarchy};
use crate::analysis::{Missing, Tri};
use crate::bytes::Observed;
use crate::decode::config::ext::acs::AcsFlags;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::{Document, windows};
use crate::topology::{FunctionKind, Topology};

rule! {
    /// ## What it checks
    ///
    /// Windows' property AcsCompatibleUpHierarchy is what configuration space leads to.
    ///
    /// ## Why it matters
    ///
    /// Windows decides by its own value. A difference means that it knows something that the
    /// registers do not show, or that the capture and the export are from different states of
    /// the machine.
    ///
    /// ## How it is decided
    ///
    /// The value is computed from the registers of the path and compared. A single function
    /// with ACS may be reported as 1 or 3, and 4 stands for any working hierarchy. The value 2
    /// says that the functions of the device do not talk to each other, which no register
    /// shows. Without the property there is nothing to compare; without the registers the
    /// answer is "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V: the reported value counts. Where it is 0 against expectation, look at the
    /// firmware options for ACS and update the firmware.
    ///
    /// VFIO: nothing; Linux decides from the registers and its own list.
    ACS007 = {
        name: "up-hierarchy-differs",
        summary: "Windows reports another ACS hierarchy than configuration space shows",
        severity: Medium,
        effects: Effects::everywhere(Effect::Note),
        cites: [Document::PciProp.at("DEVPKEY_PciDevice_AcsCompatibleUpHierarchy")],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// Both values.
#[derive(Debug)]
struct Differs {
    reported: u32,
    computed: u32,
}

impl fmt::Display for Differs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reported, computed } = *self;
        write!(
            f,
            "Windows reports {reported} ({}), the registers give {computed} ({})",
            UpHierarchy::name_of(reported),
            UpHierarchy::name_of(computed)
        )
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let Some(reported) = facts.host.function(id).windows.acs_up_hierarchy else {
        return Outcome::NotApplicable("Windows reported nothing");
    };
    match facts.topology.kind(id) {
        FunctionKind::Endpoint | FunctionKind::LegacyEndpoint | FunctionKind::RcEndpoint => {}
        FunctionKind::Unknown => {
            let missing = Missing::standard(id, facts.host.function(id));
            return Outcome::CannotTell(missing);
        }
        _ => return Outcome::NotApplicable("not an Express endpoint"),
    }
    let predicted = facts.acs.up_hierarchy(facts.topology, id);
    let computed = match (predicted, predicted.value()) {
        (UpHierarchy::Unknown(missing), _) => return Outcome::CannotTell(missing),
        (_, Some(value)) => value,
        (_, None) => return Outcome::Clean,
    };
    if computed == reported || agrees(&facts.acs, facts.topology, id, predicted, reported) {
        return Outcome::Clean;
    }
    Outcome::Fired(Finding::new(
        &ACS007,
        Subject::Function(id),
        Confidence::Medium,
        Differs { reported, computed },
        Evidence::new(
            Locus::Reported(id, windows::ACS_UP_HIERARCHY.key),
            windows::ACS_UP_HIERARCHY.name,
            Value::Number(reported.into()),
        )
        .wanting(Value::Number(computed.into())),
    ))
}

/// Whether a reported value other than the computed one is explained.
fn agrees(
    acs: &AcsAnalysis,
    topology: &Topology,
    id: FunctionId,
    predicted: UpHierarchy,
    reported: u32,
) -> bool {
    let offered = match acs.hop(id).capability {
        Observed::Present(flags) => Some(flags.set),
        _ => None,
    };
    match (predicted, reported) {
        (UpHierarchy::SingleFunction, 3) => offered.is_some(),
        (UpHierarchy::SingleFunction | UpHierarchy::Supported, 4) => true,
        (UpHierarchy::Supported, 2) => {
            let redirect = AcsFlags::REQUEST_REDIRECT | AcsFlags::COMPLETION_REDIRECT;
            offered.is_some_and(|offered| !offered.intersects(redirect))
        }
        // Only the missing capability of the device itself stands against it.
        (UpHierarchy::NotSupported, 2) => acs.path_able(topology, id) == Tri::Yes,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Fact;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    fn reported(device: Dev, value: u32) -> Dev {
        device.windows(windows::ACS_UP_HIERARCHY, value)
    }

    #[test]
    fn a_port_without_acs_that_windows_accepts_is_a_difference() {
        let machine = Machine::new()
            .with("00:01.0", Dev::root_port(1))
            .with("01:00.0", reported(Dev::endpoint(), 1));
        assert_eq!(
            answer(&ACS007, &machine, "01:00.0"),
            fired(
                "Windows reports 1 (single function supported), the registers give 0 (not supported)"
            )
        );
    }

    #[test]
    fn a_path_with_acs_that_windows_refuses_is_a_difference() {
        assert_eq!(
            answer_for(&ACS007, reported(Dev::endpoint(), 0)),
            fired(
                "Windows reports 0 (not supported), the registers give 1 (single function supported)"
            )
        );
    }

    #[test]
    fn values_that_mean_the_same_are_clean() {
        let several = || Dev::endpoint().multi_function();
        for device in [
            reported(Dev::endpoint(), 1),
            reported(Dev::endpoint(), 4),
            reported(Dev::endpoint().acs(0, 0), 3),
            reported(several().acs(0x0c, 0), 3),
            reported(several().acs(0, 0), 2),
            reported(several(), 2),
            reported(several(), 0),
        ] {
            assert_eq!(answer_for(&ACS007, device), Answer::Clean);
        }
        assert_ne!(
            answer_for(&ACS007, reported(Dev::endpoint(), 3)),
            Answer::Clean
        );
    }

    #[test]
    fn there_must_be_two_sides_to_compare() {
        assert_eq!(answer_for(&ACS007, Dev::endpoint()), Answer::NotApplicable);
        assert_eq!(
            answer_for(&ACS007, reported(Dev::endpoint().unread(), 1)),
            Answer::CannotTell(Fact::ConfigSpace)
        );
    }
}
