//! The header type is not defined.

use std::fmt;

use crate::analysis::{Fact, Facts, Missing};
use crate::bytes::Span;
use crate::host::FunctionId;
use crate::policy::{Effect, Effects};
use crate::rules::{Check, Confidence, Evidence, Finding, Locus, Outcome, Subject, Value, rule};
use crate::spec::Document;
use crate::spec::pci::{self, HeaderType};

rule! {
    /// ## What it checks
    ///
    /// The header type of the function is one of the three that are defined.
    ///
    /// ## Why it matters
    ///
    /// Everything from byte 16 on depends on the header type. Operating systems leave a
    /// function with another type alone, so there is nothing to assign.
    ///
    /// ## How it is decided
    ///
    /// By bits 6:0 of the header type register. Where it was not captured, a function that an
    /// operating system enumerated had a type that it knows; else the answer is "cannot tell".
    ///
    /// ## What to do
    ///
    /// Hyper-V and VFIO: such a device is broken, half powered, or not initialised by its
    /// firmware. Power the machine off and on; then replace the device.
    CFG002 = {
        name: "unknown-header-layout",
        summary: "The header type of the function is not defined",
        severity: High,
        effects: Effects::everywhere(Effect::Blocks),
        lint: Device,
        cites: [
            Document::Pci30.at("6.2.1 Device Identification, Header Type"),
            Document::LinuxPci.at("probe.c, pci_setup_device"),
        ],
        since: "0.1.0",
        check: Check::Function(check),
    }
}

/// The header type as read.
#[derive(Debug)]
struct UnknownLayout(HeaderType);

impl fmt::Display for UnknownLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "header type {:#04x} is not defined", self.0.0)
    }
}

fn check(facts: &Facts<'_, '_>, id: FunctionId) -> Outcome {
    let function = facts.host.function(id);
    match function.layout() {
        Some(layout) if layout.name().is_some() => Outcome::Clean,
        Some(layout) => Outcome::Fired(Finding::new(
            &CFG002,
            Subject::Function(id),
            Confidence::High,
            UnknownLayout(layout),
            Evidence::new(
                Locus::Config(id, Span::new(pci::HEADER_LAYOUT.offset, 1)),
                pci::HEADER_LAYOUT.name,
                Value::byte(layout.0),
            ),
        )),
        // Without configuration space, ids come from the operating system that enumerated it.
        None if function.identity.vendor.is_some() || function.windows.device_type.is_some() => {
            Outcome::NotApplicable("enumerated by an operating system")
        }
        None => Outcome::CannotTell(Missing::of(Fact::ConfigSpace, id)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Answer, answer_for, fired};
    use crate::testing::{Dev, reported};

    #[test]
    fn a_type_without_a_meaning_fires() {
        assert_eq!(
            answer_for(&CFG002, Dev::endpoint().byte(0x0e, 0x03)),
            fired("header type 0x03 is not defined")
        );
    }

    #[test]
    fn the_multi_function_bit_is_no_part_of_the_type() {
        assert_eq!(
            answer_for(&CFG002, Dev::endpoint().multi_function()),
            Answer::Clean
        );
    }

    #[test]
    fn without_the_register_only_an_operating_system_vouches_for_it() {
        assert_eq!(
            answer_for(&CFG002, Dev::endpoint().unread()),
            Answer::CannotTell(Fact::ConfigSpace)
        );
        let known = Dev::endpoint()
            .unread()
            .report(|p| p.vendor = Some(reported(0x8086)));
        assert_eq!(answer_for(&CFG002, known), Answer::NotApplicable);
    }
}
