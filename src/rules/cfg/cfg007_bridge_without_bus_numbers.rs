//! A bridge was never given bus numbers.

use std::fmt;

use crate::analysis::{Fact, Facts, Missing};
use crate::bytes::Span;
use crate::decode::config::bridge::BusNumbers;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::pci::{self, HeaderType};

rule! {
    /// ## What it checks
    ///
    /// A bridge or port has a bus number for its lower side.
    ///
    /// ## Why it matters
    ///
    /// Without one nothing below the bridge can be reached: a device in that slot is missing
    /// from the capture and from the operating system.
    ///
    /// ## How it is decided
    ///
    /// By the secondary bus number register: 0 is never the lower side of a bridge. Where it
    /// was not captured the answer is "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V and VFIO: nothing where the slot is empty. Else look in the firmware setup for
    /// hot-plug or bus number reservations, or give Linux `pci=assign-busses`.
    CFG007 = {
        name: "bridge-without-bus-numbers",
        summary: "A bridge has no bus number for its lower side",
        severity: Low,
        effects: Effects::everywhere(Effect::Note),
        lint: Firmware,
        cites: [Document::PciBridge12.at("3.2.5.3 Secondary Bus Number Register")],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// The bus numbers as captured.
#[derive(Debug)]
struct NoBusNumbers(BusNumbers);

impl fmt::Display for NoBusNumbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BusNumbers {
            primary,
            secondary,
            subordinate,
        } = self.0;
        if let Some(primary) = primary {
            write!(f, "primary {primary:02x}, ")?;
        }
        write!(
            f,
            "secondary {secondary:02x}, subordinate {subordinate:02x}"
        )
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    match function.layout() {
        Some(HeaderType::BRIDGE | HeaderType::CARDBUS) => {}
        Some(_) => return Outcome::NotApplicable("no bridge"),
        None if facts.topology.kind(id).is_bridge() => {}
        None => return Outcome::NotApplicable("not known to be a bridge"),
    }
    match BusNumbers::decode(function.config) {
        None => Outcome::CannotTell(Missing::of(Fact::ConfigSpace, id)),
        Some(buses) if buses.secondary != 0 => Outcome::Clean,
        Some(buses) => Outcome::Fired(Finding::new(
            &CFG007,
            Subject::Function(id),
            Confidence::High,
            NoBusNumbers(buses),
            Evidence::new(
                Locus::Config(id, Span::new(pci::SECONDARY_BUS.offset, 1)),
                pci::SECONDARY_BUS.name,
                Value::byte(buses.secondary),
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer, fired};
    use crate::testing::{Dev, Machine};

    fn port(port: Dev) -> Answer {
        answer(&CFG007, &Machine::new().with("00:02.0", port), "00:02.0")
    }

    #[test]
    fn a_port_with_secondary_bus_0_fires() {
        assert_eq!(
            port(Dev::root_port(0)),
            fired("primary 00, secondary 00, subordinate 00")
        );
    }

    #[test]
    fn a_port_with_bus_numbers_is_clean() {
        assert_eq!(port(Dev::root_port(1)), Answer::Clean);
    }

    #[test]
    fn endpoints_have_no_bus_numbers() {
        assert_eq!(port(Dev::endpoint()), Answer::NotApplicable);
    }

    #[test]
    fn registers_that_were_not_captured_say_nothing() {
        assert_eq!(
            port(Dev::root_port(0).cut(0x10)),
            Answer::CannotTell(Fact::ConfigSpace)
        );
    }
}
