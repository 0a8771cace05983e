//! A function 0 that denies its siblings.

use std::fmt;

use crate::addr::Sbdf;
use crate::analysis::{Fact, Facts, Missing};
use crate::bytes::Span;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::{Document, pci};

rule! {
    /// ## What it checks
    ///
    /// Function 0 of a device with several functions says so in its header.
    ///
    /// ## Why it matters
    ///
    /// An operating system that trusts the header takes function 0 for the whole device: it
    /// asks for no ACS on it and leaves the other functions unscanned. They are there all the
    /// same, and can be reached from function 0.
    ///
    /// ## How it is decided
    ///
    /// By bit 7 of the header type register of function 0 and by the functions captured beside
    /// it. With ARI the bit has no meaning. Where it was not captured the answer is "cannot
    /// tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V and VFIO: treat the functions as one device and assign them together. Look for
    /// a firmware update; some graphics cards hide their audio function this way.
    TOP005 = {
        name: "hidden-multifunction",
        summary: "Function 0 denies that its device has several functions",
        severity: Low,
        effects: Effects::everywhere(Effect::Note),
        lint: Device,
        cites: [
            Document::Pci30.at("6.2.1 Device Identification, Header Type"),
            Document::LinuxPci.at("probe.c, pci_scan_slot"),
        ],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// A function beside function 0.
#[derive(Debug)]
struct Denied(Sbdf);

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the multi-function bit is clear, but {} exists", self.0)
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    if function.at.bdf.function() != 0 || function.is_virtual() {
        return Outcome::NotApplicable("not function 0 of a device");
    }
    let Some(sibling) = facts.topology.siblings(facts.host, id).next() else {
        return Outcome::NotApplicable("no other function was captured");
    };
    if facts.topology.uses_ari(facts.host, id) {
        return Outcome::NotApplicable("the device uses ARI");
    }
    match function.space.header.multi_function {
        _ if !function.responds() => Outcome::CannotTell(Missing::of(Fact::ConfigSpace, id)),
        None => Outcome::CannotTell(Missing::of(Fact::ConfigSpace, id)),
        Some(true) => Outcome::Clean,
        Some(false) => Outcome::Fired(
            Finding::new(
                &TOP005,
                Subject::Function(id),
                Confidence::High,
                Denied(facts.host.function(sibling).at),
                Evidence::new(
                    Locus::Config(id, Span::new(pci::MULTI_FUNCTION.offset, 1)),
                    pci::MULTI_FUNCTION.name,
                    Value::Number(0),
                )
                .wanting(Value::Number(1)),
            )
            .with([Evidence::new(
                Locus::Tree(sibling),
                "another function",
                Value::Word("present"),
            )]),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, answer_for, fired};
    use crate::testing::{Dev, Machine};

    fn beside(first: Dev) -> Machine {
        Machine::with_device(first).with("01:00.1", Dev::endpoint())
    }

    #[test]
    fn a_clear_bit_beside_a_second_function_fires() {
        assert_eq!(
            answer(&TOP005, &beside(Dev::endpoint()), "01:00.0"),
            fired("the multi-function bit is clear, but 0000:01:00.1 exists")
        );
    }

    #[test]
    fn a_set_bit_is_clean() {
        let machine = beside(Dev::endpoint().multi_function());
        assert_eq!(answer(&TOP005, &machine, "01:00.0"), Answer::Clean);
    }

    #[test]
    fn single_functions_and_functions_other_than_0_are_not_asked() {
        assert_eq!(answer_for(&TOP005, Dev::endpoint()), Answer::NotApplicable);
        let machine = beside(Dev::endpoint());
        assert_eq!(answer(&TOP005, &machine, "01:00.1"), Answer::NotApplicable);
    }

    #[test]
    fn with_ari_the_bit_has_no_meaning() {
        let mut port = Dev::root_port(1);
        port.ari_forwarding = true;
        let ari = || Dev::endpoint().extended(0x0e, &[0; 4]);
        let machine = Machine::new()
            .with("00:01.0", port)
            .with("01:00.0", ari())
            .with("01:00.1", ari());
        assert_eq!(answer(&TOP005, &machine, "01:00.0"), Answer::NotApplicable);
    }

    #[test]
    fn a_bit_that_was_not_captured_says_nothing() {
        assert_eq!(
            answer(&TOP005, &beside(Dev::endpoint().cut(0x0e)), "01:00.0"),
            Answer::CannotTell(Fact::ConfigSpace)
        );
    }
}
