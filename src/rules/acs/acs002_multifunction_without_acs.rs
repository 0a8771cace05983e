//! A device of several functions has no ACS.

use std::fmt;

use crate::addr::Sbdf;
use crate::analysis::acs::{HopRole, Obstacle};
use crate::analysis::{Facts, Tri};
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Finding, Outcome, Subject, rule};
use crate::spec::Document;
use crate::topology::FunctionKind;

rule! {
    /// ## What it checks
    ///
    /// A function that shares its device with others has an ACS capability, and so has a
    /// switch port above it that is one of several functions.
    ///
    /// ## Why it matters
    ///
    /// Functions of one device may talk to each other without the root complex seeing it. A
    /// guest that owns one of them could then reach the memory of another. Many such devices
    /// do not do so, but software cannot know that without the capability.
    ///
    /// ## How it is decided
    ///
    /// A function with a number other than 0, or with the multi-function bit in its header, is
    /// one of several; virtual functions are not. Its extended capability list must then hold
    /// ACS. Where the list was not captured, Windows' property AcsSupport decides; without that
    /// the answer is "cannot tell". Windows and Linux both
    /// have lists of devices that isolate without the capability: where Windows reported that
    /// the device is fine the rule does not apply; Linux' list is not evaluated here.
    ///
    /// ## What to do
    ///
    /// Hyper-V: `-Force` skips this check; then assign all functions of the device to the same
    /// guest, and trust that guest.
    ///
    /// VFIO: all functions without ACS are one IOMMU group and move together.
    ACS002 = {
        name: "multifunction-without-acs",
        summary: "One of several functions has no ACS, so that it may reach the others",
        severity: High,
        effects: Effects::new(Effect::Blocks, Effect::Condition),
        lint: Device,
        cites: [
            Document::Pcie60.at("6.12.1.2 ACS Functions in Multi-Function Devices"),
            Document::DdaBlog.at("part 2, machines and devices"),
            Document::LinuxPci.at("pci.c, pci_acs_enabled"),
        ],
        since: "0.1.0",
        check: Check::Device(check),
    }
}

/// The lowest function concerned.
#[derive(Debug)]
struct NoAcs {
    at: Sbdf,
    kind: FunctionKind,
    is_subject: bool,
}

impl fmt::Display for NoAcs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_subject {
            write!(f, "{} {} ", self.kind, self.at)?;
        }
        f.write_str("is one of several functions of its device and has no ACS")
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    if facts.host.function(id).windows.finds_isolated() == Some(true) {
        return Outcome::NotApplicable("Windows finds the device isolated");
    }
    match facts.acs.is_free_of(id, Obstacle::MultiFunction) {
        Tri::Yes => return Outcome::Clean,
        Tri::Unknown(missing) => return Outcome::CannotTell(missing),
        Tri::No => {}
    }
    let mut lacking = facts.topology.upstream(id).filter(|&hop| {
        let hop = facts.acs.hop(hop);
        hop.role == HopRole::MultiFunction && hop.able == Tri::No
    });
    let Some(lowest) = lacking.next() else {
        return Outcome::Clean;
    };
    Outcome::Fired(
        Finding::new(
            &ACS002,
            Subject::Function(id),
            Confidence::Medium,
            NoAcs {
                at: facts.host.function(lowest).at,
                kind: facts.topology.kind(lowest),
                is_subject: lowest == id,
            },
            super::no_acs(facts, lowest),
        )
        .with(lacking.map(|hop| super::no_acs(facts, hop))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Fact;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::spec::pcie::PortType;
    use crate::spec::windows;
    use crate::testing::{Dev, Machine, reported};

    const FIRED: &str = "is one of several functions of its device and has no ACS";

    #[test]
    fn both_functions_of_a_device_without_acs_fire() {
        let machine =
            Machine::with_device(Dev::endpoint().multi_function()).with("01:00.1", Dev::endpoint());
        assert_eq!(answer(&ACS002, &machine, "01:00.0"), fired(FIRED));
        assert_eq!(answer(&ACS002, &machine, "01:00.1"), fired(FIRED));
    }

    #[test]
    fn with_the_capability_a_function_is_clean() {
        let device = Dev::endpoint().multi_function().acs(0x0c, 0);
        assert_eq!(answer_for(&ACS002, device), Answer::Clean);
    }

    #[test]
    fn single_functions_need_none() {
        assert_eq!(answer_for(&ACS002, Dev::endpoint()), Answer::Clean);
    }

    #[test]
    fn virtual_functions_count_as_single() {
        let vf = Dev::virtual_function()
            .report(|p| p.physical_function = Some(reported("0000:01:00.0".to_owned())));
        let machine = Machine::with_device(Dev::endpoint()).with("01:10.1", vf);
        assert_eq!(answer(&ACS002, &machine, "01:10.1"), Answer::Clean);
    }

    #[test]
    fn an_upstream_port_that_is_one_of_several_breaks_the_path() {
        let machine = Machine::new()
            .with("00:01.0", Dev::port(PortType::ROOT_PORT, 1, 3).acs(0x1d, 0))
            .with(
                "01:00.0",
                Dev::port(PortType::UPSTREAM_PORT, 2, 3).byte(0x0e, 0x81),
            )
            .with(
                "02:00.0",
                Dev::port(PortType::DOWNSTREAM_PORT, 3, 3).acs(0x1d, 0),
            )
            .with("03:00.0", Dev::endpoint());
        assert_eq!(
            answer(&ACS002, &machine, "03:00.0"),
            fired(&format!("upstream port 0000:01:00.0 {FIRED}"))
        );
    }

    #[test]
    fn an_extended_list_that_was_not_captured_says_nothing() {
        let device = Dev::endpoint().multi_function().cut(0x100);
        assert_eq!(
            answer_for(&ACS002, device),
            Answer::CannotTell(Fact::ExtendedConfig)
        );
        assert_eq!(
            answer_for(&ACS002, Dev::endpoint().unread()),
            Answer::CannotTell(Fact::ConfigSpace)
        );
    }

    #[test]
    fn windows_knows_devices_whose_functions_do_not_talk() {
        let device = Dev::endpoint()
            .multi_function()
            .windows(windows::ACS_UP_HIERARCHY, 2);
        assert_eq!(answer_for(&ACS002, device), Answer::NotApplicable);
    }
}
